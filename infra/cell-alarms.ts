import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction, IVersion } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { AlarmSpec } from './alarms.ts';
import { canaryAlarms } from './canary-alarms.ts';
import { metrics } from './metrics.ts';
import { versionAlarms } from './version-alarms.ts';

export interface CellAlarmsProps {
  readonly region: string;
  readonly apiFunction: IFunction;
  /** The API function's newest. */
  readonly version: IVersion;
  readonly housekeepingFunction: IFunction;
  readonly deadLetters: IQueue;
  /** The other regions. */
  readonly peers: readonly string[];
  /** The canary can find more than its own region. */
  readonly behindDomain: boolean;
}

/**
 * What stops a deployment and takes its version back: the version's own answers, what callers of the region get, and that
 * whoever watches sees. The same alarms end a bake. CodeDeploy takes ten at most.
 *
 * Not `CanarySilent`: it fires in a cell's first minutes, before the canary has run, and would hold up the next deployment;
 * without a canary no bake ends well anyway, because CodeDeploy gives up on its hook.
 */
export const STOPPING = [
  'VersionErrors',
  'VersionErrorBurst',
  'VersionCrashes',
  'VersionLatency',
  'Gateway5xx',
  'OwnJourney',
  'CanaryBlind',
] as const;

const MINUTE = { period: Duration.minutes(1) } as const;
/** Three runs of the canary that may be missed when no health checker calls, and one to see it. */
const HEARTBEAT_AGE_SECONDS_MAX = 240;
const LATENCY_P99_MS_MAX = 1_000;
const ITERATOR_AGE_MS_MAX = 120_000;

const EVENTS_ONLY = { as: 'notBreaching', because: 'the metric has data only when there was something to count' } as const;

/** What a cell watches in itself, and about the others in its own replica. */
export const cellAlarms = (props: CellAlarmsProps): readonly AlarmSpec[] => [
  ...CALLERS,
  ...versionAlarms(props.version, props.apiFunction),
  ...apiAlarms(props.apiFunction),
  ...housekeepingAlarms(props.housekeepingFunction, props.deadLetters),
  ...props.peers.map(heartbeatAlarm),
  ...canaryAlarms(props),
];

const CALLERS: readonly AlarmSpec[] = [
  {
    name: 'UserErrors',
    severity: 'page',
    meaning: 'users get 5xx answers from the function',
    metric: metrics.errors(),
    threshold: 5,
    periods: { bad: 3, of: 5 },
    missing: {
      as: 'notBreaching',
      because: 'without user requests nobody is refused; that the region answers is what the health checks watch',
    },
  },
  {
    name: 'Gateway5xx',
    severity: 'page',
    meaning:
      'API Gateway answers 5xx to others than strangers, which includes timeouts and crashes that the function cannot count, and failed health checks',
    metric: metrics.gatewayFaults(),
    threshold: 5,
    periods: { bad: 3, of: 5 },
    missing: EVENTS_ONLY,
  },
  {
    name: 'UserLatency',
    severity: 'ticket',
    meaning: `one user request in a hundred takes ${LATENCY_P99_MS_MAX} ms or more in the function`,
    metric: metrics.latencyP99(),
    threshold: LATENCY_P99_MS_MAX,
    periods: { bad: 4, of: 5 },
    missing: { as: 'notBreaching', because: 'without user requests nobody waits' },
  },
  {
    name: 'DoubleShipments',
    severity: 'ticket',
    meaning: 'the goods of one order left from two regions, and a person must look',
    metric: metrics.doubleShipments(),
    threshold: 1,
    periods: { bad: 1, of: 1 },
    missing: EVENTS_ONLY,
  },
  {
    name: 'ShippedAfterCancelled',
    severity: 'ticket',
    meaning: 'an order that callers were told to be cancelled was shipped, and a person must look',
    metric: metrics.shippedAfterCancelled(),
    threshold: 1,
    periods: { bad: 1, of: 1 },
    missing: EVENTS_ONLY,
  },
  {
    name: 'TasksSetAside',
    severity: 'ticket',
    meaning: 'an order is longer than housekeeping can read, and nobody ends its reservations',
    metric: metrics.tasksSetAside(),
    threshold: 1,
    periods: { bad: 1, of: 1 },
    missing: EVENTS_ONLY,
  },
  {
    name: 'DamagedItems',
    severity: 'ticket',
    meaning: 'a write found an item that holds what this system never writes',
    metric: metrics.damagedItems(),
    threshold: 1,
    periods: { bad: 1, of: 1 },
    missing: EVENTS_ONLY,
  },
];

