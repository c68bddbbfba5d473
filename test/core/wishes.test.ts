import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOrder } from '../../functions/core/orders.ts';
import { RecentSkus, SHORT_MS } from '../../functions/core/recent-skus.ts';
import { rebalanceStock } from '../../functions/core/stock.ts';
import { foldHeld, stockKey } from '../../functions/core/stock-fold.ts';
import { StoreUnavailable, type Write } from '../../functions/core/store.ts';
import { EXPIRES } from '../../functions/core/synthetic.ts';
import { foldWishes, WISH, WISH_MS, wishItem } from '../../functions/core/wishes.ts';
import { order, type Place, receive, World } from './world.ts';

const availableIn = (place: Place, sku = 'tea'): number =>
  foldHeld(place.store.find(stockKey(sku))).find(({ region }) => region === place.region)?.available ?? 0;
const wishesIn = (world: World): readonly string[] =>
  world.places.flatMap(({ store }) => store.items().flatMap(({ sk }) => (sk.startsWith(`${WISH}#`) ? [sk] : [])));

/** All writes of a place, and whether they were done. */
const written = (place: Place): (readonly Write[])[] => {
  const all: (readonly Write[])[] = [];
  const transact = place.store.transact.bind(place.store);
  place.store.transact = (writes) => {
    all.push(writes);
    return transact(writes);
  };
  return all;
};

