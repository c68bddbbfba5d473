import { describe, expect, it } from 'vitest';
import { lookAtReclaim, reclaimStock } from '../../functions/core/reclaim.ts';
import { RecoveryRefused, rebuildRegion } from '../../functions/core/recovery.ts';
import { getStock, rebalanceStock } from '../../functions/core/stock.ts';
import { Died, MemoryEstate } from './estate.ts';
import { order, receive, valueOf } from './world.ts';

const TWO = ['a', 'b'] as const;
const THREE = ['a', 'b', 'c'] as const;
/** More than any reclaim here has. */
const CALLS_MAX = 200;

describe('a reclaim', () => {
  it.each([[TWO], [THREE]])('of a in %j gives what is left to b, once, however often it is run', async (regions) => {
    const estate = await withStock(regions);
    estate.lose('a');
    const before = estate.fingerprint();
    expect((await lookAtReclaim(estate, 'a')).granted).toEqual([{ sku: 'tea', units: 16 }]);
    expect(estate.fingerprint()).toBe(before);
    expect((await reclaimStock(estate, 'a')).granted).toEqual([{ sku: 'tea', units: 16 }]);
    expect((await reclaimStock(estate, 'a')).granted).toEqual([]);
    await estate.settle();
    for (const region of regions.slice(1)) expect(await heldIn(estate, region)).toEqual({ received: 20, a: 0, b: 16 });
  });

  it.each([[TWO], [THREE]])('of a in %j that dies after any of its calls is continued by the next', async (regions) => {
    const { calls } = await reclaimedAfter(regions, Number.POSITIVE_INFINITY);
    expect(calls).toBeLessThan(CALLS_MAX);
    for (let diesAfter = 1; diesAfter < calls; diesAfter += 1) {
      const { estate } = await reclaimedAfter(regions, diesAfter);
      for (const region of regions.slice(1))
        expect(await heldIn(estate, region), `call ${diesAfter}, ${region}`).toEqual({ received: 20, a: 0, b: 16 });
      expect(estate.controlOf('a', 'b'), `call ${diesAfter}`).toMatchObject({ incarnation: 2, fenced: true, closed: true });
    }
  });

  it.each([[TWO], [THREE]])('of a in %j is followed by a rebuild that does not find the units a second time', async (regions) => {
    const estate = await withStock(regions);
    estate.lose('a');
    await reclaimStock(estate, 'a');
    await order(estate.at('b'), 'key-2', 10);
    expect(await rebuildRegion(estate, 'a')).toMatchObject({ incarnation: 3, negative: [] });
    await estate.settle();
    for (const region of regions) expect(await heldIn(estate, region)).toEqual({ received: 20, a: 0, b: 6 });
  });

  it('that died anywhere is followed by a rebuild that counts each unit once', async () => {
    const { calls } = await reclaimedAfter(THREE, Number.POSITIVE_INFINITY);
    for (let diesAfter = 1; diesAfter < calls; diesAfter += 1) {
      const estate = await withStock(THREE);
      estate.lose('a');
      estate.diesAfter = diesAfter;
      await reclaimStock(estate, 'a').catch(onlyDied);
      await rebuildRegion(estate, 'a');
      await estate.settle();
      for (const region of THREE) {
        const stock = valueOf(await getStock(estate.at(region), { subject: 'ann', sku: 'tea' }));
        expect(stock, `call ${diesAfter}, ${region}`).toMatchObject({ received: 20, available: 16, sold: 4, moving: 0 });
      }
    }
  });

  it('is refused while a rebuild has not ended, and for a region that serves', async () => {
    const estate = await withStock(TWO);
    await expect(reclaimStock(estate, 'a')).rejects.toThrow(/not lost/);
    estate.lose('a');
    estate.diesAfter = estate.calls + 5;
    await rebuildRegion(estate, 'a').catch(onlyDied);
    const before = estate.fingerprint();
    await expect(reclaimStock(estate, 'a')).rejects.toThrow(/rebuild as a\.2 was begun/);
    await expect(reclaimStock(estate, 'a')).rejects.toBeInstanceOf(RecoveryRefused);
    expect(estate.fingerprint()).toBe(before);
  });

  it('counts what survivors had granted to the dead and nobody took over, and takes its wish back', async () => {
    const estate = new MemoryEstate(THREE);
    await receive(estate.at('c'), 'receipt-1', 20);
    estate.replicate();
    await order(estate.at('a'), 'key-1', 8);
    estate.replicate();
    await rebalanceStock(estate.at('c'), 'tea');
    estate.lose('a');
    expect((await reclaimStock(estate, 'a')).granted).toEqual([{ sku: 'tea', units: 10 }]);
    await estate.settle();
    for (const region of ['b', 'c']) expect(await heldIn(estate, region)).toEqual({ received: 20, a: 0, b: 10, c: 10 });
  });

  it('grants a later receipt that names the dead when it is run again', async () => {
    const estate = await withStock(THREE);
    estate.lose('a');
    await reclaimStock(estate, 'a');
    await receive(estate.at('c'), 'receipt-2', 7, 'a');
    await estate.settle();
    expect((await reclaimStock(estate, 'a')).granted).toEqual([{ sku: 'tea', units: 7 }]);
    await estate.settle();
    for (const region of ['b', 'c']) expect(await heldIn(estate, region)).toEqual({ received: 27, a: 0, b: 23 });
  });

  it('grants nothing of a sku of which the dead had sold more than anybody knows to be received', async () => {
    const estate = new MemoryEstate(TWO);
    await receive(estate.at('a'), 'receipt-1', 5);
    const { id } = valueOf(await order(estate.at('a'), 'key-1', 5));
    for (const item of estate.table('a', 'data').items()) if (item.sk.startsWith('PLACED')) estate.table('b', 'data').hear(item);
    estate.lose('a');
    const { granted, negative, openOrders } = await reclaimStock(estate, 'a');
    expect({ granted, negative, openOrders }).toEqual({ granted: [], negative: [{ sku: 'tea', units: 5 }], openOrders: [id] });
    expect(await heldIn(estate, 'b')).toEqual({ received: 0, a: -5 });
  });
});

/** 20 received in a, 4 of them in an open order, and everybody knows. */
const withStock = async (regions: readonly string[]): Promise<MemoryEstate> => {
  const estate = new MemoryEstate(regions);
  await receive(estate.at('a'), 'receipt-1', 20);
  await order(estate.at('a'), 'key-1', 4);
  await estate.settle();
  return estate;
};

const reclaimedAfter = async (regions: readonly string[], diesAfter: number) => {
  const estate = await withStock(regions);
  estate.lose('a');
  estate.diesAfter = diesAfter;
  await reclaimStock(estate, 'a').catch(async (error: unknown) => {
    onlyDied(error);
    await reclaimStock(estate, 'a');
  });
  const { calls } = estate;
  await estate.settle();
  return { estate, calls };
};

const onlyDied = (error: unknown): void => {
  if (!(error instanceof Died)) throw error;
};

/** What a region believes of tea: received, and available in each region that holds a row. */
const heldIn = async (estate: MemoryEstate, region: string): Promise<Readonly<Record<string, number>>> => {
  const { received, regions } = valueOf(await getStock(estate.at(region), { subject: 'ann', sku: 'tea' }));
  return { received, ...Object.fromEntries(regions.map((row) => [row.region, row.available])) };
};
