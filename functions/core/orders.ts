/**
 * What callers do with orders. Every write is one local transaction on keys that this region alone writes; a caller who
 * repeats a request, here or in another region, meets the facts of the first one and gets its answer.
 */
import { type Context, type Done, instant, type Outcome, read, refused, written } from './context.ts';
import { canonical, hashOf } from './hash.ts';
import { ITEM_VERSION, numberOf, textOf, writerOf } from './item.ts';
import { eventSk, foldOrder, isOpen, type Line, type OrderView, type Reservation } from './order-fold.ts';
import { content, endItem, orderIdOf, orderKey, readOrder, reserve } from './order-items.ts';
import { heldKey, stockKey } from './stock-fold.ts';
import type { Item } from './store.ts';
import { expiring, isSynthetic, mayName } from './synthetic.ts';
import { compareWriters, regionOf } from './writer.ts';

/** Largest quantity of a merged line. */
const QUANTITY_MAX = 1_000_000;
/** Orders whose partitions a list reads at a time, to hide rows that another region's acceptance stands in for. */
const LIST_READS_AT_ONCE = 20;

export interface OrderRequest {
  readonly lines: readonly Line[];
  readonly note?: string | undefined;
}

export interface PlacedOrder {
  readonly id: string;
  readonly lines: Line[];
  readonly note?: string;
  readonly placedAt: string;
  readonly placedBy: string;
}

export const placeOrder = async (
  context: Context,
  given: { readonly subject: string; readonly key: string; readonly request: OrderRequest },
): Promise<Outcome<PlacedOrder>> => {
  const id = orderIdOf(given.subject, given.key);
  const lines = mergeLines(given.request.lines);
  const excessive = lines.find((line) => line.quantity > QUANTITY_MAX);
  if (excessive)
    return refused('bad-request', `given ${excessive.quantity} of ${excessive.sku} in all lines, allowed: up to ${QUANTITY_MAX}`);
  const strange = lines.find((line) => !mayName(given.subject, line.sku));
  if (strange) return refused('bad-request', `given the sku ${strange.sku}, which this caller may not order`);
  const body = hashOf(lines, given.request.note ?? null);

  const before = await readOrder(context, id);
  if (before) return replay(id, before, body);

  const nowMs = context.clock.now();
  const placed: Item = {
    pk: orderKey(id),
    sk: `PLACED#${context.writer}`,
    v: ITEM_VERSION,
    ...content({ subject: given.subject, lines, note: given.request.note, body, placedAtMs: nowMs }),
    owner: given.subject,
    listed: `${context.hlc.next(nowMs)}#${id}`,
    ...expiring(given.subject, 'fact', nowMs),
  };
  const outcome = await context.store.transact([
    { action: 'put', item: placed, guards: [{ is: 'absent' }] },
    ...lines.map((line) => reserve(context, line)),
  ]);
  if (outcome.ok) return written(placedOrder(id, { lines, note: given.request.note, placedAtMs: nowMs, writer: context.writer }), placed);

  // A request with the same key overtook this one, or a line is short. The facts tell which.
  const after = await readOrder(context, id);
  return after ? replay(id, after, body) : outOfStock(context, lines);
};

export const getOrder = async (
  context: Context,
  { subject, id }: { readonly subject: string; readonly id: string },
): Promise<Outcome<OrderAnswer>> => {
  const order = await readOrder(context, id);
  return order && maySee(order, subject) ? read(orderAnswer(id, order)) : noSuchOrder(id);
};

export interface OrderListAnswer {
  readonly orders: PlacedOrder[];
  readonly cursor?: string;
}

/**
 * The caller's orders, newest first, from the index of `PLACED` facts. A row is shown only where no smaller writer's
 * `PLACED` is in the base table, so that an order placed in two regions is one row. The cursor is a place in time and
 * valid in any region; an order that arrives late from another region and sorts before it is missed.
 */
export const listOrders = async (
  context: Context,
  given: { readonly subject: string; readonly cursor?: string | undefined; readonly limit: number },
): Promise<Outcome<OrderListAnswer>> => {
  const before = given.cursor === undefined ? undefined : Buffer.from(given.cursor, 'base64url').toString();
  const page = await context.store.listByOwner(given.subject, { limit: given.limit, ...(before === undefined ? {} : { before }) });
  const orders: PlacedOrder[] = [];
  for (let start = 0; start < page.items.length; start += LIST_READS_AT_ONCE) {
    const rows = await Promise.all(page.items.slice(start, start + LIST_READS_AT_ONCE).map((item) => listRow(context, item)));
    orders.push(...rows.flatMap((row) => row ?? []));
  }
  const last = page.items.at(-1);
  const cursor = page.more && last ? Buffer.from(textOf(last, 'listed') ?? '').toString('base64url') : undefined;
  return read(cursor === undefined ? { orders } : { orders, cursor });
};

const listRow = async (context: Context, item: Item): Promise<PlacedOrder | undefined> => {
  const reservation = foldOrder([item])?.keeper;
  if (!reservation) return undefined;
  if (context.regions.some((region) => compareWriters(region, reservation.writer) < 0)) {
    const placed = await context.store.query(item.pk, 'PLACED#');
    if (placed.some((other) => compareWriters(writerOf(other), reservation.writer) < 0)) return undefined;
  }
  return placedOrder(item.pk.slice(orderKey('').length), reservation);
};

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
    return upon(order, written(answer({ amount: given.amount, atMs, by: context.writer }), item, !ok));
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
    const item = endItem(context, given.id, order.keeper, end);
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

