/** Reports of every kind of drill, as they pass, as they miss, and in the states that are easily forgotten. */
import type { OperationRecord } from '../../../ops/drill/operations.ts';
import type { BadWritesReport, DeliveryReport, PartitionReport, RegionLossReport, Report } from '../../../ops/reports/report.ts';
import { LOST_LISTED_MAX } from '../../../ops/reports/schema/parts.ts';
import { stream } from './records.ts';

export interface Drawn {
  readonly name: string;
  readonly report: Report;
  readonly records: readonly OperationRecord[];
}

const START_MS = 1_790_000_000_000;
const at = (seconds: number): number => START_MS + seconds * 1_000;
const REGIONS = ['eu-central-1', 'us-east-2'];
const [LOST = '', LEFT = ''] = REGIONS;

const event = (seconds: number, kind: Report['events'][number]['kind'], detail: string, region: string | null = null, zero = 30) => ({
  atMs: at(seconds),
  sinceFaultSeconds: seconds - zero,
  kind,
  region,
  detail,
});

const verdict = (
  name: string,
  unit: Report['verdicts'][number]['unit'],
  max: number | null,
  measured: number | null,
  min: number | null = null,
) => ({
  name,
  unit,
  min,
  max,
  measured,
  passed: measured !== null && (max === null || measured <= max) && (min === null || measured >= min),
});

const concluded = <T extends Report>(report: T): T => ({ ...report, passed: report.verdicts.every(({ passed }) => passed) });

const ledger = (more: Partial<Report['ledger']> = {}): Report['ledger'] => ({
  acknowledged: 1_242,
  missing: 0,
  duplicates: 0,
  oversold: 0,
  missingByRegion: { [LOST]: 0, [LEFT]: 0 },
  lost: [],
  settledSeconds: 3.4,
  ...more,
});

/** So many a second, some slower than others, failing from one second until before another. */
const load = (toSecond: number, fail: readonly [number, number] = [0, 0], slowFrom = 0): readonly OperationRecord[] =>
  [
    stream(at(0), at(toSecond), 83, [at(fail[0]), at(fail[1])], { kind: 'dns' }),
    stream(at(0), at(toSecond), 83, [0, 0], { kind: 'client' }),
  ].flatMap((records) =>
    records.map((record, index) => ({
      ...record,
      endMs: record.startMs + 12 + ((index * 37) % 60) + (slowFrom > 0 && record.startMs >= at(slowFrom) ? 900 : 0),
    })),
  );

const common = {
  version: 1,
  target: 'local',
  regions: REGIONS,
  startedAt: '2026-11-30T09:15:22.123Z',
  load: { ratePerSecond: 24, callers: { dns: 12, client: 12 }, requests: { dns: 1_566, client: 1_566 } },
} as const;

const regionLoss = (rtoSeconds = 32.4, more: Partial<RegionLossReport> = {}): RegionLossReport =>
  concluded({
    ...common,
    drill: 'region-loss',
    how: 'kill',
    region: LOST,
    phases: { loadMs: at(0), baselineMs: at(10), faultMs: at(30), repairMs: at(112), servingMs: at(121), endMs: at(130) },
    events: [
      event(30, 'fault', 'lost: kill', LOST),
      event(50.5, 'check', 'the calculated check turned', LOST),
      event(57, 'answer', 'the shared name leads to the other region', LOST),
      event(30 + rtoSeconds, 'recovered', 'callers that follow DNS succeed again'),
      event(112, 'repair', `rebuild of ${LOST} begins`),
      event(121, 'region', 'serves again', LOST),
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
      rtoSeconds: { dns: rtoSeconds, client: 0 },
      failedRequests: { dns: 390, client: 0 },
      failedAfterRepair: { dns: 0, client: 0 },
      slowestMs: { dns: 2_004, client: 512 },
      normalSlowestMs: { dns: 90, client: 72 },
      missedReads: { dns: 0, client: 0 },
      replicationAgeMs: 1_800,
      rpo: { writes: 1, milliseconds: 132 },
      rebuildSeconds: 9,
    },
    ledger: ledger({ lost: [{ operation: 'placeOrder', id: '01JDK3T7', key: 'key-0001', region: LOST, ageMs: 132 }] }),
    verdicts: [
      verdict('callers by DNS: recovered after', 's', 60, rtoSeconds),
      verdict('callers by DNS: measured / computed', 'ratio', 1.1, rtoSeconds / 37, 0.75),
      verdict('failover client: recovered after', 's', 10, 0),
      verdict('failover client: failed requests', 'requests', 0, 0),
      verdict('failover client: slowest request, more than before', 'ms', 1_000, 440),
      verdict('oldest acknowledged write lost for good', 'ms', 5_000, 132),
      verdict('orders that hold stock twice', 'orders', 0, 0),
      verdict('units sold beyond what was held', 'units', 0, 0),
    ],
    passed: true,
    ...more,
  });

