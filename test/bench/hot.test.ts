import { describe, expect, test } from 'vitest';
import { type HotRunResult, runHot } from '../../bench/hot.ts';
import { sum } from '../../functions/core/stock-fold.ts';
import { TILLS, tillKey } from '../../functions/core/tills.ts';

const REGION = 'eu-central-1';
const ROW = { pk: 'STOCK#tea', sk: `HELD#${REGION}` };

/** What is where in the end: nothing is lost, and nothing is there twice. */
const booksOf = ({ store, received, sold }: HotRunResult) => {
  const row = store.items.peek(ROW);
  const tills = Array.from({ length: TILLS }, (_, till) => Number(store.items.peek(tillKey('tea', till, REGION))?.['available'] ?? 0));
  const [available, taken] = [Number(row?.['available']), Number(row?.['sold'])];
  return { received: available + taken === received, sold: taken - sum(tills) === sold, lowest: Math.min(available, ...tills) >= 0 };
};
const RIGHT = { received: true, sold: true, lowest: true };

describe('500 orders a second on one sku of one region', () => {
  test.each([5, 10])(
    'sell, and stock comes in meanwhile, where items are held for %i ms and a key takes 1,000 units a second',
    async (heldMs) => {
      const run = await runHot({ heldMs, ordersASecond: 500, seconds: 4, units: 100_000, seed: 7 });
      const orders = run.sold + run.busy + run.short;
      expect(orders).toBeGreaterThan(1_500);
      expect((run.busy + run.short) / orders).toBeLessThan(0.001);
      expect([run.restocked > 5, run.restocksRefused]).toEqual([true, 0]);
      expect(booksOf(run)).toEqual(RIGHT);
      // The double refuses, else it would prove nothing.
      expect(run.store.refused.conflicts).toBeGreaterThan(100);
    },
  );

  test('for the last units sell all of them, are refused as sold out and not as trouble, and new stock comes in all the while', async () => {
    const run = await runHot({ heldMs: 10, ordersASecond: 500, seconds: 4, units: 700, seed: 7 });
    expect(booksOf(run)).toEqual(RIGHT);
    expect(run.short).toBeGreaterThan(500);
    // What came in at the very end may be there still.
    expect(run.sold).toBeGreaterThan(700);
    expect(run.received - run.sold).toBeLessThan(5);
    expect([run.restocked > 5, run.restocksRefused]).toEqual([true, 0]);
  });
});
