import { describe, expect, it } from 'vitest';
import { keyRemovalItem } from '../../functions/core/keys.ts';
import { switchItem } from '../../functions/core/operations.ts';
import { shipOrder } from '../../functions/core/order-events.ts';
import { getOrder, listOrders } from '../../functions/core/orders.ts';
import { reclaimStock } from '../../functions/core/reclaim.ts';
import { rebuildRegion } from '../../functions/core/recovery.ts';
import { getStock } from '../../functions/core/stock.ts';
import type { Item } from '../../functions/core/store.ts';
import { foldWishes } from '../../functions/core/wishes.ts';
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

describe('a region that still serves', () => {
  it.each<[string, (estate: MemoryEstate) => Promise<unknown>]>([
    ['rebuild', (estate) => rebuildRegion(estate, 'a')],
    ['reclaim', (estate) => reclaimStock(estate, 'a')],
  ])('is neither fenced nor cut off by a %s', async (_, recover) => {
    const estate = new (class extends MemoryEstate {
      override closeDoor(): Promise<void> {
        return Promise.reject(new Error('it serves'));
      }
    })(['a', 'b']);
    estate.lose('a');
    const before = estate.fingerprint();
    await expect(recover(estate)).rejects.toThrow('it serves');
    expect(estate.fingerprint()).toBe(before);
    expect(estate.lines).toEqual([]);
  });
});

describe('what a region had told only one survivor', () => {
  it('all survivors know after the rebuild, of switches the latest word, and a removed key stays removed', async () => {
    const estate = new MemoryEstate(['a', 'b', 'c']);
    const put = (by: string, item: Item): void => estate.table(by, 'control').hear(item);
    const evacuate = (evacuate: boolean, atMs: number): Item => switchItem({ region: 'c', by: 'a', evacuate, atMs, reason: 'test' });
    put('b', evacuate(true, 2));
    put('c', evacuate(false, 1));
    put('c', keyRemovalItem('k1', { by: 'a', atMs: 3 }));
    estate.lose('a');
    await rebuildRegion(estate, 'a');
    await estate.settle();
    for (const region of estate.regions) {
      expect(estate.controlOf('c', region), region).toMatchObject({ evacuate: true, switchedAtMs: 2 });
      expect(estate.table(region, 'control').find('KEY#k1'), region).toHaveLength(1);
    }
  });

  it.each<[string, (estate: MemoryEstate) => Promise<unknown>]>([
    ['rebuild', (estate) => rebuildRegion(estate, 'a')],
    ['reclaim', (estate) => reclaimStock(estate, 'a')],
  ])('an order of which only an end is left is in the lists of all regions after a %s', async (_, recover) => {
    const estate = new MemoryEstate(['a', 'b', 'c']);
    const a = estate.at('a');
    await receive(a, 'receipt-1', 20);
    const { id } = valueOf(await order(a, 'key-1', 4));
    await shipOrder(a, { subject: 'store', id, key: 'ship-1' });
    for (const item of estate.table('a', 'data').items()) if (item.sk.startsWith('END#')) estate.table('c', 'data').hear(item);
    expect(valueOf(await getOrder(estate.at('c'), { subject: 'ann', id })).state).toBe('shipped');
    estate.lose('a');
    await recover(estate);
    await estate.settle();
    for (const region of ['b', 'c']) {
      const { orders } = valueOf(await listOrders(estate.at(region), { subject: 'ann', limit: 20 }));
      expect(orders, region).toMatchObject([{ id, placedBy: 'a', lines: [{ sku: 'tea', quantity: 4 }] }]);
    }
  });

  it('it wishes for nothing when it is rebuilt, whoever had heard of its wish', async () => {
    const estate = new MemoryEstate(['a', 'b', 'c']);
    await receive(estate.at('b'), 'receipt-1', 20);
    estate.replicate();
    await order(estate.at('a'), 'key-1', 8);
    for (const item of estate.table('a', 'data').items()) estate.table('c', 'data').hear(item);
    estate.lose('a');
    await rebuildRegion(estate, 'a');
    await estate.settle();
    for (const region of estate.regions) expect(foldWishes(estate.table(region, 'data').items(), estate.now()).get('a'), region).toBe(0);
    expect(valueOf(await getStock(estate.at('a'), { subject: 'ann', sku: 'tea' })).regions).toMatchObject([{ region: 'b', available: 20 }]);
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
