import { Duration, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { type AlarmBase, AlarmStatusWidget, Dashboard, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { CnameRecord, HealthCheck, HealthCheckType, HostedZone } from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { dnsNames, EVACUATE_TEXT, HEALTHY_TEXT, STACKS } from '../functions/contract/names.ts';
import { ROUTES } from '../functions/contract/routes.ts';
import { type AlarmSpec, Alarms } from './alarms.ts';
import { type Config, checkerRegions } from './config.ts';
import { graph } from './dashboard.ts';
import { metrics } from './metrics.ts';

export interface GlobalStackProps extends StackProps {
  readonly config: Config;
  readonly domain: NonNullable<Config['domain']>;
}

/**
 * Routing: for each region the checks that decide about it, and for each serving one the shared name's latency record.
 * In us-east-1, where Route 53's metrics are and alarms can see them. Nothing here is changed to fail over.
 */
export class GlobalStack extends Stack {
  private readonly config: Config;
  private readonly domain: NonNullable<Config['domain']>;

  constructor(scope: Construct, id: string, props: GlobalStackProps) {
    super(scope, id, props);
    this.config = props.config;
    this.domain = props.domain;
    const names = this.config.regions.map(({ name }) => name);
    const verdicts = new Map(
      names.map((name) => [
        name,
        this.verdict(
          name,
          names.filter((other) => other !== name),
        ),
      ]),
    );
    this.addRecords(verdicts);
    const alarms = new Alarms(this, 'Alarms', {
      alarms: [...verdicts].map(([region, check]) => outOfService(region, check)),
      emails: this.config.alarms.emails,
    });
    this.addDashboard(names, verdicts, alarms.all);
  }

  /** A region is answered while its deep check passes and no other region says that it is evacuated. */
  private verdict(region: string, peers: readonly string[]): HealthCheck {
    const deep = this.probe(`Deep-${region}`, region, {
      resourcePath: ROUTES.health.path,
      searchString: HEALTHY_TEXT,
      failureThreshold: this.config.health.failureThreshold,
    });
    const switches = peers.map((peer) =>
      // Inverted, so that a peer that is down evacuates nobody: only a peer that answers can.
      this.probe(`Switch-${region}-At-${peer}`, peer, {
        resourcePath: ROUTES.switchState.path.replace('{region}', region),
        searchString: EVACUATE_TEXT,
        failureThreshold: 1,
        inverted: true,
      }),
    );
    const children = [deep, ...switches];
    return named(
      new HealthCheck(this, `Verdict-${region}`, {
        type: HealthCheckType.CALCULATED,
        childHealthChecks: children,
        healthThreshold: children.length,
      }),
    );
  }

  /** Asks a region's own front door, never the shared name that the answer decides about. */
  private probe(
    id: string,
    at: string,
    check: { resourcePath: string; searchString: string; failureThreshold: number; inverted?: boolean },
  ): HealthCheck {
    return named(
      new HealthCheck(this, id, {
        type: HealthCheckType.HTTPS_STR_MATCH,
        fqdn: dnsNames(this.domain.name, at).regional,
        requestInterval: Duration.seconds(this.config.health.intervalSeconds),
        regions: [...checkerRegions(this.config.regions.map(({ name }) => name))],
        ...check,
      }),
    );
  }

  /** CNAMEs and not aliases, because an alias has no TTL of its own (60 s would be added to every failover). */
  private addRecords(verdicts: ReadonlyMap<string, HealthCheck>): void {
    const zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', this.domain);
    for (const { name, state } of this.config.regions) {
      if (state !== 'serving') continue;
      const { shared, origin } = dnsNames(this.domain.name, name);
      new CnameRecord(this, `Record-${name}`, {
        zone,
        recordName: shared,
        domainName: origin,
        ttl: Duration.seconds(this.config.health.ttlSeconds),
        region: name,
        setIdentifier: name,
        healthCheck: verdicts.get(name),
      });
    }
  }

  private addDashboard(names: readonly string[], verdicts: ReadonlyMap<string, HealthCheck>, alarms: readonly AlarmBase[]): void {
    const each = (metric: (region: string) => Metric): Metric[] => names.map((name) => metric(name).with({ label: name }));
    const between = (metric: (from: string, to: string) => Metric): Metric[] =>
      names.flatMap((from) => names.filter((to) => to !== from).map((to) => metric(from, to).with({ label: `${from} to ${to}` })));
    new Dashboard(this, 'Overview', {
      dashboardName: STACKS.global,
      defaultInterval: Duration.hours(3),
      widgets: [
        [new AlarmStatusWidget({ title: 'Regions out of service', alarms: [...alarms], width: 24, height: 2 })],
        [
          graph(
            'In service (1) or not (0)',
            '',
            [...verdicts].map(([name, check]) => status(check).with({ label: name })),
          ),
          graph('Requests of users', 'count', each(metrics.requests)),
          graph('5xx answers to users', 'count', each(metrics.errors)),
        ],
        [
          graph('Latency, 99th percentile', 'ms', each(metrics.latencyP99)),
          graph(
            'Heartbeat age, as the second region sees it',
            's',
            between((from, to) => metrics.heartbeatAge(from)(to)),
          ),
          graph(
            'Replication, as DynamoDB sees it',
            'ms',
            between((from, to) => metrics.replicationLatency(to)(from)),
          ),
        ],
      ],
    });
  }
}

const named = (check: HealthCheck): HealthCheck => {
  Tags.of(check).add('Name', `tandem ${check.node.id}`);
  return check;
};

const status = (check: HealthCheck): Metric =>
  new Metric({
    namespace: 'AWS/Route53',
    metricName: 'HealthCheckStatus',
    dimensionsMap: { HealthCheckId: check.healthCheckId },
    statistic: Stats.MINIMUM,
    period: Duration.minutes(1),
  });

const outOfService = (region: string, check: HealthCheck): AlarmSpec => ({
  name: `OutOfService-${region}`,
  severity: 'page',
  meaning: `DNS leads nobody to ${region}: its deep check fails, or an operator has evacuated it (its child checks tell which)`,
  metric: status(check),
  threshold: 1,
  below: true,
  periods: { bad: 1, of: 1 },
  missing: { as: 'breaching', because: 'Route 53 tells the status each minute, so silence means that the check is gone' },
});
