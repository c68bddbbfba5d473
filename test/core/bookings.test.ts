import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookingsCounted } from '../../functions/core/bookings.ts';
import { holds } from '../../functions/core/holdings.ts';
import { bookReceipt, getStock, receiveStock } from '../../functions/core/stock.ts';
import { foldHeld, stockKey, sum } from '../../functions/core/stock-fold.ts';
import type { Key } from '../../functions/core/store.ts';
import { houseKeep, order, type Place, receive, valueOf, World } from './world.ts';

const PK = stockKey('tea');
const carrierOf = (outcome: Awaited<ReturnType<typeof receiveStock>>): Key => {
  const [carrier] = outcome.kind === 'done' ? outcome.carriers : [];
  if (!carrier) throw new Error('nothing carries the answer');
  return carrier;
};
const stockIn = (place: Place, ...named: readonly Key[]) => getStock({ ...place, named }, { subject: 'ann', sku: 'tea' });
/** Items of a kind, from one region to another. */
const arrive = (from: Place, to: Place, type: string): void => {
  for (const item of from.store.find(PK, `${type}#`)) if (item.sk.endsWith(`#${from.writer}`)) to.store.place(item);
};

describe('stock with the token of a receipt', () => {
  it('is stale where the receipt alone has arrived, or the booking, until the row that has it in it is there', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const token = carrierOf(await receive(a, 'receipt-1', 10));
    expect(await holds(a.store, token)).toBe(true);
    expect(await holds(b.store, token)).toBe(false);
    for (const [type, held] of [
      ['RECEIPT', false],
      ['BOOKED', false],
      ['HELD', true],
    ] as const) {
      arrive(a, b, type);
      expect([type, await holds(b.store, token)]).toEqual([type, held]);
    }
    expect(valueOf(await stockIn(b, token))).toMatchObject({ available: 10 });
  });

  it('is stale with a row from before the booking', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    await receive(a, 'receipt-1', 10);
    world.replicate();
    await order(a, 'key-1', 4);
    const token = carrierOf(await receive(a, 'receipt-2', 5));
    for (const type of ['RECEIPT', 'BOOKED']) arrive(a, b, type);
    expect(await holds(b.store, token)).toBe(false);
    arrive(a, b, 'HELD');
    expect(await holds(b.store, token)).toBe(true);
  });

  it('shows as pending what another region has to book, and is stale until that has been done and seen', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const token = carrierOf(await receive(a, 'receipt-1', 10, 'b'));
    expect([await holds(a.store, token), valueOf(await stockIn(a, token))]).toEqual([
      false,
      { sku: 'tea', received: 0, available: 0, sold: 0, moving: 0, pending: 10, regions: [] },
    ]);
    expect(await stockIn(a)).toMatchObject({ code: 'not-found' });
    world.replicate();
    expect([await holds(b.store, token), valueOf(await stockIn(b, token, token))]).toMatchObject([false, { pending: 10 }]);
    await houseKeep(b);
    expect([await holds(b.store, token), valueOf(await stockIn(b, token))]).toMatchObject([true, { received: 10 }]);
    expect(valueOf(await stockIn(b, token))).not.toHaveProperty('pending');
    arrive(b, a, 'BOOKED');
    expect(await holds(a.store, token)).toBe(false);
    arrive(b, a, 'HELD');
    expect(await holds(a.store, token)).toBe(true);
    // The token of another sku's receipt is none of this one's.
    const other = carrierOf(await receiveStock(a, { subject: 'ann', sku: 'cup', region: 'b', key: 'receipt-2', quantity: 7 }));
    expect(valueOf(await stockIn(a, other))).not.toHaveProperty('pending');
  });

  it('is as it was for bookings and rows of a release that does not count them', async () => {
    const world = new World();
    const { store } = world.at('b');
    const token = { pk: PK, sk: 'RECEIPT#h#a' };
    store.place({ ...token, v: 1, region: 'a', quantity: 3 });
    store.place({ pk: PK, sk: 'BOOKED#h#a', v: 1, quantity: 3 });
    expect(await holds(store, token)).toBe(false);
    store.place({ pk: PK, sk: 'HELD#a', v: 1, available: 3 });
    expect(await holds(store, token)).toBe(true);
    const b = world.at('b');
    store.place({ pk: PK, sk: 'HELD#b', v: 1, available: 3, rev: 7 });
    const next = carrierOf(await receive(b, 'receipt-1', 2));
    expect([await holds(store, next), store.peek({ pk: PK, sk: 'HELD#b' })]).toMatchObject([true, { available: 5, rev: 8, bookings: 1 }]);
  });

  it("counts a later incarnation's row as one that has all of those before, and an earlier one's as one that has not", async () => {
    const world = new World();
    const { store } = world.at('b');
    const token = { pk: PK, sk: 'RECEIPT#h#a' };
    store.place({ ...token, v: 1, region: 'a', quantity: 3 });
    store.place({ pk: PK, sk: 'BOOKED#h#a.2', v: 1, quantity: 3, n: 9 });
    store.place({ pk: PK, sk: 'HELD#a', v: 1, available: 3, bookings: 40 });
    expect(await holds(store, token)).toBe(false);
    store.place({ pk: PK, sk: 'HELD#a.3', v: 1, available: 3 });
    expect(await holds(store, token)).toBe(true);
  });

  it('whatever arrives in whatever order, is not stale only where the units are counted', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 9 }), heard: fc.array(fc.nat(), { maxLength: 6 }), sold: fc.boolean() }), {
          minLength: 1,
          maxLength: 8,
        }),
        async (steps) => {
          const world = new World();
          const [a, b] = [world.at('a'), world.at('b')];
          const told: { readonly token: Key; readonly units: number }[] = [];
          let units = 0;
          for (const [index, { quantity, heard, sold }] of steps.entries()) {
            units += quantity;
            told.push({ token: carrierOf(await receive(a, `receipt-${index}`, quantity)), units });
            if (sold) await order(a, `key-${index}`, 1);
            const items = a.store.find(PK);
            for (const n of heard) b.store.place(items[n % items.length] ?? { pk: '', sk: '', v: 1 });
            const [row] = foldHeld(b.store.find(PK, 'HELD#'));
            const shown = row ? row.available + row.sold : 0;
            for (const { token, units: owed } of told) if (await holds(b.store, token)) expect(shown).toBeGreaterThanOrEqual(owed);
          }
          world.replicate();
          for (const { token } of told) expect(await holds(b.store, token)).toBe(true);
        },
      ),
      { numRuns: 100 },
    ));
});

describe('bookings', () => {
  it('that overlap each have a number of their own', async () => {
    const world = new World();
    const a = world.at('a');
    const ids = await Promise.all([1, 2, 3, 4, 5].map(async (n) => valueOf(await receive(world.at('b'), `receipt-${n}`, n, 'a')).id));
    world.replicate();
    await Promise.all([...ids, ...ids].map((id) => bookReceipt(a, 'tea', id)));
    const booked = a.store.find(PK, 'BOOKED#').map((item) => Number(item['n']));
    expect(booked.toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect([bookingsCounted(a.store.find(PK), 'a'), sum(foldHeld(a.store.find(PK)).map(({ available }) => available))]).toEqual([5, 15]);
  });

  it('go on where the count of the row is damaged', async () => {
    const world = new World();
    const a = world.at('a');
    a.store.place({ pk: PK, sk: 'HELD#a', v: 1, available: 1, bookings: 'many' });
    expect(await receive(a, 'receipt-1', 2)).toMatchObject({ kind: 'done' });
    expect(a.store.peek({ pk: PK, sk: 'HELD#a' })).toMatchObject({ available: 3, bookings: 'many' });
  });
});
