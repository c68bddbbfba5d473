import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DIMENSIONS, JOURNEY_TARGETS, METRICS, STACKS, STAGE } from '../../functions/contract/names.ts';
import { STOPPING } from '../../infra/cell-alarms.ts';
import { alarmsOf, functionOf, metricsOf, only } from './lookup.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, type Resource, synthesize } from './system.ts';

const [HERE, THERE, ELSEWHERE] = REGIONS;
const PEERS = [THERE, ELSEWHERE] as const;
const behindDomain = synthesize(configOf(3, { domain: DOMAIN, alarms: { emails: ['ops@example.com'] } }));
const open = synthesize(configOf(2));
afterAll(() => {
  behindDomain.remove();
  open.remove();
});
const cell = behindDomain.stack(STACKS.cell(HERE));
const bare = open.stack(STACKS.cell(HERE));
const alarms = alarmsOf(cell);

describe('alarms', () => {
  test('tell a topic when they fire and when it is over, and say why silence means what it means', () => {
    const topic = [{ Ref: only(cell, 'AWS::SNS::Topic').id }];
    for (const [name, { Type, Properties }] of alarms) {
      const told = isPart(Properties) ? [undefined, undefined] : [topic, topic];
      expect([dig(Properties, 'AlarmActions'), dig(Properties, 'OKActions')], name).toEqual(told);
      if (Type === 'AWS::CloudWatch::CompositeAlarm') expect(dig(Properties, 'AlarmDescription')).toMatch(/^(page|ticket): .+\.$/);
      else {
        expect(dig(Properties, 'TreatMissingData')).toMatch(/^(breaching|notBreaching|ignore)$/);
        expect(dig(Properties, 'AlarmDescription')).toMatch(/^(page|ticket|part): .+\. Missing data: \w+, because .+\.$/);
      }
    }
    expect(cell.ofType('AWS::SNS::Subscription').map(({ Properties }) => dig(Properties, 'Endpoint'))).toEqual(['ops@example.com']);
  });

  test('that tell nobody are each part of one that does, or stop deployments, whose end is told', () => {
    const parts = [...alarms].filter(([, { Properties }]) => isPart(Properties));
    const rules = cell.ofType('AWS::CloudWatch::CompositeAlarm').map(({ Properties }) => joined(dig(Properties, 'AlarmRule')));
    const alone = parts.filter(([, { id }]) => !rules.some((rule) => rule.includes(`{${id}.Arn}`))).map(([name]) => name);

    expect(parts).toHaveLength(PEERS.length + alone.length);
    expect(alone).toEqual(['VersionErrors', 'VersionErrorBurst', 'VersionCrashes', 'VersionLatency']);
    for (const name of alone) expect(STOPPING).toContain(name);
  });

  test('watch the heartbeat of every other region, and fire when nobody measures it', () => {
    for (const peer of PEERS) {
      const alarm = named(`HeartbeatAge-${peer}`);
      expect(metricsOf(alarm)).toMatchObject([{ name: METRICS.heartbeatAge, dimensions: { [DIMENSIONS.peer]: peer } }]);
      expect(dig(alarm.Properties, 'TreatMissingData')).toBe('breaching');
    }
  });

  test('watch errors, throttles, 5xx, latency and what could not be worked on', () => {
    const watched = [...alarms.values()].flatMap(metricsOf).map(({ namespace, name }) => `${namespace} ${name}`);

    expect(watched).toEqual(
      expect.arrayContaining([
        'AWS/Lambda Errors',
        'AWS/Lambda Throttles',
        'AWS/Lambda IteratorAge',
        'AWS/ApiGateway 5XXError',
        'AWS/SQS ApproximateNumberOfMessagesVisible',
        `${METRICS.namespace} ${METRICS.errors}`,
        `${METRICS.namespace} ${METRICS.latency}`,
        `${METRICS.namespace} ${METRICS.doubleShipments}`,
      ]),
    );
    // An alarm on DynamoDB's metrics treats missing data as it likes, whatever it is told.
    expect(watched.join()).not.toContain('AWS/DynamoDB');
  });

  test('tell when the end of a deployment could not be written down', () => {
    expect(metricsOf(named('DeploymentUnrecorded'))).toMatchObject([
      { namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: `{${functionOf(cell, 'DeploymentEvents').id}}` } },
    ]);
  });
});

describe('the metrics of the contract', () => {
  test('are all emitted by some function', () => {
    const folder = resolve(import.meta.dirname, '../../functions');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('contract'),
    );
    const text = sources.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');

    const silent = Object.keys(METRICS).filter((name) => !new RegExp(`METRICS\\.${name}\\b`).test(text));

    expect(silent).toEqual([]);
  });
});

