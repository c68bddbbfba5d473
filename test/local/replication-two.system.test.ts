import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startLossyProxy } from './replication-lossy.ts';
import { PAIR, pairOf, quiet, withPair } from './replication-pair.ts';
import { replicationOf, startRegions, type TestRegion } from './replication-regions.ts';

describe('replication between two emulators', () => {
  it('copies in both directions, deletes too, and then stays silent: no echo', async () => {
    await withPair(async (a, b, { replication }) => {
      // given items of each region, in both tables
      for (let n = 0; n < 20; n += 1) {
        await a.put(`a${n}`, n);
        await b.put(`b${n}`, n);
      }
      await b.put('switch', 'on', 'tandem-control');
      // when they have arrived, one is deleted
      await eventually(
        () => a.contents(),
        (items) => items.length === 40,
      );
      await eventually(
        () => b.contents(),
        (items) => items.length === 40,
      );
      await a.remove('b3');
      await eventually(
        () => b.get('b3'),
        (value) => value === undefined,
      );
      // then both tables agree, every write was made once in each region, and nothing more follows
      await eventually(
        () => a.get('switch', 'tandem-control'),
        (value) => value === 'on',
      );
      await sleep(1_500);
      expect(await b.contents()).toEqual(await a.contents());
      expect(await a.recordCount()).toBe(41);
      expect(await b.recordCount()).toBe(41);
      expect(await a.recordCount('tandem-control')).toBe(1);
      expect(replication.links()).toMatchObject([
        { from: a.name, to: b.name, pending: 0, cut: false, paused: false, delayMs: 0 },
        { from: b.name, to: a.name, pending: 0, cut: false, paused: false, delayMs: 0 },
      ]);
      expect(replication.links().every(({ lagMs }) => lagMs !== null && lagMs < 30_000)).toBe(true);
    });
  });

  it('keeps the last of many quick writes of one key: what comes back does not count as newer', async () => {
    await withPair(async (a, b, { replication }) => {
      // given a delay: an echo of an early write, taken for a new one, would be newer than the last write
      await replication.set({ from: a.name, to: b.name, delayMs: 300 });
      for (let n = 0; n < 200; n += 1) {
        await a.put('counter', n);
        await sleep(5);
      }
      await quiet(replication);
      expect([await a.get('counter'), await b.get('counter')]).toEqual(['199', '199']);
      expect(await a.recordCount()).toBe(200);
    });
  });

  it('tries again when writes, or the answers to them, are lost on their way', async () => {
    const regions = await startRegions(PAIR);
    const [a, b] = pairOf(regions);
    const proxy = await startLossyProxy(b.emulator);
    const replication = replicationOf([a, { ...b, emulator: { ...b.emulator, endpoint: proxy.endpoint } }], () => undefined);
    try {
      await replication.start();
      for (const mode of ['writes lost', 'answers lost'] as const) {
        // given a way that loses them, and a deletion and writes to be carried
        proxy.set('whole');
        await a.put('doomed', mode);
        await eventually(
          () => b.get('doomed'),
          (value) => value === mode,
        );
        proxy.set(mode);
        const before = proxy.lost();
        for (let n = 0; n < 20; n += 1) await a.put(`${mode} ${n}`, n);
        await a.put('changed', mode);
        await a.remove('doomed');
        await eventually(
          () => proxy.lost() - before,
          (lost) => lost >= 22,
        );
        // when it is whole again
        proxy.set('whole');
        await quiet(replication);
        // then nothing is missing
        expect(await b.contents()).toEqual(await a.contents());
      }
      expect(await b.contents()).toHaveLength(41);
      expect(await a.recordCount()).toBe(46);
    } finally {
      await replication.stop();
      await proxy.stop();
      await Promise.all(regions.map(({ emulator }) => emulator.stop()));
    }
  });

  it('lets the later of two writes of a key win in both regions', async () => {
    await withPair(async (a, b, { replication }) => {
      // given writes in both regions that do not know of each other
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const)
        await replication.set({ from: from.name, to: to.name, paused: true });
      await a.put('x', 'earlier');
      await b.put('y', 'earlier');
      await sleep(5);
      await b.put('x', 'later');
      await a.put('y', 'later');
      // when the earlier one travels first
      await replication.set({ from: a.name, to: b.name, paused: false });
      await eventually(
        () => b.get('y'),
        (value) => value === 'later',
      );
      await replication.set({ from: b.name, to: a.name, paused: false });
      // then the later one is everywhere
      await eventually(
        () => a.get('x'),
        (value) => value === 'later',
      );
      await quiet(replication);
      expect([await a.get('x'), await b.get('x'), await a.get('y'), await b.get('y')]).toEqual(['later', 'later', 'later', 'later']);
    });
  });

  it('converges while both regions write the same few keys as fast as they can', async () => {
    await withPair(async (a, b, { replication }) => {
      const hammer = async (region: TestRegion): Promise<void> => {
        for (let n = 0; n < 150; n += 1) {
          if (n % 7 === 3) await region.remove(`hot${n % 3}`);
          else await region.put(`hot${n % 3}`, `${region.name} ${n}`);
        }
      };
      await Promise.all([hammer(a), hammer(b)]);
      await quiet(replication);
      expect(await b.contents()).toEqual(await a.contents());
    });
  });

  it('brings items together that are there before it starts, from both sides', async () => {
    const regions = await startRegions(PAIR);
    const [a, b] = pairOf(regions);
    const replication = replicationOf(regions, () => undefined);
    try {
      await a.put('x', 'earlier');
      await sleep(5);
      await b.put('x', 'later');
      await a.put('only a', 1);
      await replication.start();
      expect(await b.contents()).toEqual(await a.contents());
      expect([await a.get('x'), await b.get('only a')]).toEqual(['later', '1']);
    } finally {
      await replication.stop();
      await Promise.all(regions.map(({ emulator }) => emulator.stop()));
    }
  });
});
