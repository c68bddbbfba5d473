import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cancelOrder } from '../../functions/core/order-events.ts';
import { bookReceipt, getStock, rebalanceStock, stockWork } from '../../functions/core/stock.ts';
import { order, receive, valueOf, World } from './world.ts';

describe('receiving stock', () => {
  it('is booked once by the named region, wherever the receipt and its retries were taken', async () => {
    const world = new World();
    const first = await receive(world.at('b'), 'receipt-1', 7, 'a');
    expect(valueOf(first)).toMatchObject({ region: 'a', by: 'b', quantity: 7 });
    await receive(world.at('a'), 'receipt-1', 7, 'a');
    await world.settle();
    expect(await receive(world.at('a'), 'receipt-1', 7, 'a')).toMatchObject({ kind: 'done', replayed: true });
    expect(await receive(world.at('b'), 'receipt-1', 8, 'a')).toMatchObject({ code: 'key-reused' });
    expect(await receive(world.at('b'), 'receipt-2', 8, 'nowhere')).toMatchObject({ code: 'not-found' });
    for (const place of world.places)
      expect(valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }))).toMatchObject({ received: 7, available: 7 });
  });

  it('overlapping bookings count once', async () => {
    const world = new World();
    const { id } = valueOf(await receive(world.at('b'), 'receipt-1', 7, 'a'));
    world.replicate();
    await Promise.all([1, 2, 3].map(() => bookReceipt(world.at('a'), 'tea', id)));
    expect(valueOf(await getStock(world.at('a'), { subject: 'ann', sku: 'tea' }))).toMatchObject({ available: 7 });
  });
});

describe('moving stock', () => {
  it('goes to the region that was asked and had none; nothing is lost or made on the way', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 10);
    await world.settle();
    expect(await order(world.at('b'), 'key-1', 3)).toMatchObject({ code: 'out-of-stock' });
    await world.settle();
    expect(await order(world.at('b'), 'key-1', 3)).toMatchObject({ kind: 'done' });
    await world.settle();
    expect(valueOf(await getStock(world.at('a'), { subject: 'ann', sku: 'tea' }))).toMatchObject({
      received: 10,
      available: 7,
      sold: 3,
      moving: 0,
    });
  });

  it('overlapping rebalancers grant and credit once', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 10);
    world.replicate();
    await order(world.at('b'), 'key-1', 3);
    world.replicate();
    await Promise.all([1, 2, 3].map(() => rebalanceStock(world.at('a'), 'tea')));
    world.replicate();
    expect(valueOf(await getStock(world.at('b'), { subject: 'ann', sku: 'tea' }))).toMatchObject({ received: 10, available: 5, moving: 5 });
    await Promise.all([1, 2, 3].map(() => rebalanceStock(world.at('b'), 'tea')));
    expect(valueOf(await getStock(world.at('b'), { subject: 'ann', sku: 'tea' }))).toMatchObject({
      received: 10,
      available: 10,
      moving: 0,
    });
  });

  it('takes over all of a grant that grew while an overlapping rebalancer took over the first part of it', async () => {
    const world = new World();
    const { store } = world.at('b');
    store.place({ pk: 'STOCK#tea', sk: 'HELD#a', v: 1, available: 0, granted_b: 3 });
    const transact = store.transact.bind(store);
    store.transact = async (writes) => {
      store.transact = transact;
      // The other one had read the row when 1 was granted.
      await transact([{ action: 'update', key: { pk: 'STOCK#tea', sk: 'HELD#b' }, add: { available: 1, rev: 1 }, set: { credited_a: 1 } }]);
      return transact(writes);
    };
    await rebalanceStock(world.at('b'), 'tea');
    expect(store.peek({ pk: 'STOCK#tea', sk: 'HELD#b' })).toMatchObject({ available: 3, credited_a: 3 });
  });

  it('is triggered by grants, wishes and receipts of other regions only', () => {
    const item = (sk: string, more = {}) => ({ pk: 'STOCK#tea', sk, v: 1, ...more });
    expect(stockWork(item('WISH#176000000#4#b'), undefined, 'a')).toEqual({ kind: 'rebalance' });
    expect(stockWork(item('WISH#176000000#4#a'), undefined, 'a')).toBeUndefined();
    expect(stockWork(item('HELD#b', { granted_a: 2 }), item('HELD#b', { granted_a: 1 }), 'a')).toEqual({ kind: 'rebalance' });
    expect(stockWork(item('HELD#b', { granted_a: 2, sold: 1 }), item('HELD#b', { granted_a: 2 }), 'a')).toBeUndefined();
    expect(stockWork(item('RECEIPT#h#b', { region: 'a' }), undefined, 'a')).toEqual({ kind: 'book', hash: 'h' });
    expect(stockWork(item('RECEIPT#h#b', { region: 'b' }), undefined, 'a')).toBeUndefined();
  });
});

describe('any history', () => {
  const step = fc.record({
    what: fc.constantFrom('order', 'receive', 'cancel', 'replicate', 'rebalance'),
    region: fc.constantFrom('a', 'b', 'c'),
    key: fc.integer({ min: 1, max: 4 }),
    quantity: fc.integer({ min: 1, max: 5 }),
  });

  it('sells no more than was received, and once settled every region agrees and every unit is accounted for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const world = new World(['a', 'b', 'c']);
        const ids = new Map<number, string>();
        const receipts = new Map<number, number>();
        for (const { what, region, key, quantity } of steps) {
          const place = world.at(region);
          world.nowMs += 5;
          if (what === 'order') {
            const outcome = await order(place, `key-${key}`, quantity);
            if (outcome.kind === 'done') ids.set(key, outcome.value.id);
          }
          if (what === 'receive' && (receipts.get(key) ?? quantity) === quantity) {
            receipts.set(key, quantity);
            await receive(place, `receipt-${key}`, quantity, 'b');
          }
          if (what === 'cancel') await cancelOrder(place, { subject: 'ann', id: ids.get(key) ?? 'none' });
          if (what === 'replicate') world.replicate();
          if (what === 'rebalance') await rebalanceStock(place, 'tea');
        }
        await world.settle();
        const total = [...receipts.values()].reduce((all, each) => all + each, 0);
        const views = await Promise.all(world.places.map((place) => getStock(place, { subject: 'ann', sku: 'tea' })));
        for (const view of views) {
          expect(view).toEqual(views[0]);
          if (view.kind === 'done') {
            expect(view.value).toMatchObject({ received: total, moving: 0 });
            for (const row of view.value.regions) expect(row.available).toBeGreaterThanOrEqual(0);
          } else expect(total).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });
});
