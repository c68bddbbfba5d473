import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsOf } from '../../functions/core/item.ts';
import { keyItem } from '../../functions/core/keys.ts';
import { foldOrder, holdsStock } from '../../functions/core/order-fold.ts';
import { cancelOrder, payOrder, placeOrder, shipOrder } from '../../functions/core/orders.ts';
import { editRecord, recordKey } from '../../functions/core/records.ts';
import { type Repaired, type Replica, repair } from '../../functions/core/restore.ts';
import { compare, isFact, keyText, resourceOf, sameFact } from '../../functions/core/restore-compare.ts';
import { foldHeld, foldStock, sum } from '../../functions/core/stock-fold.ts';
import { type Item, StoreUnavailable, type Value } from '../../functions/core/store.ts';
import { canarySku, canarySubject } from '../../functions/core/synthetic.ts';
import { order, type Place, receive, valueOf, World } from './world.ts';

const SKUS = ['tea', 'cup'] as const;
const REGIONS = ['a', 'b', 'c'] as const;
/** Damaged worlds: `RUNS=5000 npx vitest run test/core/restore.test.ts` looks further. */
const RUNS = Number(process.env['RUNS'] ?? 100);
const LIMIT_MS = 60_000 + 2_000 * RUNS;

describe('a table and its restored past', () => {
  it('differ in facts that are gone, read otherwise, or are newer; by resource, and rows that move on count apart', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 20);
    const [gone, bad] = [valueOf(await order(a, 'key-1')), valueOf(await order(a, 'key-2'))];
    await editRecord(a, { subject: 'ann', id: 'address', parents: [], value: '"here"' });
    const past = a.store.items();
    await order(a, 'key-3');
    remove(world, `ORDER#${gone.id}`, 'PLACED#a');
    change(world, `ORDER#${bad.id}`, 'PLACED#a', { lines: [] });
    expect(summary(past, a)).toEqual([
      { resource: 'orders', missing: 1, changed: 1, extra: 1, moved: 0 },
      { resource: 'stock', missing: 0, changed: 0, extra: 0, moved: 1 },
      { resource: 'records', missing: 0, changed: 0, extra: 0, moved: 0 },
    ]);
  });

  it('leaves out what canaries did, and everything that is no resource of users', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 5);
    const sku = canarySku('a');
    await place(world, canarySubject('a'), sku);
    world.replicate();
    const beat = { pk: 'REGIONS', sk: 'BEAT#a', v: 1, at: 1 };
    const key = keyItem(KEY, { by: 'a', atMs: 1 });
    const past = [...a.store.items(), beat, key, { ...beat, pk: 'DEPLOYMENTS' }];
    for (const item of a.store.items()) if (item.pk.startsWith('ORDER#')) remove(world, item.pk, item.sk);
    expect(compare(past, a.store.items()).flatMap(({ missing, changed }) => [...missing, ...changed])).toEqual([]);
    expect(await repaired(world, past)).toMatchObject({ facts: { orders: 0, stock: 0, records: 0 }, spread: 0, rows: [], left: [] });
    expect(a.store.peek(beat)).toBeUndefined();
    expect(a.store.peek(key)).toBeUndefined();
  });
});

