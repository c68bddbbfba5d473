import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../../functions/core/store.ts';
import { abortDrill } from '../../../ops/drill/repair.ts';
import { statusOf } from '../../../ops/region-status.ts';
import { ownProcess } from '../../../ops/targets/local-process.ts';
import { DEAD, markerOf, scratch } from './scratch.ts';
import { abortOf } from './toy-drill.ts';
import { ToySystem } from './toy-system.ts';

const FIRST = 'eu-central-1';
const WITNESS: Item = { pk: 'STOCK#witness', sk: 'RECEIPT#h#a', v: 1, quantity: 1, region: 'a', at: 1 };

/** What is repaired of a system in which everything is broken, by the marker that is found. */
const aborted = async (marker: object, witnessed = true) => {
  await using system = await ToySystem.open();
  await using folder = await scratch();
  await system.partition();
  await system.lose(FIRST, 'freeze');
  if (witnessed) await system.write(FIRST, WITNESS, WITNESS);
  await markerOf(folder.path, { pid: DEAD, phase: 'fault', ...marker });
  const restored: number[] = [];
  const restore: Parameters<typeof abortDrill>[0]['restore'] = async (target, atMs, progress) => {
    restored.push(atMs);
    return { ...(await system.restore(target, atMs, progress)), whole: true, remaining: [] };
  };
  const found = await abortDrill({ ...abortOf(system, folder.path), restore });
  return { found, linked: system.linked, faults: system.faults.length, restored, left: await readdir(folder.path) };
};

describe('of what a killed drill left, is repaired', () => {
  test.each<[string, object, boolean, object]>([
    ['a partition', { drill: 'partition' }, true, { found: 'replication', linked: true, restored: [] }],
    ['a partition that could not be repaired', { drill: 'partition', phase: 'left' }, true, { found: 'replication', linked: true }],
    ['no partition that had not begun', { drill: 'partition', phase: 'before' }, true, { found: 'replication', linked: false }],
    ['a region', { drill: 'region-loss', region: FIRST, how: 'freeze' }, true, { found: FIRST, restored: [] }],
    ['the tables', { drill: 'bad-writes', atMs: 7, witness: WITNESS.pk }, true, { found: 'the tables', restored: [7], linked: false }],
    ['no tables that were not written to', { drill: 'bad-writes', atMs: null, witness: WITNESS.pk }, true, { restored: [] }],
    ['no tables of another system', { drill: 'bad-writes', atMs: 7, witness: WITNESS.pk }, false, { restored: [] }],
  ])('%s', async (_, marker, witnessed, expected) => {
    const outcome = await aborted(marker, witnessed);
    expect(outcome).toMatchObject(expected);
    expect(outcome.left).toEqual([]);
  });

  test('a region until it serves, and one whose state is gone from the others', async () => {
    for (const how of ['freeze', 'kill'] as const) {
      await using system = await ToySystem.open();
      await using folder = await scratch();
      await system.lose(FIRST, how);
      await markerOf(folder.path, { pid: DEAD, phase: 'fault', drill: 'region-loss', region: FIRST, how });
      expect(await abortDrill(abortOf(system, folder.path))).toBe(FIRST);
      expect(await system.lostRegions()).toEqual([]);
      expect((await statusOf(system.regions)).map(({ state }) => state)).toEqual(['healthy', 'healthy']);
    }
  });

  test('nothing while the drill still runs, which repairs by itself', async () => {
    await expect(aborted({ ...(await ownProcess()), drill: 'partition' })).rejects.toThrow(/the drill still runs/);
  });
});
