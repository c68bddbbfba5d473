import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../infra/config.ts';
import {
  calm,
  detectionSeconds,
  dnsChangedSeconds,
  judge,
  type Measured,
  measure,
  rtoSeconds,
  steady,
} from '../../../ops/drill/measure.ts';
import type { Report } from '../../../ops/reports/report.ts';
import type { TargetEvent } from '../../../ops/targets/target.ts';
import { recordOf, stream } from './records.ts';

const FAULT = 100_000;

describe('time until callers succeed for good', () => {
  test('runs from the fault to the first request due after the last failure', () => {
    const records = stream(90_000, 160_000, 500, [FAULT, 130_000]);
    expect(rtoSeconds(records, FAULT, 160_000)).toBe(30);
  });

  test('does not end at a success between failures', () => {
    const records = [...stream(90_000, 160_000, 500, [FAULT, 110_000]), recordOf(125_250, { outcome: 'failed' })];
    expect(rtoSeconds(records, FAULT, 160_000)).toBe(25.5);
  });

  test('is 0 when nothing failed', () => {
    expect(rtoSeconds(stream(90_000, 160_000, 500), FAULT, 160_000)).toBe(0);
  });

  test('is unknown while a failure is younger than 10 s', () => {
    const records = stream(90_000, 139_000, 500, [FAULT, 130_000]);
    expect(rtoSeconds(records, FAULT, 139_900)).toBeNull();
    expect(rtoSeconds(records, FAULT, 140_000)).toBe(30);
  });

  test('is unknown when nothing has succeeded since', () => {
    expect(rtoSeconds(stream(90_000, 160_000, 500, [FAULT, 160_000]), FAULT, 160_000)).toBeNull();
  });

  test('counts a request in flight at the fault, and none that failed before', () => {
    expect(rtoSeconds([recordOf(99_900, { outcome: 'unknown', endMs: 101_900 }), ...stream(100_100, 120_000, 500)], FAULT, 120_000)).toBe(
      0.1,
    );
    expect(rtoSeconds([recordOf(95_000, { outcome: 'failed' }), ...stream(95_500, 120_000, 500)], FAULT, 120_000)).toBe(0);
    expect(rtoSeconds([recordOf(99_000, { outcome: 'failed' }), ...stream(100_500, 120_000, 500)], FAULT, 120_000)).toBe(0);
    expect(rtoSeconds([...stream(100_500, 120_000, 500), recordOf(120_000, { outcome: 'failed' })], FAULT, 120_000)).toBe(0);
  });

  test('calm means every kind of caller', () => {
    const client = stream(FAULT, 120_000, 500);
    const dns = stream(FAULT, 120_000, 500, [FAULT, 115_000], { kind: 'dns' });
    expect(calm([...client, ...dns.map((record) => ({ ...record, kind: 'dns' as const }))], FAULT, 120_000)).toBe(false);
    expect(calm(client, FAULT, 120_000)).toBe(true);
  });
});

test('detection is the first turn of the lost region’s calculated check after the fault', () => {
  const check = (atMs: number, more: Partial<Extract<TargetEvent, { kind: 'check' }>>): TargetEvent => ({
    atMs,
    region: 'a',
    detail: '',
    kind: 'check',
    check: 'c',
    role: 'calculated',
    healthy: false,
    ...more,
  });
  const events = [
    check(FAULT - 1, {}),
    check(FAULT + 1_000, { region: 'b' }),
    check(FAULT + 2_000, { role: 'deep' }),
    check(FAULT + 3_000, { healthy: true }),
    check(FAULT + 20_000, {}),
  ];
  expect(detectionSeconds(events, 'a', FAULT)).toBe(20);
  expect(detectionSeconds(events, 'c', FAULT)).toBeNull();
});

test('the answer has changed when none of the lost region’s addresses is in it; no answer at all is no change', () => {
  const answers = [
    { atMs: FAULT - 5, addresses: ['9'] },
    { atMs: FAULT + 5_000, addresses: [] },
    { atMs: FAULT + 6_000, addresses: ['1', '2'] },
    { atMs: FAULT + 7_000, addresses: ['2'] },
  ];
  expect(dnsChangedSeconds(answers, ['1'], FAULT)).toBe(7);
  expect(dnsChangedSeconds(answers.slice(0, 3), ['1'], FAULT)).toBeNull();
});

describe('a steady system', () => {
  const good = stream(80_000, FAULT, 500);
  const turned = (atMs: number): TargetEvent => ({ atMs, region: 'a', detail: '', kind: 'check', check: 'c', role: 'deep', healthy: true });

  test('has answered everything well for as long as is asked', () => {
    expect(steady([recordOf(70_000, { outcome: 'failed' }), ...good], [turned(79_000)], 80_000)).toBe(true);
  });

  test.each<[string, Parameters<typeof steady>]>([
    ['a request failed', [[...good, recordOf(90_000, { outcome: 'unknown' })], [], 80_000]],
    ['a request was slow', [[...good, recordOf(90_000, { endMs: 91_001 })], [], 80_000]],
    ['one from before ended slowly', [[...good, recordOf(75_000, { endMs: 81_000 })], [], 80_000]],
    ['a check turned, and be it to the better', [good, [turned(90_000)], 80_000]],
    ['nobody asked', [[], [], 80_000]],
  ])('is not one where %s', (_, given) => {
    expect(steady(...given)).toBe(false);
  });
});