describe('a repair', () => {
  it('puts a fact back through the region that owns its key, and not over one that changed after it was compared', async () => {
    const world = new World();
    const b = world.at('b');
    await receive(b, 'receipt-1', 20);
    const { id } = valueOf(await order(b, 'key-1', 2));
    world.replicate();
    const past = world.at('a').store.items();
    change(world, `ORDER#${id}`, 'PLACED#b', { note: 'bad' });
    // when somebody else repairs it between the look and the write
    let [looks, puts] = [0, 0];
    const result = await repair({
      restored: past,
      clock: b.clock,
      replicas: replicasOf(world).map((replica) => ({
        ...replica,
        store: beforeWrites(replica.store, async () => {
          puts += 1;
        }),
        scan: async () => {
          const items = [...(await replica.scan())];
          if (replica.region === 'b' && looks++ === 0) change(world, `ORDER#${id}`, 'PLACED#b', { note: 'other' });
          return items;
        },
      })),
    });
    // then it is looked at again, and both regions get it from its own
    expect(result).toMatchObject({ facts: { orders: 1 }, left: [] });
    expect(puts).toBe(2);
    world.replicate();
    for (const { store } of world.places) expect(foldOrder(store.find(`ORDER#${id}`))?.keeper.note).toBeUndefined();
  });

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
      replicas: replicasOf(world).filter(({ region }) => region === 'a'),
      clock: world.at('a').clock,
    });
    expect(result.left).toEqual([{ pk: `ORDER#${id}`, sk: 'PLACED#b', why: 'its region b does not answer' }]);
    expect(world.at('b').store.peek({ pk: `ORDER#${id}`, sk: 'PLACED#b' })).toBeUndefined();
  });

  it('never takes stock from the past: what was sold since stays sold', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 20);
    const past = a.store.items();
    await order(a, 'key-1', 7);
    change(world, 'STOCK#tea', 'HELD#a', { available: 1_000 });
    expect((await repaired(world, past)).rows).toHaveLength(1);
    expect(foldStock(a.store.find('STOCK#tea'))).toMatchObject({ received: 20, available: 13, sold: 7 });
  });

  it('counts a row only by orders that were read while it stood still', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 20);
    await order(a, 'key-1', 7);
    const past = a.store.items();
    change(world, 'STOCK#tea', 'HELD#a', { available: 1_000 });
    // when an order comes after orders were read, and before the rows of stock are
    let scans = 0;
    const [replica] = replicasOf(world);
    if (replica === undefined) throw new Error('no replica');
    const scan = async () => {
      const orders = a.store.items().filter(({ pk }) => pk.startsWith('ORDER#'));
      if (++scans <= 4) await order(a, `during-${scans}`, 1);
      return [...orders, ...a.store.items().filter(({ pk }) => !pk.startsWith('ORDER#'))];
    };
    await repair({ restored: past, replicas: [{ ...replica, scan }], clock: a.clock });
    expect(foldStock(a.store.find('STOCK#tea'))).toMatchObject({ received: 20, available: 9, sold: 11 });
    expect(a.store.peek({ pk: 'STOCK#tea', sk: 'HELD#a' })).toMatchObject({ rev: 7 });
  });

  it('does not take a row for right because an order makes up for what it is off by, while it is read', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 20);
    await order(a, 'key-1', 7);
    const past = a.store.items();
    change(world, 'STOCK#tea', 'HELD#a', { available: 14, sold: 6 });
    // when an order of one comes between the reading of orders and of stock
    let scans = 0;
    const [replica] = replicasOf(world);
    if (replica === undefined) throw new Error('no replica');
    const scan = async () => {
      const orders = a.store.items().filter(({ pk }) => pk.startsWith('ORDER#'));
      if (++scans <= 4) await order(a, `during-${scans}`, 1);
      return [...orders, ...a.store.items().filter(({ pk }) => !pk.startsWith('ORDER#'))];
    };
    await repair({ restored: past, replicas: [{ ...replica, scan }], clock: a.clock });
    expect(foldStock(a.store.find('STOCK#tea'))).toMatchObject({ received: 20, available: 9, sold: 11 });
  });

  it('counts a row that lost its revision, and not over an order that came after it was counted', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 20);
    const past = a.store.items();
    change(world, 'STOCK#tea', 'HELD#a', { available: 1_000, rev: undefined });
    // when an order comes between the count and the write
    let writes = 0;
    const [replica] = replicasOf(world);
    if (replica === undefined) throw new Error('no replica');
    const store = beforeWrites(replica.store, async () => {
      if (++writes === 1) await order(a, 'between', 3);
    });
    await repair({ restored: past, replicas: [{ ...replica, store }], clock: a.clock });
    expect(writes).toBeGreaterThan(1);
    expect(foldStock(a.store.find('STOCK#tea'))).toMatchObject({ received: 20, available: 17, sold: 3 });
  });

  it('takes units back that a false grant gave away', async () => {
    const world = new World();
    await stocked(world, 20);
    const past = world.at('a').store.items();
    change(world, 'STOCK#tea', 'HELD#a', { granted_b: 500 });
    await world.settle();
    expect(foldHeld(world.at('b').store.find('STOCK#tea')).find(({ region }) => region === 'b')?.available).toBe(520);
    await repaired(world, past);
    await world.settle();
    const held = foldHeld(world.at('b').store.find('STOCK#tea'));
    expect(sum(held.map((row) => row.available))).toBe(40);
    expect(held.every((row) => row.available >= 0)).toBe(true);
  });

  it('does not believe a row that gave what it never had, while nobody has taken it', async () => {
    const world = new World();
    await stocked(world, 20);
    const past = world.at('a').store.items();
    change(world, 'STOCK#tea', 'HELD#a', { granted_b: 500 });
    await repaired(world, past);
    await world.settle();
    expect(foldHeld(world.at('b').store.find('STOCK#tea'))).toMatchObject([{ available: 20 }, { available: 20 }]);
  });

  it('does not believe a row that took over what nobody gave', async () => {
    const world = new World();
    await stocked(world, 20);
    const past = world.at('a').store.items();
    change(world, 'STOCK#tea', 'HELD#b', { credited_a: 500, available: 600 });
    await repaired(world, past);
    expect(foldHeld(world.at('b').store.find('STOCK#tea')).find(({ region }) => region === 'b')).toMatchObject({ available: 20 });
    expect(foldHeld(world.at('a').store.find('STOCK#tea')).find(({ region }) => region === 'a')).toMatchObject({ available: 20 });
  });

  it('knows from the past alone what was given to a region that does not answer', async () => {
    // given units that b has from a
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 20);
    world.at('b').store.place({ pk: 'STOCK#tea', sk: 'WANT#b', v: 1, quantity: 10 });
    await world.settle();
    const past = world.at('a').store.items();
    expect(
      foldHeld(past)
        .find(({ region }) => region === 'a')
        ?.granted.get('b'),
    ).toBe(10);
    // when the rows of both are gone, and b is too
    for (const row of ['HELD#a', 'HELD#b']) remove(world, 'STOCK#tea', row);
    await repair({ restored: past, replicas: replicasOf(world).filter(({ region }) => region === 'a'), clock: world.at('a').clock });
    expect(foldHeld(world.at('a').store.find('STOCK#tea'))).toMatchObject([{ region: 'a', available: 10 }]);
  });

  it('makes a record writable again whose head is no number, and leaves heads that count', async () => {
    const world = new World();
    const a = world.at('a');
    const pk = recordKey('ann', 'address');
    const first = valueOf(await editRecord(a, { subject: 'ann', id: 'address', parents: [], value: '1' }));
    const past = a.store.items();
    const second = valueOf(await editRecord(a, { subject: 'ann', id: 'address', parents: [first.version], value: '2' }));
    expect(await repaired(world, past)).toMatchObject({ facts: { records: 0 } });
    change(world, pk, 'HEAD#a', { rev: 'x' });
    await repaired(world, past);
    expect((await editRecord(a, { subject: 'ann', id: 'address', parents: [second.version], value: '3' })).kind).toBe('done');
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
            // and once callers have stopped there is nothing to do, but for what they said last: that they want more than there is
            const again = await repaired(world, past);
            expect(again.rows.filter(({ what }) => !what.startsWith('wants '))).toEqual([]);
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

const KEY = {
  kid: 'k',
  publicJwk: '{}',
  algorithm: 'ES256',
  issuer: 'i',
  audience: 'a',
  scopes: [],
  subjects: ['*'],
  expiresAtMs: 1,
} as const;

type Act =
  | { readonly kind: 'order'; readonly region: string; readonly quantity: number; readonly sku: string }
  | { readonly kind: 'receive'; readonly region: string; readonly to: string; readonly quantity: number; readonly sku: string }
  | { readonly kind: 'pay' | 'ship' | 'cancel'; readonly region: string; readonly which: number }
  | { readonly kind: 'edit'; readonly region: string }
  | { readonly kind: 'settle' | 'replicate' };

const region = fc.constantFrom(...REGIONS);
const sku = fc.constantFrom(...SKUS);
const act: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('order' as const), region, quantity: fc.integer({ min: 1, max: 14 }), sku }), weight: 5 },
  {
    arbitrary: fc.record({ kind: fc.constant('receive' as const), region, to: region, quantity: fc.integer({ min: 1, max: 9 }), sku }),
    weight: 1,
  },
  {
    arbitrary: fc.record({ kind: fc.constantFrom('pay' as const, 'ship' as const, 'cancel' as const), region, which: fc.nat({ max: 50 }) }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant('edit' as const), region }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'replicate' as const) }), weight: 2 },
);

