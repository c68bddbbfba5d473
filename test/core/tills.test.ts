import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueWork } from '../../functions/core/due-work.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { cancelOrder } from '../../functions/core/order-events.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { planRebuild } from '../../functions/core/rebuild.ts';
import { HOT_MS, RecentSkus } from '../../functions/core/recent-skus.ts';
import { repair } from '../../functions/core/restore.ts';
import { getStock, rebalanceStock } from '../../functions/core/stock.ts';
import { type Committed, type Item, type Key, StoreBusy, type Write } from '../../functions/core/store.ts';
import { TILLS, tillKey, unitsAt } from '../../functions/core/tills.ts';
import { type Cut, Validation } from '../../functions/core/validate.ts';
import { replicaOf } from './restore-world.ts';
import { order, type Place, receive, valueOf, World } from './world.ts';

const ROW: Key = { pk: 'STOCK#tea', sk: 'HELD#a' };
const CALM_MS = 60_000;

/** Others win where they are told to, on the rows of stock. */
class CrowdedStore extends MemoryStore {
  /** Whether the next transaction of an order that has patience to lose loses it. */
  loses = (): boolean => false;
  readonly calls: string[] = [];

  override async transact(writes: readonly Write[], patience?: number): Promise<Committed> {
    this.calls.push('transact');
    if (patience !== undefined && this.loses()) throw new StoreBusy('lost to others', { contended: [1] });
    return super.transact(writes);
  }

  override async get(key: Key): Promise<Item | undefined> {
    this.calls.push(`get ${key.pk}`);
    return super.get(key);
  }

  override async query(pk: string, prefix?: string): Promise<readonly Item[]> {
    this.calls.push(`query ${pk.split('#')[0]}`);
    return super.query(pk, prefix);
  }
}

const crowded = (regions: readonly string[] = ['a']) => {
  const store = new CrowdedStore();
  const world = new World(regions, (region) => (region === 'a' ? store : new MemoryStore()));
  return { world, store, a: { ...world.at('a'), heat: new RecentSkus(HOT_MS) } };
};

/** A region that has sold `sold` units at tills and has the rest in its row and there. */
const opened = async ({ store, a }: ReturnType<typeof crowded>, received: number, sold: number): Promise<void> => {
  await receive(a, 'receipt-1', received);
  store.loses = () => store.calls.filter((call) => call === 'transact').length % 2 === 0;
  for (let number = 1; number <= sold; number += 1) valueOf(await order(a, `key-${number}`));
  store.loses = () => false;
  expect(unitsAtTills(store)).toBeGreaterThan(0);
};

const unitsAtTills = (store: MemoryStore): number =>
  store
    .items()
    .filter(({ sk }) => sk === 'TILL#a')
    .reduce((total, till) => total + unitsAt(till), 0);

const stockOf = async (place: Place) => {
  const { received, available, sold, moving } = valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }));
  return { received, available, sold, moving };
};

