/** What a region does about its own reservations when facts of others arrive. */
import type { Context } from './context.ts';
import { partsOf } from './item.ts';
import { isShipped, isShippedAfterCancelled, type OrderView, type Reservation } from './order-fold.ts';
import { endItem, giveBack, readOrder } from './order-items.ts';
import type { Item, Write } from './store.ts';
import { isSynthetic } from './synthetic.ts';
import { regionOf } from './writer.ts';

export interface Reconciled {
  readonly order: string;
  /** Reservations. */
  readonly ended: number;
  readonly doubleShipped: boolean;
  /** Callers may have been told that it is cancelled, and it was shipped. */
  readonly shippedAfterCancelled: boolean;
  /** The order is a synthetic caller's, and not to be counted. */
  readonly synthetic: boolean;
}

/**
 * Ends this region's reservations of an order that is cancelled, or that another region keeps, and gives their lines back
 * in the same transaction. May overlap with itself: an END is written once.
 */
export const reconcileOrder = async (context: Context, id: string): Promise<Reconciled> => {
  const order = await readOrder(context, id);
  if (!order) return { order: id, ended: 0, doubleShipped: false, shippedAfterCancelled: false, synthetic: false };
  let ended = 0;
  for (const reservation of order.reservations) {
    const kind = dueEnd(order, reservation);
    if (!kind || regionOf(reservation.writer) !== context.region) continue;
    const end: Write = {
      action: 'put',
      item: endItem(context, id, { order, reservation }, { kind, atMs: context.clock.now() }),
      guards: [{ is: 'absent' }],
    };
    const outcome = await context.store.transact([end, ...reservation.lines.map((line) => giveBack(context, line))]);
    if (outcome.ok) ended += 1;
  }
  return {
    order: id,
    ended,
    doubleShipped: order.reservations.filter(isShipped).length > 1,
    shippedAfterCancelled: isShippedAfterCancelled(order),
    synthetic: isSynthetic(order.keeper.subject),
  };
};

/** How an open reservation must end, if it must: by its own region. Pure. */
export const dueEnd = (order: OrderView, reservation: Reservation): 'cancelled' | 'superseded' | undefined => {
  if (reservation.ends.length > 0) return undefined;
  if (order.state === 'cancelling') return 'cancelled';
  return reservation === order.keeper ? undefined : 'superseded';
};

/**
 * Whether a new fact can give this region's reconciler work. Its own acceptance can: another region's acceptance or wish to
 * cancel may have arrived after the request had looked for one, when there was nothing to end yet.
 */
export const mayNeedReconciling = (item: Pick<Item, 'pk' | 'sk' | 'v'>): boolean => {
  const [type, kind] = partsOf(item);
  return type === 'PLACED' || type === 'END' || (type === 'E' && kind === 'cancel');
};