interface Damage {
  readonly which: number;
  /** Undefined: the item is deleted. */
  readonly value: Value | undefined;
  readonly attribute: number;
  readonly delete: boolean;
  /** Rows of stock are few among many items, and worth most. */
  readonly held: boolean;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  which: fc.nat({ max: 500 }),
  attribute: fc.nat({ max: 20 }),
  value: fc.oneof(fc.integer({ min: -50, max: 1_000 }), fc.constant('bad'), fc.constant(undefined)),
  delete: fc.boolean(),
  held: fc.boolean(),
});

const perform = async (world: World, given: Act, key: string): Promise<void> => {
  world.nowMs += 1_000;
  switch (given.kind) {
    case 'order':
      await order(world.at(given.region), key, given.quantity, given.sku);
      return;
    case 'receive':
      await receive(world.at(given.region), key, given.quantity, given.to, given.sku);
      return;
    case 'pay':
    case 'ship':
    case 'cancel': {
      const at = world.at(given.region);
      const orders = at.store.items().filter((item) => item.sk.startsWith('PLACED#'));
      const id = orders[given.which % Math.max(1, orders.length)]?.pk.slice('ORDER#'.length);
      if (id === undefined) return;
      if (given.kind === 'pay') await payOrder(at, { subject: 'ann', id, key, amount: 5 });
      if (given.kind === 'ship') await shipOrder(at, { subject: 'store', id, key });
      if (given.kind === 'cancel') await cancelOrder(at, { subject: 'ann', id, key });
      return;
    }
    case 'edit':
      await editRecord(world.at(given.region), { subject: 'ann', id: key, parents: [], value: '1' });
      return;
    case 'settle':
      return world.settle();
    case 'replicate':
      return world.replicate();
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Damaged numbers make others throw, as DynamoDB refuses to add to a text, or to be compared with one. */
const survive = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    const expected = error instanceof TypeError || error instanceof StoreUnavailable || messageOf(error) === 'the world does not settle';
    if (!expected) throw error;
  }
};