/** Records the wish. Each region that holds a reservation ends its own (`reconcileOrder`). */
export const cancelOrder = async (
  context: Context,
  given: { readonly subject: string; readonly id: string; readonly key: string },
): Promise<Outcome<RequestedCancellation>> => {
  const hash = hashOf('cancel', given.subject, given.id, given.key);
  const answer = (atMs: number, by: string): RequestedCancellation => ({ id: hash, order: given.id, at: instant(atMs), by });
  const order = await readOrder(context, given.id);
  if (!order || !owns(order, given.subject)) return noSuchOrder(given.id);
  const known = order.cancellations.find((cancellation) => cancellation.hash === hash);
  if (known)
    return upon(order, written(answer(known.atMs, known.by), { pk: orderKey(given.id), sk: eventSk('cancel', hash, known.by) }, true));
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
  const accepted = outcome.ok || !outcome.item ? item : outcome.item;
  return upon(order, written(answer(numberOf(accepted, 'at') ?? atMs, context.writer), item, !outcome.ok));
};

/** An event says nothing where no reservation of its order is: that carries the answer, too. */
const upon = <T>(order: OrderView, done: Done<T>): Done<T> => ({
  ...done,
  carriers: done.carriers.flatMap((carrier) => [carrier, { pk: carrier.pk, sk: order.keeper.sk }]),
});

const replay = (id: string, order: OrderView, body: string): Outcome<PlacedOrder> => {
  const same = order.keeper.body === body ? order.keeper : order.reservations.find((each) => each.body === body);
  if (!same) return keyReused();
  if (order.state === 'cancelled' || order.state === 'cancelling')
    return refused('order-cancelled', `order ${id} is ${order.state}; a new order needs a new key`);
  return written(placedOrder(id, same), { pk: orderKey(id), sk: same.sk }, true);
};

/** Says what is short, and leaves word of it for the other regions' rebalancers. */
const outOfStock = async (context: Context, lines: readonly Line[]): Promise<Outcome<never>> => {
  const rows = await Promise.all(lines.map((line) => context.store.get(heldKey(line.sku, context.writer))));
  const short = lines.filter((line, index) => Number(rows[index]?.['available'] ?? 0) < line.quantity);
  const atMs = context.clock.now();
  for (const line of short) {
    const key = { pk: stockKey(line.sku), sk: `WANT#${context.writer}` };
    await context.store.transact([{ action: 'update', key, set: { quantity: line.quantity, at: atMs } }]);
  }
  const names = short.map((line) => line.sku).join(', ') || 'a sku that was just sold';
  return refused('out-of-stock', `region ${context.region} does not hold enough of ${names}; other regions are asked to hand over`);
};

/** Equal skus are one line: a transaction may touch an item once. Sorted, so that equal requests are equal. */
const mergeLines = (lines: readonly Line[]): Line[] => {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
};

const owns = (order: OrderView, subject: string): boolean => order.keeper.subject === subject;
/** Synthetic callers see each other's orders: that is how one region sees what another's canary wrote. */
const maySee = (order: OrderView, subject: string): boolean =>
  owns(order, subject) || (isSynthetic(subject) && isSynthetic(order.keeper.subject));
/** Whoever ships does so for all users, and for no synthetic caller; these ship their own. */
const mayShip = (order: OrderView, subject: string): boolean =>
  owns(order, subject) || (!isSynthetic(subject) && !isSynthetic(order.keeper.subject));
const noSuchOrder = (id: string): Outcome<never> => refused('not-found', `there is no order ${id} of this caller in this region`);
const keyReused = (): Outcome<never> =>
  refused('key-reused', 'the Idempotency-Key was used with another body; a new request needs a new key');

const placedOrder = (id: string, order: Pick<Reservation, 'lines' | 'note' | 'placedAtMs' | 'writer'>): PlacedOrder => ({
  id,
  lines: [...order.lines],
  ...(order.note === undefined ? {} : { note: order.note }),
  placedAt: instant(order.placedAtMs),
  placedBy: order.writer,
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

/** The order as callers read it. */
export const orderAnswer = (id: string, order: OrderView) => ({
  ...placedOrder(id, order.keeper),
  state: order.state,
  payments: order.payments.map(({ hash, amount, atMs, by, conflicts }) => ({
    id: hash,
    amount,
    at: instant(atMs),
    by,
    conflicts: [...conflicts],
  })),
  paid: order.payments.reduce((total, payment) => total + payment.amount, 0),
  shipments: order.reservations.flatMap((each) =>
    each.ends
      .filter((end) => end.kind === 'shipped')
      .map(({ by, atMs, carrier }) => ({ by, at: instant(atMs), ...(carrier === undefined ? {} : { carrier }) })),
  ),
  conflicts: order.reservations
    .filter((each) => each !== order.keeper && canonical([each.lines, each.note]) !== canonical([order.keeper.lines, order.keeper.note]))
    .map(({ lines, note, writer }) => ({ lines: [...lines], ...(note === undefined ? {} : { note }), placedBy: writer })),
});

export type OrderAnswer = ReturnType<typeof orderAnswer>;