describe('the alarms on the newest version', () => {
  const number = `{${only(cell, 'AWS::Lambda::Version', 'Api').id}.Version}`;
  const api = `{${functionOf(cell, 'Api').id}}`;

  test('watch the rate of its errors, of nothing when there is no request', () => {
    const alarm = named('VersionErrors');
    const of = (name: string) => ({ namespace: METRICS.namespace, name, statistic: 'Sum', dimensions: { [DIMENSIONS.version]: number } });
    const metrics = list(dig(alarm.Properties, 'Metrics'));

    expect(metricsOf(alarm)).toEqual([of(METRICS.requests), of(METRICS.errors)]);
    expect(metrics.map((each) => [dig(each, 'Id'), dig(each, 'Expression'), dig(each, 'ReturnData')])).toEqual([
      [expect.any(String), 'IF(requests > 0, 100 * errors / requests, 0)', true],
      ['requests', undefined, false],
      ['errors', undefined, false],
    ]);
    expect(dig(metrics[1], 'MetricStat', 'Metric', 'MetricName')).toBe(METRICS.requests);
  });

  test('watch errors that come several in a minute, which need no second bad minute', () => {
    const { Properties } = named('VersionErrorBurst');

    expect(dig(Properties, 'Metrics', 0, 'Expression')).toBe('IF(errors > 1, 100 * errors / requests, 0)');
    expect(metricsOf(named('VersionErrorBurst'))).toEqual(metricsOf(named('VersionErrors')));
    expect([dig(Properties, 'DatapointsToAlarm') ?? 1, dig(Properties, 'EvaluationPeriods')]).toEqual([1, 1]);
    expect(dig(Properties, 'TreatMissingData')).toBe('notBreaching');
  });

  test('watch how it dies, which it cannot tell itself, and how long it takes', () => {
    expect(metricsOf(named('VersionCrashes'))).toEqual([
      {
        namespace: 'AWS/Lambda',
        name: 'Errors',
        statistic: 'Sum',
        dimensions: { FunctionName: api, Resource: `${api}:live`, ExecutedVersion: number },
      },
    ]);
    expect(metricsOf(named('VersionLatency'))).toEqual([
      { namespace: METRICS.namespace, name: METRICS.latency, statistic: 'p90', dimensions: { [DIMENSIONS.version]: number } },
    ]);
  });

  test('fire in time: two bad minutes of three are over, counted and acted upon in five, at one failed request a minute', () => {
    for (const name of ['VersionErrors', 'VersionCrashes', 'VersionLatency']) {
      const { Properties } = named(name);
      const math = dig(Properties, 'Metrics', 1, 'MetricStat');
      expect(dig(Properties, 'Period') ?? dig(math, 'Period')).toBe(60);
      expect([dig(Properties, 'DatapointsToAlarm'), dig(Properties, 'EvaluationPeriods')]).toEqual([2, 3]);
      expect(dig(Properties, 'ComparisonOperator')).toBe('GreaterThanOrEqualToThreshold');
      expect(dig(Properties, 'TreatMissingData')).toBe('notBreaching');
    }
    // At 0.3 requests/s one failed request of a minute is above the threshold, in percent; so is one crash.
    expect(Number(dig(named('VersionErrors').Properties, 'Threshold'))).toBeLessThan(100 / (0.3 * 60));
    expect(dig(named('VersionCrashes').Properties, 'Threshold')).toBe(1);
  });
});

