import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stockKey } from '../../../functions/core/stock-fold.ts';
import { parseConfig } from '../../../infra/config.ts';
import { type BadWritesProps, runBadWrites } from '../../../ops/drill/bad-writes.ts';
import { abortDrill } from '../../../ops/drill/repair.ts';
import { reportSchema } from '../../../ops/reports/report.ts';
import { verdictText } from '../../../ops/reports/text.ts';
import { DEAD, markerOf, scratch } from './scratch.ts';
import { abortOf, drillOf, enoughAfter, reportFile } from './toy-drill.ts';
import { ToySystem } from './toy-system.ts';

const config = parseConfig({
  regions: [{ name: 'eu-central-1' }, { name: 'us-east-2' }],
  auth: 'keys',
  // A machine that is busy with other tests answers late: what is right must be right, and may take its time.
  objectives: { badWrites: { failedRequests: 1_000_000 } },
});

describe.concurrent('bad writes', () => {
  test('take acknowledged writes from every region, and the restore brings all of them back', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const report = await runBadWrites(propsFor(system, folder.path));

    expect(report.verdicts.flatMap(({ name, measured, passed }) => (passed ? [] : [`${name}: ${measured}`]))).toEqual([]);
    expect(report.measured).toMatchObject({ broken: [], notAsBefore: 0, rpo: { writes: 0, seconds: 0 } });
    expect(report.measured.damage).toHaveLength(20);
    expect(new Set(report.measured.damage.map(({ kind }) => kind)).size).toBeGreaterThan(3);
    expect(report.measured.harmedWrites).toBeGreaterThan(0);
    expect(report.phases.pointMs).toBeLessThan(report.phases.corruptedMs);

    expect(reportSchema.parse(JSON.parse(await reportFile(folder.path, 'report.json')))).toEqual(report);
    expect(await reportFile(folder.path, 'report.html')).toContain('Bad writes');
    expect(verdictText(report)).toContain('bad-writes in eu-central-1 and us-east-2: PASSED');
    expect(await readdir(folder.path)).toEqual(['reports']);
  });

  test('that a restore calls repaired and are not fail the drill', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const restore: BadWritesProps['restore'] = async (...given) => {
      const { write } = system;
      const report = await system.restore(...given);
      const [fact] = (await system.scan('us-east-2')).filter(({ sk }) => sk.startsWith('E#paid#'));
      if (fact) await write('us-east-2', fact, undefined);
      return report;
    };
    const report = await runBadWrites({ ...propsFor(system, folder.path), restore, settleSecondsMax: 2 });
    expect(report.passed).toBe(false);
    expect(report.measured.rpo.writes).toBe(1);
    expect(report.measured.rpo.seconds).toBeGreaterThan(0);
    expect(report.verdicts.find(({ name }) => name === 'newest acknowledged write that is not back')?.passed).toBe(false);
  });

  test('that cannot be repaired keep the marker, and `tandem drill --abort` repairs from the same point', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const restore = async () => {
      throw new Error('no such time');
    };
    await expect(runBadWrites({ ...propsFor(system, folder.path), restore })).rejects.toThrow(
      /the tables could not be repaired: no such time; .*tandem drill --abort/,
    );
    const marker = JSON.parse(await readFile(join(folder.path, 'drill.json'), 'utf8'));
    expect(marker).toMatchObject({ drill: 'bad-writes', phase: 'left', atMs: expect.any(Number) });
    const report = reportSchema.parse(JSON.parse(await reportFile(folder.path, 'report.json')));
    expect(report).toMatchObject({ passed: false, failures: [expect.stringContaining('no such time')], measured: { repairSeconds: null } });

    await expect(runBadWrites(propsFor(system, folder.path))).rejects.toThrow(/has left the tables broken .*tandem drill --abort/);
    const before = system.restoredAt.length;
    expect(await abortDrill(abortOf(system, folder.path))).toBe('the tables');
    expect(system.restoredAt.slice(before)).toEqual([marker.atMs]);
    expect(await readdir(folder.path)).toEqual(['reports']);
  });

  test('of a drill that was killed, in tables that are gone, are in nobody’s way', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const left = { drill: 'bad-writes', pid: DEAD, phase: 'fault', atMs: 1, witness: stockKey('drill-gone-a') };
    await markerOf(folder.path, left);
    await expect(runBadWrites({ ...propsFor(system, folder.path), signal: enoughAfter(500) })).rejects.toThrow('enough');
    await markerOf(folder.path, left);
    expect(await abortDrill(abortOf(system, folder.path))).toBe('the tables');
    expect(system.restoredAt).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

const propsFor = (system: ToySystem, folder: string): BadWritesProps => ({
  ...drillOf(system, folder),
  config,
  writes: 20,
  harmSeconds: 1,
  restore: system.restore,
  write: system.write,
  baselineSeconds: 3,
  afterSeconds: 2,
  settleSecondsMax: 60,
  restSecondsMax: 60,
  scan: system.scan,
});
