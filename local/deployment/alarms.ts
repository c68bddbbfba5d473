/**
 * Alarms that the emulator cannot create, as alarms that it can and never evaluates: they have the name, the text and the
 * actions of the original, and their state is set by `local/cloudwatch`, which evaluates what the original says.
 */
import { type Json, pick, propertiesOf, typeOf } from './template.ts';

const KEPT = ['AlarmName', 'AlarmDescription', 'ActionsEnabled', 'AlarmActions', 'OKActions', 'InsufficientDataActions', 'Tags'];

/** Nobody puts such a metric. */
const NEVER = {
  Namespace: 'Local/Placeholder',
  MetricName: 'None',
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 0,
  ComparisonOperator: 'LessThanThreshold',
  TreatMissingData: 'ignore',
} as const;

/** What kind of alarm it is, as people are told; undefined for what the emulator can create, and for other types. */
export const lackingAlarm = (resource: Json): string | undefined => {
  const type = typeOf(resource);
  if (type === 'AWS::CloudWatch::CompositeAlarm') return type;
  return type === 'AWS::CloudWatch::Alarm' && 'Metrics' in propertiesOf(resource) ? `${type} with metric math` : undefined;
};

/** Its `Ref` and `Arn` lead to it as to the original. */
export const placeholderAlarm = (resource: Json): Json => ({
  ...pick(resource, ['Condition', 'DependsOn']),
  Type: 'AWS::CloudWatch::Alarm',
  Properties: { ...pick(propertiesOf(resource), KEPT), ...NEVER },
});
