import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { stateOf, withPair } from './replication-pair.ts';
import { replicationOf } from './replication-regions.ts';

describe('replication between two emulators', () => {
  it('holds changes back while paused or delayed, and loses none', async () => {
    await withPair(async (a, b, { replication }) => {
      const link = { from: a.name, to: b.name };
      // given a pause
      await replication.set({ ...link, paused: true });
      await a.put('paused', 1);
      await b.put('other way', 1);
      await eventually(
        () => a.get('other way'),
        (value) => value === '1',
      );
      await eventually(
        () => stateOf(replication, link).pending,
        (pending) => pending === 1,
      );
      expect(await b.get('paused')).toBeUndefined();
      // when it ends
      await replication.set({ ...link, paused: false });
      // then the change arrives
      await eventually(
        () => b.get('paused'),
        (value) => value === '1',
      );
      // given a long delay
      await replication.set({ ...link, delayMs: 600_000 });
      await a.put('delayed', 1);
      await eventually(
        () => stateOf(replication, link).pending,
        (pending) => pending === 1,
      );
      await sleep(1_000);
      expect(await b.get('delayed')).toBeUndefined();
      // when it is shortened, then each change is held back that long
      await replication.set({ ...link, delayMs: 1_500 });
      await eventually(
        () => b.get('delayed'),
        (value) => value === '1',
      );
      await a.put('delayed again', 1);
      await eventually(
        () => b.get('delayed again'),
        (value) => value === '1',
      );
      expect(stateOf(replication, link).lagMs).toBeGreaterThanOrEqual(1_500);
    });
  });

  it('drops what waits at a cut, and copies everything, deletions too, when it is restored', async () => {
    await withPair(async (a, b, { replication, events }) => {
      const link = { from: a.name, to: b.name };
      // given changes that wait
      await a.put('old', 1);
      await a.put('doomed', 1);
      await eventually(
        () => b.contents(),
        (items) => items.length === 2,
      );
      await replication.set({ ...link, paused: true });
      await a.put('waiting', 1);
      await eventually(
        () => stateOf(replication, link).pending,
        (pending) => pending === 1,
      );
      // when the region is cut off, more is written and deleted on both sides
      await replication.cutRegion(a.name);
      await replication.set({ ...link, paused: false });
      expect(replication.links()).toMatchObject([
        { cut: true, pending: 0 },
        { cut: true, pending: 0 },
      ]);
      await a.put('during', 1);
      await a.remove('doomed');
      await b.put('beyond', 1);
      await b.put('old', 2);
      await sleep(1_500);
      // then nothing arrives
      expect([await b.get('waiting'), await b.get('during'), await b.get('doomed'), await a.get('beyond')]).toEqual([
        undefined,
        undefined,
        '1',
        undefined,
      ]);
      // until the links are restored
      await replication.restore(a.name);
      expect(await a.contents()).toEqual(await b.contents());
      expect([await b.get('waiting'), await b.get('during'), await b.get('doomed'), await a.get('beyond'), await a.get('old')]).toEqual([
        '1',
        '1',
        undefined,
        '1',
        '2',
      ]);
      expect(replication.links().every(({ cut }) => !cut)).toBe(true);
      expect(events.map(({ detail }) => detail)).toEqual(
        expect.arrayContaining(['paused', 'cut', expect.stringMatching(/^3 items copied/)]),
      );
      await a.put('after', 1);
      await eventually(
        () => b.get('after'),
        (value) => value === '1',
      );
    });
  });

  it('refuses links, regions and delays that do not exist', async () => {
    const replication = replicationOf([], () => undefined);
    await expect(replication.set({ from: 'a', to: 'b' })).rejects.toThrow('given a link from "a" to "b"');
    await expect(replication.cutRegion('a')).rejects.toThrow('given region "a"');
    await expect(replication.restore('a')).rejects.toThrow('given region "a"');
  });
});
