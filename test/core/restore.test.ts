import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldOrder } from '../../functions/core/order-fold.ts';
import { editRecord, recordKey } from '../../functions/core/records.ts';
import { repair } from '../../functions/core/restore.ts';
import { compare, isFact, keyText, sameFact } from '../../functions/core/restore-compare.ts';
import { act, damage, expectBalanced, inflict, interrupted, perform, REGIONS, SKUS, survive } from './restore-damage.ts';
import { beforeWrites, change, regionOfItem, remove, repaired, replicaOf, replicasOf, stocked } from './restore-world.ts';
import { order, receive, valueOf, World } from './world.ts';

/** Damaged worlds: `RUNS=5000 npx vitest run test/core/restore.test.ts` looks further. */
const RUNS = Number(process.env['RUNS'] ?? 100);
const LIMIT_MS = 60_000 + 2_000 * RUNS;

describe('a repair', () => {
  const damageOnce = (world: World, id: string) => change(world, `ORDER#${id}`, 'PLACED#b', { note: 'bad' });
  const lose = (world: World, id: string) => remove(world, `ORDER#${id}`, 'PLACED#b');

  it.each<[string, typeof lose, (world: World, id: string) => Promise<unknown>, { readonly put: number; readonly quantity: number }]>([
    [
      'was damaged anew',
      damageOnce,
      async (world, id) => change(world, `ORDER#${id}`, 'PLACED#b', { note: 'other' }),
      { put: 1, quantity: 2 },
    ],
    ['was told anew', lose, async (world) => order(world.at('b'), 'key-1', 3), { put: 0, quantity: 3 }],
  ])(
    'puts a fact back through the region that owns its key, and over none that %s after it was compared',
    async (_, harm, meanwhile, { put, quantity }) => {
      const world = new World();
      const b = world.at('b');
      await receive(b, 'receipt-1', 20);
      const { id } = valueOf(await order(b, 'key-1', 2));
      world.replicate();
      const past = world.at('a').store.items();
      const placed = () => b.store.peek({ pk: `ORDER#${id}`, sk: 'PLACED#b' });
      harm(world, id);
      world.nowMs += 1_000;
      // when it changes between the look and the write
      const found: unknown[] = [];
      let looks = 0;
      const result = await repair({
        restored: past,
        clock: b.clock,
        replicas: replicasOf(world).map((replica) => ({
          ...replica,
          store: beforeWrites(replica.store, async () => {
            found.push(placed());
          }),
          scan: async () => {
            const items = [...(await replica.scan())];
            if (replica.region === 'b' && looks++ === 0) await meanwhile(world, id);
            return items;
          },
        })),
      });
      // then the first write leaves it, it is compared again, and both regions get from its own what is right
      expect(found.slice(0, put + 1)).toEqual(Array(put + 1).fill(found[0]));
      expect(result).toMatchObject({ facts: { orders: put }, left: [] });
      world.replicate();
      for (const { store } of world.places) expect(foldOrder(store.find(`ORDER#${id}`))?.keeper).toMatchObject({ lines: [{ quantity }] });
      expectBalanced(world, 'tea');
    },
  );

  it('puts a fact again that only other regions lack, so that it is replicated once more', async () => {
    const world = new World();
    await stocked(world);
    const { id } = valueOf(await order(world.at('a'), 'key-1'));
    world.replicate();
    const past = world.at('a').store.items();
    await world.at('b').store.transact([{ action: 'delete', key: { pk: `ORDER#${id}`, sk: 'PLACED#a' } }]);
    expect(await repaired(world, past)).toMatchObject({ facts: { orders: 0 }, spread: 1 });
    expect(world.at('a').store.peek({ pk: `ORDER#${id}`, sk: 'PLACED#a' })).toMatchObject({ reput: world.nowMs });
    world.replicate();
    expect(world.at('b').store.peek({ pk: `ORDER#${id}`, sk: 'PLACED#a' })).toBeDefined();
    expect(await repaired(world, past)).toMatchObject({ spread: 0 });
  });

  it('names what belongs to a region that does not answer, and leaves it', async () => {
    const world = new World();
    await stocked(world);
    const { id } = valueOf(await order(world.at('b'), 'key-1'));
    world.replicate();
    const past = world.at('a').store.items();
    remove(world, `ORDER#${id}`, 'PLACED#b');
    const result = await repair({
      restored: past,
      replicas: [replicaOf(world, 'a')],
      clock: world.at('a').clock,
    });
    expect(result.left).toEqual([{ pk: `ORDER#${id}`, sk: 'PLACED#b', why: 'its region b does not answer' }]);
    expect(world.at('b').store.peek({ pk: `ORDER#${id}`, sk: 'PLACED#b' })).toBeUndefined();
  });

  it('makes a record writable again whose head is no number, and leaves heads that count', async () => {
    const world = new World();
    const a = world.at('a');
    const pk = recordKey('ann', 'address');
    const first = valueOf(await editRecord(a, { subject: 'ann', id: 'address', key: 'e1', parents: [], value: '1' }));
    const past = a.store.items();
    const second = valueOf(await editRecord(a, { subject: 'ann', id: 'address', key: 'e2', parents: [first.version], value: '2' }));
    expect(await repaired(world, past)).toMatchObject({ facts: { records: 0 } });
    change(world, pk, 'HEAD#a', { rev: 'x' });
    await repaired(world, past);
    expect((await editRecord(a, { subject: 'ann', id: 'address', key: 'e3', parents: [second.version], value: '3' })).kind).toBe('done');
  });

  it(
    'brings back all facts of the past from any damage, keeps what came after, and no unit is there twice',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(act, { maxLength: 25 }),
          fc.array(act, { maxLength: 15 }),
          fc.array(damage, { minLength: 1, maxLength: 8 }),
          fc.array(act, { maxLength: 8 }),
          fc.constantFrom(...REGIONS),
          fc.infiniteStream(fc.nat()),
          async (before, after, damages, since, from, chance) => {
            const world = new World(REGIONS);
            for (const region of REGIONS) for (const sku of SKUS) await receive(world.at(region), `first-${sku}`, 10, region, sku);
            let key = 0;
            for (const each of before) await perform(world, each, `before-${key++}`);
            const past = world.at(from).store.items();
            for (const each of after) await perform(world, each, `after-${key++}`);
            const known = world.places.map((each) =>
              each.store.items().filter((item) => isFact(item) && regionOfItem(item) === each.region),
            );
            const touched = damages.flatMap((each) => inflict(world, each));
            for (const each of since) await survive(() => perform(world, each, `since-${key++}`));
            // when the repair runs while callers go on
            const { left } = await repair({
              restored: past,
              clock: world.at('a').clock,
              replicas: replicasOf(world).map((replica) =>
                interrupted(
                  world,
                  replica,
                  () => chance.next().value ?? 0,
                  () => `during-${key++}`,
                ),
              ),
            });
            // and again where it could not end
            if (left.length > 0) await repaired(world, past);
            await world.settle();
            // then
            for (const { region, store } of world.places) {
              const lacking = compare(past, store.items()).flatMap(({ missing, changed }) => [
                ...missing,
                ...changed.map((each) => each.live),
              ]);
              expect(lacking, `facts of the past in ${region}`).toEqual([]);
            }
            for (const item of known.flat()) {
              if (touched.includes(keyText(item))) continue;
              for (const { store } of world.places)
                expect(sameFact(store.peek(item) ?? { ...item, v: -1 }, item), `kept ${keyText(item)}`).toBe(true);
            }
            for (const sku of SKUS) expectBalanced(world, sku);
            // and once callers have stopped there is nothing to do
            const again = await repaired(world, past);
            expect(again.rows).toEqual([]);
            await world.settle();
            for (const { facts, spread, rows, left: still } of [{ ...again, rows: [] }, await repaired(world, past)])
              expect({ facts, spread, rows, still }).toEqual({
                facts: { orders: 0, stock: 0, records: 0 },
                spread: 0,
                rows: [],
                still: [],
              });
          },
        ),
        { numRuns: RUNS },
      );
    },
    LIMIT_MS,
  );
});
