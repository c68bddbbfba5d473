import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { cancelOrder, shipOrder } from '../../functions/core/order-events.ts';
import { getOrder } from '../../functions/core/orders.ts';
import { isFactOf, planRebuild, reput } from '../../functions/core/rebuild.ts';
import { reconcileOrder } from '../../functions/core/reconcile.ts';
import { bookReceipt, getStock, rebalanceStock } from '../../functions/core/stock.ts';
import { order, type Place, receive, valueOf, World } from './world.ts';

/** Loses `region` with what it had not replicated, and rebuilds it from the others as incarnation 2. */
const rebuilt = (world: World, region: string): { readonly place: Place; readonly negative: readonly string[] } => {
  const survivors = world.places.filter((place) => place.region !== region).map((place) => place.store.items());
  const plan = planRebuild({ region, incarnation: 2 }, survivors, world.nowMs);
  const store = new MemoryStore();
  for (const item of [...survivors.flat(), ...plan.items]) store.place(item);
  return { place: { ...world.at(region), store, writer: `${region}.2` }, negative: plan.negative };
};

describe('a region rebuilt from its survivors', () => {
  it('holds what was received less what is sold, granted and open', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 20);
    await order(world.at('a'), 'key-1', 4);
    const { id } = valueOf(await order(world.at('a'), 'key-2', 2));
    await shipOrder(world.at('a'), { subject: 'store', id, key: 'ship-1' });
    const cancelled = valueOf(await order(world.at('a'), 'key-3', 1));
    await cancelOrder(world.at('a'), { subject: 'ann', id: cancelled.id });
    await order(world.at('b'), 'key-4', 3);
    await world.settle();
    const before = valueOf(await getStock(world.at('b'), { subject: 'ann', sku: 'tea' }));
    const { place } = rebuilt(world, 'a');
    expect(valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }))).toEqual({
      ...before,
      regions: before.regions.map((row) => (row.region === 'a' ? { ...row, writer: 'a.2' } : row)),
    });
  });

  it('books receipts that it had lost, and does not sell units of orders nobody knows any more', async () => {
    const world = new World();
    await receive(world.at('b'), 'receipt-1', 20, 'a');
    await world.settle();
    await order(world.at('a'), 'key-1', 5);
    await receive(world.at('b'), 'receipt-2', 3, 'a');
    const { place, negative } = rebuilt(world, 'a');
    expect(valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }))).toMatchObject({ received: 23, available: 23, sold: 0 });
    expect(negative).toEqual([]);
  });

  it('does not book again what the name before had booked', async () => {
    const world = new World();
    const { id } = valueOf(await receive(world.at('b'), 'receipt-1', 20, 'a'));
    await world.settle();
    const { place } = rebuilt(world, 'a');
    expect(await bookReceipt(place, 'tea', id)).toBe(false);
    expect(valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }))).toMatchObject({ received: 20, available: 20 });
  });

  it('does not book a receipt again of which only the booking survived', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 20);
    for (const item of world.at('a').store.items()) if (item.sk.startsWith('BOOKED')) world.at('b').store.place(item);
    const { place } = rebuilt(world, 'a');
    expect(await receive(place, 'receipt-1', 20)).toMatchObject({ kind: 'done', replayed: true, value: { by: 'a', quantity: 20 } });
    expect(await receive(place, 'receipt-1', 21)).toMatchObject({ code: 'key-reused' });
    expect(valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }))).toMatchObject({ received: 20, available: 20 });
  });

  it('takes the maximum of what the survivors saw of each cumulative number', async () => {
    const world = new World(['a', 'b', 'c']);
    await receive(world.at('a'), 'receipt-1', 20);
    world.replicate();
    world.at('b').store.place({ pk: 'STOCK#tea', sk: 'HELD#a', v: 1, available: 12, granted_b: 8, credited_c: 1 });
    world.at('b').store.place({ pk: 'STOCK#tea', sk: 'HELD#b', v: 1, available: 9, credited_a: 9 });
    world.at('c').store.place({ pk: 'STOCK#tea', sk: 'HELD#a', v: 1, available: 15, granted_c: 5, credited_c: 2 });
    world.at('c').store.place({ pk: 'STOCK#tea', sk: 'HELD#c', v: 1, available: -2, granted_a: 2 });
    const { place } = rebuilt(world, 'a');
    expect(place.store.peek({ pk: 'STOCK#tea', sk: 'HELD#a.2' })).toMatchObject({
      granted_b: 9,
      granted_c: 5,
      credited_c: 2,
      available: 20 + 2 - 14,
    });
  });

  it('remembers a grant to a region that has no row of its own yet', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 20);
    await order(world.at('b'), 'key-1', 4);
    world.replicate();
    await rebalanceStock(world.at('a'), 'tea');
    world.replicate();
    const { place } = rebuilt(world, 'a');
    // The survivor goes on while the region is rebuilt.
    await rebalanceStock(world.at('b'), 'tea');
    for (const item of place.store.items()) if (item.sk.endsWith('#a.2')) world.at('b').store.place(item);
    expect(valueOf(await getStock(world.at('b'), { subject: 'ann', sku: 'tea' }))).toMatchObject({
      received: 20,
      available: 20,
      moving: 0,
    });
  });

  it('does not clamp: more sold than is known to be received shows as a negative row', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 5);
    await order(world.at('a'), 'key-1', 5);
    for (const item of world.at('a').store.items()) if (item.sk.startsWith('PLACED')) world.at('b').store.place(item);
    const { place, negative } = rebuilt(world, 'a');
    expect(negative).toEqual(['tea']);
    expect(valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }))).toMatchObject({ available: -5, sold: 5 });
  });

  it('ends and ships the reservations of the name before', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 9);
    const [first, second] = [valueOf(await order(world.at('a'), 'key-1', 2)), valueOf(await order(world.at('a'), 'key-2', 3))];
    world.replicate();
    await cancelOrder(world.at('b'), { subject: 'ann', id: second.id });
    const { place } = rebuilt(world, 'a');
    expect(valueOf(await shipOrder(place, { subject: 'store', id: first.id, key: 'ship-1' })).by).toBe('a.2');
    expect((await reconcileOrder(place, second.id)).ended).toBe(1);
    expect(valueOf(await getOrder(place, { subject: 'ann', id: second.id })).state).toBe('cancelled');
    expect(valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }))).toMatchObject({ received: 9, available: 7, sold: 2 });
  });

  it('goes on with grants where the name before stopped', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 20);
    await order(world.at('b'), 'key-1', 4);
    await world.settle();
    const { place } = rebuilt(world, 'a');
    for (const item of place.store.items()) world.at('b').store.place(item);
    await rebalanceStock(world.at('b'), 'tea');
    expect(valueOf(await getStock(world.at('b'), { subject: 'ann', sku: 'tea' }))).toMatchObject({
      received: 20,
      available: 20,
      moving: 0,
    });
  });

  it('re-puts facts only, never rows that their writer changes', () => {
    const item = (sk: string) => ({ pk: 'X', sk, v: 1 });
    expect(['PLACED#a', 'END#a#a', 'E#paid#h#a', 'RECEIPT#h#a', 'BOOKED#h#a'].every((sk) => isFactOf(item(sk), 'a'))).toBe(true);
    expect(['HELD#a', 'WANT#a', 'BEAT#a', 'PLACED#b'].some((sk) => isFactOf(item(sk), 'a'))).toBe(false);
    expect(reput(item('PLACED#a'), 2)).toEqual({ ...item('PLACED#a'), reput: 2 });
  });
});
