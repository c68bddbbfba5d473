import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cancelOrder, payOrder, shipOrder } from '../../functions/core/order-events.ts';
import { foldOrder } from '../../functions/core/order-fold.ts';
import { getOrder, listOrders, placeOrder } from '../../functions/core/orders.ts';
import { mayNeedReconciling, reconcileOrder } from '../../functions/core/reconcile.ts';
import { getStock } from '../../functions/core/stock.ts';
import type { Item } from '../../functions/core/store.ts';
import { order, receive, valueOf, World } from './world.ts';

describe('placing an order', () => {
  it('reserves its lines, and answers a replay with the first answer in every region', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    await receive(a, 'receipt-1', 5);
    const first = await order(a, 'key-1', 2);
    world.nowMs += 1_000;
    world.replicate();
    expect(await order(a, 'key-1', 2)).toEqual({ ...first, replayed: true });
    expect(await order(b, 'key-1', 2)).toEqual({ ...first, replayed: true });
    expect(valueOf(await getStock(a, { subject: 'ann', sku: 'tea' }))).toMatchObject({ available: 3, sold: 2, received: 5, moving: 0 });
  });

  it('refuses another body under the same key, in every region', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 5);
    await order(world.at('a'), 'key-1', 2);
    world.replicate();
    for (const place of world.places) expect(await order(place, 'key-1', 3)).toMatchObject({ kind: 'refused', code: 'key-reused' });
  });

  it('keeps the keys of two subjects apart', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 5);
    const [ann, bob] = [valueOf(await order(a, 'key-1', 1)), valueOf(await order(a, 'key-1', 2, 'tea', 'bob'))];
    expect(bob.id).not.toBe(ann.id);
    expect(await getOrder(a, { subject: 'bob', id: ann.id })).toMatchObject({ code: 'not-found' });
  });

  it('is all or nothing over its lines, and never sells more than this region holds', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 5);
    await receive(a, 'receipt-2', 1, 'a', 'cup');
    const request = {
      lines: [
        { sku: 'tea', quantity: 1 },
        { sku: 'cup', quantity: 2 },
      ],
    };
    expect(await placeOrder(a, { subject: 'ann', key: 'key-1', request })).toMatchObject({ code: 'out-of-stock' });
    expect(valueOf(await getStock(a, { subject: 'ann', sku: 'tea' }))).toMatchObject({ available: 5, sold: 0 });
    expect((await a.store.query('ORDER#')).length).toBe(0);
  });

  it('takes equal skus as one line', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 5);
    const lines = [
      { sku: 'tea', quantity: 1 },
      { sku: 'tea', quantity: 2 },
    ];
    expect(valueOf(await placeOrder(a, { subject: 'ann', key: 'key-1', request: { lines } })).lines).toEqual([{ sku: 'tea', quantity: 3 }]);
    expect(
      await placeOrder(a, {
        subject: 'ann',
        key: 'key-2',
        request: {
          lines: [
            { sku: 'tea', quantity: 999_999 },
            { sku: 'tea', quantity: 2 },
          ],
        },
      }),
    ).toMatchObject({ code: 'bad-request' });
  });
});

