/**
 * What regions would have liked to sell: `WISH#slot#units#W`, left by an order that W refused. A wish is a hint to the
 * others' rebalancers, and takes nothing from anybody: sharing.ts says what they hand over.
 *
 * It is written once, for a slot of ten seconds, counts for five minutes, and is forgotten by the table after an hour. So
 * nothing takes it back, and a region that still lacks units is heard again as long as it is asked for them. Units are powers
 * of two: a thousand refusals, each of a little more, are ten wishes. Two of the same slot and size are one item.
 */
import type { Context } from './context.ts';
import { ITEM_VERSION, partsOf, writerOf } from './item.ts';
import { stockKey } from './stock-fold.ts';
import type { Item } from './store.ts';
import { EXPIRES } from './synthetic.ts';
import { compareWriters, regionOf } from './writer.ts';

export const WISH = 'WISH';
/** Milliseconds that a wish counts for. */
export const WISH_MS = 5 * 60_000;
/** Milliseconds of a slot. */
const SLOT_MS = 10_000;
/** Milliseconds that the clock of whoever wished may be ahead. */
const AHEAD_MS = 60_000;
const FORGOTTEN_SECONDS = 3_600;
/** Digits of a slot, and of the part of it that a reader asks for: 1,000 seconds, in which a region leaves few items. */
const [SLOT_DIGITS, ASKED_DIGITS] = [9, 7];

export interface Wish {
  readonly writer: string;
  readonly slot: number;
  /** At least 1; 0 takes the wishes of earlier incarnations back. */
  readonly units: number;
}

export const wishItem = (sku: string, writer: string, units: number, nowMs: number): Item => ({
  pk: stockKey(sku),
  sk: `${WISH}#${digitsOf(nowMs)}#${units}#${writer}`,
  v: ITEM_VERSION,
  at: nowMs,
  [EXPIRES]: Math.ceil(nowMs / 1_000) + FORGOTTEN_SECONDS,
});

/** The wishes of a sku that count now. Reads what was left lately, however many wishes the table has not forgotten yet. */
export const readWishes = async ({ store, clock }: Pick<Context, 'store' | 'clock'>, sku: string): Promise<readonly Wish[]> => {
  const nowMs = clock.now();
  const parts = new Set([nowMs - WISH_MS, nowMs + AHEAD_MS].map((ms) => digitsOf(ms).slice(0, ASKED_DIGITS)));
  const items = await Promise.all([...parts].map((digits) => store.query(stockKey(sku), `${WISH}#${digits}`)));
  return liveWishes(items.flat(), nowMs);
};

/** Of any items, the wishes that count now. */
const liveWishes = (items: readonly Item[], nowMs: number): readonly Wish[] =>
  items.flatMap((item) => {
    const wish = wishOf(item);
    return wish && wish.slot * SLOT_MS > nowMs - WISH_MS && wish.slot * SLOT_MS <= nowMs + AHEAD_MS ? [wish] : [];
  });

/** Undefined for what is no wish. */
export const wishOf = (item: Item): Wish | undefined => {
  const [type, slot, units] = partsOf(item);
  const [slotNumber, unitsNumber] = [Number(slot), Number(units)];
  const isOne = type === WISH && Number.isSafeInteger(slotNumber) && Number.isSafeInteger(unitsNumber) && unitsNumber >= 0;
  return isOne ? { writer: writerOf(item), slot: slotNumber, units: unitsNumber } : undefined;
};

/** Units that each region wishes to have, by region: its newest incarnation's largest wish. */
export const unitsWished = (wishes: readonly Wish[]): ReadonlyMap<string, number> => {
  const ascending = [...wishes].sort((a, b) => compareWriters(a.writer, b.writer) || a.units - b.units);
  return new Map(ascending.map(({ writer, units }) => [regionOf(writer), units]));
};

/** Units that each region wishes to have now. */
export const foldWishes = (items: readonly Item[], nowMs: number): ReadonlyMap<string, number> => unitsWished(liveWishes(items, nowMs));

/** As a wish says it: as many or a few more. */
export const roundedUp = (units: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, units)));

/** Whether a writer said just now that it wishes for so many. */
export const wasSaid = (wishes: readonly Wish[], writer: string, units: number, nowMs: number): boolean =>
  wishes.some((wish) => wish.writer === writer && wish.units >= units && wish.slot >= slotOf(nowMs) - 1);

const slotOf = (ms: number): number => Math.floor(ms / SLOT_MS);
const digitsOf = (ms: number): string => String(Math.max(0, slotOf(ms))).padStart(SLOT_DIGITS, '0');