const delivery = (fault: string | null, more: Partial<DeliveryReport['measured']> = {}, verdicts?: Report['verdicts']): DeliveryReport =>
  concluded({
    ...common,
    drill: fault === null ? 'good-deploy' : 'bad-deploy',
    fault,
    controlPlane: 'simulated',
    region: LOST,
    settings: { exposePercent: 5, exposeMinutes: 5, bakeMinutes: 10 },
    phases: { loadMs: at(0), baselineMs: at(10), deliveredMs: at(30), endedMs: at(118), endMs: at(130) },
    delivery: { id: 'd-1', state: fault === null ? 'succeeded' : 'failed', detail: 'taken back', regions: [] },
    events: [
      event(30, 'fault', 'the delivery begins'),
      event(42, 'delivery', '5 % of calls get version 2', LOST),
      event(61.4, 'alarm', 'HeartbeatAge-us-east-2 fires', LOST),
      event(116, 'alarm', 'VersionErrorBurst fires', LOST),
      event(118, 'delivery', 'taken back to version 1', LOST),
    ],
    objectives: { spoiledAnswers: 0, spoiledPercent: 5, spoiledSeconds: 300, slowExtraMs: 1_000 },
    measured: {
      exposure: { [LOST]: { fromMs: at(42), toMs: at(118) } },
      answers: 71,
      spoiled: { requests: { dns: 3, client: 0 }, hidden: 2, failed: 5, wrong: 0, slow: 0, percent: 0.12, seconds: 74 },
      besides: { failed: { dns: 0, client: 0 }, wrong: { dns: 0, client: 0 } },
      slowAboveMs: { dns: 1_090, client: 1_072 },
      decision: fault === null ? null : { by: 'alarm', alarm: 'VersionErrorBurst', atMs: at(116), detail: 'VersionErrorBurst fired' },
      versions: [
        {
          region: LOST,
          before: { live: '1', versions: ['1'] },
          after: { live: fault === null ? '2' : '1', versions: ['1', '2'] },
          answeredBefore: ['0.1.0+1'],
          answeredDuring: ['0.1.0+1', '0.1.0+2'],
          answeredAfter: ['0.1.0+1'],
        },
      ],
      audit: [{ atMs: at(118), who: 'codedeploy', what: 'ENDED', why: 'VersionErrorBurst fired' }],
      notifications: ['ALARM VersionErrorBurst'],
      ...more,
    },
    ledger: ledger(),
    verdicts: verdicts ?? [
      verdict("part of callers' requests spoiled while exposed", '%', 5, 0.12),
      verdict('from the first spoiled answer to the last', 's', 300, 74),
      verdict('acknowledged writes lost for good', 'writes', 0, 0),
    ],
    passed: true,
  });

const partition = (agreedSeconds: number | null = 2.1, more: Partial<PartitionReport['measured']> = {}): PartitionReport =>
  concluded({
    ...common,
    drill: 'partition',
    phases: { loadMs: at(0), baselineMs: at(10), partitionMs: at(30), healMs: at(50), endMs: at(90) },
    events: [
      event(30, 'fault', 'replication is paused between all regions'),
      event(50, 'repair', 'replication is resumed'),
      event(52.1, 'recovered', 'every region holds the same'),
    ],
    objectives: { failedRequests: 0, agreeSeconds: 30 },
    measured: {
      failedRequests: { dns: 0, client: 0, region: 0 },
      wrongAnswers: { dns: 0, client: 0 },
      missedReads: { dns: 4, client: 3 },
      agreedSeconds,
      conflicts: [
        { kind: 'one order twice', what: 'o-1', regions: REGIONS, answers: [], how: 'became one order', wrong: null },
        { kind: 'one order twice', what: 'o-2', regions: REGIONS, answers: [], how: 'became one order', wrong: null },
        { kind: 'two edits of one record', what: 'r-1', regions: REGIONS, answers: [], how: 'both kept, one wins', wrong: null },
      ],
      tableItems: 2_210,
      broken: [],
      brokenBefore: [],
      ...more,
    },
    ledger: ledger({ acknowledged: 812 }),
    verdicts: [
      verdict('requests that failed while regions were apart', 'requests', 0, 0),
      verdict('regions agreed after', 's', 30, agreedSeconds),
      verdict(
        'conflicts that ended otherwise than they must',
        'conflicts',
        0,
        (more.conflicts ?? []).filter(({ wrong }) => wrong !== null).length,
      ),
      verdict('rules that do not hold', 'rules', 0, more.broken?.length ?? 0),
    ],
    passed: true,
  });