const apiAlarms = (api: IFunction): readonly AlarmSpec[] => [
  {
    name: 'ApiErrors',
    severity: 'page',
    meaning: 'the API function throws or times out, which it never does by design',
    metric: api.metricErrors({ ...MINUTE, statistic: Stats.SUM }),
    threshold: 1,
    periods: { bad: 2, of: 5 },
    missing: EVENTS_ONLY,
  },
  {
    name: 'ApiThrottles',
    severity: 'page',
    meaning: "the account's concurrency in this region is used up, and calls of the API function are refused",
    metric: api.metricThrottles({ ...MINUTE, statistic: Stats.SUM }),
    threshold: 1,
    periods: { bad: 2, of: 5 },
    missing: EVENTS_ONLY,
  },
];

const housekeepingAlarms = (housekeeping: IFunction, deadLetters: IQueue): readonly AlarmSpec[] => [
  {
    name: 'HousekeepingErrors',
    severity: 'ticket',
    meaning: 'reconciling or rebalancing fails',
    metric: housekeeping.metricErrors({ ...MINUTE, statistic: Stats.SUM }),
    threshold: 1,
    periods: { bad: 3, of: 5 },
    missing: EVENTS_ONLY,
  },
  {
    name: 'HousekeepingThrottles',
    severity: 'ticket',
    meaning: "the account's concurrency in this region is used up, and calls of the housekeeping function are refused",
    metric: housekeeping.metricThrottles({ ...MINUTE, statistic: Stats.SUM }),
    threshold: 1,
    periods: { bad: 3, of: 5 },
    missing: EVENTS_ONLY,
  },
  {
    name: 'HousekeepingBehind',
    severity: 'ticket',
    meaning: `the oldest change that was not reconciled is ${ITERATOR_AGE_MS_MAX / 1_000} s old or more`,
    metric: housekeeping.metric('IteratorAge', { ...MINUTE, statistic: Stats.MAXIMUM }),
    threshold: ITERATOR_AGE_MS_MAX,
    periods: { bad: 3, of: 5 },
    missing: { as: 'notBreaching', because: 'the age is told with each batch, and a quiet table has none' },
  },
  {
    name: 'DeadLetters',
    severity: 'ticket',
    meaning:
      'housekeeping gave up changes that it could not reconcile; `bin/tandem sweep --target aws` finds what is left undone, and has it done',
    metric: deadLetters.metricApproximateNumberOfMessagesVisible({ ...MINUTE, statistic: Stats.MAXIMUM }),
    threshold: 1,
    periods: { bad: 1, of: 1 },
    missing: { as: 'notBreaching', because: 'SQS tells nothing about a queue that was empty and unused for six hours' },
  },
];

const heartbeatAlarm = (peer: string): AlarmSpec => ({
  name: `HeartbeatAge-${peer}`,
  severity: 'page',
  meaning: `what ${peer} writes has not arrived here for ${HEARTBEAT_AGE_SECONDS_MAX} s: it is down, or replication is, or this region's canary does not look`,
  metric: metrics.heartbeatAge(peer)(),
  threshold: HEARTBEAT_AGE_SECONDS_MAX,
  periods: { bad: 3, of: 5 },
  missing: { as: 'breaching', because: 'the age is measured each minute, so silence means that nobody here watches replication' },
});
