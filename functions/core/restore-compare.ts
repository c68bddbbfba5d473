/**
 * What a table lost since a point of its past: the items that a restore brought back, held against those that are there.
 *
 * Facts are written once, so a fact that is gone or reads otherwise was not changed by a caller. Rows that a region updates
 * (`HELD`, `HEAD`) moved on since, rightly or not: that they differ says nothing, and their past is never put back.
 * What came after the point is extra, and stays: callers were told of it.
 */
import { canonical } from './hash.ts';
import { textOf, writerOf } from './item.ts';
import { orderKey } from './order-items.ts';
import { isFactOf } from './rebuild.ts';
import { RECORD_PREFIX } from './records.ts';
import { stockKey } from './stock-fold.ts';
import type { Item } from './store.ts';
import { isSynthetic, isSyntheticSku } from './synthetic.ts';
import { wishOf } from './wishes.ts';
import { regionOf } from './writer.ts';

export const RESOURCES = ['orders', 'stock', 'records'] as const;
export type Resource = (typeof RESOURCES)[number];

export interface Changed {
  readonly restored: Item;
  readonly live: Item;
}

/** Of one resource. Facts, but for `moved`. */
export interface Difference {
  readonly resource: Resource;
  readonly missing: readonly Item[];
  readonly changed: readonly Changed[];
  readonly extra: readonly Item[];
  /** Rows that regions update, which are gone or differ. */
  readonly moved: readonly Item[];
}

const PREFIXES: Readonly<Record<Resource, string>> = { orders: orderKey(''), stock: stockKey(''), records: RECORD_PREFIX };

/** Undefined: heartbeats, and what a later release may keep beside them. Neither is compared, and so neither is repaired. */
export const resourceOf = ({ pk }: Pick<Item, 'pk'>): Resource | undefined => RESOURCES.find((each) => pk.startsWith(PREFIXES[each]));

export const isFact = (item: Item): boolean => isFactOf(item, regionOf(writerOf(item)));

/** A fact that was put again to be replicated is the same one. */
export const sameFact = (a: Item, b: Item): boolean => canonical({ ...a, reput: undefined }) === canonical({ ...b, reput: undefined });

export const keyText = ({ pk, sk }: Pick<Item, 'pk' | 'sk'>): string => `${pk}\n${sk}`;

/** @param restored all items of a table's restored copy; `live`: of the table. Duplicates do not matter */
export const compare = (restored: readonly Item[], live: readonly Item[]): readonly Difference[] => {
  const [past, present] = [usersItems(restored), usersItems(live)];
  // What is synthetic on one side is on the other: a partition keeps its owner, though a damaged item may not say so.
  const hidden = new Set([...syntheticPartitions(restored), ...syntheticPartitions(live)]);
  const before = new Map(past.filter(({ pk }) => !hidden.has(pk)).map((item) => [keyText(item), item]));
  const now = new Map(present.filter(({ pk }) => !hidden.has(pk)).map((item) => [keyText(item), item]));
  return RESOURCES.map((resource) => {
    const mine = (items: Iterable<Item>): Item[] => [...items].filter((item) => resourceOf(item) === resource);
    const pairs = mine(before.values()).map((item) => ({ restored: item, live: now.get(keyText(item)) }));
    const facts = pairs.filter((pair) => isFact(pair.restored));
    return {
      resource,
      missing: facts.flatMap((pair) => (pair.live === undefined ? [pair.restored] : [])),
      changed: facts.flatMap(({ restored: item, live: found }) =>
        found === undefined || sameFact(item, found) ? [] : [{ restored: item, live: found }],
      ),
      extra: mine(now.values()).filter((item) => isFact(item) && !before.has(keyText(item))),
      moved: pairs.flatMap((pair) =>
        isFact(pair.restored) || (pair.live !== undefined && sameFact(pair.restored, pair.live)) ? [] : [pair.restored],
      ),
    };
  });
};

/** But for wishes, which the table forgets: that one is gone says nothing. */
const usersItems = (items: readonly Item[]): readonly Item[] => items.filter((item) => resourceOf(item) !== undefined && !wishOf(item));

/** Partitions of canaries: their orders expire, so what is missing of them is no loss. */
export const syntheticPartitions = (items: readonly Item[]): ReadonlySet<string> =>
  new Set(items.filter((item) => isSyntheticStock(item) || isSynthetic(textOf(item, 'subject') ?? '')).map(({ pk }) => pk));

const isSyntheticStock = ({ pk }: Item): boolean => pk.startsWith(stockKey('')) && isSyntheticSku(pk.slice(stockKey('').length));