describe('an order placed in two regions that could not see each other', () => {
  it('becomes one order: the smallest region keeps it, the other gives its stock back', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    await receive(a, 'receipt-1', 5);
    await receive(b, 'receipt-2', 5);
    const { id } = valueOf(await order(b, 'key-1', 2));
    valueOf(await order(a, 'key-1', 2));
    await world.settle();
    for (const place of world.places) {
      expect(valueOf(await getOrder(place, { subject: 'ann', id }))).toMatchObject({ state: 'placed', placedBy: 'a', conflicts: [] });
      expect(valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }))).toMatchObject({
        received: 10,
        available: 8,
        sold: 2,
        moving: 0,
      });
      expect(valueOf(await listOrders(place, { subject: 'ann', limit: 20 })).orders.map((row) => row.placedBy)).toEqual(['a']);
    }
  });

  it('is settled where one acceptance arrived after the request for the other had looked for it', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    await receive(a, 'receipt-1', 5);
    await receive(b, 'receipt-2', 5);
    const { id } = valueOf(await order(a, 'key-1', 2));
    const work: string[] = [];
    const arrives = async (item: Item): Promise<void> => {
      b.store.place(item);
      if (mayNeedReconciling(item)) work.push((await reconcileOrder(b, id)).ended === 1 ? 'ended' : 'nothing to end');
    };
    const transact = b.store.transact.bind(b.store);
    b.store.transact = async (writes) => {
      b.store.transact = transact;
      for (const item of a.store.items()) if (item.sk === 'PLACED#a') await arrives(item);
      return transact(writes);
    };
    valueOf(await order(b, 'key-1', 2));
    for (const item of b.store.items()) if (item.sk === 'PLACED#b') await arrives(item);
    expect(work).toEqual(['nothing to end', 'ended']);
    expect(valueOf(await getStock(b, { subject: 'ann', sku: 'tea' }))).toMatchObject({ available: 5, sold: 0 });
  });

  it('keeps and shows the other body', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 5);
    await receive(world.at('b'), 'receipt-2', 5);
    const { id } = valueOf(await order(world.at('b'), 'key-1', 3));
    await order(world.at('a'), 'key-1', 2);
    await world.settle();
    const seen = valueOf(await getOrder(world.at('b'), { subject: 'ann', id }));
    expect(seen.lines).toEqual([{ sku: 'tea', quantity: 2 }]);
    expect(seen.conflicts).toEqual([{ lines: [{ sku: 'tea', quantity: 3 }], placedBy: 'b' }]);
  });

  it('is kept by the region that shipped it, and shows both shipments where both did', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    await receive(a, 'receipt-1', 5);
    await receive(b, 'receipt-2', 5);
    const { id } = valueOf(await order(a, 'key-1', 2));
    await order(b, 'key-1', 2);
    await shipOrder(b, { subject: 'store', id, key: 'ship-1' });
    world.replicate();
    expect(valueOf(await getOrder(a, { subject: 'ann', id }))).toMatchObject({ state: 'shipped', placedBy: 'b' });
    await world.settle();
    expect(valueOf(await getStock(a, { subject: 'ann', sku: 'tea' }))).toMatchObject({ available: 8, sold: 2 });

    const other = valueOf(await order(a, 'key-2', 1));
    await order(b, 'key-2', 1);
    await shipOrder(a, { subject: 'store', id: other.id, key: 'ship-2' });
    await shipOrder(b, { subject: 'store', id: other.id, key: 'ship-3' });
    await world.settle();
    expect(valueOf(await getOrder(a, { subject: 'ann', id: other.id })).shipments.map((each) => each.by)).toEqual(['a', 'b']);
    expect((await reconcileOrder(a, other.id)).doubleShipped).toBe(true);
  });
});