const badWrites = (repairSeconds: number | null = 8.2, more: Partial<BadWritesReport['measured']> = {}): BadWritesReport =>
  concluded({
    ...common,
    drill: 'bad-writes',
    phases: {
      loadMs: at(0),
      baselineMs: at(10),
      pointMs: at(25),
      corruptedMs: at(30),
      repairMs: at(34),
      repairedMs: at(38.2),
      endMs: at(70),
    },
    events: [event(30, 'fault', '40 bad writes'), event(34, 'repair', 'the restore begins'), event(38.2, 'recovered', 'all is repaired')],
    objectives: { rpoSeconds: 0, failedRequests: 0, repairSeconds: 300 },
    measured: {
      damage: Array.from({ length: 40 }, (_, index) => ({
        kind: index % 3 === 0 ? 'a fact deleted' : 'a row set wrong',
        region: LOST,
        pk: `ORDER#${index}`,
        sk: 'PLACED',
        writer: LOST,
      })),
      spreadSeconds: 0.9,
      harmedWrites: 22,
      noticed: { dns: 3, client: 5 },
      failedAfter: { dns: 0, client: 0 },
      wrongAfter: { dns: 0, client: 0 },
      rpo: { writes: 0, seconds: 0 },
      repairSeconds,
      notAsBefore: 0,
      putBack: { facts: 31, rows: 9, left: 0 },
      tableItems: 1_730,
      broken: [],
      brokenBefore: [],
      ...more,
    },
    ledger: ledger({ acknowledged: 478 }),
    verdicts: [
      verdict('acknowledged writes lost in the end', 'writes', 0, more.rpo?.writes ?? 0),
      verdict('repaired everywhere after', 's', 300, repairSeconds),
      verdict('damaged facts that are not as before', 'items', 0, more.notAsBefore ?? 0),
    ],
    passed: true,
  });

const unknown = { dns: null, client: null } as const;
const lostWrites = Array.from({ length: LOST_LISTED_MAX }, (_, index) => ({
  operation: 'placeOrder',
  id: `01JDK3T7-${index}`,
  key: `key-${index}`,
  region: LOST,
  ageMs: index % 7 === 0 ? -index : index,
}));

/** One of each, and each in the states that are easily forgotten. */
export const drawn: readonly Drawn[] = [
  { name: 'region-loss-passed', report: regionLoss(), records: load(130, [30, 62]) },
  { name: 'region-loss-missed', report: regionLoss(74.2), records: load(130, [30, 104]) },
  {
    name: 'region-loss-not-repaired',
    report: regionLoss(32.4, {
      phases: { loadMs: at(0), baselineMs: at(10), faultMs: at(30), repairMs: at(112), servingMs: null, endMs: at(130) },
      measured: {
        ...regionLoss().measured,
        detectionSeconds: null,
        dnsChangedSeconds: null,
        rtoSeconds: unknown,
        slowestMs: unknown,
        normalSlowestMs: unknown,
        replicationAgeMs: null,
        rebuildSeconds: null,
        rpo: { writes: 4_310, milliseconds: 61_200 },
      },
      ledger: ledger({ lost: lostWrites, missing: 12, settledSeconds: null }),
      verdicts: [
        verdict('callers by DNS: recovered after', 's', 60, null),
        verdict('failover client: recovered after', 's', 10, null),
        verdict('oldest acknowledged write lost for good', 'ms', 5_000, 61_200),
        verdict('orders that hold stock twice', 'orders', 0, 0),
      ],
    }),
    records: load(130, [30, 130]),
  },
  {
    name: 'region-loss-nothing-measured',
    report: regionLoss(0, {
      events: [],
      verdicts: [],
      load: { ...common.load, requests: { dns: 0, client: 0 } },
      ledger: ledger({ acknowledged: 0, missingByRegion: {} }),
    }),
    records: [],
  },
  { name: 'bad-deploy-passed', report: delivery('rare'), records: load(130) },
  {
    name: 'bad-deploy-missed',
    report: delivery(
      'slow',
      { spoiled: { requests: { dns: 412, client: 80 }, hidden: 12, failed: 0, wrong: 0, slow: 504, percent: 21.7, seconds: 88 } },
      [
        verdict('answers that the bad version spoiled', 'answers', 0, 504),
        verdict("part of callers' requests spoiled while exposed", '%', 5, 21.7),
        verdict('from the first spoiled answer to the last', 's', 300, 88),
      ],
    ),
    records: load(130, [60, 64], 60),
  },
  { name: 'good-deploy-passed', report: delivery(null, { answers: 5_112 }), records: load(130) },
  { name: 'partition-passed', report: partition(), records: load(90) },
  {
    name: 'partition-missed',
    report: partition(null, {
      conflicts: [
        { kind: 'one order twice', what: 'o-1', regions: REGIONS, answers: [], how: 'two orders', wrong: 'two orders hold stock' },
      ],
      broken: [{ rule: 'stock', detail: 'available + sold + granted - credited = booked does not hold of sku tea in us-east-2' }],
      brokenBefore: [{ rule: 'orders', detail: 'ORDER#x has no beginning' }],
    }),
    records: load(90, [31, 33]),
  },
  { name: 'bad-writes-passed', report: badWrites(), records: load(70) },
  {
    name: 'bad-writes-missed',
    report: badWrites(null, { rpo: { writes: 3, seconds: 12.5 }, notAsBefore: 2, spreadSeconds: null }),
    records: load(70, [40, 45]),
  },
];
