/**
 * Rebuilding a region that was lost for good, from what its survivors hold. The lost writer's facts count as they are; its
 * mutable rows are merged field by field, the maximum of each cumulative number, and `available` is computed anew. Nothing
 * is clamped: a negative `available` says that acknowledged sales of the lost region outweigh what is known of its stock.
 */
import { ITEM_VERSION, numberOf, partsOf, textOf, writerOf } from './item.ts';
import { foldOrder, holdsStock, isOpen } from './order-fold.ts';
import { orderKey } from './order-items.ts';
import { creditedFrom, grantedTo, heldKey, heldOf, stockKey, sum } from './stock-fold.ts';
import type { Item } from './store.ts';
import { compareWriters, regionOf, type Writer, writerName } from './writer.ts';

export interface RebuildPlan {
  /** Rows of the new incarnation. */
  readonly items: readonly Item[];
  /** Orders with an open reservation of the lost region, to be reconciled once it serves. */
  readonly openOrders: readonly string[];
  /** Skus of which less is known to be received than to be sold. */
  readonly negative: readonly string[];
}

/** @param survivors all items of the data table, of every survivor; duplicates do not matter */
export const planRebuild = (lost: Writer, survivors: readonly (readonly Item[])[], nowMs: number): RebuildPlan => {
  const all = survivors.flat();
  const reservations = reservationsOf(lost.region, all);
  const stock = Map.groupBy(
    all.filter((item) => item.pk.startsWith(stockKey(''))),
    (item) => item.pk.slice(stockKey('').length),
  );
  const skus = new Set([...stock.keys(), ...reservations.units.keys()]);
  const plans = [...skus].sort().map((sku) => planSku(lost, sku, stock.get(sku) ?? [], reservations.units.get(sku) ?? 0, nowMs));
  return {
    items: plans.flatMap((plan) => plan.items),
    openOrders: reservations.open,
    negative: plans.filter((plan) => plan.available < 0).map((plan) => plan.sku),
  };
};

/** Facts of a lost region's writers: written once, so every survivor may put them again for the others. */
export const isFactOf = (item: Item, region: string): boolean =>
  ['PLACED', 'END', 'E', 'RECEIPT', 'BOOKED', 'V'].includes(partsOf(item)[0] ?? '') && regionOf(writerOf(item)) === region;

/** A fact as a survivor puts it again: the same but for an attribute nobody reads, since a no-op put may not replicate. */
export const reput = (fact: Item, incarnation: number): Item => ({ ...fact, reput: incarnation });

export const reservationsOf = (
  region: string,
  items: readonly Item[],
): { readonly units: ReadonlyMap<string, number>; readonly open: readonly string[] } => {
  const units = new Map<string, number>();
  const open: string[] = [];
  for (const [pk, partition] of Map.groupBy(items, (item) => item.pk)) {
    if (!pk.startsWith(orderKey(''))) continue;
    const own = foldOrder(partition)?.reservations.filter((each) => regionOf(each.writer) === region) ?? [];
    if (own.some(isOpen)) open.push(pk.slice(orderKey('').length));
    for (const line of own.filter(holdsStock).flatMap((each) => each.lines))
      units.set(line.sku, (units.get(line.sku) ?? 0) + line.quantity);
  }
  return { units, open };
};

const planSku = (lost: Writer, sku: string, items: readonly Item[], sold: number, nowMs: number) => {
  const writer = writerName(lost);
  const rows = items.filter((item) => item.sk.startsWith('HELD#')).map(heldOf);
  const own = rows.filter((row) => row.region === lost.region);
  // A region that was granted its first units has no row of its own before it credits them.
  const others = new Set(rows.flatMap((row) => [row.region, ...row.granted.keys(), ...row.credited.keys()]));
  others.delete(lost.region);
  const most = (numbers: readonly (number | undefined)[]): number => Math.max(0, ...numbers.map((each) => each ?? 0));
  const moves = [...others].map((region) => ({
    region,
    // What the receiver has credited was granted, whatever the copies of the giver's row say.
    granted: most([
      ...own.map((row) => row.granted.get(region)),
      ...rows.filter((row) => row.region === region).map((row) => row.credited.get(lost.region)),
    ]),
    credited: most(own.map((row) => row.credited.get(region))),
  }));
  const bookings = bookingsOf(lost.region, items);
  const available =
    sum(bookings.map((each) => each.quantity)) + sum(moves.map((each) => each.credited)) - sum(moves.map((each) => each.granted)) - sold;
  const empty = bookings.length === 0 && own.length === 0 && sold === 0 && moves.every((each) => each.granted === 0);
  const held: Item = {
    ...heldKey(sku, writer),
    v: ITEM_VERSION,
    rev: 1,
    available,
    sold,
    ...Object.fromEntries(
      moves.flatMap(({ region, granted, credited }) => [
        ...(granted > 0 ? [[grantedTo(region), granted]] : []),
        ...(credited > 0 ? [[creditedFrom(region), credited]] : []),
      ]),
    ),
  };
  const booked = bookings
    .filter((each) => !each.booked)
    .map(({ hash, quantity }): Item => ({ pk: stockKey(sku), sk: `BOOKED#${hash}#${writer}`, v: ITEM_VERSION, quantity, at: nowMs }));
  return { sku, available, items: empty ? [] : [held, ...booked] };
};

/** Every receipt of the region once: as it was booked, else as the smallest writer recorded it. */
export const bookingsOf = (
  region: string,
  items: readonly Item[],
): readonly { readonly hash: string; readonly quantity: number; readonly booked: boolean }[] => {
  const relevant = items.filter((item) => {
    const [type] = partsOf(item);
    return (type === 'BOOKED' && regionOf(writerOf(item)) === region) || (type === 'RECEIPT' && textOf(item, 'region') === region);
  });
  return [...Map.groupBy(relevant, (item) => partsOf(item)[1] ?? '')].flatMap(([hash, facts]) => {
    const sorted = [...facts].sort((a, b) => compareWriters(writerOf(a), writerOf(b)));
    const booked = sorted.find((item) => partsOf(item)[0] === 'BOOKED');
    const quantity = numberOf(booked ?? sorted[0] ?? { pk: '', sk: '', v: 0 }, 'quantity');
    return quantity === undefined ? [] : [{ hash, quantity, booked: booked !== undefined }];
  });
};
