/** Reports of each drill whose numbers agree. */
import type { BadWritesReport, DeliveryReport, PartitionReport, RegionLossReport, Report, Verdict } from '../../../ops/reports/report.ts';

const REGIONS = ['eu-central-1', 'us-east-2'];
const most = (name: string, unit: Verdict['unit'], max: number, measured: number): Verdict => ({
  name,
  unit,
  min: null,
  max,
  measured,
  passed: true,
});
const least = (name: string, unit: Verdict['unit'], min: number, measured: number): Verdict => ({
  name,
  unit,
  min,
  max: null,
  measured,
  passed: true,
});

const LEDGER: readonly Verdict[] = [
  most('acknowledged writes a region lacks', 'writes', 0, 0),
  most('orders that hold stock twice', 'orders', 0, 0),
  most('stock sold beyond what was held', 'units', 0, 0),
];

const shared = {
  version: 1,
  target: 'local',
  regions: REGIONS,
  startedAt: '2026-01-02T03:04:05.678Z',
  load: { ratePerSecond: 24, callers: { dns: 12, client: 12 }, requests: { dns: 800, client: 800 } },
  ledger: {
    acknowledged: 900,
    missing: 0,
    duplicates: 0,
    oversold: 0,
    missingByRegion: { 'eu-central-1': 0, 'us-east-2': 0 },
    lost: [],
    settledSeconds: 2,
  },
  passed: true,
} satisfies Partial<Report>;

/** Of a drill whose fault is at 100 s. */
const event = (
  atMs: number,
  kind: Report['events'][number]['kind'],
  detail: string,
  region: string | null = null,
): Report['events'][number] => ({
  atMs,
  sinceFaultSeconds: (atMs - 100_000) / 1_000,
  kind,
  region,
  detail,
});
const course = (...own: readonly Report['events'][number][]): Report['events'] => [
  event(70_000, 'load', 'load begins'),
  ...own,
  event(160_000, 'load', 'load ends'),
  event(162_000, 'ledger', 'the ledgers of all regions agree'),
];

export const REGION_LOSS: RegionLossReport = {
  ...shared,
  drill: 'region-loss',
  how: 'kill',
  region: 'eu-central-1',
  phases: { loadMs: 70_000, baselineMs: 85_000, faultMs: 100_000, repairMs: 150_000, servingMs: 155_000, endMs: 160_000 },
  events: course(event(100_000, 'fault', 'lost: kill', 'eu-central-1'), event(134_000, 'recovered', 'callers succeed again')),
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
    formulaSeconds: 40,
    rtoSeconds: { dns: 34, client: 0 },
    failedRequests: { dns: 17, client: 0 },
    failedAfterRepair: { dns: 0, client: 0 },
    slowestMs: { dns: 2_000, client: 600 },
    normalSlowestMs: { dns: 90, client: 80 },
    missedReads: { dns: 0, client: 0 },
    replicationAgeMs: 1_800,
    rpo: { writes: 0, milliseconds: 0 },
    rebuildSeconds: 5,
  },
  verdicts: [
    most('callers by DNS: recovered after', 's', 60, 34),
    { name: 'callers by DNS: measured / computed', unit: 'ratio', min: 0.75, max: 1.1, measured: 0.85, passed: true },
    most('failover client: recovered after', 's', 10, 0),
    most('failover client: failed requests', 'requests', 0, 0),
    most('failover client: added to the slowest', 'ms', 1_000, 520),
    most('oldest acknowledged write lost for good', 'ms', 5_000, 0),
    ...LEDGER,
  ],
};

export const PARTITION: PartitionReport = {
  ...shared,
  drill: 'partition',
  phases: { loadMs: 70_000, baselineMs: 85_000, partitionMs: 100_000, healMs: 130_000, endMs: 160_000 },
  events: course(event(100_000, 'fault', 'paused'), event(130_000, 'repair', 'resumed'), event(133_000, 'recovered', 'they agree')),
  objectives: { failedRequests: 0, agreeSeconds: 30 },
  measured: {
    failedRequests: { dns: 0, client: 0, region: 0 },
    wrongAnswers: { dns: 0, client: 0 },
    missedReads: { dns: 3, client: 1 },
    agreedSeconds: 3,
    conflicts: [
      {
        kind: 'same order',
        what: 'o1',
        regions: REGIONS,
        answers: REGIONS.map((region) => ({ region, operation: 'placeOrder', status: 201 })),
        how: 'one order',
        wrong: null,
      },
      {
        kind: 'last units',
        what: 'x',
        regions: REGIONS,
        answers: [{ region: 'us-east-2', operation: 'placeOrder', status: 409 }],
        how: 'sold',
        wrong: null,
      },
    ],
    tableItems: 500,
    broken: [],
    brokenBefore: [],
  },
  verdicts: [
    most('requests that failed while regions were apart', 'requests', 0, 0),
    most('answers that contradict what was acknowledged', 'answers', 0, 0),
    most('regions agree on all conflicts after', 's', 30, 3),
    most('conflicts that ended otherwise than they must', 'conflicts', 0, 0),
    most('rules that do not hold on the tables', 'rules', 0, 0),
    most('acknowledged writes lost for good', 'writes', 0, 0),
    ...LEDGER,
  ],
};

