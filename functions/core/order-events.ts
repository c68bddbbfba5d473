/** What happens to an order once it is placed: it is paid, shipped, cancelled. Each is a fact of its own in the order's partition. */
import { type Context, type Done, instant, type Outcome, refused, written } from './context.ts';
import { hashOf } from './hash.ts';
import { ITEM_VERSION, numberOf } from './item.ts';
import { keyReused, mayShip, noSuchOrder, owns } from './order-access.ts';
import { eventSk, isOpen, type OrderView } from './order-fold.ts';
import { endItem, orderKey, readOrder } from './order-items.ts';
import { Damaged } from './store.ts';
import { expiring } from './synthetic.ts';
import { regionOf } from './writer.ts';

/**
 * Payments of an order, counted where one more is asked for; those that cross may go beyond. Each is one item of some 120
 * bytes, so a read of the whole order, which every route and task does, stays at three read units more (4 KB each) for each
 * region that takes them. The rest of an order is bounded by its writers: each accepts once, ends once, and cancels once.
 */
export const PAYMENTS_MAX = 100;

export interface AcceptedPayment {
  readonly id: string;
  readonly order: string;
  readonly amount: number;
  readonly at: string;
  readonly by: string;
}

export const payOrder = async (
  context: Context,
  given: { readonly subject: string; readonly id: string; readonly key: string; readonly amount: number },
): Promise<Outcome<AcceptedPayment>> => {
  const hash = hashOf('paid', given.subject, given.id, given.key);
  const answer = (payment: { amount: number; atMs: number; by: string }): AcceptedPayment => ({
    id: hash,
    order: given.id,
    amount: payment.amount,
    at: instant(payment.atMs),
    by: payment.by,
  });
  const attempt = async (retry: boolean): Promise<Outcome<AcceptedPayment>> => {
    const order = await readOrder(context, given.id);
    if (!order || !owns(order, given.subject)) return noSuchOrder(given.id);
    const known = order.payments.find((payment) => payment.hash === hash);
    const accepted = known && [known, ...known.conflicts.map((conflict) => ({ ...conflict, atMs: known.atMs }))];
    if (accepted) {
      const same = accepted.find((payment) => payment.amount === given.amount);
      return same ? upon(order, written(answer(same), { pk: orderKey(given.id), sk: eventSk('paid', hash, same.by) }, true)) : keyReused();
    }
    if (order.state === 'cancelled' || order.state === 'cancelling')
      return refused('order-cancelled', `order ${given.id} is ${order.state}`);
    if (order.payments.length >= PAYMENTS_MAX)
      return refused('order-full', `order ${given.id} has ${order.payments.length} payments, allowed: up to ${PAYMENTS_MAX}`);
    const atMs = context.clock.now();
    const item = {
      pk: orderKey(given.id),
      sk: eventSk('paid', hash, context.writer),
      v: ITEM_VERSION,
      amount: given.amount,
      at: atMs,
      ...expiring(given.subject, 'fact', atMs),
    };
    const { ok } = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }]);
    if (!ok && retry) return attempt(false);
    if (!ok) throw new Damaged(item, 'is there, and says no payment');
    return upon(order, written(answer({ amount: given.amount, atMs, by: context.writer }), item));
  };
  return attempt(true);
};

export interface AcceptedShipment {
  readonly order: string;
  readonly at: string;
  readonly by: string;
  readonly carrier?: string;
}

/** Ships from the region that holds the keeper's reservation: that region alone may end it. */
export const shipOrder = async (
  context: Context,
  given: { readonly subject: string; readonly id: string; readonly key: string; readonly carrier?: string | undefined },
): Promise<Outcome<AcceptedShipment>> => {
  const request = hashOf('shipped', given.subject, given.id, given.key);
  const attempt = async (retry: boolean): Promise<Outcome<AcceptedShipment>> => {
    const order = await readOrder(context, given.id);
    if (!order || !mayShip(order, given.subject)) return noSuchOrder(given.id);
    const shipped = order.reservations.flatMap((each) => each.ends).filter((end) => end.kind === 'shipped');
    const same = shipped.find((end) => end.request === request);
    if (same)
      return same.carrier === given.carrier
        ? written(acceptedShipment(given.id, same), { pk: orderKey(given.id), sk: same.sk }, true)
        : keyReused();
    if (shipped.length > 0)
      return refused('order-shipped', `order ${given.id} was shipped by ${shipped.map((end) => end.by).join(' and ')}`);
    if (order.state !== 'placed') return refused('order-cancelled', `order ${given.id} is ${order.state}`);
    if (!isOpen(order.keeper)) return refused('order-cancelled', `order ${given.id} has ended`);
    const region = regionOf(order.keeper.writer);
    if (region !== context.region)
      return refused('wrong-region', `region ${region} holds the reservation of order ${given.id}; ask it`, region);
    const atMs = context.clock.now();
    const end = { kind: 'shipped', atMs, request, carrier: given.carrier } as const;
    const item = endItem(context, given.id, { order, reservation: order.keeper }, end);
    const { ok } = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }]);
    if (!ok && retry) return attempt(false);
    return ok
      ? written(acceptedShipment(given.id, { ...end, by: context.writer }), item)
      : refused('order-cancelled', `order ${given.id} has ended`);
  };
  return attempt(true);
};

export interface RequestedCancellation {
  readonly id: string;
  readonly order: string;
  readonly at: string;
  readonly by: string;
}

/**
 * Records the wish, once: whoever asks again, under whatever key, is answered with the first one that is here. Each region
 * that holds a reservation ends its own (`reconcileOrder`).
 */
export const cancelOrder = async (
  context: Context,
  given: { readonly subject: string; readonly id: string },
): Promise<Outcome<RequestedCancellation>> => {
  const hash = hashOf('cancel', given.subject, given.id);
  const answer = (id: string, atMs: number, by: string): RequestedCancellation => ({ id, order: given.id, at: instant(atMs), by });
  const order = await readOrder(context, given.id);
  if (!order || !owns(order, given.subject)) return noSuchOrder(given.id);
  const [known] = order.cancellations;
  if (known) {
    const carrier = { pk: orderKey(given.id), sk: eventSk('cancel', known.hash, known.by) };
    return upon(order, written(answer(known.hash, known.atMs, known.by), carrier, true));
  }
  if (order.state === 'shipped') return refused('order-shipped', `order ${given.id} is shipped`);
  const atMs = context.clock.now();
  const item = {
    pk: orderKey(given.id),
    sk: eventSk('cancel', hash, context.writer),
    v: ITEM_VERSION,
    at: atMs,
    ...expiring(given.subject, 'fact', atMs),
  };
  const outcome = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }]);
  const wishedAtMs = numberOf(outcome.ok || !outcome.item ? item : outcome.item, 'at');
  if (wishedAtMs === undefined) throw new Damaged(item, 'is there, and says no wish to cancel');
  return upon(order, written(answer(hash, wishedAtMs, context.writer), item, !outcome.ok));
};

/** An event says nothing where no reservation of its order is: that carries the answer, too. */
const upon = <T>(order: OrderView, done: Done<T>): Done<T> => ({
  ...done,
  carriers: done.carriers.flatMap((carrier) => [carrier, { pk: carrier.pk, sk: order.keeper.sk }]),
});

const acceptedShipment = (
  order: string,
  end: { readonly atMs: number; readonly by: string; readonly carrier?: string | undefined },
): AcceptedShipment => ({
  order,
  at: instant(end.atMs),
  by: end.by,
  ...(end.carrier === undefined ? {} : { carrier: end.carrier }),
});
