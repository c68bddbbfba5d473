import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../infra/config.ts';
import { assembleBadWrites } from '../../../ops/drill/assemble-bad-writes.ts';
import { assemblePartition } from '../../../ops/drill/assemble-partition.ts';
import { assembleReport } from '../../../ops/drill/assemble-region-loss.ts';
import type { BadWrite } from '../../../ops/drill/faulty-client.ts';
import type { Write } from '../../../ops/drill/ledger.ts';
import type { OperationRecord } from '../../../ops/drill/operations.ts';
import type { Settled } from '../../../ops/drill/settle.ts';
import type { RestoreReport } from '../../../ops/restore/report.ts';
import { recordOf } from './records.ts';

const REGIONS = ['eu-central-1', 'us-east-2'];
const config = parseConfig({ regions: REGIONS.map((name) => ({ name })), auth: 'keys' });
const target = { kind: 'local', regions: REGIONS.map((name) => ({ name, url: `http://${name}`, host: name })), dns: undefined } as const;
const setting = { target, config, ratePerSecond: 24 };
const callers = ['dns', 'client'].flatMap((kind) =>
  kind === 'dns' || kind === 'client'
    ? [{ name: kind, kind, near: 'a', perform: () => Promise.reject(new Error('no')), close: async () => {} } as const]
    : [],
);
const lost = (ackMs: number): Write => ({ operation: 'shipOrder', id: `o${ackMs}`, key: 'k', region: 'us-east-2', ackMs, order: 'o' });
const settledWith = (writes: readonly Write[], late: number): Settled => ({
  comparison: {
    missing: new Map([
      ['eu-central-1', [...writes, ...Array.from({ length: late }, (_, index) => lost(index))]],
      ['us-east-2', writes],
    ]),
    lost: writes,
    duplicates: [],
    oversold: new Map(),
  },
  seconds: late === 0 ? 3 : null,
});
const reckoned = (settled: Settled = settledWith([], 0)) => ({ settled, acknowledged: 10, readings: [], events: [] });
const held = { broken: [], brokenBefore: [], items: 100 };
const failedOf = ({ verdicts }: { readonly verdicts: readonly { readonly name: string; readonly passed: boolean }[] }): readonly string[] =>
  verdicts.filter(({ passed }) => !passed).map(({ name }) => name);

/** Requests of a drill from 70 s to 160 s, its fault at 100 s. */
const RECORDS = fc.array(
  fc
    .record({
      startMs: fc.integer({ min: 70_000, max: 160_000 }),
      tookMs: fc.integer({ min: 0, max: 5_000 }),
      kind: fc.constantFrom('dns', 'client'),
      outcome: fc.constantFrom('ok', 'ok', 'ok', 'failed', 'unknown'),
      wrong: fc.constantFrom(null, null, null, 'other lines'),
      missed: fc.boolean(),
    } as const)
    .map(({ tookMs, ...each }) => recordOf(each.startMs, { ...each, endMs: each.startMs + tookMs })),
  { maxLength: 60 },
);
const LOSSES = fc.array(fc.integer({ min: 70_000, max: 149_000 }), { maxLength: 3 }).map((times) => [...new Set(times)].map(lost));

const PHASES = { startedAt: '2026-01-02T03:04:05.678Z', loadMs: 70_000, baselineMs: 85_000, endMs: 160_000 };
const lossOf = (records: readonly OperationRecord[], settled?: Settled, statelost = true) =>
  assembleReport(
    { ...setting, region: 'eu-central-1', how: 'kill' },
    { records, answers: [], callers: callers.filter(({ kind }) => kind === 'client') },
    { ...PHASES, faultMs: 100_000, repairMs: 150_000, servingMs: 155_000, statelost, replicationAgeMs: 900 },
    reckoned(settled),
  );

