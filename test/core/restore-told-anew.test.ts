import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payOrder, shipOrder } from '../../functions/core/order-events.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { getOrder } from '../../functions/core/orders.ts';
import { editRecord } from '../../functions/core/records.ts';
import { repair } from '../../functions/core/restore.ts';
import { compare, keyText } from '../../functions/core/restore-compare.ts';
import type { Item } from '../../functions/core/store.ts';
import { expectBalanced } from './restore-damage.ts';
import { change, remove, repaired, replicasOf } from './restore-world.ts';
import { order, receive, valueOf, World } from './world.ts';

const SUBJECT = 'ann';
const X = orderIdOf(SUBJECT, 'X');

/** A world with stock, whose past was taken, and in which time has gone on. */
const start = async (before: (world: World) => Promise<unknown>) => {
  const world = new World();
  await receive(world.at('a'), 'first', 30);
  await before(world);
  await world.settle();
  const past = world.at('b').store.items();
  world.nowMs += 60_000;
  return { world, past };
};

describe('a repair, where a caller told anew what a faulty client had deleted', () => {
  it('leaves an order of another body as its owner placed it since, and tells of both; on request it puts the old one', async () => {
    const { world, past } = await start((each) => order(each.at('a'), 'X', 1));
    remove(world, `ORDER#${X}`, 'PLACED#a');
    world.nowMs += 1_000;
    valueOf(await order(world.at('a'), 'X', 5));
    await world.settle();

    const result = await repaired(world, past);
    expect(result).toMatchObject({ facts: { orders: 0 }, left: [] });
    expect(result.toldAnew.map(({ restored, live }) => [restored.sk, restored['lines'], live['lines']])).toEqual([
      ['PLACED#a', [{ sku: 'tea', quantity: 1 }], [{ sku: 'tea', quantity: 5 }]],
    ]);
    await world.settle();
    for (const place of world.places)
      expect(valueOf(await getOrder(place, { subject: SUBJECT, id: X })).lines).toEqual([{ sku: 'tea', quantity: 5 }]);

    const replace = new Set(result.toldAnew.map(({ restored }) => keyText(restored)));
    const chosen = await repair({ restored: past, replicas: replicasOf(world), clock: world.at('a').clock, replace });
    expect(chosen).toMatchObject({ facts: { orders: 1 }, toldAnew: [], left: [] });
    await world.settle();
    for (const place of world.places)
      expect(valueOf(await getOrder(place, { subject: SUBJECT, id: X })).lines).toEqual([{ sku: 'tea', quantity: 1 }]);
    expectBalanced(world, 'tea');
  });

  it('does not ship an order of another body by the shipment of the one before', async () => {
    const { world, past } = await start(async (each) => {
      await order(each.at('a'), 'X', 1);
      await shipOrder(each.at('a'), { subject: 'store', id: X, key: 'ship-1' });
    });
    for (const sk of ['PLACED#a', 'END#a#a']) remove(world, `ORDER#${X}`, sk);
    await order(world.at('a'), 'X', 5);
    const { toldAnew } = await repaired(world, past);
    expect(toldAnew.map(({ restored }) => restored.sk).sort()).toEqual(['END#a#a', 'PLACED#a']);
    expect(valueOf(await getOrder(world.at('a'), { subject: SUBJECT, id: X })).state).toBe('placed');
  });

  it('puts the shipment back where the same order was placed again', async () => {
    const { world, past } = await start(async (each) => {
      await order(each.at('a'), 'X', 2);
      await shipOrder(each.at('a'), { subject: 'store', id: X, key: 'ship-1' });
    });
    for (const sk of ['PLACED#a', 'END#a#a']) remove(world, `ORDER#${X}`, sk);
    await order(world.at('a'), 'X', 2);
    await repaired(world, past);
    await world.settle();
    for (const place of world.places) expect(valueOf(await getOrder(place, { subject: SUBJECT, id: X })).state).toBe('shipped');
    expectBalanced(world, 'tea');
  });

  it('leaves a payment of another amount, and a receipt and its booking of another quantity', async () => {
    const { world, past } = await start(async (each) => {
      await order(each.at('a'), 'X', 1);
      await payOrder(each.at('a'), { subject: SUBJECT, id: X, key: 'pay-1', amount: 5 });
      await receive(each.at('a'), 'more', 10);
    });
    const facts = world.at('a').store.items();
    const told = facts.filter(({ sk, quantity }) => sk.startsWith('E#paid#') || (/^(RECEIPT|BOOKED)#/.test(sk) && quantity === 10));
    for (const { pk, sk } of told) remove(world, pk, sk);
    await payOrder(world.at('a'), { subject: SUBJECT, id: X, key: 'pay-1', amount: 9 });
    await receive(world.at('a'), 'more', 20);
    const result = await repaired(world, past);
    expect(result.toldAnew.map(({ live }) => live['amount'] ?? live['quantity']).sort()).toEqual([20, 20, 9]);
    await world.settle();
    expect(valueOf(await getOrder(world.at('b'), { subject: SUBJECT, id: X })).paid).toBe(9);
    expectBalanced(world, 'tea');
  });

  it.each<[string, Partial<Item>]>([
    ['is not as any writer makes it, whatever time it claims', { lines: [{ sku: 'tea', quantity: 9 }], placedAt: 1_770_000_000_000 }],
    ['was told at the time of the old one', { note: 'harm' }],
  ])('puts the old one over what %s', async (_, harm) => {
    const { world, past } = await start((each) => order(each.at('a'), 'X', 1));
    change(world, `ORDER#${X}`, 'PLACED#a', harm);
    expect(await repaired(world, past)).toMatchObject({ facts: { orders: 1 }, toldAnew: [] });
  });

  it('puts the old one over what claims to be from before the point', async () => {
    const { world, past } = await start((each) => payFor(each, 5));
    const pointMs = world.nowMs;
    change(world, `ORDER#${X}`, payments(world)[0]?.sk ?? '', { amount: 7, at: pointMs - 30_000 });
    const result = await repair({ restored: past, replicas: replicasOf(world), clock: world.at('a').clock, pointMs });
    expect(result).toMatchObject({ facts: { orders: 1 }, toldAnew: [] });
  });

  it('never takes what anybody was told since, whatever was deleted and whoever told it anew, at any moment of the repair', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.record({ kind: fc.constantFrom(...KINDS), amount: fc.integer({ min: 1, max: 6 }), during: fc.nat({ max: 4 }) }), {
          maxLength: 8,
        }),
        fc.constantFrom('a', 'b'),
        async (before, deleted, since, from) => {
          const { world } = await start(async (each) => {
            for (const kind of before) await tell(each, kind, 3);
          });
          const past = world.at(from).store.items();
          const facts = past.filter(({ sk }) => /^(PLACED|END|E|RECEIPT|BOOKED|V)#/.test(sk) && !sk.startsWith('RECEIPT#first'));
          for (const which of deleted) {
            const fact = facts[which % facts.length];
            if (fact) remove(world, fact.pk, fact.sk);
          }
          world.nowMs += 1_000;
          const told: Item[] = [];
          const telling = async (moment: number): Promise<void> => {
            for (const { kind, amount, during } of since) {
              if (during !== moment) continue;
              const known = new Set(world.at('a').store.items());
              await tell(world, kind, amount);
              told.push(
                ...world
                  .at('a')
                  .store.items()
                  .filter((item) => !known.has(item) && /^(PLACED|END|E|RECEIPT|BOOKED|V)#/.test(item.sk)),
              );
            }
          };
          await telling(0);
          let looks = 0;
          const result = await repair({
            restored: past,
            clock: world.at('a').clock,
            replicas: replicasOf(world).map((replica) => ({
              ...replica,
              scan: async () => {
                const items = await replica.scan();
                looks += 1;
                await telling(looks);
                return items;
              },
            })),
          });
          await repaired(world, past);
          await world.settle();
          for (const item of told)
            for (const { store } of world.places) expect({ ...store.peek(item), reput: undefined }).toEqual({ ...item, reput: undefined });
          for (const { store } of world.places)
            expect(compare(past, store.items()).flatMap(({ missing, changed }) => [...missing, ...changed])).toEqual([]);
          expect(result.toldAnew.every(({ restored, live }) => restored !== live)).toBe(true);
          expectBalanced(world, 'tea');
        },
      ),
      { numRuns: 150 },
    ));
});

const KINDS = ['place', 'pay', 'receive', 'ship', 'edit'] as const;

/** By one caller, under one key of each kind, in the region that holds the order: whoever repeats it, repeats this. */
const tell = async (world: World, kind: (typeof KINDS)[number], amount: number): Promise<unknown> => {
  world.nowMs += 10;
  const a = world.at('a');
  switch (kind) {
    case 'place':
      return order(a, 'X', amount);
    case 'pay':
      return payOrder(a, { subject: SUBJECT, id: X, key: 'pay-1', amount });
    case 'receive':
      return receive(a, 'more', amount);
    case 'ship':
      return shipOrder(a, { subject: 'store', id: X, key: 'ship-1' });
    case 'edit':
      return editRecord(a, { subject: SUBJECT, id: 'list', parents: [], value: '1', key: 'edit-1' });
  }
};

const payFor = async (world: World, amount: number): Promise<void> => {
  await order(world.at('a'), 'X', 1);
  await payOrder(world.at('a'), { subject: SUBJECT, id: X, key: 'pay-1', amount });
};

const payments = (world: World): readonly Item[] => world.at('a').store.find(`ORDER#${X}`, 'E#paid#');
