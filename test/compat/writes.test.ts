import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../functions/core/hash.ts';
import { cancelOrder, payOrder, shipOrder } from '../../functions/core/order-events.ts';
import { getOrder, listOrders } from '../../functions/core/orders.ts';
import { getStock } from '../../functions/core/stock.ts';
import type { Item, Value } from '../../functions/core/store.ts';
import { order, receive, World } from '../core/world.ts';
import { KeepingStore } from './keeping-store.ts';
import { isLaterType } from './later.ts';

const region = fc.constantFrom('a', 'b');
const key = fc.constantFrom('key-1', 'key-2', 'key-3');
const step = fc.oneof(
  fc.record({ what: fc.constant('deploy' as const), region, release: fc.constantFrom('present' as const, 'next' as const) }),
  fc.record({ what: fc.constant('replicate' as const) }),
  fc.record({ what: fc.constant('settle' as const) }),
  fc.record({ what: fc.constant('receive' as const), region, key, units: fc.integer({ min: 1, max: 9 }), booksIn: region }),
  fc.record({ what: fc.constant('place' as const), region, key, units: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ what: fc.constantFrom('pay' as const, 'cancel' as const, 'ship' as const, 'read' as const), region, key }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe('regions that change to the next release and back while they are used', () => {
  it('answer as if there were one release, and neither loses what the other wrote', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        // given the same steps in a world of two releases, and in one that only this release serves
        const mixed = await run(steps);
        const plain = await run(steps.map((each) => (each.what === 'deploy' ? { ...each, release: 'present' } : each)));
        // then callers were told the same, and what this release knows is the same
        expect(mixed.answers).toEqual(plain.answers);
        expect(mixed.known).toEqual(plain.known);
        // and an end says word for word what the acceptance says that it stands in for, whichever releases wrote them
        for (const { store } of mixed.world.places) expect(store.items().flatMap((end) => droppedBy(end, store.items()))).toEqual([]);
      }),
      { numRuns: 200 },
    ));

  it('do write differently', async () => {
    const { world } = await run([
      { what: 'deploy', region: 'a', release: 'next' },
      { what: 'receive', region: 'a', key: 'key-1', units: 5, booksIn: 'a' },
      { what: 'place', region: 'a', key: 'key-1', units: 2 },
      { what: 'pay', region: 'a', key: 'key-1' },
      { what: 'ship', region: 'a', key: 'key-1' },
      { what: 'settle' },
    ]);
    for (const { store } of world.places) {
      expect(store.items().every(({ v, laterMap }) => v === 2 && laterMap !== undefined)).toBe(true);
      expect(store.items().filter(isLaterType)).toHaveLength(3);
    }
  });
});

describe('the store that keeps', () => {
  const fact = { pk: 'ORDER#o', sk: 'NOTED#a#a', v: 2, laterText: 'x' };
  const row = { pk: 'STOCK#tea', sk: 'HELD#a', v: 2, available: 1, laterText: 'x' };
  const keeping = () => {
    const store = new KeepingStore();
    for (const item of [fact, row]) store.place(item);
    return store;
  };

  it.each([
    ['a row that is put as a whole', { action: 'put', item: { pk: row.pk, sk: row.sk, v: 1, available: 0 } }],
    ['a row whose version is set back', { action: 'update', key: row, set: { v: 1 } }],
    ['a fact that is changed', { action: 'update', key: fact, set: { at: 1 } }],
    ['an item that is deleted', { action: 'delete', key: fact }],
  ] as const)('sees %s', async (_what, write) => {
    await expect(keeping().transact([write])).rejects.toThrow(/replace|lost|again|gone/);
  });

  it('lets a row be updated', async () => {
    expect(await keeping().transact([{ action: 'update', key: row, add: { available: 1 } }])).toEqual({ ok: true });
  });
});

/** What a run comes to: each caller's answers, and what this release knows in each region after everything has settled. */
const run = async (steps: readonly Step[]) => {
  const stores = { a: new KeepingStore(), b: new KeepingStore() };
  const world = new World(['a', 'b'], (name) => (name === 'a' ? stores.a : stores.b));
  const answers: unknown[] = [];
  for (const each of steps) {
    world.nowMs += 1_000;
    if (each.what === 'deploy') stores[each.region].release = each.release;
    else answers.push(await take(world, each));
  }
  await world.settle();
  for (const place of world.places)
    answers.push(await getStock(place, { subject: 'ann', sku: 'tea' }), await listOrders(place, { subject: 'ann', limit: 10 }));
  return {
    world,
    answers,
    known: world.places.map(({ store }) =>
      store
        .items()
        .filter((item) => !isLaterType(item))
        .map(knownPart)
        .sort(byKey),
    ),
  };
};

const take = async (world: World, step: Exclude<Step, { readonly what: 'deploy' }>): Promise<unknown> => {
  if (step.what === 'replicate') return world.replicate();
  if (step.what === 'settle') return world.settle();
  const { what, key: name } = step;
  const place = world.at(step.region);
  const mine = { subject: 'ann', id: hashOf('order', 'ann', name) };
  switch (what) {
    case 'receive':
      return receive(place, name, step.units, step.booksIn);
    case 'place':
      return order(place, name, step.units);
    case 'pay':
      return payOrder(place, { ...mine, key: 'pay-key-1', amount: 5 });
    case 'cancel':
      return cancelOrder(place, { ...mine });
    case 'ship':
      return shipOrder(place, { ...mine, key: 'ship-key-1' });
    case 'read':
      return getOrder(place, mine);
  }
};

/** What only the next release says in an acceptance, and an end of it does not carry. */
const droppedBy = (end: Item, items: readonly Item[]): readonly string[] => {
  const [type, writer] = end.sk.split('#');
  const placed = items.find(({ pk, sk }) => type === 'END' && pk === end.pk && sk === `PLACED#${writer}`);
  return Object.entries(placed ?? {}).flatMap(([name, value]) => {
    const text = JSON.stringify(value);
    return `${name} ${text}`.includes('later') && JSON.stringify(end[name]) !== text ? [`${end.sk} ${name}`] : [];
  });
};

/** An item as this release would have written it. */
const knownPart = (item: Item): unknown =>
  JSON.parse(JSON.stringify({ ...item, v: 1 }), (name: string, value: Value) => (name.startsWith('later') ? undefined : value));

const byKey = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
