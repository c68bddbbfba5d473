/** Receiving, showing and moving stock. See stock-fold.ts for the escrow it rests on. */
import { bookUnits, pendingUnits } from './bookings.ts';
import { type Context, instant, type Outcome, read, refused, written } from './context.ts';
import { hashOf } from './hash.ts';
import { ITEM_VERSION, numberOf, partsOf, textOf, writerOf } from './item.ts';
import { type Handover, type Sharing, sharingOf } from './sharing.ts';
import {
  creditedFrom,
  emptyHeld,
  foldHeld,
  grantedTo,
  type Held,
  heldKey,
  heldOf,
  inFlight,
  lookAttributes,
  type StockView,
  stockKey,
  stockOf,
} from './stock-fold.ts';
import { Damaged, type Guard, type Item, StoreBusy, type Write } from './store.ts';
import { mayName } from './synthetic.ts';
import { foldTills, mustFold, withTills } from './tills.ts';
import { readWishes, unitsWished, WISH } from './wishes.ts';
import { compareWriters, regionOf } from './writer.ts';

/** Compare-and-sets of one grant: each that is lost means that another run went on. */
const CREDIT_ATTEMPTS_MAX = 10;
/** Grants of one run: to each region one, and those that are lost to orders and other runs. */
const GRANT_ATTEMPTS_MAX = 20;
const NO_STOCK: StockView = { held: [], received: 0, available: 0, sold: 0, moving: 0 };
const NOTHING: Sharing = { handovers: [], kept: 0, look: undefined };

export interface ReceiptAnswer {
  readonly id: string;
  readonly sku: string;
  readonly region: string;
  readonly quantity: number;
  readonly at: string;
  readonly by: string;
}

/**
 * Records units received. The region that books them is part of the request, so that a retry in another region cannot
 * book them twice: another region only records the receipt, and the named one books it when it arrives.
 */
export const receiveStock = async (
  context: Context,
  given: { readonly subject: string; readonly sku: string; readonly region: string; readonly key: string; readonly quantity: number },
): Promise<Outcome<ReceiptAnswer>> => {
  if (!context.regions.includes(given.region))
    return refused('not-found', `given region ${given.region}, allowed: ${context.regions.join(', ')}`);
  if (!mayName(given.subject, given.sku)) return refused('bad-request', `given the sku ${given.sku}, which this caller may not receive`);
  const hash = hashOf('receipt', given.subject, given.sku, given.region, given.key);
  const answer = (item: Item): ReceiptAnswer => ({
    id: hash,
    sku: given.sku,
    region: given.region,
    quantity: numberOf(item, 'quantity') ?? given.quantity,
    at: instant(numberOf(item, 'at') ?? 0),
    by: writerOf(item),
  });
  const replay = async (): Promise<Outcome<ReceiptAnswer> | undefined> => {
    const receipts = await receiptsOf(context, given.sku, hash);
    // A booking stands in for its receipt, which a region that was lost may have taken with it.
    const known = receipts.length > 0 ? receipts : await bookingsOf(context, given.sku, hash);
    if (known.length === 0) return undefined;
    const same = known.find((item) => numberOf(item, 'quantity') === given.quantity);
    const damaged = known.find((item) => numberOf(item, 'quantity') === undefined);
    if (!same && damaged) throw new Damaged(damaged, 'is there, and says no quantity');
    return same
      ? written(answer(same), same, true)
      : refused('key-reused', 'the Idempotency-Key was used with another quantity; a new receipt needs a new key');
  };

  const before = await replay();
  if (before) return before;
  const receipt: Item = {
    pk: stockKey(given.sku),
    sk: `RECEIPT#${hash}#${context.writer}`,
    v: ITEM_VERSION,
    region: given.region,
    quantity: given.quantity,
    at: context.clock.now(),
  };
  const record: Write = { action: 'put', item: receipt, guards: [{ is: 'absent' }] };
  const done =
    given.region === context.region
      ? await bookUnits(context, { sku: given.sku, hash, quantity: given.quantity }, [record])
      : (await context.store.transact([record])).ok;
  return done ? written(answer(receipt), receipt) : ((await replay()) ?? refused('key-reused', 'the Idempotency-Key was used already'));
};

export interface StockAnswer {
  readonly sku: string;
  readonly received: number;
  readonly available: number;
  readonly sold: number;
  readonly moving: number;
  /** Units of receipts that the caller's tokens name, which their region has not booked, as far as this one knows. */
  readonly pending?: number;
  readonly regions: { readonly region: string; readonly writer: string; readonly available: number; readonly sold: number }[];
}

