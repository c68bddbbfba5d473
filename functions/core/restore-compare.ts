/**
 * What a table lost since a point of its past: the items that a restore brought back, held against those that are there.
 *
 * Facts are written once, so a fact that is gone or reads otherwise was not changed by a caller. Rows that a region updates
 * (`HELD`, `HEAD`) moved on since, rightly or not: that they differ says nothing, and their past is never put back.
 * What came after the point is extra, and stays: callers were told of it. So is a fact that was told anew: its key was
 * written again, later than the point, and as the rules write it. Most callers whose order a faulty client has deleted
 * place it again under the same key. Which of the two is meant, only a person can tell.
 */
import { canonical } from './hash.ts';
import { numberOf, partsOf, textOf, writerOf } from './item.ts';
import { CLOCK_SKEW_MS_MAX } from './operations.ts';
import { orderKey } from './order-items.ts';
import { isFactOf } from './rebuild.ts';
import { RECORD_PREFIX } from './records.ts';
import { stockKey } from './stock-fold.ts';
import type { Item } from './store.ts';
import { isSynthetic, isSyntheticSku } from './synthetic.ts';
import { damageOf } from './validate-item.ts';
import { wishOf } from './wishes.ts';
import { regionOf } from './writer.ts';

export const RESOURCES = ['orders', 'stock', 'records'] as const;
export type Resource = (typeof RESOURCES)[number];

export interface Changed {
  readonly restored: Item;
  readonly live: Item;
}

/** A fact of the past, and the one that was told in its place since. Of a fact that rests on another one: that one. */
export type ToldAnew = Changed;

/** Of one resource. Facts, but for `moved`. */
export interface Difference {
  readonly resource: Resource;
  readonly missing: readonly Item[];
  /** Damaged: not as any writer makes it, or from before the point. */
  readonly changed: readonly Changed[];
  readonly toldAnew: readonly ToldAnew[];
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

/**
 * @param restored all items of a table's restored copy; `live`: of the table. Duplicates do not matter
 * @param pointMs when the copy was the present, in milliseconds since 1970; undefined: nobody knows
 */
export const compare = (restored: readonly Item[], live: readonly Item[], pointMs?: number): readonly Difference[] => {
  const [past, present] = [usersItems(restored), usersItems(live)];
  // What is synthetic on one side is on the other: a partition keeps its owner, though a damaged item may not say so.
  const hidden = new Set([...syntheticPartitions(restored), ...syntheticPartitions(live)]);
  const before = new Map(past.filter(({ pk }) => !hidden.has(pk)).map((item) => [keyText(item), item]));
  const now = new Map(present.filter(({ pk }) => !hidden.has(pk)).map((item) => [keyText(item), item]));
  return RESOURCES.map((resource) => {
    const mine = (items: Iterable<Item>): Item[] => [...items].filter((item) => resourceOf(item) === resource);
    const pairs = mine(before.values()).map((item) => ({ restored: item, live: now.get(keyText(item)) }));
    const facts = pairs.filter((pair) => isFact(pair.restored) && !(pair.live && sameFact(pair.restored, pair.live)));
    const toldAnew = replaced(facts, pointMs);
    const open = facts.filter((pair) => !toldAnew.some((each) => each.restored === pair.restored));
    return {
      resource,
      missing: open.flatMap((pair) => (pair.live === undefined ? [pair.restored] : [])),
      changed: open.flatMap(({ restored: item, live: found }) => (found === undefined ? [] : [{ restored: item, live: found }])),
      toldAnew,
      extra: mine(now.values()).filter((item) => isFact(item) && !before.has(keyText(item))),
      moved: pairs.flatMap((pair) =>
        isFact(pair.restored) || (pair.live !== undefined && sameFact(pair.restored, pair.live)) ? [] : [pair.restored],
      ),
    };
  });
};

interface Pair {
  readonly restored: Item;
  readonly live: Item | undefined;
}

/** What of the past gives way to what was told anew, or rests on what does: the end of an order that is another one now. */
const replaced = (pairs: readonly Pair[], pointMs: number | undefined): readonly ToldAnew[] => {
  const anew = pairs.flatMap(({ restored, live }) => (live && isToldAnew(restored, live, pointMs) ? [{ restored, live }] : []));
  if (anew.length === 0) return [];
  const others = new Map(
    anew.filter(({ restored, live }) => saysOtherwise(restored, live)).map(({ restored, live }) => [rootOf(restored), live]),
  );
  const own = new Set(anew.map(({ restored }) => restored));
  const resting = pairs.flatMap(({ restored }) => {
    const live = own.has(restored) ? undefined : others.get(rootOf(restored));
    return live && restsOn(restored) ? [{ restored, live }] : [];
  });
  return [...anew, ...resting];
};

const isToldAnew = (restored: Item, live: Item, pointMs: number | undefined): boolean => {
  const [before, after] = [toldAtMs(restored), toldAtMs(live)];
  if (after === undefined || damageOf(live) !== undefined) return false;
  return after > (before ?? 0) && (pointMs === undefined || after > pointMs - CLOCK_SKEW_MS_MAX);
};

const toldAtMs = (item: Item): number | undefined => numberOf(item, partsOf(item)[0] === 'PLACED' ? 'placedAt' : 'at');

/** Of another body or quantity: what followed from the one does not follow from the other. */
const saysOtherwise = (a: Item, b: Item): boolean => a['body'] !== b['body'] || a['quantity'] !== b['quantity'];

/** What a fact is about: a writer's acceptance of an order, a receipt. */
const rootOf = (item: Item): string => {
  const [type, name] = partsOf(item);
  return ['PLACED', 'END', 'RECEIPT', 'BOOKED'].includes(type ?? '') ? `${item.pk}\n${name}` : keyText(item);
};

const restsOn = (item: Item): boolean => ['END', 'BOOKED'].includes(partsOf(item)[0] ?? '');

/** But for wishes, which the table forgets: that one is gone says nothing. */
const usersItems = (items: readonly Item[]): readonly Item[] => items.filter((item) => resourceOf(item) !== undefined && !wishOf(item));

/** Partitions of canaries: their orders expire, so what is missing of them is no loss. */
export const syntheticPartitions = (items: readonly Item[]): ReadonlySet<string> =>
  new Set(items.filter((item) => isSyntheticStock(item) || isSynthetic(textOf(item, 'subject') ?? '')).map(({ pk }) => pk));

const isSyntheticStock = ({ pk }: Item): boolean => pk.startsWith(stockKey('')) && isSyntheticSku(pk.slice(stockKey('').length));
