import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../infra/config.ts';
import { type RegionLossProps, runRegionLoss } from '../../../ops/drill/region-loss.ts';
import { abortDrill } from '../../../ops/drill/repair.ts';
import { UserError } from '../../../ops/errors.ts';
import { reportSchema } from '../../../ops/reports/report.ts';
import { verdictText } from '../../../ops/reports/text.ts';
import { ownProcess } from '../../../ops/targets/local-process.ts';
import { eventually } from '../../support/eventually.ts';
import { DEAD, markerOf, scratch } from './scratch.ts';
import { abortOf, drillOf, enoughAfter, operationsIn, reportFile } from './toy-drill.ts';
import { ToySystem } from './toy-system.ts';

const REGION = 'eu-central-1';
const config = parseConfig({
  regions: [{ name: REGION }, { name: 'us-east-2' }],
  auth: 'keys',
  // A machine that is busy with other tests answers late: what is right must be right, and may take its time.
  objectives: {
    formulaRatio: { min: 0.001, max: 1 },
    rtoSeconds: { dns: 90, client: 90 },
    slowestExtraMs: { client: 60_000 },
    rpoMilliseconds: 60_000,
  },
});

describe.concurrent('a region that is lost', () => {
  test('by killing it: callers recover, it is rebuilt, and exactly what was not replicated is lost and named', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const report = await runRegionLoss(propsFor(system, folder.path));

    expect(report.verdicts.filter((verdict) => !verdict.passed)).toEqual([]);
    expect(report.passed).toBe(true);
    expect(report.measured.rpo.writes).toBeGreaterThan(0);
    expect(report.ledger.lost.length).toBe(report.measured.rpo.writes);
    // What was received before is older than replication was behind: only the last moments can be lost.
    expect(report.measured.rpo.milliseconds).toBeLessThan(5_000);
    expect(new Set(report.ledger.lost.map((write) => write.region))).toEqual(new Set([REGION]));
    expect(report.measured.failedRequests.client).toBe(0);
    expect(report.measured.failedRequests.dns).toBeGreaterThan(0);
    expect(report.measured.rtoSeconds.dns).toBeGreaterThan(report.measured.dnsChangedSeconds ?? Infinity);
    expect(report.measured.detectionSeconds).toBeGreaterThan(0);
    expect(report.measured.replicationAgeMs).toBe(1_234);

    expect(reportSchema.parse(JSON.parse(await reportFile(folder.path, 'report.json')))).toEqual(report);
    const records = await operationsIn(folder.path);
    expect(records.length).toBe(report.load.requests.dns + report.load.requests.client);
    expect(await reportFile(folder.path, 'report.html')).toContain('<svg');
    expect(await readdir(folder.path)).toEqual(['reports']);
  });

  test('in a black hole: no request of the failover client fails, and nothing acknowledged is lost', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const report = await runRegionLoss({ ...propsFor(system, folder.path), how: 'blackhole' });

    expect(report.verdicts.filter((verdict) => !verdict.passed)).toEqual([]);
    expect(report.ledger).toMatchObject({ missing: 0, duplicates: 0, oversold: 0, lost: [] });
    expect(report.measured.failedRequests).toMatchObject({ client: 0 });
    // A black hole is noticed by waiting: the hedge is what the failover client pays.
    expect(report.measured.slowestMs.client).toBeGreaterThan(450);
    expect(report.measured.slowestMs.dns).toBeGreaterThan(1_900);
  });

  test('is lost only once every region was seen to serve: one that answers late is waited for', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const late = await system.lose(REGION, 'freeze');
    setTimeout(() => void late.repair(), 1_000);
    const ended = new AbortController();
    const progress = (line: string) => {
      if (line.startsWith('callers near')) ended.abort(new Error('it has begun'));
    };
    await expect(runRegionLoss({ ...propsFor(system, folder.path), signal: ended.signal, progress })).rejects.toThrow('it has begun');
  });

  test('is repaired when the drill is ended in the middle, and no marker stays', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const ended = new AbortController();
    const drill = runRegionLoss({ ...propsFor(system, folder.path), how: 'freeze', signal: ended.signal });
    const failed = expect(drill).rejects.toThrow('enough');
    await eventually(
      () => system.faults.length,
      (seen) => seen === 1,
    );
    ended.abort(new Error('enough'));
    await failed;
    expect(system.repaired).toBeGreaterThan(0);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('is repaired when the drill itself fails', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const lose = system.lose.bind(system);
    system.lose = async (region, how) => {
      await lose(region, how);
      throw new Error('half a fault');
    };
    await expect(runRegionLoss({ ...propsFor(system, folder.path), how: 'freeze' })).rejects.toThrow('half a fault');
    expect(system.repaired).toBe(1);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('is repaired when a call gets no answer in the middle, which is told with what is left', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const lose = system.lose.bind(system);
    system.lose = async (region, how) => {
      await lose(region, how);
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    };
    const drill = runRegionLoss({ ...propsFor(system, folder.path), how: 'freeze' });
    await expect(drill).rejects.toThrow(
      /no answer \(read ECONNRESET\); the drill has ended without a verdict, and nothing is left broken; /,
    );
    await expect(drill).rejects.toThrow(UserError);
    expect(system.repaired).toBe(1);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('keeps its marker when it cannot be repaired, and says what to do', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    const rebuild = async () => {
      throw new Error('no survivor');
    };
    await expect(runRegionLoss({ ...propsFor(system, folder.path), rebuild })).rejects.toThrow(
      /could not be repaired: no survivor; .*tandem drill --abort/,
    );
    expect(JSON.parse(await readFile(join(folder.path, 'drill.json'), 'utf8'))).toMatchObject({ phase: 'left', region: REGION });

    // What was measured until then is not lost: who recovered when, what is missing where somebody can be asked, and what failed.
    const report = reportSchema.parse(JSON.parse(await reportFile(folder.path, 'report.json')));
    expect(report).toMatchObject({
      passed: false,
      phases: { servingMs: null },
      failures: [expect.stringMatching(/could not be repaired: no survivor/)],
    });
    expect(report.ledger.acknowledged).toBeGreaterThan(0);
    expect(Object.keys(report.ledger.missingByRegion)).not.toContain(REGION);
    expect(verdictText(report)).toMatch(/FAILED\nFAILED: eu-central-1 could not be repaired: no survivor/);
    expect((await operationsIn(folder.path)).length).toBeGreaterThan(0);
    expect(await reportFile(folder.path, 'report.html')).toContain('no survivor');

    // The process that ran it may live on: it has given up, so another may repair.
    await expect(runRegionLoss(propsFor(system, folder.path))).rejects.toThrow(/has left eu-central-1 broken .*tandem drill --abort/);
    expect(await abortDrill(abortOf(system, folder.path))).toBe(REGION);
    expect(await system.lostRegions()).toEqual([]);
    expect(await readdir(folder.path)).toEqual(['reports']);
  });
});

