/**
 * Repairs the rows that say what stock a region holds. A row's past is never put back: units were sold and moved since. It
 * is computed anew from what cannot have moved on: the bookings and orders that the region itself wrote, and cumulative
 * numbers, which only grow. So for every region afterwards: available + sold + granted - credited = booked.
 *
 * Which number a damaged row meant is not always known. Then every choice errs towards "given away": a unit may wait in the
 * wrong region, and no unit is there twice. `available` may become negative; nothing is clamped, and the region says that it
 * wants units, so that the others hand theirs back.
 */
import { bookingsCounted } from './bookings.ts';
import { numberOf, partsOf, writerOf } from './item.ts';
import { bookingsOf, reservationsOf } from './rebuild.ts';
import { syntheticPartitions } from './restore-compare.ts';
import { creditedFrom, grantedTo, type Held, heldKey, heldOf, stockKey, sum } from './stock-fold.ts';
import type { Guard, Item, Write } from './store.ts';
import { emptied, skuOfTill, tillNumber, unitsAt } from './tills.ts';
import { foldWishes, wishItem } from './wishes.ts';
import { regionOf } from './writer.ts';

/** One region's replica, read by itself: what a region wrote is known there and nowhere sooner. */
export interface View {
  readonly region: string;
  /** Its present incarnation. */
  readonly writer: string;
  readonly items: readonly Item[];
}

export interface StockRepair {
  readonly region: string;
  readonly sku: string;
  readonly writes: readonly Write[];
  /** In words, for a report. */
  readonly what: string;
}

interface Row {
  readonly view: View;
  readonly item: Item | undefined;
  readonly held: Held;
  readonly booked: number;
  /** Bookings that the row counts, by those that know which one they were. */
  readonly bookings: number;
  /** Units in open or shipped orders of this region. */
  readonly sold: number;
  readonly tills: readonly Item[];
  /** The row says what the facts say. */
  readonly sound: boolean;
}

/**
 * @param restored all items of the restored copy, for what the cumulative numbers had reached by then
 * @param views of the regions that answer, after their facts were repaired
 */
export const planStock = (restored: readonly Item[], views: readonly View[], nowMs: number): readonly StockRepair[] => {
  const sold = new Map(views.map((view) => [view.region, soldOf(view)]));
  const stock = views.map((view) => ({ view, bySku: bySku(view.items) }));
  const past = bySku(restored);
  return [...stockSkus(restored, views)].sort().flatMap((sku) => {
    const rows = stock.map(({ view, bySku: each }) => rowOf(view, sku, each.get(sku) ?? [], sold.get(view.region)?.get(sku) ?? 0));
    const elsewhere = [...(past.get(sku) ?? []), ...stock.flatMap(({ view, bySku: each }) => copiesOf(each.get(sku) ?? [], view, views))];
    return planSku({ sku, rows, elsewhere: elsewhere.filter((item) => partsOf(item)[0] === 'HELD').map(heldOf), nowMs });
  });
};

/** All that there is stock of, or was, or orders of, but for the canaries'. */
export const stockSkus = (restored: readonly Item[], views: readonly View[]): ReadonlySet<string> => {
  const all = [...restored, ...views.flatMap((view) => view.items)];
  const hidden = syntheticPartitions(all);
  const skus = [...bySku(all).keys(), ...views.flatMap((view) => [...soldOf(view).keys()])];
  return new Set(skus.filter((sku) => !hidden.has(stockKey(sku))));
};

/** Units in open or shipped orders of the view's own region, by sku. */
const soldOf = (view: View): ReadonlyMap<string, number> => reservationsOf(view.region, view.items).units;

const bySku = (items: readonly Item[]): ReadonlyMap<string, readonly Item[]> =>
  Map.groupBy(
    items.filter(({ pk }) => skuOf(pk) !== undefined),
    ({ pk }) => skuOf(pk) ?? '',
  );

const skuOf = (pk: string): string | undefined => (pk.startsWith(stockKey('')) ? pk.slice(stockKey('').length) : skuOfTill(pk));

/** Rows of regions that do not answer, as this one has them. */
const copiesOf = (items: readonly Item[], view: View, views: readonly View[]): readonly Item[] =>
  items.filter((item) => {
    const region = regionOf(writerOf(item));
    return region !== view.region && !views.some((each) => each.region === region);
  });

const rowOf = (view: View, sku: string, items: readonly Item[], sold: number): Row => {
  const { sk } = heldKey(sku, view.writer);
  const item = items.find((each) => each.sk === sk);
  const booked = sum(bookingsOf(view.region, items).flatMap((each) => (each.booked ? [each.quantity] : [])));
  const bookings = bookingsCounted(items, view.writer);
  const held = heldOf(item ?? { ...heldKey(sku, view.writer), v: 0 });
  const tills = items.filter((each) => skuOfTill(each.pk) !== undefined && writerOf(each) === view.writer);
  const sound =
    (item === undefined || isCounted(item)) &&
    (held.bookings ?? 0) >= bookings &&
    tills.every(isFound(held)) &&
    held.sold === sold + sum(tills.map(unitsAt)) &&
    held.available === booked + sum(held.credited.values()) - sum(held.granted.values()) - held.sold;
  return { view, item, held, booked, bookings, sold, tills, sound };
};

/** A till that has what can be, and that orders look for. */
const isFound =
  ({ tills }: Held) =>
  (till: Item): boolean => {
    const units = till['available'];
    return Number.isSafeInteger(units) && unitsAt(till) >= 0 && (unitsAt(till) === 0 || tillNumber(till) < tills);
  };

