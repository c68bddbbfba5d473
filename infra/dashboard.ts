import { Duration } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, type IWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { metrics } from './metrics.ts';

const MINUTE = { period: Duration.minutes(1) } as const;

export interface CellDashboardProps {
  readonly alarms: readonly IAlarm[];
  readonly apiFunction: IFunction;
  readonly housekeepingFunction: IFunction;
  readonly deadLetters: IQueue;
  /** The other regions. */
  readonly peers: readonly string[];
}

/** One region at a glance: alarms, what users get, what the functions need, how the others look from here. */
export class CellDashboard extends Construct {
  constructor(scope: Construct, id: string, props: CellDashboardProps) {
    super(scope, id);
    const { apiFunction, housekeepingFunction } = props;
    new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(3),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: 24, height: 3 })],
        [
          graph('Users: requests and errors', 'count', [metrics.requests(), metrics.errors()]),
          graph('Users: latency', 'ms', [metrics.latencyMedian(), metrics.latencyP99()]),
          graph('API Gateway, health checks included', 'count', [metrics.gatewayCount(), metrics.gateway4xx(), metrics.gateway5xx()]),
        ],
        [
          graph(
            'Heartbeat age of the others',
            's',
            props.peers.map((peer) => metrics.heartbeatAge(peer)()),
          ),
          graph(
            'Replication to the others, as DynamoDB sees it',
            'ms',
            props.peers.map((peer) => metrics.replicationLatency(peer)()),
          ),
          graph('Reconciled', 'count', [metrics.reconciled(), metrics.doubleShipments()]),
        ],
        [
          graph('API function', 'count', [
            apiFunction.metricErrors(MINUTE),
            apiFunction.metricThrottles(MINUTE),
            apiFunction.metric('ConcurrentExecutions', { ...MINUTE, statistic: Stats.MAXIMUM }),
          ]),
          graph('Housekeeping', 'count', [
            housekeepingFunction.metricErrors(MINUTE),
            housekeepingFunction.metricThrottles(MINUTE),
            props.deadLetters.metricApproximateNumberOfMessagesVisible({ ...MINUTE, statistic: Stats.MAXIMUM }),
          ]),
          graph('Age of the oldest change not reconciled', 'ms', [
            housekeepingFunction.metric('IteratorAge', { ...MINUTE, statistic: Stats.MAXIMUM }),
          ]),
        ],
      ],
    });
  }
}

/** A third of a row. */
export const graph = (title: string, unit: string, left: IMetric[]): IWidget =>
  new GraphWidget({ title, left, leftYAxis: { label: unit, min: 0, showUnits: false }, width: 8, height: 6 });
