import { describe, expect, test } from 'vitest';
import { METRICS } from '../../functions/contract/names.ts';
import { mistakesIn } from './mistakes.ts';
import type { Resource, Template } from './system.ts';

describe('mistakes that no linter finds', () => {
  test.each<[string, Omit<Resource, 'id'>]>([
    ['an undefined key', table({ AttributeDefinitions: [] })],
    ['no key schema', table({ KeySchema: [] })],
    ['no stream', table({ StreamSpecification: undefined })],
    ['a replica twice', table({ Replicas: [{ Region: 'a' }, { Region: 'a' }] })],
    ['an interval of 20 s', check({ RequestInterval: 20 })],
    ['a match of nothing', check({ Type: 'HTTPS_STR_MATCH' })],
    ['a disabled check', check({ Disabled: true })],
    ['two checker regions', check({ Regions: ['a', 'b'] })],
    ['a calculation from nothing', check({ Type: 'CALCULATED' })],
    ['a latency record without SetIdentifier', record({ Region: 'a' })],
    ['latency with weight', record({ Region: 'a', Weight: 1, SetIdentifier: 'x' })],
    ['a version that goes with the next', { Type: 'AWS::Lambda::Version', Properties: {} }],
    [
      'a version that blocks the attempt after a failed one',
      { Type: 'AWS::Lambda::Version', Properties: {}, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
    ],
    ['an alarm on a metric that nobody emits', alarm({ MetricName: 'Erors' })],
    ['an alarm on a metric without its dimension', alarm({ MetricName: METRICS.journeyFailures, Dimensions: [] })],
    ['an alarm on a dimension too many', alarm({ MetricName: METRICS.errors, Dimensions: [{ Name: 'Region', Value: 'x' }] })],
    ['an alarm on a service that has no such metric', alarm({ Namespace: 'AWS/Lambda', MetricName: METRICS.errors })],
    ['math on a metric that nobody emits', math('Requests', 'Erors')],
    ['more bad periods than periods', alarm({ MetricName: METRICS.errors, DatapointsToAlarm: 4 })],
    ['a deployment without alarms', { Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: {} }],
    [
      'an eleventh alarm',
      { Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: { AlarmConfiguration: { Alarms: Array.from({ length: 11 }, () => ({})) } } },
    ],
    ['a broken dashboard', { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardBody: '{"widgets":[' } }],
  ])('are found when planted: %s', (_, resource) => {
    expect(mistakesIn(templateOf(resource))).toHaveLength(1);
  });
});

function table(more: object) {
  const sound = {
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    Replicas: [{ Region: 'a' }, { Region: 'b' }],
  };
  // Without a schema the attribute would be a second mistake.
  const undone = 'KeySchema' in more ? { AttributeDefinitions: [] } : {};
  return { Type: 'AWS::DynamoDB::GlobalTable', Properties: { ...sound, ...undone, ...more } };
}

function check(more: object) {
  return { Type: 'AWS::Route53::HealthCheck', Properties: { HealthCheckConfig: { Type: 'HTTPS', RequestInterval: 10, ...more } } };
}

function record(more: object) {
  return { Type: 'AWS::Route53::RecordSet', Properties: { Type: 'CNAME', ...more } };
}

function alarm(more: object) {
  const sound = { Namespace: METRICS.namespace, Statistic: 'Sum', Dimensions: [], DatapointsToAlarm: 2, EvaluationPeriods: 3 };
  return { Type: 'AWS::CloudWatch::Alarm', Properties: { ...sound, ...more } };
}

function math(...names: readonly string[]) {
  const metrics = names.map((MetricName) => ({ MetricStat: { Metric: { Namespace: METRICS.namespace, MetricName }, Stat: 'Sum' } }));
  return alarm({ Metrics: [{ Expression: 'a / b' }, ...metrics] });
}

function templateOf(resource: Omit<Resource, 'id'>): Template {
  const resources = [{ id: 'Planted', ...resource }];
  return { stack: 'Planted', text: '', resources, outputs: {}, ofType: () => resources };
}