describe('what the canary sees', () => {
  test('in its own region stops deployments, when it fails twice in three minutes', () => {
    const alarm = named('OwnJourney');

    expect(metricsOf(alarm)).toEqual([
      {
        namespace: METRICS.namespace,
        name: METRICS.journeyFailures,
        statistic: 'Sum',
        dimensions: { [DIMENSIONS.target]: JOURNEY_TARGETS.region(HERE) },
      },
    ]);
    expect(alarm.Properties).toMatchObject({ Period: 60, Threshold: 1, DatapointsToAlarm: 2, EvaluationPeriods: 3 });
  });

  test('in another region pages, unless it fails in its own as well', () => {
    for (const peer of PEERS) {
      const [part, own] = [named(`Journey-${peer}`), named('OwnJourney')];
      expect(metricsOf(part)).toMatchObject([{ name: METRICS.journeyFailures, dimensions: { [DIMENSIONS.target]: peer } }]);
      expect(joined(dig(named(`Impaired-${peer}`).Properties, 'AlarmRule'))).toBe(
        `(ALARM("{${part.id}.Arn}") AND (NOT (ALARM("{${own.id}.Arn}"))))`,
      );
      expect(dig(named(`Impaired-${peer}`).Properties, 'AlarmDescription')).toMatch(/^page: /);
      // Its name is CloudFormation's: one that CDK makes up contains the stack's.
      expect(dig(named(`Impaired-${peer}`).Properties, 'AlarmName')).toBeUndefined();
    }
  });

  test('of the shared name pages, but not while DNS fails over; and of what callers of that name find here', () => {
    const frontDoors = { SharedName: JOURNEY_TARGETS.shared, OwnOrigin: JOURNEY_TARGETS.origin(HERE) };
    for (const [name, target] of Object.entries(frontDoors)) {
      expect(metricsOf(named(name))).toMatchObject([{ name: METRICS.journeyFailures, dimensions: { [DIMENSIONS.target]: target } }]);
      expect(named(name).Properties).toMatchObject({ DatapointsToAlarm: 3, EvaluationPeriods: 5 });
    }
  });

  test('without a domain is its own region alone, and pages itself, because no other canary knows where the region is', () => {
    const names = [...alarmsOf(bare).keys()];

    expect(names.filter((name) => /^(Journey-|Impaired-|SharedName|OwnOrigin)/.test(name))).toEqual([]);
    expect(dig(alarmsOf(bare).get('OwnJourney')?.Properties, 'AlarmDescription')).toMatch(/^page: /);
    expect(dig(named('OwnJourney').Properties, 'AlarmDescription')).toMatch(/^ticket: /);
  });

  test('is not trusted when it sees nothing, and missed when it says nothing', () => {
    expect(named('CanaryBlind').Properties).toMatchObject({
      MetricName: METRICS.canaryBlind,
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    });
    expect(named('CanarySilent').Properties).toMatchObject({
      MetricName: METRICS.canaryBlind,
      Statistic: 'SampleCount',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      DatapointsToAlarm: 3,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
  });
});

describe('the dashboard', () => {
  const body = joined(dig(only(cell, 'AWS::CloudWatch::Dashboard').Properties, 'DashboardBody'));
  const shown = list(dig(JSON.parse(body), 'widgets')).flatMap((widget) => list(dig(widget, 'properties', 'metrics')).map(list));
  const expressions = shown.map(([first]) => dig(first, 'expression')).filter((expression) => expression !== undefined);

  test('shows every alarm of the cell', () => {
    for (const { id } of alarms.values()) expect(body).toContain(`{${id}.Arn}`);
  });

  test('shows every metric that the functions emit, and none that they do not', () => {
    const { namespace, ...names } = METRICS;
    const drawn = shown.filter(([from]) => from === namespace).map(([, name]) => name);
    const found = expressions.flatMap((expression) => String(expression).match(/(?<=MetricName=")\w+/) ?? []);

    expect([...new Set([...drawn, ...found])].sort()).toEqual(Object.values(names).sort());
    expect(expressions).toContain(
      `SEARCH('{${namespace},${DIMENSIONS.target},${DIMENSIONS.step}} MetricName="${METRICS.journeyFailedStep}"', 'Sum', 60)`,
    );
  });

  test('shows the journeys to every target of the canary', () => {
    const { shared, origin } = JOURNEY_TARGETS;
    const targets = shown.filter(([, name]) => name === METRICS.journeyFailures).map((metric) => metric[3]);

    expect(targets).toEqual([...REGIONS, shared, ...REGIONS.map(origin)]);
  });

  test('names functions, queues and the API as they are', () => {
    const names = new Set(cell.resources.map(({ id }) => id));
    const referred = shown.flat().flatMap((part) => [...String(part).matchAll(/\{(\w+)[.}]/g)].map(([, id]) => id));

    expect(referred.length).toBeGreaterThan(0);
    for (const id of referred) expect(names).toContain(id);
    const [api] = cell.ofType('AWS::ApiGateway::RestApi');
    for (const metric of shown.filter(([from]) => from === 'AWS/ApiGateway'))
      expect(metric).toEqual(expect.arrayContaining([dig(api?.Properties, 'Name'), STAGE]));
  });
});

function named(name: string): Resource {
  const alarm = alarms.get(name);
  if (alarm === undefined) throw new Error(`no alarm ${name} among ${[...alarms.keys()].join(', ')}`);
  return alarm;
}

function isPart(properties: unknown): boolean {
  return String(dig(properties, 'AlarmDescription')).startsWith('part: ');
}
