import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../infra/config.ts';
import { CONFLICT_KINDS } from '../../../ops/drill/conflicts.ts';
import { RULES } from '../../../ops/drill/invariants.ts';
import { type PartitionProps, runPartition } from '../../../ops/drill/partition.ts';
import { abortDrill } from '../../../ops/drill/repair.ts';
import { reportSchema } from '../../../ops/reports/report.ts';
import { verdictText } from '../../../ops/reports/text.ts';
import { eventually } from '../../support/eventually.ts';
import { DEAD, markerOf, scratch } from './scratch.ts';
import { abortOf, drillOf, enoughAfter, operationsIn, reportFile } from './toy-drill.ts';
import { ToySystem } from './toy-system.ts';

const config = parseConfig({
  regions: [{ name: 'eu-central-1' }, { name: 'us-east-2' }],
  auth: 'keys',
  // A machine that is busy with other tests answers late: what is right must be right, and may take its time.
  objectives: { partition: { failedRequests: 1_000_000, agreeSeconds: 60 } },
});

describe.concurrent('regions that do not hear of each other', () => {
  test('take what conflicts, and resolve all of it when they do', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const report = await runPartition(propsFor(system, folder.path));

    expect(report.verdicts.flatMap(({ name, measured, passed }) => (passed ? [] : [`${name}: ${measured}`]))).toEqual([]);
    expect(report.measured.broken).toEqual([]);
    expect(report.measured.conflicts.filter(({ wrong }) => wrong !== null)).toEqual([]);
    expect(new Set(report.measured.conflicts.map(({ kind }) => kind))).toEqual(new Set(CONFLICT_KINDS));
    // None was a conflict in name only.
    expect(report.measured.conflicts.map(({ how }) => how).filter((how) => how.startsWith('not '))).toEqual([]);
    expect(report.measured.tableItems).toBeGreaterThan(50);

    expect(reportSchema.parse(JSON.parse(await reportFile(folder.path, 'report.json')))).toEqual(report);
    const records = await operationsIn(folder.path);
    expect(records.some(({ kind, operation }) => kind === 'region' && operation === 'shipOrder')).toBe(true);
    expect(await reportFile(folder.path, 'report.html')).toContain('Conflicts, and how they were resolved');
    expect(verdictText(report)).toContain('partition of eu-central-1 and us-east-2: PASSED');
    expect(await readdir(folder.path)).toEqual(['reports']);
  });

  test('and whose reconcilers never run fail the drill, which names what is wrong, and apart from that what was before', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    system.reconciles = false;
    const unbooked = { pk: 'STOCK#tea', sk: 'RECEIPT#early#us-east-2', v: 1, region: 'eu-central-1', quantity: 3, at: 1 };
    await system.write('us-east-2', unbooked, unbooked);
    const report = await runPartition({ ...propsFor(system, folder.path), settleSecondsMax: 2, restSecondsMax: 2 });
    const failed = report.verdicts.filter((verdict) => !verdict.passed).map(({ name }) => name);
    expect(failed).toContain('conflicts that ended otherwise than they must');
    expect(failed).toContain('rules that do not hold on the tables');
    expect(report.measured.agreedSeconds).toBeNull();
    const early = { rule: RULES.receipt, detail: 'receipt early of tea is booked by nobody' };
    expect(report.measured.brokenBefore).toEqual([early]);
    expect(report.measured.broken).not.toContainEqual(early);
    expect(verdictText(report)).toMatch(/1 rule did not hold before the drill began .*\n(?:.*\n)*BROKEN BEFORE +a receipt is booked once/);
    expect(report.measured.conflicts.find(({ kind }) => kind === 'same order')?.wrong).toBe('us-east-2 has not ended its reservation');
  });

  test('are joined again when the drill is ended in the middle, and no marker stays', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const ended = new AbortController();
    const failed = expect(runPartition({ ...propsFor(system, folder.path), signal: ended.signal })).rejects.toThrow('enough');
    await eventually(
      () => system.linked,
      (seen) => seen === false,
    );
    ended.abort(new Error('enough'));
    await failed;
    expect(system.linked).toBe(true);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('and cannot be joined again are measured all the same: the report says what failed', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const heal = system.heal.bind(system);
    system.heal = () => Promise.reject(new Error('no link answers'));
    await expect(runPartition({ ...propsFor(system, folder.path), settleSecondsMax: 2, restSecondsMax: 2 })).rejects.toThrow(
      /replication could not be repaired: no link answers; .*tandem drill --abort/,
    );
    expect(reportSchema.parse(JSON.parse(await reportFile(folder.path, 'report.json')))).toMatchObject({
      passed: false,
      failures: [expect.stringContaining('no link answers')],
      measured: { agreedSeconds: null },
    });
    system.heal = heal;
    expect(await abortDrill(abortOf(system, folder.path))).toBe('replication');
  });

  test('because a drill was killed are joined again by `tandem drill --abort`, and by the next drill', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const left = async () => {
      await system.partition();
      await markerOf(folder.path, { drill: 'partition', pid: DEAD, phase: 'fault' });
    };

    await left();
    expect(await abortDrill(abortOf(system, folder.path))).toBe('replication');
    expect(system.linked).toBe(true);
    expect(await readdir(folder.path)).toEqual([]);

    await left();
    await expect(runPartition({ ...propsFor(system, folder.path), signal: enoughAfter(500) })).rejects.toThrow('enough');
    expect(system.linked).toBe(true);
  });
});

const propsFor = (system: ToySystem, folder: string): PartitionProps => ({
  ...drillOf(system, folder),
  config,
  seconds: 4,
  settleSecondsMax: 60,
  restSecondsMax: 60,
  scan: system.scan,
});