export const getStock = async (
  context: Context,
  { subject, sku }: { readonly subject: string; readonly sku: string },
): Promise<Outcome<StockAnswer>> => {
  const isNamable = mayName(subject, sku);
  const rows = isNamable ? foldHeld(await context.store.query(stockKey(sku), 'HELD#')) : [];
  const { held, ...sums } = stockOf(await withTills(context.store, sku, rows)) ?? NO_STOCK;
  const pending = isNamable ? await pendingUnits(context.store, sku, context.named ?? []) : 0;
  if (held.length === 0 && pending === 0) return refused('not-found', `no region holds or held any ${sku}, as far as this region knows`);
  const regions = held.map(({ region, writer, available, sold }) => ({ region, writer, available, sold }));
  return read({ sku, ...sums, ...(pending === 0 ? {} : { pending }), regions });
};

/**
 * Books a receipt that names this region, once. Called for receipts that arrive from other regions; a receipt booked here
 * or by an earlier incarnation of this region is left alone.
 */
export const bookReceipt = async (context: Context, sku: string, hash: string): Promise<boolean> => {
  const receipts = await receiptsOf(context, sku, hash);
  const quantity = unitsToBook(receipts, await bookingsOf(context, sku, hash), context.region);
  return quantity !== false && (await bookUnits(context, { sku, hash, quantity }));
};

/**
 * Units of a receipt that a region has to book; false: it is another's, or booked, or not here. Pure.
 *
 * @param receipts all regions' records of it, the smallest writer's first
 * @param booked all regions' bookings of it
 */
export const unitsToBook = (receipts: readonly Item[], booked: readonly Item[], region: string): number | false => {
  const [receipt] = receipts;
  const quantity = receipt && numberOf(receipt, 'quantity');
  if (quantity === undefined || !receipt || textOf(receipt, 'region') !== region || booked.length > 0) return false;
  return quantity;
};

/**
 * Credits what other regions granted to this one, then grants to those that wish for it what this one can spare. May
 * overlap with itself: each step is a compare-and-set on this region's own row.
 */
export const rebalanceStock = async (context: Context, sku: string): Promise<void> => {
  const items = await context.store.query(stockKey(sku), 'HELD#');
  const credited = await creditGrants(context, sku, foldHeld(items));
  const held = await foldOwn(context, sku, credited);
  const own = held.find((each) => each.region === context.region);
  if (own && own.available > 0) await grantWishes(context, sku, own, held);
};

/** Units at tills are handed over by nobody. Returns the rows as they are afterwards. */
const foldOwn = async (context: Context, sku: string, held: readonly Held[]): Promise<readonly Held[]> => {
  const own = held.find((each) => each.region === context.region);
  if (!own || !mustFold(own, context.clock.now())) return held;
  await foldTills(context, sku, own);
  const row = await context.store.get(heldKey(sku, context.writer));
  return row ? [...held.filter((each) => each !== own), heldOf(row)] : held;
};

/** Whether rebalancing would change anything now. Pure. */
export const mustRebalance = (region: string, held: readonly Held[], wishes: ReadonlyMap<string, number>, nowMs: number): boolean => {
  if (held.some((giver) => giver.region !== region && inFlight(giver, region, held) > 0)) return true;
  const own = held.find((each) => each.region === region);
  if (mustFold(own, nowMs)) return true;
  const { handovers, look } = own ? sharingOf(own, wishes, held, nowMs) : NOTHING;
  return handovers.length > 0 || look !== undefined;
};

/** What a new or changed item of a stock partition asks this region to do; `before` is the item it replaced. */
export const stockWork = (
  item: Item,
  before: Item | undefined,
  region: string,
): { readonly kind: 'book'; readonly hash: string } | { readonly kind: 'rebalance' } | undefined => {
  const [type, hash] = partsOf(item);
  const own = regionOf(writerOf(item)) === region;
  switch (type) {
    case 'RECEIPT':
      return !own && hash !== undefined && textOf(item, 'region') === region ? { kind: 'book', hash } : undefined;
    case WISH:
      return own ? undefined : { kind: 'rebalance' };
    case 'HELD':
      if (own) return (numberOf(item, 'tills') ?? 0) > 0 ? { kind: 'rebalance' } : undefined;
      return item[grantedTo(region)] !== before?.[grantedTo(region)] ? { kind: 'rebalance' } : undefined;
    default:
      return undefined;
  }
};

