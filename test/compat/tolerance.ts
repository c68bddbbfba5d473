/** What every release must bear of a later one, as properties of its pure rules. */
import fc from 'fast-check';
import { foldRecord } from '../../functions/core/record-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import { foldWishes } from '../../functions/core/wishes.ts';
import type { Rules } from './rules.ts';
import { damaged, extended, keys, orders, REGIONS, records, regions, stock, strangers, WISHED_MS } from './unknown.ts';

interface Reader {
  readonly partition: string;
  /** Items as this release writes them. */
  readonly items: fc.Arbitrary<readonly Item[]>;
  readonly read: (rules: Rules, items: readonly Item[]) => unknown;
}

/** Everything that is read out of a partition. */
export const READERS = {
  order: { partition: 'ORDER#o', items: orders, read: ({ foldOrder }, items) => foldOrder(items) },
  'order as it is answered': { partition: 'ORDER#o', items: orders, read: (rules, items) => answered(rules, items) },
  stock: { partition: 'STOCK#tea', items: stock, read: ({ foldStock }, items) => foldStock(items) },
  heartbeats: { partition: 'REGIONS', items: regions, read: ({ foldBeats }, items) => foldBeats(items) },
  'switches and incarnations': {
    partition: 'REGIONS',
    items: regions,
    read: ({ foldControl }, items) => REGIONS.map((region) => foldControl(region, items)),
  },
  'signing key': { partition: 'KEY#k', items: keys, read: ({ foldKey }, items) => foldKey(items) },
  'rebuild of an order': { partition: 'ORDER#o', items: orders, read: (rules, items) => rebuilt(rules, items) },
  'rebuild of stock': { partition: 'STOCK#tea', items: stock, read: (rules, items) => rebuilt(rules, items) },
} as const satisfies Readonly<Record<string, Reader>>;

/** What only this release and later ones read: a partition of its own is never asked for by one that does not know it. */
export const NEW_READERS = {
  record: { partition: 'RECORD#r', items: records, read: (_rules, items) => foldRecord(items) },
  wishes: { partition: 'STOCK#tea', items: stock, read: (_rules, items) => [...foldWishes(items, WISHED_MS)] },
} as const satisfies Readonly<Record<string, Reader>>;

/** What a later release adds, in and beside what is known, changes nothing that is read. */
export const ignoresTheUnknown = (rules: Rules, { partition, items, read }: Reader) => {
  const both = items.chain((known) =>
    fc.record({ known: fc.constant(known), more: extended(known), others: strangers(partition) }).chain(({ more, others, ...rest }) =>
      fc.record({
        known: fc.constant(rest.known),
        all: fc.shuffledSubarray([...more, ...others], { minLength: more.length + others.length }),
      }),
    ),
  );
  return fc.property(both, ({ known, all }) => fc.stringify(read(rules, known)) === fc.stringify(read(rules, all)));
};

/** Whatever stands in items of known types, they are read without an error. */
export const neverThrows = (rules: Rules, { read }: Reader) => fc.property(damaged, (items) => void read(rules, items));

/** What a later release writes beside what is known asks this one for no work. */
export const hasNoWorkWithTheUnknown = (rules: Rules) =>
  fc.property(fc.oneof(strangers('ORDER#o'), strangers('STOCK#tea'), records), (items) =>
    items.every((item) => !rules.mayNeedReconciling(item) && rules.stockWork(item, undefined, 'a') === undefined),
  );

const answered = ({ foldOrder, orderAnswer }: Rules, items: readonly Item[]): unknown => {
  const order = foldOrder(items);
  return order && orderAnswer('o', order);
};

/** A rebuild merges known rows by what is known of them: which writer's row it is does not hang on the order of arrival. */
const rebuilt = ({ planRebuild }: Rules, items: readonly Item[]): unknown =>
  planRebuild({ region: 'a', incarnation: 3 }, [items], 1_760_000_000_000);