export const BAD_WRITES: BadWritesReport = {
  ...shared,
  drill: 'bad-writes',
  phases: {
    loadMs: 70_000,
    baselineMs: 85_000,
    pointMs: 98_000,
    corruptedMs: 100_000,
    repairMs: 130_000,
    repairedMs: 150_000,
    endMs: 160_000,
  },
  events: course(event(98_000, 'repair', 'the point'), event(100_000, 'fault', 'bad writes'), event(150_000, 'recovered', 'repaired')),
  objectives: { rpoSeconds: 0, failedRequests: 0, repairSeconds: 120 },
  measured: {
    damage: [{ kind: 'fact deleted', region: 'us-east-2', pk: 'ORDER#o', sk: 'PLACED#eu-central-1', writer: 'eu-central-1' }],
    spreadSeconds: 4,
    harmedWrites: 1,
    noticed: { dns: 2, client: 1 },
    failedAfter: { dns: 0, client: 0 },
    wrongAfter: { dns: 0, client: 0 },
    rpo: { writes: 0, seconds: 0 },
    repairSeconds: 50,
    notAsBefore: 0,
    putBack: { facts: 1, rows: 0, left: 0 },
    tableItems: 500,
    broken: [],
    brokenBefore: [],
  },
  verdicts: [
    least('bad writes that were in every region', 'writes', 1, 1),
    least('acknowledged writes that they took away', 'writes', 1, 1),
    most('newest acknowledged write that is not back', 's', 0, 0),
    most('acknowledged writes lost for good', 'writes', 0, 0),
    most('from the first bad write until all was repaired', 's', 120, 50),
    most('harmed facts that are not as before', 'items', 0, 0),
    most('requests that failed after the repair', 'requests', 0, 0),
    most('answers after the repair that contradict what was acknowledged', 'answers', 0, 0),
    most('rules that do not hold on the tables', 'rules', 0, 0),
    ...LEDGER,
  ],
};

const versionsOf = (region: string, live: string, answers: string): DeliveryReport['measured']['versions'][number] => ({
  region,
  before: { live: '1', versions: ['1'] },
  after: { live, versions: ['1'] },
  answeredBefore: ['r+1'],
  answeredDuring: ['r+1'],
  answeredAfter: [answers],
});
const FIRED = 'alarm VersionErrorBurst is ALARM: 12 errors';
const WHY = 'ALARM_ACTIVE: one or more alarms have been activated. Activated alarms: <tandem-cell-AlarmsVersionErrorBurst1A2B-XYZ>';

export const DELIVERY: DeliveryReport = {
  ...shared,
  drill: 'bad-deploy',
  fault: 'rare',
  controlPlane: 'simulated',
  region: 'eu-central-1',
  settings: { exposePercent: 5, exposeMinutes: 3, bakeMinutes: 5 },
  phases: { loadMs: 70_000, baselineMs: 85_000, deliveredMs: 100_000, endedMs: 125_000, endMs: 160_000 },
  events: course(
    event(100_000, 'fault', 'delivered'),
    event(104_000, 'alarm', 'alarm HeartbeatAge-us-east-2 is ALARM', 'eu-central-1'),
    event(120_000, 'alarm', FIRED, 'eu-central-1'),
  ),
  delivery: {
    id: 'd',
    state: 'failed',
    detail: WHY,
    regions: REGIONS.map((region) => ({
      region,
      state: 'failed',
      deploymentId: 'd-1',
      from: '1',
      to: '2',
      percent: 0,
      detail: '',
      startedAtMs: 100_000,
      endedAtMs: 125_000,
    })),
  },
  objectives: { spoiledAnswers: 0, spoiledPercent: 5, spoiledSeconds: 60, slowExtraMs: 1_000 },
  measured: {
    exposure: { 'eu-central-1': { fromMs: 110_000, toMs: 122_000 } },
    answers: 40,
    spoiled: { requests: { dns: 0, client: 2 }, hidden: 1, failed: 2, wrong: 1, slow: 1, percent: 0.5, seconds: 8 },
    besides: { failed: { dns: 0, client: 0 }, wrong: { dns: 0, client: 0 } },
    slowAboveMs: { dns: 1_200, client: 1_100 },
    decision: { by: 'alarm', alarm: 'VersionErrorBurst', atMs: 120_000, detail: FIRED },
    versions: REGIONS.map((region) => versionsOf(region, '1', 'r+1')),
    audit: [{ atMs: 126_000, who: 'codedeploy', what: 'deployment d-1 stopped', why: WHY }],
    notifications: ['deployment d-1 was taken back'],
  },
  verdicts: [
    least('answers that it spoiled, to be caught at all', 'answers', 1, 4),
    most('requests that it spoiled while exposed', '%', 5, 0.5),
    most('from the first spoiled answer to the last', 's', 60, 8),
    least('regions taken back to the version before', 'regions', 1, 1),
    least('versions that answer there afterwards', 'versions', 1, 1),
    least('audit items that say why', 'items', 1, 1),
    least('notifications', 'messages', 1, 1),
    most('acknowledged writes lost for good', 'writes', 0, 0),
    ...LEDGER,
  ],
};

export const GOOD_DELIVERY: DeliveryReport = {
  ...DELIVERY,
  drill: 'good-deploy',
  fault: null,
  events: course(event(100_000, 'fault', 'delivered')),
  delivery: { ...DELIVERY.delivery, state: 'succeeded', detail: 'done' },
  measured: {
    ...DELIVERY.measured,
    spoiled: { requests: { dns: 0, client: 0 }, hidden: 0, failed: 0, wrong: 0, slow: 0, percent: 0, seconds: 0 },
    decision: null,
    versions: REGIONS.map((region) => versionsOf(region, '2', 'r+2')),
  },
  verdicts: [
    most('requests that it spoiled', 'requests', 0, 0),
    most('requests that failed, or were answered wrong, besides', 'requests', 0, 0),
    least('regions on the new version', 'regions', 2, 2),
    most('acknowledged writes lost for good', 'writes', 0, 0),
    ...LEDGER,
  ],
};