/** A faulty client's write, replicated at once. @returns the key of the item */
const inflict = (world: World, { which, attribute, value, delete: deletes, held }: Damage): readonly string[] => {
  const items = world.places.flatMap(({ region: name, store }) =>
    store
      .items()
      .filter((item) => resourceOf(item) !== undefined && regionOfItem(item) === name && (!held || /^(HELD|WANT)#/.test(item.sk))),
  );
  const item = items[which % Math.max(1, items.length)];
  if (item === undefined) return [];
  if (deletes) remove(world, item.pk, item.sk);
  else {
    const names = Object.keys(item).filter((name) => !['pk', 'sk', 'v'].includes(name));
    const name = names[attribute % Math.max(1, names.length)] ?? 'junk';
    change(world, item.pk, item.sk, { [name]: value });
  }
  return [keyText(item)];
};

const remove = (world: World, pk: string, sk: string): void => {
  for (const { store } of world.places) store.commit([{ action: 'delete', key: { pk, sk } }]);
};

const change = (world: World, pk: string, sk: string, attributes: Readonly<Record<string, Value | undefined>>): void => {
  const owner = world.places.find(({ region: name, store }) => store.peek({ pk, sk }) !== undefined && sk.endsWith(`#${name}`));
  const item = owner?.store.peek({ pk, sk });
  if (item === undefined) throw new Error(`no item ${pk} ${sk}`);
  const damaged = Object.fromEntries(Object.entries({ ...item, ...attributes }).filter(([, value]) => value !== undefined));
  for (const { store } of world.places) store.place({ ...damaged, pk, sk, v: item.v });
};

const regionOfItem = (item: Item): string => partsOf(item).at(-1) ?? '';

const replicasOf = (world: World): readonly Replica[] =>
  world.places.map(({ region: name, writer, store }) => ({ region: name, writer, store, scan: async () => store.items() }));

/** Does something before each write. */
const beforeWrites = (store: Replica['store'], work: () => Promise<void>): Replica['store'] => ({
  get: (each) => store.get(each),
  query: (...given) => store.query(...given),
  listByOwner: (...given) => store.listByOwner(...given),
  transact: async (writes) => {
    await work();
    return store.transact(writes);
  },
});

/** Callers write and replication copies in the middle of scans, which read in any order, and before each write. */
const interrupted = (world: World, replica: Replica, chance: () => number, key: () => string): Replica => {
  const interrupt = async (): Promise<void> => {
    const dice = chance() % 4;
    if (dice === 0) await survive(() => perform(world, { kind: 'order', region: replica.region, quantity: 2, sku: 'tea' }, key()));
    if (dice === 1) await survive(() => perform(world, { kind: 'cancel', region: replica.region, which: chance() }, key()));
    if (dice === 2) await survive(() => world.settle());
  };
  const { store } = replica;
  return {
    ...replica,
    store: beforeWrites(store, async () => {
      if (chance() % 4 === 0) await interrupt();
    }),
    // By key, up or down: what is new where it has been already, it does not see.
    scan: async () => {
      const up = chance() % 2 === 0;
      const keys = (await replica.scan()).map(keyText).sort();
      const middle = keys[chance() % Math.max(1, keys.length)] ?? '';
      const part = async (low: boolean) => (await replica.scan()).filter((item) => keyText(item) < middle === low);
      const first = await part(up);
      await interrupt();
      return [...first, ...(await part(!up))];
    },
  };
};

const repaired = (world: World, restored: readonly Item[]): Promise<Repaired> =>
  repair({ restored, replicas: replicasOf(world), clock: world.at('a').clock });

const expectBalanced = (world: World, name: string): void => {
  for (const { region: at, store } of world.places) {
    const partition = store.find(`STOCK#${name}`);
    const held = foldHeld(partition);
    for (const row of held) {
      const own = world.at(row.region).store;
      const booked = sum(
        own.find(`STOCK#${name}`, 'BOOKED#').flatMap((item) => (regionOfItem(item) === row.region ? [Number(item['quantity']) || 0] : [])),
      );
      const sold = soldBy(row.region, name, own.items());
      expect(row.sold, `units sold by ${row.region} of ${name}, seen in ${at}`).toBe(sold);
      expect(row.available + row.sold + sum(row.granted.values()) - sum(row.credited.values()), `books of ${row.region} for ${name}`).toBe(
        booked,
      );
      for (const [giver, units] of row.credited)
        expect(
          held.find((each) => each.region === giver)?.granted.get(row.region) ?? 0,
          `${giver} gave what ${row.region} took`,
        ).toBeGreaterThanOrEqual(units);
    }
  }
};

const soldBy = (name: string, ofSku: string, items: readonly Item[]): number =>
  sum(
    [
      ...Map.groupBy(
        items.filter(({ pk }) => pk.startsWith('ORDER#')),
        ({ pk }) => pk,
      ).values(),
    ].flatMap((partition) =>
      (foldOrder(partition)?.reservations ?? [])
        .filter((each) => each.writer === name && holdsStock(each))
        .flatMap(({ lines }) => lines.flatMap((line) => (line.sku === ofSku ? [line.quantity] : []))),
    ),
  );

const summary = (past: readonly Item[], { store }: Place) =>
  compare(past, store.items()).map(({ resource, missing, changed, extra, moved }) => ({
    resource,
    missing: missing.length,
    changed: changed.length,
    extra: extra.length,
    moved: moved.length,
  }));

/** Both regions hold stock. */
const stocked = async (world: World, quantity = 20): Promise<void> => {
  for (const each of world.places) await receive(each, `stock-${each.region}`, quantity);
  await world.settle();
};

const place = async (world: World, subject: string, ofSku: string): Promise<void> => {
  const at = world.at('a');
  at.store.place({ pk: `STOCK#${ofSku}`, sk: 'HELD#a', v: 1, rev: 1, available: 5, sold: 0 });
  valueOf(await placeOrder(at, { subject, key: 'canary', request: { lines: [{ sku: ofSku, quantity: 1 }] } }));
};