describe('an order of what many want', () => {
  test('is refused when the region has too little, wherever it lies, and only then', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 4 })), { maxLength: 30 }),
        fc.integer({ min: 0, max: 40 }),
        async (orders, received) => {
          const { store, a } = crowded();
          if (received > 0) await receive(a, 'receipt-1', received);
          let left = received;
          for (const [index, [quantity, lost]] of orders.entries()) {
            const losses = [...lost];
            store.loses = () => losses.shift() ?? false;
            const { kind } = await order(a, `key-${index}`, quantity);
            expect([kind, quantity <= left]).toEqual([quantity <= left ? 'done' : 'refused', quantity <= left]);
            if (kind === 'done') left -= quantity;
            if (received > 0) expect(await stockOf(a)).toEqual({ received, available: left, sold: received - left, moving: 0 });
          }
        },
      ),
      { numRuns: 200 },
    ));

  test('is not refused because its units move from a till to the row while it looks', async () => {
    const { store, a } = crowded();
    const till = tillKey('tea', 3, 'a');
    store.place({ ...ROW, v: 1, available: 0, sold: 5, rev: 7, tills: TILLS, drawnAt: 0 });
    store.place({ ...till, v: 1, available: 5, rev: 1 });
    const get = store.get.bind(store);
    store.get = async (key) => {
      if (key.pk !== till.pk) return get(key);
      store.get = get;
      await rebalanceStock(a, 'tea');
      return get(key);
    };
    expect((await order(a, 'key-1', 5)).kind).toBe('done');
  });

  test('that loses each time is told so, and nothing is there', async () => {
    const { store, a } = crowded();
    await receive(a, 'receipt-1', 100);
    const before = store.items();
    store.loses = () => true;
    const last = store.transact.bind(store);
    store.transact = async (writes, patience) => {
      if (patience === undefined) throw new StoreBusy('lost to others');
      return last(writes, patience);
    };
    await expect(order(a, 'key-1')).rejects.toBeInstanceOf(StoreBusy);
    expect(store.items()).toEqual(before);
  });

  test('costs one read and one write where nobody else wants it, and one at a till once that was seen', async () => {
    const { store, a } = crowded();
    await receive(a, 'receipt-1', 1_000);
    store.calls.length = 0;
    valueOf(await order(a, 'key-1'));
    expect(store.calls).toEqual(['query ORDER', 'transact']);
    await opened({ world: new World(), store, a }, 1_000, 60);
    store.calls.length = 0;
    const before = store.peek(ROW);
    for (let number = 100; number < 120; number += 1) valueOf(await order(a, `key-${number}`));
    // Seldom a till has to draw; else the row that all others need is left alone.
    expect(store.calls.filter((call) => call === 'transact').length).toBeLessThan(40);
    expect(Number(store.peek(ROW)?.['rev']) - Number(before?.['rev'])).toBeLessThan(20);
  });

  test('of a canary opens no till: what it leaves must expire', async () => {
    const { store, a } = crowded();
    await receive({ ...a }, 'receipt-1', 9);
    store.place({ pk: 'STOCK#canary.a', sk: 'HELD#a', v: 1, available: 9, sold: 0, rev: 1 });
    const losses = [true, true];
    store.loses = () => losses.shift() ?? false;
    valueOf(await order(a, 'key-1', 1, 'canary.a', 'canary:a'));
    expect(store.items().filter(({ sk }) => sk.startsWith('TILL'))).toEqual([]);
  });

  test('that is cancelled gives its units back where they can be sold', async () => {
    const crowd = crowded();
    await opened(crowd, 40, 20);
    valueOf(await cancelOrder(crowd.a, { subject: 'ann', id: orderIdOf('ann', 'key-3') }));
    await crowd.world.settle();
    expect(await stockOf(crowd.a)).toEqual({ received: 40, available: 21, sold: 19, moving: 0 });
    expect((await order(crowd.a, 'all', 21)).kind).toBe('done');
  });
});

describe('tills', () => {
  test('are folded away when nobody draws any more, and not before', async () => {
    const { world, store, a } = crowded();
    await opened({ world, store, a }, 200, 20);
    await rebalanceStock(a, 'tea');
    expect(store.peek(ROW)).toMatchObject({ tills: TILLS });
    expect(dueWork(store.items(), 'a', world.nowMs)).toEqual([]);
    world.nowMs += CALM_MS;
    expect(dueWork(store.items(), 'a', world.nowMs)).toMatchObject([{ task: { kind: 'rebalance', sku: 'tea' } }]);
    await rebalanceStock(a, 'tea');
    expect(store.peek(ROW)).toMatchObject({ tills: 0, available: 180, sold: 20 });
    expect(unitsAtTills(store)).toBe(0);
    expect(dueWork(store.items(), 'a', world.nowMs)).toEqual([]);
  });

  test('give up what they have when the row has run out, so that a refusal need not look at each', async () => {
    const { store, a, world } = crowded();
    await opened({ world, store, a }, 30, 20);
    while (Number(store.peek(ROW)?.['available']) > 0) await order(a, `rest-${store.calls.length}`, Number(store.peek(ROW)?.['available']));
    await rebalanceStock(a, 'tea');
    expect(store.peek(ROW)).toMatchObject({ tills: 0 });
    expect(await stockOf(a)).toMatchObject({ received: 30, sold: 30 - Number(store.peek(ROW)?.['available']) });
  });

  test('give up what they have when another region asks for it, once they are calm', async () => {
    const { store, a, world } = crowded(['a', 'b']);
    await opened({ world, store, a }, 400, 20);
    world.nowMs += CALM_MS;
    world.replicate();
    expect((await order(world.at('b'), 'key-b', 150)).kind).toBe('refused');
    await world.settle();
    expect((await order(world.at('b'), 'key-b', 150)).kind).toBe('done');
    expect(store.peek(ROW)).toMatchObject({ tills: 0 });
  });

  test('are not said to be empty when one was drawn to while they were folded', async () => {
    const { store, a, world } = crowded();
    await opened({ world, store, a }, 200, 20);
    world.nowMs += CALM_MS;
    const get = store.get.bind(store);
    store.get = async (key) => {
      const found = await get(key);
      // Once the last till was looked at for the last time.
      if (key.pk !== tillKey('tea', TILLS - 1, 'a').pk || Number(store.peek(ROW)?.['available']) !== 180) return found;
      store.get = get;
      const losses = [true];
      store.loses = () => losses.shift() ?? false;
      valueOf(await order(a, 'crossing'));
      return found;
    };
    await rebalanceStock(a, 'tea');
    expect(await stockOf(a)).toEqual({ received: 200, available: 179, sold: 21, moving: 0 });
    expect((await order(a, 'all', 179)).kind).toBe('done');
  });

  test('of a region that is lost are nobody’s: its next incarnation has what they had', async () => {
    const crowd = crowded(['a', 'b']);
    await opened(crowd, 60, 20);
    crowd.world.replicate();
    const { items } = planRebuild({ region: 'a', incarnation: 2 }, [crowd.world.at('b').store.items()], crowd.world.nowMs);
    expect(items).toEqual([expect.objectContaining({ pk: 'STOCK#tea', sk: 'HELD#a.2', available: 40, sold: 20 })]);
  });
});

