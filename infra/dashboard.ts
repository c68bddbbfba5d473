import { Duration } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, type IWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction, IVersion } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { JOURNEY_TARGETS, STACKS, TABLES } from '../functions/contract/names.ts';
import { metrics, versionMetrics } from './metrics.ts';

const MINUTE = { period: Duration.minutes(1) } as const;

export interface CellDashboardProps {
  readonly alarms: readonly IAlarm[];
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

/** One region at a glance: alarms, what users and the newest version get, what the functions need, how the others look from here. */
export class CellDashboard extends Construct {
  constructor(scope: Construct, id: string, props: CellDashboardProps) {
    super(scope, id);
    new Dashboard(this, 'Dashboard', {
      // Found by who knows the stack. Names of dashboards are one for the account, whatever the region.
      dashboardName: STACKS.cell(props.region),
      defaultInterval: Duration.hours(3),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: 24, height: 3 })],
        [
          graph('Users: requests and errors', 'count', [metrics.requests(), metrics.errors()]),
          graph('Users: latency', 'ms', [metrics.latencyMedian(), metrics.latencyP99()]),
          graph('API Gateway, health checks included', 'count', [
            metrics.gatewayCount(),
            metrics.gateway4xx(),
            metrics.gateway5xx(),
            metrics.untold(),
          ]),
        ],
        ...watchers(props),
        [
          graph(
            'Heartbeat age of the others',
            's',
            props.peers.map((peer) => metrics.heartbeatAge(peer)()),
          ),
          graph(
            "Age of the others' newest orders here, as users see it",
            's',
            props.peers.map((peer) => metrics.replicaAge(peer)()),
          ),
          graph(
            'Replication to the others, as DynamoDB sees it',
            'ms',
            props.peers.map((peer) => metrics.replicationLatency(peer)()),
          ),
        ],
        [
          graph('Users: writes that were to be replicated, and that no peer was seen to hold in time', 'count', [
            metrics.durabilityAsked(),
            metrics.durabilityMissed(),
          ]),
          graph('Reconciled', 'count', [
            metrics.reconciled(),
            metrics.doubleShipments(),
            metrics.shippedAfterCancelled(),
            metrics.tasksSetAside(),
            metrics.damagedItems(),
          ]),
          ...functions(props),
        ],
        backups(),
      ],
    });
  }
}

/** The newest version, and what the canary sees. */
const watchers = ({ region, peers, behindDomain, version, apiFunction }: CellDashboardProps): IWidget[][] => {
  const { errorRate, crashes, latencyP90 } = versionMetrics(version);
  const { shared, origin } = JOURNEY_TARGETS;
  const regions = [region, ...(behindDomain ? peers : [])];
  const targets = [...regions, ...(behindDomain ? [shared, ...[region, ...peers].map(origin)] : [])];
  return [
    [
      graph('Newest version: errors of users', '%', [errorRate]),
      graph('Newest version: crashes and timeouts', 'count', [crashes(apiFunction)]),
      graph('Newest version: latency, 90th percentile', 'ms', [latencyP90]),
    ],
    [
      graph('Journeys that failed', 'count', [
        ...targets.map((target) => metrics.journeyFailures(target)().with({ label: target })),
        metrics.canaryBlind().with({ label: 'canary blind' }),
      ]),
      graph('Steps that failed', 'count', [metrics.journeyFailedSteps()]),
      graph(
        'Journeys: how long they take',
        'ms',
        targets.map((target) => metrics.journeyLatency(target)().with({ label: target })),
      ),
    ],
  ];
};

const backups = (): IWidget[] => {
  const byTable = (metric: (table: string) => () => IMetric): IMetric[] => Object.values(TABLES).map((table) => metric(table)());
  return [
    graph('Age of the newest backup, and of the last one restored', 's', [
      ...byTable(metrics.recoveryPointAge),
      ...byTable(metrics.restoreTestAge),
    ]),
    graph('Backups, copies and restore tests that failed', 'count', [
      metrics.backupFailures(),
      metrics.copyFailures(),
      metrics.restoreTestFailures(),
    ]),
    graph('Point-in-time recovery', '1 is on', byTable(metrics.pointInTimeRecovery)),
  ];
};

const functions = ({ apiFunction, housekeepingFunction, deadLetters }: CellDashboardProps): IWidget[] => [
  graph('API function', 'count', [
    apiFunction.metricErrors(MINUTE),
    apiFunction.metricThrottles(MINUTE),
    apiFunction.metric('ConcurrentExecutions', { ...MINUTE, statistic: Stats.MAXIMUM }),
  ]),
  graph('Housekeeping', 'count', [
    housekeepingFunction.metricErrors(MINUTE),
    housekeepingFunction.metricThrottles(MINUTE),
    deadLetters.metricApproximateNumberOfMessagesVisible({ ...MINUTE, statistic: Stats.MAXIMUM }),
  ]),
  graph('Age of the oldest change not reconciled', 'ms', [
    housekeepingFunction.metric('IteratorAge', { ...MINUTE, statistic: Stats.MAXIMUM }),
  ]),
];

/** A third of a row. */
export const graph = (title: string, unit: string, left: IMetric[]): IWidget =>
  new GraphWidget({ title, left, leftYAxis: { label: unit, min: 0, showUnits: false }, width: 8, height: 6 });
