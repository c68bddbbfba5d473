/**
 * Selling the lines of an order: from the region's row, or at tills where many want the same (tills.ts). A line is refused
 * only when the row and all tills together do not have it.
 */
import type { Context } from './context.ts';
import { isNumber, numberOf } from './item.ts';
import { foldOrder, type Line } from './order-fold.ts';
import { reserve } from './order-items.ts';
import { heldKey, heldOf, stockKey, sum } from './stock-fold.ts';
import { Damaged, type Item, StoreBusy, type Write } from './store.ts';
import { isSyntheticSku } from './synthetic.ts';
import { readTills, TILLS, tillKey } from './tills.ts';

/** Transactions that one order tries: others sell from the same rows. */
const ATTEMPTS_MAX = 10;
/** Times that a transaction may lose to others before the order looks for a quieter row. */
const PATIENCE = 3;
/** Looks at a sku's row and tills that change all the time, before nobody can say that they have too little. */
const LOOKS_MAX = 5;
/** Writes that an order of many lines from many tills may need; DynamoDB takes 100. */
const WRITES_MAX = 100;

/** What is where, of one sku, in this region. */
interface Counter {
  readonly available: number;
  readonly rev: number;
  /** Whether the row has tills. */
  readonly open: boolean;
  readonly tills: readonly number[];
}

/** The writes by which a line is sold. */
type Sale = readonly Write[];

/**
 * Accepts an order: one transaction of its fact and the units of its lines. False: the order is there already, or a line is
 * short.
 *
 * @throws {StoreBusy} when others were faster each time, and {Damaged} when an item is in the way that says nothing
 */
export const sell = async (context: Context, placed: Item, lines: readonly Line[]): Promise<boolean> => {
  const fact: Write = { action: 'put', item: placed, guards: [{ is: 'absent' }] };
  const first = firstTill(placed);
  const sales = lines.map((line) => (isHot(context, line) ? atTill(context, line, first) : [reserve(context, line)]));
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const writes = [fact, ...sales.flat()];
    if (writes.length > WRITES_MAX) break;
    const ended = await tried(context, writes, attempt < ATTEMPTS_MAX ? PATIENCE : undefined);
    if (ended.kind === 'sold') return true;
    if (ended.kind === 'refused') refuseDamaged(ended);
    if (ended.kind === 'refused' && ended.failed === 0) return false;
    for (const [index, line] of lines.entries()) {
      if (!ended.at.some((write) => lineOf(sales, write) === index)) continue;
      if (ended.kind === 'busy') context.heat?.seen(line.sku, context.clock.now());
      const sale = await nextSale(context, line, (first + attempt) % TILLS, ended);
      if (!sale) return false;
      sales[index] = sale;
    }
  }
  throw new StoreBusy('others were faster each time');
};

type Tried =
  | { readonly kind: 'sold' }
  /** `met`: the item that was short. */
  | { readonly kind: 'refused'; readonly failed: number; readonly at: readonly number[]; readonly met: Item | undefined }
  | { readonly kind: 'busy'; readonly at: readonly number[] };

/** @throws {Damaged} for an acceptance that is none, or a row without a count */
const refuseDamaged = ({ failed, met }: Extract<Tried, { kind: 'refused' }>): void => {
  if (!met) return;
  if (failed === 0 && !foldOrder([met])) throw new Damaged(met, 'is there, and makes no order');
  if (failed > 0 && met['available'] !== undefined && !isNumber(met['available']))
    throw new Damaged(met, 'has "available" that is no number');
};

const tried = async ({ store }: Context, writes: readonly Write[], patience: number | undefined): Promise<Tried> => {
  try {
    const outcome = await store.transact(writes, patience);
    return outcome.ok ? { kind: 'sold' } : { kind: 'refused', failed: outcome.failed, at: [outcome.failed], met: outcome.item };
  } catch (error: unknown) {
    if (!(error instanceof StoreBusy) || patience === undefined) throw error;
    // Which of them lost is not always told.
    return { kind: 'busy', at: error.contended.length > 0 ? error.contended : writes.map((_, index) => index) };
  }
};

/** The line that a write of the transaction belongs to; -1: it is the order's own. */
const lineOf = (sales: readonly Sale[], write: number): number => {
  let end = 1;
  if (write < end) return -1;
  return sales.findIndex((sale) => {
    end += sale.length;
    return write < end;
  });
};