describe('a region with tills that was damaged', () => {
  const damages: readonly (readonly [string, (store: MemoryStore) => void])[] = [
    ['its row', (store) => change(store, ROW, { available: 1_000 })],
    ['a till that has too much', (store) => change(store, firstOpen(store), { available: 500 })],
    ['a till that has what is no number', (store) => change(store, firstOpen(store), { available: 'many' })],
    ['a row that knows no tills', (store) => change(store, ROW, { tills: 0 })],
  ];

  test.each(damages)('is repaired so that each unit is there once: %s', async (_, damage) => {
    const crowd = crowded();
    await opened(crowd, 60, 20);
    const past = crowd.store.items();
    damage(crowd.store);
    const validation = new Validation(cut(crowd.world));
    for (const partition of Map.groupBy(crowd.store.items(), ({ pk }) => pk).values()) validation.add(partition);
    expect(validation.findings(true)).not.toMatchObject({ off: 0, broken: 0 });
    const place = crowd.world.at('a');
    expect((await repair({ restored: past, replicas: [replicaOf(crowd.world, 'a')], clock: place.clock })).left).toEqual([]);
    expect(await stockOf(crowd.a)).toEqual({ received: 60, available: 40, sold: 20, moving: 0 });
    expect([(await order(crowd.a, 'all', 40)).kind, (await order(crowd.a, 'more')).kind]).toEqual(['done', 'refused']);
  });

  test('is left as it is where it is whole, and its backup is called whole', async () => {
    const crowd = crowded();
    await opened(crowd, 60, 20);
    const before = crowd.store.items();
    const place = crowd.world.at('a');
    expect(await repair({ restored: before, replicas: [replicaOf(crowd.world, 'a')], clock: place.clock })).toMatchObject({ rows: [] });
    expect(crowd.store.items()).toEqual(before);
    const validation = new Validation(cut(crowd.world));
    for (const partition of Map.groupBy(before, ({ pk }) => pk).values()) validation.add(partition);
    expect(validation.findings(true)).toMatchObject({ ok: true, off: 0, broken: 0 });
  });
});

const cut = (world: World): Cut => ({ region: 'a', writer: 'a', atMs: world.nowMs + 3_600_000 });

const firstOpen = (store: MemoryStore): Key => {
  const till = store.items().find((item) => item.sk === 'TILL#a' && Number(item['available']) > 0);
  if (!till) throw new Error('no till has anything');
  return till;
};

const change = (store: MemoryStore, { pk, sk }: Key, attributes: Readonly<Record<string, string | number>>): void => {
  const item = store.peek({ pk, sk });
  if (item) store.place({ ...item, ...attributes });
};
