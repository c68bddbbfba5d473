/**
 * Bookings of receipts: `BOOKED#h#W`, put in one transaction with the units that it adds to W's row. The row counts them, and
 * each booking knows which one it was. So wherever a row has arrived by itself it tells which bookings are in it: items
 * replicate one by one, and a receipt, its booking and the row that callers read are three.
 */
import type { Holds } from './consistency.ts';
import type { Context } from './context.ts';
import { hashIn, ITEM_VERSION, isNumber, numberOf, writerOf } from './item.ts';
import { foldHeld, type Held, heldKey, stockKey, sum } from './stock-fold.ts';
import { type Guard, type Item, type Key, type Store, StoreBusy, type Write } from './store.ts';
import { parseWriter } from './writer.ts';

/** Compare-and-sets of the count: each that is lost means that another receipt was booked. Orders do not touch it. */
const BOOK_ATTEMPTS_MAX = 10;

export interface Receipt {
  readonly sku: string;
  readonly hash: string;
  readonly quantity: number;
}

/**
 * Books a receipt here, once.
 *
 * @param first what is written in the same transaction
 * @returns false: it is booked, or what is written first is there
 * @throws {StoreBusy} when other bookings win every time
 */
export const bookUnits = async (context: Context, { sku, hash, quantity }: Receipt, first: readonly Write[] = []): Promise<boolean> => {
  const key = heldKey(sku, context.writer);
  const at = context.clock.now();
  let row = await context.store.get(key);
  for (let attempt = 0; attempt < BOOK_ATTEMPTS_MAX; attempt += 1) {
    const { n, set, guards } = counted(row);
    const booking: Item = { pk: key.pk, sk: `BOOKED#${hash}#${context.writer}`, v: ITEM_VERSION, quantity, at, ...n };
    const outcome = await context.store.transact([
      ...first,
      { action: 'put', item: booking, guards: [{ is: 'absent' }] },
      { action: 'update', key, add: { available: quantity, rev: 1 }, set, guards },
    ]);
    if (outcome.ok) return true;
    if (outcome.failed <= first.length) return false;
    row = outcome.item;
  }
  throw new StoreBusy(`${BOOK_ATTEMPTS_MAX} attempts to book ${quantity} ${sku} lost to other bookings`);
};

/** The next count. A row whose count is damaged is not counted until it is repaired. */
const counted = (
  row: Item | undefined,
): { readonly n: { readonly n?: number }; readonly set: { readonly bookings?: number }; readonly guards: readonly Guard[] } => {
  const attribute = 'bookings';
  const seen = row?.[attribute];
  if (seen === undefined) return { n: { n: 1 }, set: { bookings: 1 }, guards: [{ is: 'missing', attribute }] };
  if (!isNumber(seen) || !isNumber(seen + 1)) return { n: {}, set: {}, guards: [] };
  return { n: { n: seen + 1 }, set: { bookings: seen + 1 }, guards: [{ is: 'equals', attribute, value: seen }] };
};

/** Whether a region's rows have a booking in them. A later incarnation's has all of those before; one of an earlier release is not counted. */
const isInRow = (booked: Item, held: readonly Held[]): boolean => {
  const by = parseWriter(writerOf(booked));
  const row = held.find(({ region }) => region === by.region);
  if (!row) return false;
  const { incarnation } = parseWriter(row.writer);
  if (incarnation !== by.incarnation) return incarnation > by.incarnation;
  return (row.bookings ?? 0) >= (numberOf(booked, 'n') ?? 0);
};

/** The largest number that a booking of a writer knows itself by, of the items of a sku. */
export const bookingsCounted = (items: readonly Item[], writer: string | undefined): number =>
  Math.max(0, ...items.map((item) => (item.sk.startsWith('BOOKED#') && writerOf(item) === writer ? (numberOf(item, 'n') ?? 0) : 0)));

/** Whether a replica shows the units of a receipt: recorded, booked, and in the row of the region that booked them. */
export const showsReceipt: Holds = async (store, key) => {
  if ((await store.get(key)) === undefined) return false;
  const booked = await store.query(key.pk, `BOOKED#${hashIn(key)}#`);
  if (booked.length === 0) return false;
  const held = foldHeld(await store.query(key.pk, 'HELD#'));
  return booked.some((each) => isInRow(each, held));
};

/**
 * Units of receipts that callers were told of, and that nobody has booked as far as this replica knows. Of those that are
 * named: to find all that are on the way would be to read all that ever were.
 */
export const pendingUnits = async (store: Pick<Store, 'get' | 'query'>, sku: string, named: readonly Key[]): Promise<number> => {
  const receipts = named.filter(({ pk, sk }) => pk === stockKey(sku) && sk.startsWith('RECEIPT#'));
  const units = await Promise.all(
    [...new Map(receipts.map((key) => [hashIn(key), key])).values()].map(async (key) => {
      const receipt = await store.get(key);
      const isBooked = receipt === undefined || (await store.query(key.pk, `BOOKED#${hashIn(key)}#`)).length > 0;
      return isBooked ? 0 : (numberOf(receipt, 'quantity') ?? 0);
    }),
  );
  return sum(units);
};
