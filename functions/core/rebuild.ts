/**
 * Rebuilding a region that was lost for good, from what its survivors hold. The lost writer's facts count as they are; its
 * mutable rows are merged field by field, the maximum of each cumulative number, and `available` is computed anew. Nothing
 * is clamped: a negative `available` says that acknowledged sales of the lost region outweigh what is known of its stock.
 */
import { ITEM_VERSION, numberOf, partsOf, textOf, writerOf } from './item.ts';
import { foldOrder, holdsStock, isOpen } from './order-fold.ts';
import { acceptanceOf, orderKey } from './order-items.ts';
import { creditedFrom, grantedTo, heldKey, heldOf, stockKey, sum } from './stock-fold.ts';
import type { Item } from './store.ts';
import { EXPIRES } from './synthetic.ts';
import { wishItem, wishOf } from './wishes.ts';
import { compareWriters, regionOf, type Writer, writerName } from './writer.ts';

export interface RebuildPlan {
  /** Rows of the new incarnation. */
  readonly items: readonly Item[];
  /** Orders with an open reservation of the lost region, to be reconciled once it serves. */
  readonly openOrders: readonly string[];
  /** Skus of which less is known to be received than to be sold. */
  readonly negative: readonly string[];
}

/** What is known of a lost region's stock of one sku. */
export interface Books {
  readonly sku: string;
  /** Units in open and shipped reservations. */
  readonly sold: number;
  readonly moves: readonly Move[];
  readonly bookings: readonly Booking[];
  /** Somebody has heard that the region wished for units of others, whether it still does or not. */
  readonly wished: boolean;
  /** Whether any incarnation of it had a row. */
  readonly had: boolean;
}

/** Cumulative units between the lost region and another. */
interface Move {
  readonly region: string;
  /** Given to it. */
  readonly granted: number;
  /** Taken over from it. */
  readonly credited: number;
  /** Given by it, taken over or not. */
  readonly offered: number;
}

/** A receipt of the lost region. */
interface Booking {
  readonly hash: string;
  readonly quantity: number;
  readonly booked: boolean;
}

/** @param survivors all items of the data table, of every survivor; duplicates do not matter */
export const planRebuild = (lost: Writer, survivors: readonly (readonly Item[])[], nowMs: number): RebuildPlan => {
  const { books, openOrders } = booksOf(lost.region, survivors.flat());
  const kept = books.filter((each) => !isEmpty(each));
  return {
    items: [
      ...kept.flatMap((each) => [rowOf(lost, each), ...unbooked(lost, each, nowMs)]),
      // A wish of the dead would be granted for as long as it counts. Taken back also where it was before: by a run that may have told one survivor only.
      ...books.filter((each) => each.wished).map((each) => wishNothing(lost, each.sku, nowMs)),
    ],
    openOrders,
    negative: kept.filter((each) => availableOf(each) < 0).map((each) => each.sku),
  };
};

/** Whether there is nothing to keep a row for. */
export const isEmpty = ({ had, bookings, sold, moves }: Books): boolean =>
  !had && bookings.length === 0 && sold === 0 && moves.every((each) => each.granted === 0 && each.credited === 0);

/** A lost region's books, of every sku it had to do with, and its orders that are still open. */
export const booksOf = (
  region: string,
  items: readonly Item[],
): { readonly books: readonly Books[]; readonly openOrders: readonly string[] } => {
  const reservations = reservationsOf(region, items);
  const stock = Map.groupBy(
    items.filter((item) => item.pk.startsWith(stockKey(''))),
    (item) => item.pk.slice(stockKey('').length),
  );
  const skus = new Set([...stock.keys(), ...reservations.units.keys()]);
  return {
    books: [...skus].sort().map((sku) => booksOfSku(region, sku, stock.get(sku) ?? [], reservations.units.get(sku) ?? 0)),
    openOrders: reservations.open,
  };
};