describe('numbers', () => {
  const phases = { loadMs: 80_000, baselineMs: 90_000, faultMs: FAULT, repairMs: 150_000, servingMs: 155_000, endMs: 160_000 };
  const records = [
    recordOf(85_000, { endMs: 89_000 }),
    recordOf(91_000, { endMs: 91_200 }),
    recordOf(99_990, { endMs: 100_600 }),
    recordOf(101_000, { endMs: 101_700, missed: true }),
    recordOf(151_000, { endMs: 156_000, outcome: 'failed' }),
    ...stream(FAULT, 150_000, 1_000, [FAULT, 120_000], { kind: 'dns' }).map((record) => ({ ...record, kind: 'dns' as const })),
  ];
  const measured = measure({
    records,
    phases,
    detectionSeconds: 20,
    dnsChangedSeconds: 27,
    formulaSeconds: 37,
    replicationAgeMs: 900,
    lostAckMs: [99_000, 97_500],
  });

  test('normal is the baseline, without the cold starts before it', () => {
    expect(measured.normalSlowestMs.client).toBe(200);
  });
  test('slowest is from the fault to the repair, with what was in flight at the fault', () => {
    expect(measured.slowestMs.client).toBe(700);
  });
  test('failures count to the end of the load', () => {
    expect(measured.failedRequests).toEqual({ dns: 20, client: 1 });
    expect(measured.failedAfterRepair).toEqual({ dns: 0, client: 1 });
  });
  test('what is lost is counted, and aged by the oldest', () => {
    expect(measured.rpo).toEqual({ writes: 2, milliseconds: 2_500 });
  });
  test('times to recovery are by kind', () => {
    expect(measured.rtoSeconds).toEqual({ dns: 20, client: 0 });
  });
  test('a read that did not find what was acknowledged is told', () => {
    expect(measured.missedReads).toEqual({ dns: 0, client: 1 });
  });
});

describe('verdicts', () => {
  const { objectives } = parseConfig({ regions: [{ name: 'eu-west-1' }, { name: 'us-east-1' }], auth: 'keys' });
  const good: Measured = {
    detectionSeconds: 20,
    dnsChangedSeconds: 27,
    formulaSeconds: 37,
    rtoSeconds: { dns: 34, client: 0 },
    failedRequests: { dns: 200, client: 0 },
    failedAfterRepair: { dns: 0, client: 0 },
    slowestMs: { dns: 2_000, client: 700 },
    normalSlowestMs: { dns: 100, client: 100 },
    missedReads: { dns: 0, client: 0 },
    replicationAgeMs: 800,
    rpo: { writes: 0, milliseconds: 0 },
    rebuildSeconds: 1,
  };
  const clean: Report['ledger'] = {
    acknowledged: 10,
    missing: 0,
    duplicates: 0,
    oversold: 0,
    missingByRegion: {},
    lost: [],
    settledSeconds: 1,
  };
  const failedOf = (measured: Partial<Measured>, more: { ledger?: Partial<Report['ledger']>; statelost?: boolean; dns?: boolean } = {}) =>
    judge({
      measured: { ...good, ...measured },
      ledger: { ...clean, ...more.ledger },
      objectives,
      statelost: more.statelost ?? false,
      dns: more.dns ?? true,
    })
      .filter((verdict) => !verdict.passed)
      .map((verdict) => verdict.name);

  test('all pass when all is good', () => {
    expect(failedOf({})).toEqual([]);
  });

  test.each<[string, Partial<Measured>, Parameters<typeof failedOf>[1], string]>([
    ['callers by DNS are late', { rtoSeconds: { dns: 60.1, client: 0 }, formulaSeconds: 70 }, {}, 'callers by DNS: recovered after'],
    ['the model is too short', { rtoSeconds: { dns: 45, client: 0 } }, {}, 'callers by DNS: measured / computed'],
    ['the model is too long', { rtoSeconds: { dns: 20, client: 0 } }, {}, 'callers by DNS: measured / computed'],
    ['the client is late', { rtoSeconds: { dns: 34, client: 11 } }, {}, 'failover client: recovered after'],
    ['the client never recovers', { rtoSeconds: { dns: 34, client: null } }, {}, 'failover client: recovered after'],
    ['the client fails once', { failedRequests: { dns: 0, client: 1 } }, {}, 'failover client: failed requests'],
    ['the client is slowed by more than a second', { slowestMs: { dns: 0, client: 1_101 } }, {}, 'failover client: added to the slowest'],
    ['there is no baseline', { normalSlowestMs: { dns: 0, client: null } }, {}, 'failover client: added to the slowest'],
    [
      'one write is lost though the region kept its state',
      { rpo: { writes: 1, milliseconds: 0 } },
      {},
      'acknowledged writes lost for good',
    ],
    [
      'a lost write is older than allowed',
      { rpo: { writes: 1, milliseconds: 5_001 } },
      { statelost: true },
      'oldest acknowledged write lost for good',
    ],
    ['a region lacks a write', {}, { ledger: { missing: 1 } }, 'acknowledged writes a region lacks'],
    ['an order holds stock twice', {}, { ledger: { duplicates: 1 } }, 'orders that hold stock twice'],
    ['stock is sold twice', {}, { ledger: { oversold: 1 } }, 'stock sold beyond what was held'],
  ])('fails when %s', (_, measured, more, name) => {
    expect(failedOf(measured, more)).toEqual([name]);
  });

  test('a killed region may lose young writes', () => {
    expect(failedOf({ rpo: { writes: 3, milliseconds: 900 } }, { statelost: true })).toEqual([]);
  });

  test('without a shared name nobody is judged by it', () => {
    expect(failedOf({ rtoSeconds: { dns: null, client: 0 }, formulaSeconds: null }, { dns: false })).toEqual([]);
  });
});