describe('what may follow', () => {
  const placed = async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 5);
    const { id } = valueOf(await order(world.at('a'), 'key-1', 2));
    world.replicate();
    return { world, a: world.at('a'), b: world.at('b'), id };
  };

  it('a payment is counted once for its key, wherever it is repeated', async () => {
    const { world, a, b, id } = await placed();
    const payment = { subject: 'ann', id, key: 'pay-1', amount: 700 };
    await payOrder(a, payment);
    await payOrder(b, payment);
    await payOrder(b, { ...payment, key: 'pay-2', amount: 50 });
    world.replicate();
    for (const place of world.places) expect(valueOf(await getOrder(place, { subject: 'ann', id })).paid).toBe(750);
    expect(await payOrder(b, { ...payment, amount: 701 })).toMatchObject({ code: 'key-reused' });
    expect(await payOrder(a, payment)).toMatchObject({ kind: 'done', replayed: true });
  });

  it('of two amounts for one key the smallest region counts and both are shown', async () => {
    const { world, a, b, id } = await placed();
    await payOrder(b, { subject: 'ann', id, key: 'pay-1', amount: 5 });
    await payOrder(a, { subject: 'ann', id, key: 'pay-1', amount: 9 });
    world.replicate();
    expect(valueOf(await getOrder(b, { subject: 'ann', id })).payments).toMatchObject([
      { amount: 9, by: 'a', conflicts: [{ amount: 5, by: 'b' }] },
    ]);
  });

  it('a shipment leaves from the region that holds the reservation; elsewhere it is named', async () => {
    const { a, b, id } = await placed();
    expect(await shipOrder(b, { subject: 'store', id, key: 'ship-1' })).toMatchObject({ code: 'wrong-region', region: 'a' });
    const first = await shipOrder(a, { subject: 'store', id, key: 'ship-1', carrier: 'van' });
    expect(await shipOrder(a, { subject: 'store', id, key: 'ship-1', carrier: 'van' })).toEqual({ ...first, replayed: true });
    expect(await shipOrder(a, { subject: 'store', id, key: 'ship-1', carrier: 'cart' })).toMatchObject({ code: 'key-reused' });
    expect(await shipOrder(a, { subject: 'store', id, key: 'ship-2' })).toMatchObject({ code: 'order-shipped' });
    expect(await cancelOrder(a, { subject: 'ann', id })).toMatchObject({ code: 'order-shipped' });
  });

  it('a cancellation is a wish until every reservation has ended, then the stock is back and a replay says so', async () => {
    const { world, a, b, id } = await placed();
    const first = await cancelOrder(b, { subject: 'ann', id });
    expect(await cancelOrder(b, { subject: 'ann', id })).toEqual({ ...first, replayed: true });
    expect(valueOf(await getOrder(b, { subject: 'ann', id })).state).toBe('cancelling');
    await world.settle();
    expect(valueOf(await getOrder(b, { subject: 'ann', id })).state).toBe('cancelled');
    expect(valueOf(await getStock(b, { subject: 'ann', sku: 'tea' }))).toMatchObject({ available: 5, sold: 0 });
    expect(await order(a, 'key-1', 2)).toMatchObject({ code: 'order-cancelled' });
    expect(await payOrder(a, { subject: 'ann', id, key: 'pay-1', amount: 1 })).toMatchObject({ code: 'order-cancelled' });
    expect(await shipOrder(a, { subject: 'store', id, key: 'ship-1' })).toMatchObject({ code: 'order-cancelled' });
  });

  it('overlapping reconcilers give the stock back once', async () => {
    const { a, id } = await placed();
    await cancelOrder(a, { subject: 'ann', id });
    const runs = await Promise.all([reconcileOrder(a, id), reconcileOrder(a, id), reconcileOrder(a, id)]);
    expect(runs.map((run) => run.ended).reduce((total, each) => total + each)).toBe(1);
    expect(valueOf(await getStock(a, { subject: 'ann', sku: 'tea' }))).toMatchObject({ available: 5, sold: 0 });
  });
});

describe('lists', () => {
  it('page through all orders, newest first, with a cursor that holds in the other region', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 50);
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      world.nowMs += 10;
      ids.unshift(valueOf(await order(world.at('a'), `key-${index}`)).id);
    }
    world.replicate();
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 4; page += 1) {
      const answer = valueOf(await listOrders(world.places[page % 2] ?? world.at('a'), { subject: 'ann', limit: 2, cursor }));
      seen.push(...answer.orders.map((row) => row.id));
      cursor = answer.cursor;
    }
    expect(seen).toEqual(ids);
    expect(cursor).toBeUndefined();
  });
});

describe('the fold', () => {
  it('does not depend on the order or the repetition of facts, and ignores what it does not know', async () => {
    const world = new World(['a', 'b', 'c']);
    for (const place of world.places) await receive(place, `receipt-${place.region}`, 9);
    const { id } = valueOf(await order(world.at('c'), 'key-1', 2));
    await order(world.at('b'), 'key-1', 3);
    await payOrder(world.at('c'), { subject: 'ann', id, key: 'pay-1', amount: 5 });
    await payOrder(world.at('b'), { subject: 'ann', id, key: 'pay-1', amount: 6 });
    await shipOrder(world.at('c'), { subject: 'store', id, key: 'ship-1' });
    await cancelOrder(world.at('b'), { subject: 'ann', id });
    await world.settle();
    const facts = await world.at('a').store.query(`ORDER#${id}`);
    const expected = foldOrder(facts);
    const strange = [
      { pk: `ORDER#${id}`, sk: 'GIFT#b', v: 7 },
      { pk: `ORDER#${id}`, sk: 'E#paid', v: 1 },
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([...facts, ...facts, ...strange], { minLength: facts.length * 2 + strange.length - 2 }), (items) => {
        fc.pre(facts.every((fact) => items.includes(fact)));
        expect(foldOrder(items)).toEqual(expected);
      }),
    );
    expect(expected).toMatchObject({ state: 'shipped', keeper: { writer: 'c' } });
  });
});
