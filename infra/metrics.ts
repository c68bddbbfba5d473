import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { DIMENSIONS, METRICS, STAGE, TABLES } from '../functions/contract/names.ts';
import { API_NAME } from './api.ts';

const PERIOD = Duration.minutes(1);

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

/**
 * Metrics that dashboards and alarms share. Each is made for a region: none given, the stack's own. Alarms see only
 * their own region's; dashboards see all.
 */
export const metrics = {
  requests: own(METRICS.requests, Stats.SUM),
  errors: own(METRICS.errors, Stats.SUM),
  latencyMedian: own(METRICS.latency, Stats.p(50)),
  latencyP99: own(METRICS.latency, Stats.p(99)),
  reconciled: own(METRICS.reconciled, Stats.SUM),
  doubleShipments: own(METRICS.doubleShipments, Stats.SUM),
  /** Seconds since the peer's last heartbeat, as this region's replica shows it. */
  heartbeatAge: (peer: string) => own(METRICS.heartbeatAge, Stats.MAXIMUM, { [DIMENSIONS.peer]: peer }),
  gateway5xx: gateway('5XXError', Stats.SUM),
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
