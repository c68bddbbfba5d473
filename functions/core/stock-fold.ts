/**
 * Stock is held in escrow (O'Neil, 1986): a region sells only what its own `HELD#W` row has available. What it grants to
 * another region is a cumulative number in its own row; the receiver credits itself with the difference, in its own row.
 * Only the row of a region's newest incarnation counts: a rebuild carries the numbers of the ones before into it.
 *
 * For every region at any time: available + sold + granted - credited = booked.
 */
import { ITEM_VERSION, isNumber, numberOf, writerOf } from './item.ts';
import type { Item } from './store.ts';
import { compareWriters, regionOf } from './writer.ts';

export interface Held {
  readonly writer: string;
  readonly region: string;
  readonly available: number;
  /** Units in open or shipped orders, and those that lie at tills. */
  readonly sold: number;
  /** Cumulative units given to a region, by region. */
  readonly granted: ReadonlyMap<string, number>;
  /** Cumulative units taken over from a region, by region. */
  readonly credited: ReadonlyMap<string, number>;
  /** Bookings that the row has in it, of its own incarnation, counted since a release counts them. */
  readonly bookings?: number | undefined;
  /** How many tills there may be beside the row: tills.ts. */
  readonly tills: number;
  /** Milliseconds since 1970 when units were last drawn to one. */
  readonly drawnAtMs: number;
  /** What it noted of its sales when others last asked it for units: sharing.ts. */
  readonly look?: SalesLook | undefined;
}

/** What a giver noted when it was last asked. */
export interface SalesLook {
  readonly atMs: number;
  /** Units in open or shipped orders by then. */
  readonly sold: number;
  /** Units that it sold in ten minutes before. */
  readonly pace: number;
}

export interface StockView {
  readonly held: readonly Held[];
  readonly received: number;
  readonly available: number;
  readonly sold: number;
  /** Granted and not yet credited. */
  readonly moving: number;
}

const GRANTED = 'granted_';
const CREDITED = 'credited_';
export const grantedTo = (region: string): string => `${GRANTED}${region}`;
export const creditedFrom = (region: string): string => `${CREDITED}${region}`;

export const stockKey = (sku: string): string => `STOCK#${sku}`;
export const heldKey = (sku: string, writer: string) => ({ pk: stockKey(sku), sk: `HELD#${writer}` });

/** One `HELD` row for each region: of its newest incarnation. */
export const foldHeld = (items: readonly Item[]): Held[] => {
  const rows = items.filter((item) => item.sk.startsWith('HELD#')).sort((a, b) => compareWriters(writerOf(a), writerOf(b)));
  return [...new Map(rows.map((row) => [regionOf(writerOf(row)), heldOf(row)])).values()];
};

export const heldOf = (item: Item): Held => ({
  writer: writerOf(item),
  region: regionOf(writerOf(item)),
  available: numberOf(item, 'available') ?? 0,
  sold: numberOf(item, 'sold') ?? 0,
  granted: cumulative(item, GRANTED),
  credited: cumulative(item, CREDITED),
  tills: numberOf(item, 'tills') ?? 0,
  drawnAtMs: numberOf(item, 'drawnAt') ?? 0,
  look: lookOf(item),
  bookings: numberOf(item, 'bookings'),
});

/** Of a row that is not there. */
export const emptyHeld = (sku: string, writer: string): Held => heldOf({ ...heldKey(sku, writer), v: ITEM_VERSION });

/** The attributes of a look, as `heldOf` reads them. */
export const lookAttributes = ({ atMs, sold, pace }: SalesLook): Readonly<Record<string, number>> => ({
  lookedAt: atMs,
  lookedSold: sold,
  pace,
});

const lookOf = (item: Item): SalesLook | undefined => {
  const [atMs, sold, pace] = [numberOf(item, 'lookedAt'), numberOf(item, 'lookedSold'), numberOf(item, 'pace')];
  return atMs === undefined || sold === undefined || pace === undefined ? undefined : { atMs, sold, pace };
};

/** The stock of a sku; undefined when no region holds any row of it. */
export const foldStock = (items: readonly Item[]): StockView | undefined => stockOf(foldHeld(items));

/** The stock that these rows hold; undefined of none. */
export const stockOf = (held: readonly Held[]): StockView | undefined => {
  if (held.length === 0) return undefined;
  const available = sum(held.map((each) => each.available));
  const sold = sum(held.map((each) => each.sold));
  const moving = unitsMoving(held);
  return { held, available, sold, moving, received: available + sold + moving };
};

/** Units granted by any and not yet credited, as these rows show them. */
export const unitsMoving = (held: readonly Held[]): number =>
  sum(held.flatMap((giver) => [...giver.granted.keys()].map((region) => inFlight(giver, region, held))));

/** Units that `giver` granted to `region` and that region's row does not credit yet, as these rows show it. */
export const inFlight = (giver: Held, region: string, held: readonly Held[]): number => {
  const taker = held.find((each) => each.region === region);
  return Math.max(0, (giver.granted.get(region) ?? 0) - (taker?.credited.get(giver.region) ?? 0));
};

const cumulative = (item: Item, prefix: string): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(item).flatMap(([name, value]) =>
      name.startsWith(prefix) && isNumber(value) ? [[name.slice(prefix.length), value] as const] : [],
    ),
  );

export const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);
