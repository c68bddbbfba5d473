/**
 * A store whose index of orders is never behind what its caller knows of. DynamoDB updates an index after the table, so a
 * region that holds an order may not list it yet, also the region that placed it a moment ago.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Writes
 */
import { textOf } from './item.ts';
import type { Item, Key, Page, Store } from './store.ts';

/**
 * Lists what the index shows and, in their places, those of `keys` that the table holds and that belong there: `PLACED`
 * facts of the same owner. A key that the index shows costs nothing, another one strongly consistent read a page.
 */
export const listing = (store: Store, keys: readonly Key[]): Store => {
  const placed = keys.filter((key, index) => key.sk.startsWith('PLACED#') && keys.findIndex((each) => isSame(each, key)) === index);
  if (placed.length === 0) return store;
  return {
    get: (key) => store.get(key),
    query: (pk, prefix) => store.query(pk, prefix),
    transact: (writes, patience) => store.transact(writes, patience),
    listByOwner: async (owner, page) => {
      const shown = await store.listByOwner(owner, page);
      const unseen = placed.filter((key) => !shown.items.some((item) => isSame(item, key)));
      const found = (await Promise.all(unseen.map((key) => store.get(key)))).filter((item) => item !== undefined);
      const missed = found.filter((item) => isListed(item, owner, page.before));
      return merged(shown, missed, page.limit);
    },
  };
};

/** Newest first. What does not fit is on a later page. */
const merged = (shown: Page, missed: readonly Item[], limit: number): Page => {
  if (missed.length === 0) return shown;
  const items = [...shown.items, ...missed].sort((a, b) => (listedOf(a) < listedOf(b) ? 1 : -1));
  return { items: items.slice(0, limit), more: shown.more || items.length > limit };
};

/** A token may name anybody's order: only its owner's list shows it. */
const isListed = (item: Item, owner: string, before: string | undefined): boolean =>
  textOf(item, 'owner') === owner && listedOf(item) !== '' && (before === undefined || listedOf(item) < before);

const isSame = (a: Key, b: Key): boolean => a.pk === b.pk && a.sk === b.sk;

const listedOf = (item: Item): string => textOf(item, 'listed') ?? '';