describe('a drill', () => {
  test('that was killed leaves a fault that is found and repaired', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    await system.lose(REGION, 'freeze');
    await markerOf(folder.path, { ...LEFT, pid: DEAD, phase: 'fault', how: 'freeze' });
    await expect(runRegionLoss({ ...propsFor(system, folder.path), token: noKey })).rejects.toThrow(
      /has left eu-central-1 broken .*tandem drill --abort/,
    );
    expect(await abortDrill(abortOf(system, folder.path))).toBe(REGION);
    expect(system.repaired).toBe(1);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('that left a system broken which is gone is in nobody’s way', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    await markerOf(folder.path, { ...LEFT, pid: DEAD, phase: 'left', how: 'kill' });
    await expect(runRegionLoss({ ...propsFor(system, folder.path), signal: enoughAfter(500) })).rejects.toThrow('enough');
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('that was killed before it broke anything is in nobody’s way', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    await markerOf(folder.path, { ...LEFT, pid: DEAD, phase: 'before', how: 'freeze' });
    await expect(runRegionLoss({ ...propsFor(system, folder.path), signal: enoughAfter(500) })).rejects.toThrow('enough');
    expect(system.faults).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('does not begin while another runs, and that one is not aborted from outside', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    await markerOf(folder.path, { ...LEFT, ...(await ownProcess()), phase: 'fault', how: 'freeze' });
    await expect(runRegionLoss(propsFor(system, folder.path))).rejects.toThrow(`a drill runs already (process ${process.pid}`);
    await expect(abortDrill(abortOf(system, folder.path))).rejects.toThrow('still runs');
    expect(system.repaired).toBe(0);
  });

  test('does not begin with a region that does not serve, and breaks nothing', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    await system.lose('us-east-2', 'kill');
    await expect(runRegionLoss(propsFor(system, folder.path))).rejects.toThrow('us-east-2 is silent');
    expect(system.faults).toHaveLength(1);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('refuses a region or a rate that it cannot use', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    await expect(runRegionLoss({ ...propsFor(system, folder.path), region: 'mars-1' })).rejects.toThrow('allowed: eu-central-1, us-east-2');
    await expect(runRegionLoss({ ...propsFor(system, folder.path), ratePerSecond: 61 })).rejects.toThrow('allowed: 1 to 60');
  });

  test('that left nothing has nothing to abort', async () => {
    await using system = await ToySystem.open();
    await using folder = await scratch();
    expect(await abortDrill(abortOf(system, folder.path))).toBeUndefined();
    expect(system.repaired).toBe(0);
  });
});

/** A key is asked of regions, and one that is broken would be waited for. */
const noKey = () => Promise.reject(new Error('a key was asked for before the marker'));

const LEFT = { drill: 'region-loss', region: REGION };

const propsFor = (system: ToySystem, folder: string): RegionLossProps => ({
  ...drillOf(system, folder),
  config,
  how: 'kill',
  region: REGION,
  rebuild: system.rebuild,
});
