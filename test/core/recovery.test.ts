import { describe, expect, it } from 'vitest';
import { getOrder } from '../../functions/core/orders.ts';
import { rebuildRegion } from '../../functions/core/recovery.ts';
import { getStock } from '../../functions/core/stock.ts';
import { Died, MemoryEstate } from './estate.ts';
import { order, receive, valueOf } from './world.ts';

/** More than any recovery here has. */
const CALLS_MAX = 200;

describe('a rebuild', () => {
  it.each([[['a', 'b']], [['a', 'b', 'c']]])('of a in %j that dies after any of its calls is continued by the next', async (regions) => {
    const { calls } = await lostAndRebuilt(regions, Number.POSITIVE_INFINITY);
    expect(calls).toBeLessThan(CALLS_MAX);
    for (let diesAfter = 1; diesAfter < calls; diesAfter += 1) {
      const { estate, sold } = await lostAndRebuilt(regions, diesAfter);
      await estate.settle();
      for (const region of regions) {
        const place = estate.at(region);
        for (const id of sold)
          expect(await getOrder(place, { subject: 'ann', id }), `call ${diesAfter}, ${region}`).toMatchObject({ kind: 'done' });
        const { received, available } = valueOf(await getStock(place, { subject: 'ann', sku: 'tea' }));
        expect({ received, available }, `call ${diesAfter}, ${region}`).toEqual({ received: 20, available: 20 - 4 * sold.length });
      }
      expect(estate.controlOf('a'), `call ${diesAfter}`).toMatchObject({ incarnation: 2, fenced: false });
    }
  });
});

/** Sells 4 units before the loss, and 4 more wherever a's gate is open after the operator's death. */
const lostAndRebuilt = async (regions: readonly string[], diesAfter: number) => {
  const estate = new MemoryEstate(regions);
  await receive(estate.at('a'), 'receipt-1', 20);
  const sold = [valueOf(await order(estate.at('a'), 'key-1', 4)).id];
  await estate.settle();
  estate.lose('a');
  estate.diesAfter = diesAfter;
  try {
    await rebuildRegion(estate, 'a');
  } catch (error: unknown) {
    if (!(error instanceof Died)) throw error;
    const { fenced, incarnation } = estate.controlOf('a');
    if (incarnation === 2 && !fenced) sold.push(valueOf(await order(estate.at('a'), 'key-2', 4)).id);
    await rebuildRegion(estate, 'a');
  }
  return { estate, sold, calls: estate.calls };
};