describe('refused orders of anybody', () => {
  const refusal = fc.record({
    region: fc.nat(),
    quantity: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(1_000, 1_000_000)),
    afterMs: fc.constantFrom(0, 0, 1_000, 11_000, 60_000),
    settled: fc.boolean(),
  });

  it('once settled, each region can still sell what it sold before; and nobody is left with less than a share', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ received: fc.integer({ min: 0, max: 30 }), sold: fc.integer({ min: 1, max: 15 }) }), {
          minLength: 2,
          maxLength: 4,
        }),
        fc.array(refusal, { maxLength: 25 }),
        async (stock, refusals) => {
          const regions = ['a', 'b', 'c', 'd'].slice(0, stock.length);
          const world = new World(regions);
          const before = new Map<string, { readonly available: number; readonly sold: number }>();
          for (const [index, { received, sold }] of stock.entries()) {
            const place = world.at(regions[index] ?? '');
            if (received > 0) await receive(place, 'receipt', received);
            const done = received > 0 && (await order(place, `sold-in-${place.region}`, sold)).kind === 'done';
            before.set(place.region, { available: availableIn(place), sold: done ? sold : 0 });
          }
          await world.settle();
          const startMs = world.nowMs;
          for (const [index, { region, quantity, afterMs, settled }] of refusals.entries()) {
            if (world.nowMs + afterMs - startMs < 10 * 60_000) world.nowMs += afterMs;
            const place = world.at(regions[region % regions.length] ?? '');
            if (quantity > availableIn(place))
              expect(await order(place, `refused-${index}`, quantity)).toMatchObject({ code: 'out-of-stock' });
            if (settled) await world.settle();
          }
          await world.settle();
          for (const place of world.places) {
            const { available, sold } = before.get(place.region) ?? { available: 0, sold: 0 };
            expect(availableIn(place), place.region).toBeGreaterThanOrEqual(
              Math.min(available, Math.max(sold, Math.ceil(available / regions.length))),
            );
            if (sold > 0 && sold <= available) expect(await order(place, 'as-before', sold)).toMatchObject({ kind: 'done' });
          }
        },
      ),
      { numRuns: 200 },
    ));

  it('leave a giver its share, however often and for whatever they ask, for days', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt', 1_000);
    await world.settle();
    for (let n = 0; n < 100; n += 1) {
      world.nowMs += 47 * 60_000;
      await order(world.at('b'), `greedy-${n}`, 1_000 - (n % 400));
      await world.settle();
    }
    expect([availableIn(world.at('a')), availableIn(world.at('b'))]).toEqual([500, 500]);
  });

  it('do not draw new stock away from where it is sold', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 900);
    await receive(world.at('b'), 'receipt-2', 500);
    await world.settle();
    for (let n = 0; n < 100; n += 1) {
      world.nowMs += 60_000;
      await order(world.at('b'), `greedy-${n}`, 1_400);
      await world.settle();
      expect(await order(world.at('a'), `honest-${n}`, 1)).toMatchObject({ kind: 'done' });
    }
  });

  it('above what all regions hold leave no wish, nor do those for skus that no region holds', async () => {
    const world = new World(['a', 'b', 'c']);
    for (const [region, units] of [
      ['a', 900],
      ['c', 500],
    ] as const)
      await receive(world.at(region), 'receipt', units);
    await world.settle();
    const before = world.fingerprint();
    const b = world.at('b');
    expect(await order(b, 'too-many', 1_401)).toMatchObject({
      code: 'out-of-stock',
      detail: expect.stringContaining('all regions together'),
    });
    const strange = Array.from({ length: 50 }, (_, n) => ({ sku: `sku-${n}`, quantity: 1 }));
    await placeOrder(b, { subject: 'ann', key: 'strange', request: { lines: strange } });
    // One line that nobody can fill: that the other is moved would help nobody.
    await placeOrder(b, { subject: 'ann', key: 'mixed', request: { lines: [{ sku: 'tea', quantity: 1 }, ...strange.slice(1)] } });
    expect(world.fingerprint()).toBe(before);
  });

  it('that can be met are met where another region has plenty', async () => {
    const world = new World(['a', 'b', 'c']);
    await receive(world.at('a'), 'receipt', 1_000);
    for (let n = 0; n < 20; n += 1) await order(world.at('a'), `sold-${n}`, 10);
    await world.settle();
    await Promise.all(['b', 'c'].map((region) => order(world.at(region), `wished-in-${region}`, 30)));
    await world.settle();
    for (const region of ['b', 'c']) expect(await order(world.at(region), `wished-in-${region}`, 30)).toMatchObject({ kind: 'done' });
  });

  it('are met after ten minutes where a region has sold for years, if it has more than it sells meanwhile', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt', 5_000);
    for (let n = 0; n < 40; n += 1) await order(a, `sold-${n}`, 100);
    await world.settle();
    const ask = async () => {
      const outcome = await order(world.at('b'), 'wished', 30);
      await world.settle();
      return outcome.kind;
    };
    expect(await ask()).toBe('refused');
    world.nowMs += 60_000;
    expect(await ask(), 'nobody knows yet how much is sold').toBe('refused');
    world.nowMs += 10 * 60_000;
    expect([await ask(), await ask()]).toEqual(['refused', 'done']);
  });
});