/** Takes over each grant up to the giver's cumulative number. Returns the rows as they are afterwards. */
const creditGrants = async (context: Context, sku: string, held: readonly Held[]): Promise<readonly Held[]> => {
  const others = held.filter((each) => each.region !== context.region);
  let own = held.find((each) => each.region === context.region) ?? emptyHeld(sku, context.writer);
  for (const giver of others) own = await creditGrant(context, sku, giver, own);
  return [...others, own];
};

/**
 * One giver's. Lost to an overlapping run, it goes on from the row that this one left: it may have seen a smaller grant.
 * @throws {StoreBusy} when it loses every time
 */
const creditGrant = async (context: Context, sku: string, giver: Held, held: Held): Promise<Held> => {
  let own = held;
  for (let attempt = 0; attempt < CREDIT_ATTEMPTS_MAX; attempt += 1) {
    const seen = own.credited.get(giver.region);
    const units = (giver.granted.get(context.region) ?? 0) - (seen ?? 0);
    if (units <= 0) return own;
    const attribute = creditedFrom(giver.region);
    const guard: Guard = seen === undefined ? { is: 'missing', attribute } : { is: 'equals', attribute, value: seen };
    const outcome = await context.store.transact([
      {
        action: 'update',
        key: heldKey(sku, context.writer),
        add: { available: units, rev: 1 },
        set: { [attribute]: (seen ?? 0) + units },
        guards: [guard],
      },
    ]);
    if (outcome.ok)
      return { ...own, available: own.available + units, credited: new Map(own.credited).set(giver.region, (seen ?? 0) + units) };
    own = outcome.item ? heldOf(outcome.item) : emptyHeld(sku, context.writer);
    if (outcome.item?.[attribute] !== undefined && !own.credited.has(giver.region))
      throw new Damaged(outcome.item, `has "${attribute}" that is no number`);
  }
  throw new StoreBusy(`${CREDIT_ATTEMPTS_MAX} attempts to take over what ${giver.region} granted of ${sku} lost to others`);
};

/**
 * Notes what it sells, where that is not known or long ago, and hands over what the others wish for and it can spare. One at
 * a time, from the row as it is then: what is sold meanwhile was not to spare.
 */
const grantWishes = async (context: Context, sku: string, row: Held, held: readonly Held[]): Promise<void> => {
  const wishes = unitsWished(await readWishes(context, sku));
  const others = held.filter((each) => each !== row);
  let own = row;
  for (let attempt = 0; attempt < GRANT_ATTEMPTS_MAX; attempt += 1) {
    const { handovers, kept, look } = sharingOf(own, wishes, [...others, own], context.clock.now());
    if (look) await context.store.transact([{ action: 'update', key: heldKey(sku, context.writer), set: lookAttributes(look) }]);
    const [handover] = handovers;
    if (!handover) return;
    own = await grant(context, sku, handover, { ...own, look: look ?? own.look }, kept);
  }
};

/** The row as it is afterwards, granted or not. */
const grant = async ({ store, writer }: Context, sku: string, { region, units }: Handover, own: Held, kept: number): Promise<Held> => {
  const attribute = grantedTo(region);
  const seen = own.granted.get(region);
  const guards: Guard[] = [
    { is: 'atLeast', attribute: 'available', value: units + kept },
    seen === undefined ? { is: 'missing', attribute } : { is: 'equals', attribute, value: seen },
  ];
  const granted = (seen ?? 0) + units;
  const write: Write = {
    action: 'update',
    key: heldKey(sku, writer),
    add: { available: -units, rev: 1 },
    set: { [attribute]: granted },
    guards,
  };
  const outcome = await store.transact([write]);
  if (outcome.ok) return { ...own, available: own.available - units, granted: new Map(own.granted).set(region, granted) };
  return outcome.item ? heldOf(outcome.item) : own;
};

/** All regions' receipts of one request, the smallest writer's first. */
const receiptsOf = (context: Context, sku: string, hash: string): Promise<readonly Item[]> => factsOf(context, sku, `RECEIPT#${hash}#`);

const bookingsOf = (context: Context, sku: string, hash: string): Promise<readonly Item[]> => factsOf(context, sku, `BOOKED#${hash}#`);

const factsOf = async (context: Context, sku: string, prefix: string): Promise<readonly Item[]> =>
  smallestFirst(await context.store.query(stockKey(sku), prefix));

export const smallestFirst = (items: readonly Item[]): readonly Item[] =>
  [...items].sort((a, b) => compareWriters(writerOf(a), writerOf(b)));
