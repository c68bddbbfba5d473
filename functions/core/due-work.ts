/**
 * What housekeeping has left undone. The stream asks for work item by item, as it comes; this asks the whole state of a
 * region's replica, by the same rules, and so finds what the stream lost.
 *
 * A partition is judged by itself, so memory is needed for one at a time. A scan brings items in no promised order: its
 * segments, each of which holds whole partitions, are what bounds the memory of whoever scans (restored-table.ts).
 * A scan is no snapshot: what is done while it runs may be called due once more, and doing it again does nothing.
 */
import { hashIn, numberOf, partsOf } from './item.ts';
import { foldOrder, type OrderView, type Reservation } from './order-fold.ts';
import { orderKey } from './order-items.ts';
import { dueEnd } from './reconcile.ts';
import { mustRebalance, smallestFirst, unitsToBook } from './stock.ts';
import { foldHeld, stockKey } from './stock-fold.ts';
import type { Item } from './store.ts';
import type { Task } from './tasks.ts';
import { foldWishes } from './wishes.ts';
import { regionOf } from './writer.ts';

export interface Due {
  readonly task: Task;
  /** Milliseconds since 1970 of the fact that asks for it, by its writer's clock. Rows of stock tell no time. */
  readonly sinceMs: number | undefined;
}

/**
 * The work of one region that is due. Pure, and exact: a task is due when doing it now would change something.
 *
 * @param items whole partitions of the region's own replica of the data table, in any order
 * @param nowMs by when a wish counts or is over, and tills are no longer needed
 */
export const dueWork = (items: readonly Item[], region: string, nowMs: number): readonly Due[] =>
  [...Map.groupBy(items, ({ pk }) => pk)].flatMap(([pk, partition]) => {
    if (pk.startsWith(orderKey(''))) return dueEnds(pk.slice(orderKey('').length), partition, region);
    if (pk.startsWith(stockKey(''))) return dueMoves(pk.slice(stockKey('').length), partition, region, nowMs);
    return [];
  });

const dueEnds = (id: string, partition: readonly Item[], region: string): readonly Due[] => {
  const order = foldOrder(partition);
  const due = order?.reservations.filter((each) => regionOf(each.writer) === region && dueEnd(order, each) !== undefined) ?? [];
  if (!order || due.length === 0) return [];
  return [{ task: { kind: 'reconcile', order: id }, sinceMs: Math.min(...due.map((each) => dueSinceMs(order, each))) }];
};

/** When the second of the two facts was told that do not go together. */
const dueSinceMs = (order: OrderView, reservation: Reservation): number => {
  const cancelled = [
    ...order.cancellations.map((each) => each.atMs),
    ...order.reservations.flatMap(({ ends }) => ends.filter(({ kind }) => kind === 'cancelled').map(({ atMs }) => atMs)),
  ];
  const otherMs = dueEnd(order, reservation) === 'cancelled' ? Math.min(...cancelled) : order.keeper.placedAtMs;
  return Math.max(reservation.placedAtMs, otherMs);
};

/** Receipts before the sku they are of: what is booked can be granted. */
const dueMoves = (sku: string, partition: readonly Item[], region: string, nowMs: number): readonly Due[] => {
  const ofType = (type: string): readonly Item[] => partition.filter((item) => partsOf(item)[0] === type);
  const booked = Map.groupBy(ofType('BOOKED'), hashIn);
  const due = [...Map.groupBy(smallestFirst(ofType('RECEIPT')), hashIn)].flatMap(([hash, receipts]): readonly Due[] => {
    const [receipt] = receipts;
    return hash !== '' && receipt && unitsToBook(receipts, booked.get(hash) ?? [], region) !== false
      ? [{ task: { kind: 'book', sku, hash }, sinceMs: numberOf(receipt, 'at') }]
      : [];
  });
  return mustRebalance(region, foldHeld(partition), foldWishes(partition, nowMs), nowMs)
    ? [...due, { task: { kind: 'rebalance', sku }, sinceMs: undefined }]
    : due;
};
