import { describe, expect, it } from 'vitest';
import { metricsOf } from '../../../local/cloudwatch/alarm.ts';
import { readAlarms, UnsupportedAlarmError } from '../../../local/cloudwatch/alarms.ts';
import { lookupsOf, NotDeployedError } from '../../../local/cloudwatch/deployed.ts';
import { SYMBOLIC } from '../../../local/cloudwatch/template.ts';
import { alarm, composite, mathAlarm, type Properties, REGION, STACK, stackOf, type Written } from './templates.ts';

describe('an alarm of a template', () => {
  it('is read with what CloudFormation would put in for what is left out', () => {
    expect(read({ Errors: alarm({ EvaluationPeriods: 5 }) })).toEqual([
      {
        kind: 'metric',
        id: 'Errors',
        name: 'Errors',
        comparison: 'GreaterThanOrEqualToThreshold',
        threshold: 1,
        evaluationPeriods: 5,
        datapointsToAlarm: 5,
        missing: 'missing',
        periodSeconds: 60,
        source: { kind: 'metric', metric: { namespace: 'Tandem', name: 'Errors', dimensions: {} }, statistic: { kind: 'Sum' } },
      },
    ]);
  });

  it('is known by its construct id', () => {
    const [found] = read({ AlarmsUserErrors0DA4: { ...alarm(), Metadata: { 'aws:cdk:path': 'Stack/Alarms/UserErrors/Resource' } } });
    expect(found?.id).toBe('UserErrors');
  });

  it('knows the physical names that a deployment gave', () => {
    const resources = new Map([
      ['Errors', { type: 'AWS::CloudWatch::Alarm', physicalId: 'stack-errors-1' }],
      ['Fn', { type: 'AWS::Lambda::Function', physicalId: 'stack-fn-1' }],
      ['Version', { type: 'AWS::Lambda::Version', physicalId: 'arn:aws:lambda:eu-central-1:000000000000:function:stack-fn-1:7' }],
      ['Queue', { type: 'AWS::SQS::Queue', physicalId: 'http://127.0.0.1:4566/000000000000/stack-queue-1' }],
    ]);
    const written = alarm({
      Dimensions: [
        { Name: 'FunctionName', Value: { Ref: 'Fn' } },
        { Name: 'Resource', Value: { 'Fn::Join': ['', [{ Ref: 'Fn' }, ':live']] } },
        { Name: 'ExecutedVersion', Value: { 'Fn::GetAtt': ['Version', 'Version'] } },
        { Name: 'QueueName', Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } },
      ],
    });
    const stack = stackOf({
      Errors: written,
      Fn: { Type: 'AWS::Lambda::Function' },
      Version: { Type: 'AWS::Lambda::Version' },
      Queue: { Type: 'AWS::SQS::Queue' },
    });
    const [found] = readAlarms([stack], () => lookupsOf(STACK, REGION, resources));
    expect(found?.name).toBe('stack-errors-1');
    expect(found && metricsOf(found)[0]?.metric.dimensions).toEqual({
      FunctionName: 'stack-fn-1',
      Resource: 'stack-fn-1:live',
      ExecutedVersion: '7',
      QueueName: 'stack-queue-1',
    });
    resources.delete('Version');
    const again = () => readAlarms([stack], () => lookupsOf(STACK, REGION, resources));
    expect(again).toThrow(NotDeployedError);
    expect(again).toThrow('has no resource Version; deploy it first');
  });

  it('on a percentile is read, to a fraction', () => {
    const [found] = read({ Slow: alarm({ Statistic: undefined, ExtendedStatistic: 'p99.9' }) });
    expect(found && metricsOf(found)[0]?.statistic).toEqual({ kind: 'percentile', percent: 99.9 });
  });

  it('on DynamoDB ignores missing data, whatever was chosen', () => {
    const [found] = read({ Lag: alarm({ Namespace: 'AWS/DynamoDB', TreatMissingData: 'breaching' }) });
    expect(found).toMatchObject({ missing: 'ignore' });
    const [math] = read({
      Lag: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          ...mathAlarm('m1', 0).Properties,
          Metrics: [
            { Id: 'e1', Expression: 'm1+m2' },
            // One of them is enough.
            ...['AWS/DynamoDB', 'AWS/Lambda'].map((Namespace, index) => ({
              Id: `m${index + 1}`,
              MetricStat: { Metric: { MetricName: 'x', Namespace }, Period: 60, Stat: 'Sum' },
              ReturnData: false,
            })),
          ],
        },
      },
    });
    expect(math).toMatchObject({ missing: 'ignore' });
  });

  it('on an expression has the expressions that it refers to written out, and only the metrics that count', () => {
    const [found] = read({
      Rate: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          ...mathAlarm('', 0).Properties,
          Metrics: [
            { Id: 'rate', Expression: 'share * 100' },
            { Id: 'share', Expression: 'm1 / m2', ReturnData: false },
            ...['m1', 'm2', 'm3'].map((id) => ({
              Id: id,
              MetricStat: { Metric: { MetricName: id, Namespace: 'Tandem' }, Period: 60, Stat: 'Sum' },
              ReturnData: false,
            })),
          ],
        },
      },
    });
    expect(found && metricsOf(found).map(({ metric }) => metric.name)).toEqual(['m1', 'm2']);
    expect(found).toMatchObject({
      source: { kind: 'math', expression: { operator: '*', left: { operator: '/' }, right: { value: 100 } } },
    });
  });

  it('that is composite names other alarms by their ARN, their name, or the name they were given', () => {
    const alarms = read({
      Both: composite({ 'Fn::Join': ['', ['ALARM("', { 'Fn::GetAtt': ['One', 'Arn'] }, '") AND NOT ALARM(Two) AND OK(third)']] }),
      One: alarm(),
      Two: alarm(),
      Three: alarm({ AlarmName: 'third' }),
    });
    expect(alarms.map(({ id }) => id)).toEqual(['One', 'Two', 'Three', 'Both']);
    expect(JSON.stringify(alarms.at(-1))).toMatch(/"alarm":"One".*"alarm":"Two".*"alarm":"Three"/);
  });
});