/** How a line that lost or was short is tried next; undefined when the region does not have it. */
const nextSale = async (context: Context, line: Line, till: number, ended: Exclude<Tried, { kind: 'sold' }>): Promise<Sale | undefined> => {
  const met = ended.kind === 'refused' && ended.met?.pk === stockKey(line.sku) ? ended.met : undefined;
  let counter = await look(context, line.sku, met);
  for (let looks = 1; looks < LOOKS_MAX; looks += 1) {
    const sale = saleAt(context, line, counter, till, ended.kind);
    if (sale || !counter.open) return sale;
    // Units may have moved from a till to the row between the looks at both: then the row has changed.
    const again = await look(context, line.sku);
    if (again.rev === counter.rev) return undefined;
    counter = again;
  }
  throw new StoreBusy(`the row of ${line.sku} changed in each of ${LOOKS_MAX} looks`);
};

/** @param known the row, where it was seen a moment ago */
const look = async ({ store, writer }: Context, sku: string, known?: Item): Promise<Counter> => {
  const key = heldKey(sku, writer);
  const row = known ?? (await store.get(key)) ?? { ...key, v: 0 };
  const held = heldOf(row);
  return { available: held.available, rev: numberOf(row, 'rev') ?? 0, open: held.tills > 0, tills: await readTills(store, sku, held) };
};

const saleAt = (
  context: Context,
  line: Line,
  { available, tills }: Counter,
  first: number,
  ended: 'busy' | 'refused',
): Sale | undefined => {
  const { quantity } = line;
  const hot = ended === 'busy' || isHot(context, line);
  if (hot && (tills[first] ?? 0) >= quantity) return atTill(context, line, first);
  if (available >= quantity) return hot && mayOpen(line) ? drawn(context, line, first, available) : [reserve(context, line)];
  const enough = tills.map((_, index) => (first + index) % tills.length).find((till) => (tills[till] ?? 0) >= quantity);
  return enough === undefined ? gathered(context, line, available, tills) : atTill(context, line, enough);
};

const atTill = ({ writer }: Context, { sku, quantity }: Line, till: number): Sale => [taken(tillKey(sku, till, writer), quantity)];

/** Moves units to a till and sells there: a till's share of what is left besides, so that the row is seldom asked. */
const drawn = ({ writer, clock }: Context, { sku, quantity }: Line, till: number, available: number): Sale => {
  const units = quantity + Math.ceil((available - quantity) / TILLS);
  return [
    {
      action: 'update',
      key: heldKey(sku, writer),
      add: { available: -units, sold: units, rev: 1 },
      set: { tills: TILLS, drawnAt: clock.now() },
      guards: [{ is: 'atLeast', attribute: 'available', value: units }],
    },
    { action: 'update', key: tillKey(sku, till, writer), add: { available: units - quantity, rev: 1 } },
  ];
};

/** The last units, from wherever they lie: first from where most do. */
const gathered = (context: Context, line: Line, available: number, tills: readonly number[]): Sale | undefined => {
  const { sku, quantity } = line;
  if (Math.max(0, available) + sum(tills) < quantity) return undefined;
  const own = Math.min(Math.max(0, available), quantity);
  const sale: Write[] = own > 0 ? [reserve(context, { sku, quantity: own })] : [];
  let missing = quantity - own;
  for (const [till, units] of [...tills.entries()].sort(([, a], [, b]) => b - a)) {
    const part = Math.min(units, missing);
    if (part > 0) sale.push(taken(tillKey(sku, till, context.writer), part));
    missing -= part;
  }
  return sale;
};

const taken = (key: { readonly pk: string; readonly sk: string }, units: number): Write => ({
  action: 'update',
  key,
  add: { available: -units, rev: 1 },
  guards: [{ is: 'atLeast', attribute: 'available', value: units }],
});

/** Orders spread over the tills by their ids, which are hashes. */
const firstTill = ({ pk }: Item): number => Number.parseInt(pk.slice(pk.indexOf('#') + 1).slice(0, 8), 16) % TILLS;

const isHot = (context: Context, { sku }: Line): boolean => context.heat?.isFresh(sku, context.clock.now()) ?? false;

/** What canaries leave must expire, so it must not lie in rows that are made when they are needed. */
const mayOpen = ({ sku }: Line): boolean => !isSyntheticSku(sku);