describe('a wish', () => {
  it('is written once for what is asked again and again, whatever grows a little', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt', 1_000);
    await world.settle();
    const b = world.at('b');
    for (let n = 0; n < 40; n += 1) {
      world.nowMs += 200;
      await order(b, `again-${n}`, 9 + (n % 8));
    }
    expect(wishesIn(world)).toHaveLength(1);
    const all = written(b);
    await order(b, 'less', 1);
    expect(all.filter((writes) => writes.some((write) => write.action === 'put' && write.item.sk.startsWith(WISH)))).toEqual([]);
    world.nowMs += 25_000;
    await order(b, 'later', 9);
    expect(wishesIn(world)).toHaveLength(2);
  });

  it('of many lines is written side by side', async () => {
    const world = new World();
    const lines = Array.from({ length: 20 }, (_, n) => ({ sku: `sku-${n}`, quantity: 2 }));
    for (const { sku } of lines) await receive(world.at('a'), `receipt-${sku}`, 9, 'a', sku);
    await world.settle();
    const b = world.at('b');
    const transact = b.store.transact.bind(b.store);
    let [atOnce, most] = [0, 0];
    b.store.transact = async (writes) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return transact(writes);
    };
    await placeOrder(b, { subject: 'ann', key: 'many', request: { lines } });
    expect([wishesIn(world).length, most]).toEqual([20, 20]);
  });

  it('counts for five minutes, and is forgotten by the table', async () => {
    const world = new World();
    const item = wishItem('tea', 'b', 4, world.nowMs);
    expect(foldWishes([item], world.nowMs)).toEqual(new Map([['b', 4]]));
    expect(foldWishes([item], world.nowMs + WISH_MS + 10_000)).toEqual(new Map());
    expect(foldWishes([wishItem('tea', 'b', 4, world.nowMs + 3_600_000)], world.nowMs), 'of a clock that is an hour ahead').toEqual(
      new Map(),
    );
    expect(item).toMatchObject({ [EXPIRES]: world.nowMs / 1_000 + 3_600 });
    world.at('a').store.place(item);
    await receive(world.at('a'), 'receipt', 10);
    world.nowMs += WISH_MS + 10_000;
    await rebalanceStock(world.at('a'), 'tea');
    expect(availableIn(world.at('a'))).toBe(10);
  });

  it('is heard over the boundaries of what is asked for', async () => {
    for (const offsetMs of [0, 990_000, 999_999, 1_000_000 - WISH_MS, 1_000_000 - WISH_MS + 10_000]) {
      const world = new World();
      world.nowMs = 1_760_000_000_000 + offsetMs;
      await receive(world.at('a'), 'receipt', 10);
      world.at('a').store.place(wishItem('tea', 'b', 4, world.nowMs));
      world.nowMs += WISH_MS - 20_000;
      await rebalanceStock(world.at('a'), 'tea');
      expect(availableIn(world.at('a')), String(offsetMs)).toBe(5);
    }
  });

  it('of an earlier incarnation does not count beside a later one', () => {
    const nowMs = new World().nowMs;
    expect(foldWishes([wishItem('tea', 'b', 64, nowMs), wishItem('tea', 'b.2', 0, nowMs)], nowMs)).toEqual(new Map([['b', 0]]));
  });

  it('that the table does not take fails no refusal', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt', 10);
    await world.settle();
    const b = world.at('b');
    const transact = b.store.transact.bind(b.store);
    b.store.transact = (writes) =>
      writes.some((write) => write.action === 'put' && write.item.sk.startsWith(WISH))
        ? Promise.reject(new StoreUnavailable('throttled'))
        : transact(writes);
    expect(await order(b, 'key', 3)).toMatchObject({ code: 'out-of-stock' });
  });
});

describe('what an environment found to be short', () => {
  it('is refused without a write for a second, unless it can be sold by now', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt', 2);
    await world.settle();
    const place = { ...world.at('b'), shortages: new RecentSkus(SHORT_MS) };
    const all = written(place);
    await order(place, 'key-1', 1);
    const tried = all.length;
    world.nowMs += 900;
    for (const key of ['key-2', 'key-3']) expect(await order(place, key, 1)).toMatchObject({ code: 'out-of-stock' });
    expect(all.length).toBe(tried);
    await receive(place, 'new', 1);
    expect(await order(place, 'key-2', 1)).toMatchObject({ kind: 'done' });
    expect(await order(place, 'key-2', 1)).toMatchObject({ replayed: true });
    const [sold] = [all.length];
    world.nowMs += 1_000;
    await order(place, 'key-4', 1);
    expect(all.length, 'it is tried again after a second').toBe(sold + 1);
  });

  it('is remembered of a bounded number of skus', () => {
    const shortages = new RecentSkus(SHORT_MS);
    for (let n = 0; n < 1_001; n += 1) shortages.seen(`sku-${n}`, 0);
    expect([shortages.isFresh('sku-0', 0), shortages.isFresh('sku-1', 0), shortages.isFresh('sku-1', 1_000)]).toEqual([false, true, false]);
  });
});