describe('a report on a lost region', () => {
  test('never contradicts itself, whatever happened', () => {
    fc.assert(
      fc.property(RECORDS, LOSSES, fc.nat({ max: 3 }), (records, losses, late) => {
        const own = records.map((record) => ({ ...record, kind: 'client' as const }));
        expect(lossOf(own, settledWith(losses, late)).contradictions).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test('ages what is lost by the fault, and allows it only where the state was lost', () => {
    expect(lossOf([], settledWith([lost(99_000), lost(97_500), lost(101_000)], 0)).measured.rpo).toEqual({
      writes: 3,
      milliseconds: 2_500,
    });
    expect(failedOf(lossOf([], settledWith([lost(99_000)], 0)))).not.toContain('acknowledged writes lost for good');
    expect(failedOf(lossOf([], settledWith([lost(99_000)], 0), false))).toContain('acknowledged writes lost for good');
    expect(failedOf(lossOf([], settledWith([lost(94_999)], 0)))).toContain('oldest acknowledged write lost for good');
  });
});

const judged = (wrong: string | null) => ({ kind: 'same order', what: 'o', regions: REGIONS, records: [], how: 'kept', wrong }) as const;
const partitionOf = (
  records: readonly OperationRecord[],
  more: Partial<Parameters<typeof assemblePartition>[3]> = {},
  agreedSeconds: number | null = 3,
) =>
  assemblePartition(
    setting,
    { records, callers },
    { ...PHASES, partitionMs: 100_000, healMs: 130_000, agreedSeconds },
    { ...reckoned(), ...held, judged: [judged(null)], own: [], ...more },
  );
const failing = (startMs: number, more: Partial<OperationRecord> = {}): OperationRecord =>
  recordOf(startMs, { outcome: 'failed', ...more });

describe('a report on a partition', () => {
  test('never contradicts itself, whatever happened', () => {
    fc.assert(
      fc.property(RECORDS, LOSSES, fc.nat({ max: 3 }), fc.option(fc.integer({ min: 0, max: 30 })), (records, losses, late, agreed) => {
        expect(partitionOf(records, reckoned(settledWith(losses, late)), agreed).contradictions).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  const failures = config.objectives.partition.failedRequests;
  const many = (record: OperationRecord) => Array.from({ length: failures + 1 }, () => record);
  test.each<[string, ReturnType<typeof partitionOf>, readonly string[]]>([
    ['nothing', partitionOf([]), []],
    ['requests of callers that failed meanwhile', partitionOf(many(failing(110_000))), ['requests that failed while regions were apart']],
    [
      'requests under way at the beginning',
      partitionOf(many(failing(99_000, { endMs: 100_000 }))),
      ['requests that failed while regions were apart'],
    ],
    ['no request that had ended before', partitionOf(many(failing(99_000, { endMs: 99_999 }))), []],
    ['no request that was due afterwards', partitionOf(many(failing(130_000))), []],
    [
      'requests of its own that failed',
      partitionOf([], { own: many(failing(110_000, { kind: 'region' })) }),
      ['requests that failed while regions were apart'],
    ],
    ['a wrong answer', partitionOf([recordOf(90_000, { wrong: 'other lines' })]), ['answers that contradict what was acknowledged']],
    [
      'a wrong answer of the client',
      partitionOf([recordOf(90_000, { kind: 'dns', wrong: 'other lines' })]),
      ['answers that contradict what was acknowledged'],
    ],
    ['no wrong answer before the baseline', partitionOf([recordOf(80_000, { wrong: 'other lines' })]), []],
    ['regions that never agree', partitionOf([], {}, null), ['regions agree on all conflicts after']],
    [
      'a conflict that ended otherwise',
      partitionOf([], { judged: [judged('two ids'), judged(null)] }),
      ['conflicts that ended otherwise than they must'],
    ],
    ['a rule that does not hold', partitionOf([], { broken: [{ rule: 'r', detail: 'd' }] }), ['rules that do not hold on the tables']],
    ['no rule that did not hold before', partitionOf([], { brokenBefore: [{ rule: 'r', detail: 'd' }] }), []],
    ['a write that is lost', partitionOf([], reckoned(settledWith([lost(110_000)], 0))), ['acknowledged writes lost for good']],
    ['a write that a region lacks', partitionOf([], reckoned(settledWith([], 1))), ['acknowledged writes a region lacks']],
  ])('fails for %s', (_, report, names) => {
    expect(failedOf(report)).toEqual(names);
    expect(report.passed).toBe(names.length === 0);
  });

  test('agrees in time or not at all', () => {
    const { agreeSeconds } = config.objectives.partition;
    expect(failedOf(partitionOf([], {}, agreeSeconds))).not.toContain('regions agree on all conflicts after');
    expect(failedOf(partitionOf([], {}, agreeSeconds + 0.1))).toContain('regions agree on all conflicts after');
  });
});

const BAD: BadWrite = {
  kind: 'fact deleted',
  pk: 'ORDER#o',
  sk: 'PLACED#a',
  region: 'us-east-2',
  before: { pk: 'ORDER#o', sk: 'PLACED#a', v: 1 },
  item: undefined,
};
const WHOLE: RestoreReport = {
  format: 'tandem-restore-1',
  past: '--at TIME',
  at: null,
  region: 'eu-central-1',
  table: 'copy',
  kept: false,
  startedAt: PHASES.startedAt,
  seconds: { repaired: 1, all: 2 },
  items: 100,
  applied: true,
  toldAnew: [],
  absent: [],
  resources: [],
  remaining: [],
  whole: true,
};
const badWritesOf = (
  records: readonly OperationRecord[],
  more: Partial<Parameters<typeof assembleBadWrites>[3]> = {},
  course: Partial<Parameters<typeof assembleBadWrites>[2]> = {},
) =>
  assembleBadWrites(
    setting,
    { records, callers },
    { ...PHASES, pointMs: 98_000, corruptedMs: 100_000, repairMs: 130_000, repairedMs: 150_000, ...course },
    { ...reckoned(), ...held, damage: [BAD], spreadSeconds: 4, harmed: 1, restored: WHOLE, notAsBefore: 0, ...more },
  );

describe('a report on bad writes', () => {
  test('never contradicts itself, whatever happened', () => {
    fc.assert(
      fc.property(
        RECORDS,
        LOSSES,
        fc.nat({ max: 3 }),
        fc.option(fc.integer({ min: 0, max: 30 })),
        (records, losses, late, spreadSeconds) => {
          expect(badWritesOf(records, { ...reckoned(settledWith(losses, late)), spreadSeconds }).contradictions).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  const { failedRequests } = config.objectives.badWrites;
  test.each<[string, ReturnType<typeof badWritesOf>, readonly string[]]>([
    ['nothing', badWritesOf([]), []],
    ['bad writes that never spread', badWritesOf([], { spreadSeconds: null }), ['bad writes that were in every region']],
    ['bad writes that took nothing away', badWritesOf([], { harmed: 0 }), ['acknowledged writes that they took away']],
    [
      'no request that failed before the repair had ended',
      badWritesOf(Array.from({ length: failedRequests + 1 }, () => failing(149_999))),
      [],
    ],
    [
      'requests that failed afterwards',
      badWritesOf(Array.from({ length: failedRequests + 1 }, () => failing(150_000))),
      ['requests that failed after the repair'],
    ],
    [
      'a wrong answer afterwards',
      badWritesOf([recordOf(150_000, { wrong: 'other lines' })]),
      ['answers after the repair that contradict what was acknowledged'],
    ],
    ['no wrong answer before', badWritesOf([recordOf(149_999, { wrong: 'other lines' })]), []],
    [
      'a repair that is not whole',
      badWritesOf([], { restored: { ...WHOLE, whole: false } }),
      ['from the first bad write until all was repaired'],
    ],
    ['facts that are not as before', badWritesOf([], { notAsBefore: 1 }), ['harmed facts that are not as before']],
    ['a rule that does not hold', badWritesOf([], { broken: [{ rule: 'r', detail: 'd' }] }), ['rules that do not hold on the tables']],
  ])('fails for %s', (_, report, names) => {
    expect(failedOf(report)).toEqual(names);
    expect(report.passed).toBe(names.length === 0);
  });

  test('ages what is not back by the newest, from the end of the repair', () => {
    const report = badWritesOf([], reckoned(settledWith([lost(90_000), lost(149_000), lost(120_000)], 0)));
    expect(report.measured.rpo).toEqual({ writes: 3, seconds: 1 });
    expect(report.ledger.lost.map(({ ageMs }) => ageMs)).toEqual([60_000, 1_000, 30_000]);
    expect(failedOf(report)).toContain('acknowledged writes lost for good');
  });

  test('counts what callers noticed from the first bad write until the repair had ended', () => {
    const at = (startMs: number, endMs: number) => failing(startMs, { endMs });
    const report = badWritesOf([at(99_000, 99_999), at(99_000, 100_000), at(149_999, 151_000), at(150_000, 150_001), recordOf(120_000)]);
    expect(report.measured.noticed).toEqual({ dns: 0, client: 2 });
    expect(report.measured.failedAfter).toEqual({ dns: 0, client: 1 });
  });
});
