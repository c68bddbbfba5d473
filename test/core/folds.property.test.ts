/**
 * The folds as laws, over every history that two or three regions may have: whatever arrives where, in which order and how
 * often, regions that hold the same items read the same.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldOrder } from '../../functions/core/order-fold.ts';
import { orderAnswer } from '../../functions/core/orders.ts';
import { foldRecord, type RecordView, tagOf } from '../../functions/core/record-fold.ts';
import { editRecord, recordKey } from '../../functions/core/records.ts';
import { foldStock } from '../../functions/core/stock-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import { foldWishes } from '../../functions/core/wishes.ts';
import { orders, stock, WISHED_MS } from '../compat/unknown.ts';
import { type Place, World } from './world.ts';

const RUNS = 500;

describe('the order of arrival, and what arrives twice, changes nothing', () => {
  const alike = (items: fc.Arbitrary<readonly Item[]>, read: (items: readonly Item[]) => unknown) =>
    fc.assert(
      fc.property(items.chain(arrivals), ([first, second]) => {
        expect(read(second)).toEqual(read(first));
      }),
      { numRuns: RUNS },
    );

  test('of a record', () => alike(anyVersions, foldRecord));
  test('of an order', () => alike(orders, foldOrder));
  test('of an order as it is answered', () =>
    alike(orders, (items) => {
      const order = foldOrder(items);
      return order && orderAnswer('o', order);
    }));
  test('of stock and of what is wished for', () => alike(stock, (items) => [foldStock(items), foldWishes(items, WISHED_MS)]));
});

describe('any part of a record', () => {
  test('has heads, none of which it shows as superseded, and every version of it is a head or an ancestor of one', () =>
    fc.assert(
      fc.property(anyVersions.chain(part), (items) => {
        const record = foldRecord(items);
        expect(record === undefined).toBe(items.length === 0);
        if (!record) return;
        const superseded = new Set(record.versions.flatMap(({ parents }) => parents));
        expect(record.heads.length).toBeGreaterThan(0);
        expect(record.heads.filter(({ vid }) => superseded.has(vid))).toEqual([]);
        expect(record.versions.filter(({ vid }) => !withAncestors(record).has(vid))).toEqual([]);
        expect(record.heads[0]).toBe(record.winner);
      }),
      { numRuns: RUNS },
    ));

  test('that another part is joined to shows what both show: each head of the whole was a head of a part that held it', () =>
    fc.assert(
      fc.property(
        anyVersions.chain((items) => fc.tuple(part(items), part(items))),
        ([left, right]) => {
          const [l, r, whole] = [foldRecord(left), foldRecord(right), foldRecord([...left, ...right])];
          const vids = (view: RecordView | undefined) => view?.heads.map(({ vid }) => vid) ?? [];
          const heads = [...vids(l), ...vids(r)];
          for (const vid of vids(whole)) expect(heads).toContain(vid);
        },
      ),
      { numRuns: RUNS },
    ));
});

describe('edits in regions that hear of each other now and then', () => {
  test('are all kept: each is a head or an ancestor of one, in every region, and all show the same winner and tag once healed', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const world = new World(REGIONS);
        const acknowledged = new Set<string>();
        for (const taken of steps) {
          world.nowMs += taken.laterMs;
          const { place, heads } = at(world, taken.region);
          if (taken.does === 'hear') hear(world, place, taken.share);
          else {
            const outcome = await editRecord(place, {
              ...NAME,
              parents: taken.does === 'edit' ? heads : heads.slice(1),
              value: taken.value,
              key: taken.key,
            });
            if (outcome.kind === 'done') acknowledged.add(outcome.value.version);
            // Whoever names the heads that are there is never refused.
            else expect([taken.does, heads.length > 0]).toEqual(['edit blindly', true]);
          }
        }
        world.replicate();
        const views = REGIONS.map((region) => at(world, region).record);
        for (const record of views) {
          expect(record?.winner.vid).toBe(views[0]?.winner.vid);
          expect(tagOf(record?.heads.map(({ vid }) => vid) ?? [])).toBe(tagOf(views[0]?.heads.map(({ vid }) => vid) ?? []));
          const kept = record ? withAncestors(record) : new Set();
          expect([...acknowledged].filter((vid) => !kept.has(vid))).toEqual([]);
          // Each edit of a region supersedes all that the region wrote before.
          expect(record?.heads.length ?? 0).toBeLessThanOrEqual(REGIONS.length);
        }
      }),
      { numRuns: RUNS },
    ));
});

const REGIONS = ['a', 'b', 'c'];
const NAME = { subject: 'ann', id: 'profile' };
const PK = recordKey(NAME.subject, NAME.id);

const step = fc.record({
  region: fc.constantFrom(...REGIONS),
  does: fc.constantFrom('edit', 'edit', 'edit blindly', 'hear', 'hear'),
  key: fc.constantFrom('k1', 'k2'),
  value: fc.constantFrom('1', '2', '3'),
  /** Of what is there to hear of. */
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  laterMs: fc.integer({ min: 0, max: 2 }),
});

const at = (world: World, region: string) => {
  const place = world.at(region);
  const record = foldRecord(place.store.find(PK));
  return { place, record, heads: record?.heads.map(({ vid }) => vid) ?? [] };
};

/** Versions arrive by themselves: some of them, in the order of their hashes and so in none. */
const hear = (world: World, place: Place, share: number): void => {
  const versions = world.places.flatMap(({ store }) => store.find(PK, 'V#'));
  for (const item of versions.slice(0, Math.ceil(versions.length * share))) place.store.place(item);
};

/** Versions named 0 to n, each made from some before it, by any writer, at any time, some by two. */
const anyVersions: fc.Arbitrary<readonly Item[]> = fc
  .array(
    fc.record({
      writers: fc.uniqueArray(fc.constantFrom('a', 'a.2', 'b'), { minLength: 1, maxLength: 2 }),
      parents: fc.uniqueArray(fc.nat(), { maxLength: 2 }),
      atMs: fc.integer({ min: 0, max: 9 }),
    }),
    { maxLength: 8 },
  )
  .map((versions) =>
    versions.flatMap(({ writers, parents, atMs }, n) =>
      writers.map((by, index): Item => {
        const made = n === 0 ? [] : [...new Set(parents.map((each) => `v${each % n}`))];
        return {
          pk: 'RECORD#r',
          sk: `V#v${n}#${by}`,
          v: 1,
          parents: made,
          value: `${n}`,
          subject: 'ann',
          hlc: `${atMs + index}`,
          at: atMs,
        };
      }),
    ),
  );

/** The same items as they may arrive in two regions. */
const arrivals = (items: readonly Item[]): fc.Arbitrary<readonly [readonly Item[], readonly Item[]]> => {
  const shuffled = fc.shuffledSubarray([...items, ...items], { minLength: items.length * 2 });
  return fc.tuple(fc.constant(items), shuffled);
};
const part = (items: readonly Item[]): fc.Arbitrary<readonly Item[]> => fc.shuffledSubarray([...items]);

/** Heads, and what they were made from, as far as it is here. */
const withAncestors = (record: RecordView): ReadonlySet<string> => {
  const byVid = new Map(record.versions.map((version) => [version.vid, version]));
  const reached = new Set<string>();
  const open = record.heads.map(({ vid }) => vid);
  for (let vid = open.pop(); vid !== undefined; vid = open.pop()) {
    if (reached.has(vid)) continue;
    reached.add(vid);
    open.push(...(byVid.get(vid)?.parents ?? []));
  }
  return reached;
};