export const availableOf = ({ bookings, moves, sold }: Books): number =>
  sum(bookings.map((each) => each.quantity)) + sum(moves.map((each) => each.credited)) - sum(moves.map((each) => each.granted)) - sold;

/** The row that goes on from the books. */
export const rowOf = (lost: Writer, books: Books): Item => {
  const { sku, sold, moves } = books;
  const available = availableOf(books);
  return {
    ...heldKey(sku, writerName(lost)),
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
};

/** Bookings of receipts that the lost region had not booked, as far as anybody knows. */
export const unbooked = (lost: Writer, { sku, bookings }: Books, nowMs: number): readonly Item[] =>
  bookings
    .filter((each) => !each.booked)
    .map(
      ({ hash, quantity }): Item => ({
        pk: stockKey(sku),
        sk: `BOOKED#${hash}#${writerName(lost)}`,
        v: ITEM_VERSION,
        quantity,
        at: nowMs,
      }),
    );

/** Takes a lost region's wishes back: only a newest incarnation's count. */
export const wishNothing = (lost: Writer, sku: string, nowMs: number): Item => wishItem(sku, writerName(lost), 0, nowMs);

/** Facts of a lost region's writers: written once, so every survivor may put them again for the others. */
export const isFactOf = (item: Item, region: string): boolean =>
  ['PLACED', 'END', 'E', 'RECEIPT', 'BOOKED', 'V', 'SECRET'].includes(partsOf(item)[0] ?? '') && regionOf(writerOf(item)) === region;

/**
 * The acceptances that a lost region's ends stand in for, and that nobody holds: made of what the ends carry, so that the
 * orders are in their owners' lists, whose index shows nothing else. Of the same ends the same, whoever makes them. Canaries'
 * acceptances expire before their ends do, and stay away.
 */
export const standIns = (region: string, items: readonly Item[]): readonly Item[] => {
  const own = items.filter((item) => isFactOf(item, region) && item.pk.startsWith(orderKey('')));
  const placed = new Set(own.flatMap(({ pk, sk }) => (sk.startsWith('PLACED#') ? [`${pk} ${sk}`] : [])));
  const made = own.flatMap((end) => {
    const [type, writer = ''] = partsOf(end);
    const acceptance = type === 'END' && end[EXPIRES] === undefined ? acceptanceOf(end, writer) : undefined;
    return acceptance && !placed.has(`${acceptance.pk} ${acceptance.sk}`) ? [acceptance] : [];
  });
  return [...new Map(made.map((item) => [`${item.pk} ${item.sk}`, item])).values()];
};

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

const booksOfSku = (lost: string, sku: string, items: readonly Item[], sold: number): Books => {
  const rows = items.filter((item) => item.sk.startsWith('HELD#')).map(heldOf);
  const own = rows.filter((row) => row.region === lost);
  // A region that was granted its first units has no row of its own before it credits them.
  const others = new Set(rows.flatMap((row) => [row.region, ...row.granted.keys(), ...row.credited.keys()]));
  others.delete(lost);
  const most = (numbers: readonly (number | undefined)[]): number => Math.max(0, ...numbers.map((each) => each ?? 0));
  const moves = [...others].map((region): Move => {
    const its = rows.filter((row) => row.region === region);
    return {
      region,
      // What the receiver has credited was granted, whatever the copies of the giver's row say.
      granted: most([...own.map((row) => row.granted.get(region)), ...its.map((row) => row.credited.get(lost))]),
      credited: most(own.map((row) => row.credited.get(region))),
      offered: most(its.map((row) => row.granted.get(lost))),
    };
  });
  return {
    sku,
    sold,
    moves,
    bookings: bookingsOf(lost, items),
    wished: items.some((item) => wishOf(item) !== undefined && regionOf(writerOf(item)) === lost),
    had: own.length > 0,
  };
};

/** Every receipt of the region once: as it was booked, else as the smallest writer recorded it. */
export const bookingsOf = (region: string, items: readonly Item[]): readonly Booking[] => {
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
