/** Templates of the shape that CDK writes, small enough to read. */
import type { Stack } from '../../../local/deployment/assembly.ts';

export const REGION = 'eu-central-1';
export const STACK = 'Tandem-Cell-eu-central-1';

export type Properties = Readonly<Record<string, unknown>>;
export interface Written {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly Metadata?: Properties;
}

export const stackOf = (resources: Readonly<Record<string, Written>>, outputs: Properties = {}): Stack => ({
  name: STACK,
  region: REGION,
  template: { Resources: resources, Outputs: outputs },
});

/** An alarm on a metric, one point of one, unless `more` says otherwise. */
export const alarm = (more: Properties = {}): Written => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 1,
    MetricName: 'Errors',
    Namespace: 'Tandem',
    Period: 60,
    Statistic: 'Sum',
    Threshold: 1,
    ...more,
  },
});

/** An alarm on an expression over metrics `m1` and so on, each the sum of the metric of that name. */
export const mathAlarm = (expression: string, metrics: number, more: Properties = {}): Written => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 1,
    Threshold: 1,
    Metrics: [
      { Id: 'expr_1', Expression: expression },
      ...Array.from({ length: metrics }, (_, index) => ({
        Id: `m${index + 1}`,
        MetricStat: { Metric: { MetricName: `m${index + 1}`, Namespace: 'Tandem' }, Period: 60, Stat: 'Sum' },
        ReturnData: false,
      })),
    ],
    ...more,
  },
});

export const composite = (rule: unknown): Written => ({ Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmRule: rule } });