/** Every number that the rules add to is one. */
const isCounted = (item: Item): boolean =>
  Object.entries(item).every(
    ([name, value]) => !/^(available|sold|rev|bookings|tills|granted_.*|credited_.*)$/.test(name) || Number.isSafeInteger(value),
  ) &&
  ['available', 'sold'].every((name) => numberOf(item, name) !== undefined || item[name] === undefined) &&
  [...heldOf(item).granted.values(), ...heldOf(item).credited.values()].every((units) => units >= 0);

interface Sku {
  readonly sku: string;
  readonly rows: readonly Row[];
  /** As they were, and as they are known where their region does not answer. */
  readonly elsewhere: readonly Held[];
  readonly nowMs: number;
}

const planSku = ({ sku, rows, elsewhere, nowMs }: Sku): readonly StockRepair[] => {
  const regions = new Set(
    [...rows.map(({ held }) => held), ...elsewhere].flatMap((held) => [held.region, ...held.granted.keys(), ...held.credited.keys()]),
  );
  const granted = (giver: string, taker: string): number => most(evidence(giver, taker, rows, elsewhere));
  return rows.flatMap((row): StockRepair[] => {
    const { view, item, held, booked, bookings, sold, tills, sound } = row;
    const moves = [...regions]
      .filter((region) => region !== view.region)
      .map((region) => ({
        region,
        granted: granted(view.region, region),
        // What a damaged row had taken over is not known: it takes over all that was given, which comes to the same in the end.
        credited: sound ? (held.credited.get(region) ?? 0) : granted(region, view.region),
      }));
    if (sound && moves.every(({ region, granted: units }) => units === (held.granted.get(region) ?? 0))) return wishRepair(sku, row, nowMs);
    const available = booked + sum(moves.map((each) => each.credited)) - sum(moves.map((each) => each.granted)) - sold;
    const repaired: Item = {
      ...withoutCounts(item ?? {}),
      ...heldKey(sku, view.writer),
      v: item?.v ?? 1,
      rev: Math.max(0, numberOf(item ?? EMPTY, 'rev') ?? 0) + 1,
      available,
      sold,
      ...(bookings > 0 ? { bookings: Math.max(bookings, held.bookings ?? 0) } : {}),
      ...Object.fromEntries(
        moves.flatMap((move) => [
          ...(move.granted > 0 ? [[grantedTo(move.region), move.granted]] : []),
          ...(move.credited > 0 ? [[creditedFrom(move.region), move.credited]] : []),
        ]),
      ),
    };
    const what = `${describe(held, item)} -> ${describe(heldOf(repaired), repaired)}`;
    // What lay at tills is in the row again, and nobody may sell it there.
    const writes: readonly Write[] = [{ action: 'put', item: repaired, guards: seen(item) }, ...tills.map(emptied)];
    return [{ region: view.region, sku, writes, what }];
  });
};

const EMPTY: Item = { pk: '', sk: '', v: 0 };

/** What tells how many units `giver` has given to `taker`: each at most what was given, unless it is damaged beyond telling. */
const evidence = (giver: string, taker: string, rows: readonly Row[], elsewhere: readonly Held[]): readonly (number | undefined)[] => {
  const [own, other] = [rows.find((row) => row.view.region === giver), rows.find((row) => row.view.region === taker)];
  const past = elsewhere.flatMap((held) => [
    held.region === giver ? held.granted.get(taker) : undefined,
    held.region === taker ? held.credited.get(giver) : undefined,
  ]);
  return [
    ...past,
    own !== undefined && (own.sound || isPlausible(own, rows)) ? own.held.granted.get(taker) : undefined,
    other?.sound ? other.held.credited.get(giver) : undefined,
  ];
};

/** Nobody gives more than it ever had: what it booked, and what the others say they gave to it. */
const isPlausible = ({ view, held, booked }: Row, rows: readonly Row[]): boolean => {
  const had = booked + sum(rows.map((row) => row.held.granted.get(view.region) ?? 0));
  const given = [...held.granted.values()];
  return given.every((units) => units >= 0) && sum(given) <= had;
};

/** A region that lacks units says so, and the others hand theirs back. Wishes need no repair: they count for minutes. */
const wishRepair = (sku: string, { view, held }: Row, nowMs: number): StockRepair[] => {
  const wished = foldWishes(view.items, nowMs).get(view.region) ?? 0;
  if (held.available >= 0 || wished > 0) return [];
  const write: Write = { action: 'put', item: wishItem(sku, view.writer, 1, nowMs), guards: [{ is: 'absent' }] };
  return [{ region: view.region, sku, writes: [write], what: `lacks ${-held.available} units -> wishes for them` }];
};

/** The row is still the one that was read: every change of it counts `rev`. */
const seen = (item: Item | undefined): readonly Guard[] => {
  if (item === undefined) return [{ is: 'absent' }];
  const rev = item['rev'];
  if (rev === undefined) return [{ is: 'missing', attribute: 'rev' }, { is: 'present' }];
  return typeof rev === 'number' || typeof rev === 'string' || typeof rev === 'boolean'
    ? [{ is: 'equals', attribute: 'rev', value: rev }]
    : [{ is: 'present' }];
};

const withoutCounts = (item: Readonly<Record<string, Item[string]>>): Readonly<Record<string, Item[string]>> =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !/^(bookings$|tills$|(granted|credited)_)/.test(name)));

const most = (numbers: readonly (number | undefined)[]): number =>
  Math.max(0, ...numbers.map((each) => (each !== undefined && Number.isSafeInteger(each) ? each : 0)));

const describe = (held: Held, item: Item | undefined): string => {
  if (item === undefined) return 'no row';
  const moves = (name: string, units: ReadonlyMap<string, number>) =>
    [...units].map(([region, count]) => `, ${name} ${region} ${count}`).join('');
  return `available ${held.available}, sold ${held.sold}${moves('granted', held.granted)}${moves('credited', held.credited)}`;
};
