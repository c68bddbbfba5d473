/** The properties of alarms that are interpreted, as CloudFormation writes them. Whatever else is there is refused. */
import * as z from 'zod';
import { type Resource, refuse } from '../route53/intrinsics.ts';
import { BASIC_STATISTICS, COMPARISONS, MISSING_DATA, type Statistic } from './alarm.ts';

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
const supporting = (supported: string) => ({
  error: (issue: { readonly input?: unknown }) => `given ${show(issue.input)}; supported: ${supported}`,
});
const oneOf = <const T extends string>(values: readonly [T, ...T[]]) => z.literal([...values], supporting(values.join(', ')));
const text = z.string(supporting('text')).min(1, supporting('text'));
const whole = z.int(supporting('a whole number from 1')).min(1, supporting('a whole number from 1'));
/** Alarms of 10, 20 and 30 seconds are evaluated every 10 seconds, and their metrics kept by the second. */
const period = z
  .int(supporting('whole multiples of 60 seconds'))
  .min(60, supporting('60 seconds or more'))
  .multipleOf(60, supporting('whole multiples of 60 seconds'));
const object = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `given ${issue.keys.join(', ')}; supported: ${Object.keys(shape).join(', ')}`
        : `given ${show(issue.input)}; supported: an object of ${Object.keys(shape).join(', ')}`,
  });

const dimensions = z.array(object({ Name: text, Value: text }), supporting('a list of Name and Value')).default([]);
const statistic = z.string(supporting('text')).transform((given, context): Statistic => {
  const basic = BASIC_STATISTICS.find((each) => each === given);
  if (basic !== undefined) return { kind: basic };
  const percent = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(given)?.[1];
  if (percent !== undefined && Number(percent) > 0) return { kind: 'percentile', percent: Number(percent) };
  context.addIssue({
    code: 'custom',
    message: `given ${show(given)}; supported: ${BASIC_STATISTICS.join(', ')}, p0.1 to p100`,
    input: given,
  });
  return z.NEVER;
});

const criteria = {
  AlarmName: text.optional(),
  ComparisonOperator: oneOf(COMPARISONS),
  DatapointsToAlarm: whole.optional(),
  // The other value holds the state back while there are few samples, by a rule that AWS gives in part.
  EvaluateLowSampleCountPercentile: z.literal('evaluate', supporting('evaluate')).optional(),
  EvaluationPeriods: whole,
  Threshold: z.number(supporting('a number')),
  TreatMissingData: oneOf(MISSING_DATA).default('missing'),
};

export const singleMetric = object({
  ...criteria,
  Dimensions: dimensions,
  ExtendedStatistic: statistic.optional(),
  MetricName: text,
  Namespace: text,
  Period: period,
  Statistic: statistic.optional(),
});

export const metricStat = object({
  Metric: object({ Dimensions: dimensions, MetricName: text, Namespace: text }),
  Period: period,
  Stat: statistic,
});

/** AWS: ids begin with a lower-case letter. */
const id = z.string(supporting('text')).regex(/^[a-z][A-Za-z0-9_]*$/, supporting('an id that begins with a lower-case letter'));
/** AWS: an alarm's expression is of at most 10 metrics. */
export const QUERIES_MAX = 10;
export const metricMath = object({
  ...criteria,
  Metrics: z
    .array(
      object({
        Expression: text.optional(),
        Id: id,
        Label: z.string().optional(),
        MetricStat: metricStat.optional(),
        Period: period.optional(),
        ReturnData: z.boolean(supporting('true or false')).default(true),
      }),
      supporting('a list of metrics and expressions'),
    )
    .min(1, supporting('one metric or more'))
    .max(QUERIES_MAX * 2, supporting(`at most ${QUERIES_MAX} metrics`)),
});
export type Queries = z.output<typeof metricMath>['Metrics'];

export const compositeRule = object({ AlarmName: text.optional(), AlarmRule: text });

/** @throws {UnsupportedTemplateError} naming every property that is not understood */
export const parsed = <T extends z.ZodType>(resource: Resource, schema: T, value: unknown): z.output<T> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.length === 0 ? 'properties' : path.join('.')}: ${message}`);
  return refuse(resource, 'is not understood', problems.join('; '));
};
