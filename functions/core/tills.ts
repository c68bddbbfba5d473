/**
 * A sku that many want at once is sold at tills: rows of a region beside its `HELD` row, each in a partition of its own. One
 * item takes one transaction at a time, and one partition key a thousand write units a second.
 *
 * What lies at a till is `sold` in the region's row. So that row adds up by itself, with tills and without, and nobody who
 * only counts what regions hold need know of tills: `sold` = units in open and shipped orders + units at tills.
 * A draw moves units from the row to a till, in the transaction of the order that found the till short. What is given back
 * goes to the row. Housekeeping folds tills away, back into the row.
 *
 * `tills` in the row says how many there may be; a till beyond, or of a sku whose row says none, has nothing. Whoever says
 * "none" must have seen them empty in a row that has not changed since: a draw changes it.
 *
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
import type { Context } from './context.ts';
import { numberOf } from './item.ts';
import { type Held, heldKey, sum } from './stock-fold.ts';
import { type Item, type Key, type Store, StoreBusy, type Write } from './store.ts';

/** Tills of a region's row. Of 500 orders a second each takes 31: where an item is held for 10 ms, one try in three loses. */
export const TILLS = 16;
/** Milliseconds after the last draw from which a row is called calm. */
const CALM_MS = 60_000;
/** Tries to empty one till that sells meanwhile. */
const FOLD_ATTEMPTS_MAX = 5;

export const tillKey = (sku: string, till: number, writer: string): Key => ({ pk: `TILL#${sku}#${till}`, sk: `TILL#${writer}` });

/** The sku that is sold at a till; undefined for the key of another partition. */
export const skuOfTill = (pk: string): string | undefined => /^TILL#([^#]+)#\d+$/.exec(pk)?.[1];

/** Tills are counted from 0. */
export const tillNumber = ({ pk }: Pick<Item, 'pk'>): number => Number(pk.slice(pk.lastIndexOf('#') + 1));

/** Units at a till. */
export const unitsAt = (till: Item | undefined): number => (till && numberOf(till, 'available')) ?? 0;

/** What lies at each till of a row. Costs nothing where there are none. */
export const readTills = (store: Store, sku: string, { writer, tills }: Pick<Held, 'writer' | 'tills'>): Promise<readonly number[]> =>
  Promise.all(Array.from({ length: Math.min(tills, TILLS) }, async (_, till) => unitsAt(await store.get(tillKey(sku, till, writer)))));

/** The rows with what lies at their tills counted as what it is: to be sold. */
export const withTills = (store: Store, sku: string, held: readonly Held[]): Promise<readonly Held[]> =>
  Promise.all(
    held.map(async (row) => {
      const units = sum(await readTills(store, sku, row));
      return { ...row, available: row.available + units, sold: row.sold - units };
    }),
  );

/** Whether a region should fold its tills now: nobody draws any more, or its row has run out. Pure. */
export const mustFold = (own: Held | undefined, nowMs: number): boolean =>
  own !== undefined && own.tills > 0 && (own.available <= 0 || nowMs - own.drawnAtMs >= CALM_MS);

/**
 * Moves what lies at a region's tills back into its row, and says that there are none. May overlap with orders and with
 * itself: it moves what it saw, where that much is still there.
 *
 * @throws {StoreBusy} when a till sells faster than it can be emptied
 */
export const foldTills = async (context: Context, sku: string, { tills }: Held): Promise<void> => {
  for (let till = 0; till < Math.min(tills, TILLS); till += 1) await emptyTill(context, sku, till);
  const { store, writer } = context;
  const row = await store.get(heldKey(sku, writer));
  const rev = row && numberOf(row, 'rev');
  if (!row || rev === undefined) return;
  const left = await readTills(store, sku, { writer, tills });
  if (sum(left) > 0) return;
  const guards = [{ is: 'equals', attribute: 'rev', value: rev }] as const;
  await store.transact([{ action: 'update', key: heldKey(sku, writer), add: { rev: 1 }, set: { tills: 0 }, guards }]);
};

const emptyTill = async ({ store, writer }: Context, sku: string, till: number): Promise<void> => {
  const key = tillKey(sku, till, writer);
  for (let attempt = 0; attempt < FOLD_ATTEMPTS_MAX; attempt += 1) {
    const units = unitsAt(await store.get(key));
    if (units <= 0) return;
    const outcome = await store.transact([
      { action: 'update', key, add: { available: -units, rev: 1 }, guards: [{ is: 'atLeast', attribute: 'available', value: units }] },
      { action: 'update', key: heldKey(sku, writer), add: { available: units, sold: -units, rev: 1 } },
    ]);
    if (outcome.ok) return;
  }
  throw new StoreBusy(`${FOLD_ATTEMPTS_MAX} attempts to fold till ${till} of ${sku} lost to orders`);
};

/** A till without units, for who computes the row anew: only if it is still the one that was seen. */
export const emptied = (till: Item): Write => ({
  action: 'put',
  item: { ...till, available: 0, rev: (numberOf(till, 'rev') ?? 0) + 1 },
  guards:
    till['rev'] === undefined || typeof till['rev'] === 'object'
      ? [{ is: 'present' }]
      : [{ is: 'equals', attribute: 'rev', value: till['rev'] }],
});
