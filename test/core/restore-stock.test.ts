import { describe, expect, it } from 'vitest';
import { repair } from '../../functions/core/restore.ts';
import { foldHeld, foldStock, sum } from '../../functions/core/stock-fold.ts';
import { wishItem } from '../../functions/core/wishes.ts';
import { beforeWrites, change, remove, repaired, replicaOf, stocked } from './restore-world.ts';
import { order, type Place, receive, World } from './world.ts';

describe('a repair of stock', () => {
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
    await repair({ restored: past, replicas: [{ ...replicaOf(world, 'a'), scan: scanWithOrders(a) }], clock: a.clock });
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
    await repair({ restored: past, replicas: [{ ...replicaOf(world, 'a'), scan: scanWithOrders(a) }], clock: a.clock });
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
    const replica = replicaOf(world, 'a');
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
    world.at('b').store.place(wishItem('tea', 'b', 10, world.nowMs));
    await world.settle();
    const past = world.at('a').store.items();
    expect(
      foldHeld(past)
        .find(({ region }) => region === 'a')
        ?.granted.get('b'),
    ).toBe(10);
    // when the rows of both are gone, and b is too
    for (const row of ['HELD#a', 'HELD#b']) remove(world, 'STOCK#tea', row);
    await repair({ restored: past, replicas: [replicaOf(world, 'a')], clock: world.at('a').clock });
    expect(foldHeld(world.at('a').store.find('STOCK#tea'))).toMatchObject([{ region: 'a', available: 10 }]);
  });
});

/** Orders come in the first four scans, when orders have been read and rows of stock have not. */
const scanWithOrders = (place: Place) => {
  let scans = 0;
  return async () => {
    const orders = place.store.items().filter(({ pk }) => pk.startsWith('ORDER#'));
    if (++scans <= 4) await order(place, `during-${scans}`, 1);
    return [...orders, ...place.store.items().filter(({ pk }) => !pk.startsWith('ORDER#'))];
  };
};
