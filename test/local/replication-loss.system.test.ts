import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PAIR, withPair } from './replication-pair.ts';
import { withWorld } from './replication-regions.ts';

const THREE = [...PAIR, 'us-east-1'] as const;

describe('replication when a region is frozen or lost', () => {
  it('loses nothing when a region freezes under load and goes on', async () => {
    await withPair(async (a, b, { replication, events }) => {
      // given load on keys of its own and on one key again and again, in both regions
      let running = true;
      let written = 0;
      const load = (async () => {
        for (; running; written += 1) {
          await a.put(`a${written}`, written);
          await a.put('counter', written);
          await sleep(20);
        }
      })();
      for (let n = 0; n < 10; n += 1) await b.put(`b${n}`, n);
      await eventually(() => written > 20);
      // when b stands still for longer than its callers wait, and goes on
      b.emulator.freeze();
      await eventually(() => events.some(({ detail }) => detail.startsWith('changes wait')));
      await sleep(6_000);
      b.emulator.thaw();
      await b.put('b after', 1);
      const beforeEnd = written;
      await eventually(() => written > beforeEnd + 20);
      running = false;
      await load;
      // then both hold the same, with the newest counter
      const expected = await eventually(
        async () => [await a.contents(), await b.contents()],
        ([left, right]) => JSON.stringify(left) === JSON.stringify(right),
      );
      // Those of a, those of b, the counter and what b wrote after.
      expect(expected[0]).toHaveLength(written + 10 + 2);
      expect(await b.get('counter')).toBe(await a.get('counter'));
      expect(await a.get('b after')).toBe('1');
      // and events tell of it when it begins and when it ends, not one for each try
      await eventually(
        () => [/^changes wait/, /answers again$/].map((text) => events.filter(({ detail }) => text.test(detail)).length),
        ([begun, ended]) => begun !== undefined && begun > 0 && begun === ended,
      );
      // and nothing travels any more
      const records = await b.recordCount();
      await sleep(1_500);
      expect(await b.recordCount()).toBe(records);
      expect(replication.links().every(({ pending }) => pending === 0)).toBe(true);
    });
  });

  it('leaves a killed region alone until it is restored, then fills it and takes what it has', async () => {
    await withPair(async (a, b, { replication, events }) => {
      // given items in both regions
      for (let n = 0; n < 300; n += 1) await a.put(`a${n}`, n);
      await b.put('b', 1);
      await b.put('switch', 'on', 'tandem-control');
      await eventually(
        () => b.contents(),
        (items) => items.length === 301,
      );
      // A write that nobody has yet is lost with its region.
      await eventually(
        () => a.contents(),
        (items) => items.length === 301,
      );
      await eventually(
        () => a.get('switch', 'tandem-control'),
        (value) => value === 'on',
      );
      // when a region is killed and the other goes on
      await b.emulator.kill();
      await a.put('meanwhile', 1);
      await eventually(
        () => events.filter(({ detail }) => detail.startsWith('changes wait')).length,
        (count) => count === 1,
      );
      await sleep(2_000);
      expect(events.filter(({ detail }) => detail.startsWith('changes wait'))).toHaveLength(1);
      // and comes back empty
      await b.emulator.restart();
      await b.createTables();
      await b.put('fence', 1, 'tandem-control');
      // then its links are cut by themselves
      await eventually(
        () => replication.links(),
        (links) => links.every(({ cut }) => cut),
      );
      await sleep(1_000);
      expect(await b.contents()).toEqual([]);
      expect(await a.contents()).toHaveLength(302);
      // until it is restored
      await replication.restore(b.name);
      expect(await b.contents()).toEqual(await a.contents());
      expect(await a.contents()).toHaveLength(302);
      expect(await b.contents('tandem-control')).toEqual(await a.contents('tandem-control'));
      expect([await a.get('fence', 'tandem-control'), await b.get('switch', 'tandem-control')]).toEqual(['1', 'on']);
      await b.put('again', 1);
      await eventually(
        () => a.get('again'),
        (value) => value === '1',
      );
    });
  });

  it('keeps three regions equal; one that is cut off misses out, and does not hinder the others', async () => {
    await withWorld(THREE, async ({ regions, replication }) => {
      const [a, b, c] = regions;
      if (!a || !b || !c) throw new Error('three regions expected');
      await Promise.all(regions.map((region) => region.put(region.name, 1)));
      for (const region of regions)
        await eventually(
          () => region.contents(),
          (items) => items.length === 3,
        );
      // given a region that is cut off and killed
      await replication.cutRegion(c.name);
      await c.emulator.kill();
      // when the others write, one key concurrently
      await Promise.all([a.put('shared', 'a'), b.put('shared', 'b'), a.put('more', 1)]);
      await a.remove(c.name);
      await eventually(
        () => b.get('more'),
        (value) => value === '1',
      );
      await eventually(
        () => b.get(c.name),
        (value) => value === undefined,
      );
      // and the third comes back empty
      await c.emulator.restart();
      await c.createTables();
      await replication.restore(c.name);
      // then all have the same, and each write was made once in each region
      await eventually(
        () => Promise.all([a.get('shared'), b.get('shared')]),
        ([left, right]) => left === right,
      );
      expect(await c.contents()).toEqual(await a.contents());
      expect(await b.contents()).toEqual(await a.contents());
      const counts = () => Promise.all(regions.map((region) => region.recordCount()));
      const before = await counts();
      await sleep(1_500);
      expect(await counts()).toEqual(before);
    });
  });
});
