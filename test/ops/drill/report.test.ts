import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RegionLossReport, reportJsonSchema, reportSchema } from '../../../ops/reports/report.ts';
import { bySecond } from '../../../ops/reports/series.ts';
import { verdictText } from '../../../ops/reports/text.ts';
import { writeReport } from '../../../ops/reports/write.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { recordOf } from './records.ts';

const phases = { loadMs: 80_000, baselineMs: 90_000, faultMs: 100_000, repairMs: 150_000, servingMs: 155_000, endMs: 160_000 };
const report: RegionLossReport = {
  version: 1,
  drill: 'region-loss',
  how: 'kill',
  region: 'eu-central-1',
  target: 'local',
  regions: ['eu-central-1', 'us-east-2'],
  startedAt: '2026-01-02T03:04:05.678Z',
  load: { ratePerSecond: 24, callers: { dns: 12, client: 12 }, requests: { dns: 80, client: 80 } },
  phases,
  events: [
    { atMs: 100_000, sinceFaultSeconds: 0, kind: 'fault', region: 'eu-central-1', detail: 'lost: kill' },
    { atMs: 127_000, sinceFaultSeconds: 27, kind: 'answer', region: 'eu-central-1', detail: 'the shared name leads to <192.0.2.2>' },
  ],
  objectives: {
    rtoSeconds: { dns: 60, client: 10 },
    failedRequests: { client: 0 },
    slowestExtraMs: { client: 1_000 },
    rpoMilliseconds: 5_000,
    formulaRatio: { min: 0.75, max: 1.1 },
  },
  measured: {
    detectionSeconds: 20.5,
    dnsChangedSeconds: 27,
    formulaSeconds: 37,
    rtoSeconds: { dns: 34.25, client: 0 },
    failedRequests: { dns: 17, client: 0 },
    failedAfterRepair: { dns: 0, client: 0 },
    slowestMs: { dns: 2_004, client: 640 },
    normalSlowestMs: { dns: 90, client: 80 },
    missedReads: { dns: 0, client: 0 },
    replicationAgeMs: 1_800,
    rpo: { writes: 1, milliseconds: 321 },
    rebuildSeconds: 5,
  },
  ledger: {
    acknowledged: 900,
    missing: 0,
    duplicates: 0,
    oversold: 0,
    missingByRegion: { 'eu-central-1': 1, 'us-east-2': 1 },
    lost: [{ operation: 'placeOrder', id: 'abc', key: 'key-0001', region: 'eu-central-1', ageMs: 321 }],
    settledSeconds: 5,
  },
  verdicts: [
    { name: 'callers by DNS: recovered after', unit: 's', min: null, max: 60, measured: 34.25, passed: true },
    { name: 'callers by DNS: measured / computed', unit: 'ratio', min: 0.75, max: 1.1, measured: 0.93, passed: true },
    { name: 'failover client: failed requests', unit: 'requests', min: null, max: 0, measured: 0, passed: true },
    { name: 'oldest acknowledged write lost for good', unit: 'ms', min: null, max: 300, measured: 321, passed: false },
  ],
  passed: false,
};

describe('the schema', () => {
  test('published for other languages is the one that reports are checked with', () => {
    const published: unknown = JSON.parse(readFileSync(new URL('../../../ops/reports/report.schema.json', import.meta.url), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
  });

  test('has the names that readers of reports rely on', () => {
    const { measured, ledger } = reportSchema.parse(report);
    expect(measured).toMatchObject({
      detectionSeconds: expect.any(Number),
      dnsChangedSeconds: expect.any(Number),
      formulaSeconds: expect.any(Number),
      rtoSeconds: { dns: expect.any(Number), client: expect.any(Number) },
      failedRequests: { dns: expect.any(Number), client: expect.any(Number) },
      slowestMs: { dns: expect.any(Number), client: expect.any(Number) },
      rpo: { writes: expect.any(Number), milliseconds: expect.any(Number) },
    });
    expect(ledger).toMatchObject({
      acknowledged: expect.any(Number),
      missing: expect.any(Number),
      duplicates: expect.any(Number),
      oversold: expect.any(Number),
    });
  });

  test('refuses a field that it does not know', () => {
    expect(reportSchema.safeParse({ ...report, extra: 1 }).success).toBe(false);
  });
});

describe('the timeline', () => {
  test('counts requests in the second in which they were due, and leaves out what was before the load', () => {
    const seconds = bySecond(
      [recordOf(79_999), recordOf(80_000), recordOf(99_999, { endMs: 103_000, outcome: 'failed' }), recordOf(100_000)],
      'client',
      { ...phases, zeroMs: phases.faultMs },
    );
    expect(seconds).toHaveLength(80);
    expect(seconds[0]).toMatchObject({ second: -20, ok: 1 });
    expect(seconds[19]).toMatchObject({ second: -1, ok: 0, failed: 1, slowestMs: 3_001 });
    expect(seconds[20]).toMatchObject({ second: 0, ok: 1, failed: 0 });
  });
});

test('the verdict for a terminal is aligned and names what was lost', () => {
  expect(verdictText(report)).toBe(`region-loss of eu-central-1 (kill): FAILED

eu-central-1 was killed under 24 requests a second.
Callers that follow DNS succeeded again for good after 34.3 s (17 failed requests).
Callers that use the failover client never failed.
1 of 900 acknowledged writes was lost for good, the oldest 321 ms old at the fault.

objective                                allowed       measured
callers by DNS: recovered after          <= 60.0 s     34.3 s    pass
callers by DNS: measured / computed      0.75 to 1.10  0.93      pass
failover client: failed requests         none          none      pass
oldest acknowledged write lost for good  <= 300 ms     321 ms    FAIL

detected after              20.5 s
DNS answer changed after    27.0 s
computed time to fail over  37.0 s
slowest before the fault    90 ms by DNS, 80 ms by client
slowest after it            2004 ms by DNS, 640 ms by client
heartbeat age at the fault  1800 ms
repair until serving        5.0 s
acknowledged writes         900

lost for good, though acknowledged:
  placeOrder  abc  by eu-central-1  321 ms before the fault`);
});

describe('the folder of a report', () => {
  test('is told, and has all of it', async () => {
    const told: string[] = [];
    await writeReport({ reportFolder: temporaryFolder(), progress: (line) => told.push(line) }, report, [], []);
    const [, folder = ''] = told[0]?.split('report: ') ?? [];
    expect(readdirSync(folder).sort()).toEqual(['operations.jsonl', 'replicas.jsonl', 'report.html', 'report.json']);
  });

  test('that cannot be written to is told, and the drill still has its verdict', async () => {
    const told: string[] = [];
    const reportFolder = join(temporaryFolder(), 'a-file');
    writeFileSync(reportFolder, '');
    await writeReport({ reportFolder, progress: (line) => told.push(line) }, report, [], []);
    expect(told).toEqual([expect.stringMatching(/^the report is not whole, or missing: E/)]);
  });
});