describe('what is not understood is refused with stack, alarm, what was given and what is supported', () => {
  const refused: readonly (readonly [string, Readonly<Record<string, Written>>, string])[] = [
    [
      'anomaly detection',
      one({ ComparisonOperator: 'GreaterThanUpperThreshold' }),
      'given "GreaterThanUpperThreshold"; supported: GreaterThanOrEqualToThreshold',
    ],
    ['a threshold of its own', one({ ThresholdMetricId: 'ad1' }), 'given ThresholdMetricId; supported: AlarmName'],
    ['high resolution', one({ Period: 10 }), 'Period: given 10; supported: 60 seconds or more'],
    ['odd periods', one({ Period: 90 }), 'Period: given 90; supported: whole multiples of 60 seconds'],
    ['trimmed means', one({ Statistic: undefined, ExtendedStatistic: 'tm99' }), 'given "tm99"; supported: Sum, Average'],
    ['percentiles of nothing', one({ Statistic: undefined, ExtendedStatistic: 'p0' }), 'given "p0"'],
    ['two statistics', one({ ExtendedStatistic: 'p99' }), 'given both or none of Statistic and ExtendedStatistic'],
    ['no statistic', one({ Statistic: undefined }), 'given both or none'],
    ['low sample counts', one({ EvaluateLowSampleCountPercentile: 'ignore' }), 'given "ignore"; supported: evaluate'],
    ['units', one({ Unit: 'Seconds' }), 'given Unit; supported'],
    [
      'missing data of another kind',
      one({ TreatMissingData: 'zero' }),
      'given "zero"; supported: missing, ignore, breaching, notBreaching',
    ],
    ['more bad points than points', one({ DatapointsToAlarm: 2 }), 'given 2; supported: at most EvaluationPeriods, 1'],
    ['more than a day', one({ Period: 3_600, EvaluationPeriods: 25 }), 'given 25 of 3600 s; supported: one day in all'],
    ['no threshold', one({ Threshold: undefined }), 'Threshold: given nothing; supported: a number'],
    ['a metric of a parameter', one({ MetricName: { Ref: 'Parameter' } }), 'Ref Parameter is neither'],
    ['other functions', one({ MetricName: { 'Fn::Select': [0, ['a']] } }), 'allowed: a literal, Ref'],
    ['unknown math', { E: mathAlarm('RUNNING_SUM(m1)', 1) }, 'Metrics.expr_1: given the function RUNNING_SUM'],
    ['queries', { E: mathAlarm('SELECT AVG(CPU) FROM x', 1) }, 'Metrics.expr_1: given "SELECT"'],
    ['expressions of nothing', { E: mathAlarm('m1 + m2', 1) }, 'given the id m2; supported: m1, expr_1'],
    ['expressions of themselves', { E: mathAlarm('expr_1 + m1', 1) }, 'given a cycle: expr_1 -> expr_1'],
    ['no single result', { E: mathAlarm('[m1, m2]', 2) }, 'results in a list'],
    ['eleven metrics', { E: mathAlarm('m1', 11) }, 'given 11 metrics; supported: 10'],
    ["other accounts' metrics", { E: math({ AccountId: '123456789012' }) }, 'given AccountId'],
    [
      "other regions' metrics",
      { E: math({ MetricStat: { Metric: { MetricName: 'a', Namespace: 'b', Region: 'x' }, Period: 60, Stat: 'Sum' } }) },
      'given Region',
    ],
    ['several results', { E: math({ ReturnData: true }) }, 'given ReturnData of several; supported: of one'],
    ['different periods', { E: math({ Period: 120 }) }, 'given periods of 120, 60 seconds; supported: the same for all'],
    ['a rule without its alarm', { C: composite('ALARM("gone")') }, 'given an alarm "gone" that is in no template'],
    ['cycles', { C: composite('ALARM(D)'), D: composite('ALARM(C)') }, 'given a cycle of composite alarms: C -> D -> C'],
    [
      'suppressors',
      { C: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmRule: 'TRUE', ActionsSuppressor: 'x' } } },
      'given ActionsSuppressor',
    ],
    ['other types', { D: { Type: 'AWS::CloudWatch::AnomalyDetector' } }, 'AWS::CloudWatch::AnomalyDetector'],
  ];

  it.each(refused)('%s', (_, resources, message) => {
    expect(() => read(resources)).toThrow(UnsupportedAlarmError);
    expect(() => read(resources)).toThrow(message);
    expect(() => read(resources)).toThrow(new RegExp(`^stack ${STACK}, alarm `));
  });
});

function read(resources: Readonly<Record<string, Written>>) {
  return readAlarms([stackOf(resources)], () => SYMBOLIC);
}

function one(more: Properties): Readonly<Record<string, Written>> {
  return { Errors: alarm(more) };
}

/** An expression over one metric, whose query holds more. */
function math(more: Properties): Written {
  return mathAlarm('', 0, {
    Metrics: [
      { Id: 'e1', Expression: 'm1', ...('Period' in more ? more : {}) },
      {
        Id: 'm1',
        MetricStat: { Metric: { MetricName: 'a', Namespace: 'b' }, Period: 60, Stat: 'Sum' },
        ReturnData: false,
        ...('Period' in more ? {} : more),
      },
    ],
  });
}
