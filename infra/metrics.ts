import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction, IVersion } from 'aws-cdk-lib/aws-lambda';
import { ALIAS, DIMENSIONS, METRICS, STAGE, TABLES } from '../functions/contract/names.ts';
import { API_NAME } from './api.ts';

const PERIOD = Duration.minutes(1);

const PERIOD_SECONDS = PERIOD.toSeconds();

/** The functions' own metrics. They carry no region: CloudWatch keeps each region's apart. */
const own = (metricName: string, statistic: string, dimensionsMap?: Record<string, string>) => (region?: string) =>
  new Metric({ namespace: METRICS.namespace, metricName, statistic, dimensionsMap, period: PERIOD, region });

const gateway = (metricName: string, statistic: string) => (region?: string) =>
  new Metric({
    namespace: 'AWS/ApiGateway',
    metricName,
    statistic,
    dimensionsMap: { ApiName: API_NAME, Stage: STAGE },
    period: PERIOD,
    region,
  });

/** Looked at each hour; of one table, or over all. */
const hourly = (name: string, statistic: string, table?: string) => (region?: string) =>
  own(name, statistic, table === undefined ? {} : { [DIMENSIONS.table]: table })(region).with({ period: Duration.hours(1) });

const towards = (target: string) => ({ [DIMENSIONS.target]: target });

/** Of one version only: metrics of another one's faults are other metrics. */
export const versionMetrics = (version: IVersion) => {
  const dimensions = { [DIMENSIONS.version]: version.version };
  const total = (name: string) => own(name, Stats.SUM, dimensions)();
  const errorPercent = (condition: string, label: string): MathExpression =>
    new MathExpression({
      expression: `IF(${condition}, 100 * errors / requests, 0)`,
      usingMetrics: { requests: total(METRICS.requests), errors: total(METRICS.errors) },
      label,
      period: PERIOD,
    });
  return {
    /** Percent of users' requests. A minute without any has no value, so nothing is ever divided by nothing. */
    errorRate: errorPercent('requests > 0', 'errors, percent'),
    /** The same of minutes with two errors or more, else 0. */
    errorBurst: errorPercent('errors > 1', 'errors of minutes with several, percent'),
    latencyP90: own(METRICS.latency, Stats.p(90), dimensions)(),
    /**
     * Calls through the alias that threw or timed out: what a version that dies cannot count itself.
     * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
     */
    crashes: (handler: IFunction): Metric =>
      new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Errors',
        statistic: Stats.SUM,
        dimensionsMap: {
          FunctionName: handler.functionName,
          Resource: `${handler.functionName}:${ALIAS}`,
          ExecutedVersion: version.version,
        },
        period: PERIOD,
      }),
  };
};

/**
 * Metrics that dashboards and alarms share. Each is made for a region: none given, the stack's own. Alarms see only
 * their own region's; dashboards see all.
 */
export const metrics = {
  requests: own(METRICS.requests, Stats.SUM),
  errors: own(METRICS.errors, Stats.SUM),
  latencyMedian: own(METRICS.latency, Stats.p(50)),
  latencyP99: own(METRICS.latency, Stats.p(99)),
  durabilityAsked: own(METRICS.durabilityAsked, Stats.SUM),
  durabilityMissed: own(METRICS.durabilityMissed, Stats.SUM),
  reconciled: own(METRICS.reconciled, Stats.SUM),
  doubleShipments: own(METRICS.doubleShipments, Stats.SUM),
  shippedAfterCancelled: own(METRICS.shippedAfterCancelled, Stats.SUM),
  tasksSetAside: own(METRICS.tasksSetAside, Stats.SUM),
  damagedItems: own(METRICS.damagedItems, Stats.SUM),
  /** Seconds since the peer's last heartbeat, as this region's replica shows it. */
  heartbeatAge: (peer: string) => own(METRICS.heartbeatAge, Stats.MAXIMUM, { [DIMENSIONS.peer]: peer }),
  /** 1 for a minute's journey that failed; the canary tells `JOURNEY_TARGETS`. */
  journeyFailures: (target: string) => own(METRICS.journeyFailures, Stats.SUM, towards(target)),
  /** Milliseconds of a whole journey that ended well. */
  journeyLatency: (target: string) => own(METRICS.journeyLatency, Stats.MAXIMUM, towards(target)),
  canaryBlind: own(METRICS.canaryBlind, Stats.MAXIMUM),
  /** Minutes in which the canary said anything at all. */
  canaryRuns: own(METRICS.canaryBlind, Stats.SAMPLE_COUNT),
  /** Seconds since the peer's canary placed the newest order that this region shows. */
  replicaAge: (peer: string) => own(METRICS.replicaAge, Stats.MAXIMUM, { [DIMENSIONS.peer]: peer }),
  /** Every step that failed, whatever its target: only dashboards can search. */
  journeyFailedSteps: () =>
    new MathExpression({
      expression: `SEARCH('{${METRICS.namespace},${DIMENSIONS.target},${DIMENSIONS.step}} MetricName="${METRICS.journeyFailedStep}"', 'Sum', ${PERIOD_SECONDS})`,
      usingMetrics: {},
      label: '',
      period: PERIOD,
    }),
  /** The oldest of the tables' newest recovery points, in seconds; or a table's. */
  recoveryPointAge: (table?: string) => hourly(METRICS.recoveryPointAge, Stats.MAXIMUM, table),
  /** 0 when any table cannot be restored to any second of the last days; or a table's. */
  pointInTimeRecovery: (table?: string) => hourly(METRICS.pointInTimeRecovery, Stats.MINIMUM, table),
  backupFailures: hourly(METRICS.backupFailures, Stats.MAXIMUM),
  copyFailures: hourly(METRICS.copyFailures, Stats.MAXIMUM),
  /** The longest that a table's backup was not restored and found right, in seconds; or a table's. */
  restoreTestAge: (table?: string) => hourly(METRICS.restoreTestAge, Stats.MAXIMUM, table),
  restoreTestFailures: hourly(METRICS.restoreTestFailures, Stats.MAXIMUM),
  gateway5xx: gateway('5XXError', Stats.SUM),
  untold: own(METRICS.untold, Stats.SUM),
  /** API Gateway's 5xx without what strangers get, so that nobody who has no key raises an alarm, or takes a version back. */
  gatewayFaults: () =>
    new MathExpression({
      expression: 'errors - FILL(untold, 0)',
      usingMetrics: { errors: metrics.gateway5xx(), untold: metrics.untold() },
      label: 'errors, but for strangers',
      period: PERIOD,
    }),
  gateway4xx: gateway('4XXError', Stats.SUM),
  gatewayCount: gateway('Count', Stats.SUM),
  /** Milliseconds, as DynamoDB sees it. No datapoints do not mean no lag: never alarm on it. */
  replicationLatency: (receiver: string) => (region?: string) =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName: 'ReplicationLatency',
      statistic: Stats.MAXIMUM,
      dimensionsMap: { TableName: TABLES.data, ReceivingRegion: receiver },
      period: PERIOD,
      region,
    }),
} as const;
