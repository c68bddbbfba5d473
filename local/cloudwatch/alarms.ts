/**
 * Reads the alarms of a region's templates. Whatever is not interpreted is refused with its place: an alarm that is
 * guessed proves nothing. Pure.
 */
import type * as z from 'zod';
import type { Stack } from '../deployment/assembly.ts';
import { type Resource, refuse, resourcesOf, UnsupportedTemplateError } from '../route53/intrinsics.ts';
import type { Alarm, CompositeAlarm, Metric, MetricAlarm, MetricQuery, Source } from './alarm.ts';
import { compositeRule, metricMath, type metricStat, parsed, QUERIES_MAX, type Queries, singleMetric } from './alarm-properties.ts';
import { childrenFirst, parseRule, RuleError, renameAlarms } from './composite.ts';
import { evaluationRange } from './evaluate.ts';
import { type Expression, idsIn, MathError, parseMath, substitute } from './math.ts';
import { seriesOf } from './math-values.ts';
import { constructIdOf, type Lookups, resolved } from './template.ts';

/** An alarm that this stand-in does not know how to evaluate. The message names stack, alarm and property. */
export class UnsupportedAlarmError extends Error {
  override readonly name = 'UnsupportedAlarmError';
}

/**
 * The alarms of one region's stacks; composite ones after those that they ask for.
 * @param lookupsOf by the stack's name
 * @throws {UnsupportedAlarmError}
 */
export const readAlarms = (stacks: readonly Stack[], lookupsOf: (stack: string) => Lookups): readonly Alarm[] => {
  const read = stacks.map((stack) => {
    const lookups = lookupsOf(stack.name);
    const resources = resourcesOf(stack, PREFIX).filter(({ type }) => !IGNORED.includes(type));
    return resources.map((resource) => naming(stack.name, resource, () => readAlarm(resource, lookups)));
  });
  const drafts = read.flat();
  const names = new Map(drafts.flatMap(({ alarm, known }) => known.map((each) => [each, alarm.name])));
  const composites = drafts.flatMap(({ alarm, stack }) => {
    if (alarm.kind !== 'composite') return [];
    const rule = renaming(stack, alarm.id, () => renameAlarms(alarm.rule, (given) => names.get(given)));
    return [{ ...alarm, rule }];
  });
  const metricAlarms = drafts.flatMap(({ alarm }) => (alarm.kind === 'metric' ? [alarm] : []));
  return [...metricAlarms, ...renaming(stacks.map(({ name }) => name).join(', '), 'composites', () => childrenFirst(composites))];
};

const PREFIX = 'AWS::CloudWatch::';
/** Shows metrics and decides nothing. */
const IGNORED = ['AWS::CloudWatch::Dashboard'];

interface Draft {
  readonly stack: string;
  readonly alarm: Alarm;
  /** What rules may call it: its name or its ARN. */
  readonly known: readonly string[];
}

const naming = (stack: string, resource: Resource, read: () => Omit<Draft, 'stack'>): Draft => {
  try {
    return { stack, ...read() };
  } catch (error) {
    if (!(error instanceof UnsupportedTemplateError)) throw error;
    throw new UnsupportedAlarmError(`stack ${stack}, alarm ${constructIdOf(resource)}: ${error.message}`, { cause: error });
  }
};

const renaming = <T>(stack: string, id: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw new UnsupportedAlarmError(`stack ${stack}, alarm ${id}: AlarmRule: ${error.message}`, { cause: error });
  }
};

const readAlarm = (resource: Resource, lookups: Lookups): Omit<Draft, 'stack'> => {
  const { type, logicalId } = resource;
  const identity = { id: constructIdOf(resource), name: lookups.physical(logicalId) };
  const written = propertiesOf(resource, lookups);
  const given = typeof written['AlarmName'] === 'string' ? [written['AlarmName']] : [];
  const known = [identity.name, lookups.attribute(logicalId, 'Arn'), ...given];
  if (type === 'AWS::CloudWatch::Alarm') return { alarm: metricAlarm(resource, identity, written), known };
  if (type === 'AWS::CloudWatch::CompositeAlarm') return { alarm: compositeAlarm(resource, identity, written), known };
  return refuse(resource, 'Type', `not supported; supported: AWS::CloudWatch::Alarm, AWS::CloudWatch::CompositeAlarm`);
};

/** What tells people or is carried out by the emulator, and what it says is not looked at here. */
const ELSEWHERE = ['ActionsEnabled', 'AlarmActions', 'AlarmDescription', 'InsufficientDataActions', 'OKActions', 'Tags'];

const propertiesOf = (resource: Resource, lookups: Lookups): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(resource.properties).flatMap(([key, value]) =>
      ELSEWHERE.includes(key) ? [] : [[key, resolved(resource, key, value, lookups)]],
    ),
  );

type Named = Pick<Alarm, 'id' | 'name'>;

const compositeAlarm = (resource: Resource, identity: Named, written: unknown): CompositeAlarm => {
  const { AlarmRule } = parsed(resource, compositeRule, written);
  return { ...identity, kind: 'composite', rule: understood(resource, 'AlarmRule', () => parseRule(AlarmRule)) };
};

const metricAlarm = (resource: Resource, identity: Named, written: Readonly<Record<string, unknown>>): MetricAlarm => {
  const read = 'Metrics' in written ? readMath(resource, written) : readSingle(resource, written);
  const { given, source, periodSeconds } = read;
  const evaluationPeriods = given.EvaluationPeriods;
  const datapointsToAlarm = given.DatapointsToAlarm ?? evaluationPeriods;
  if (datapointsToAlarm > evaluationPeriods)
    return refuse(resource, 'DatapointsToAlarm', `given ${datapointsToAlarm}; supported: at most EvaluationPeriods, ${evaluationPeriods}`);
  if (evaluationPeriods * periodSeconds > DAY_SECONDS)
    return refuse(resource, 'EvaluationPeriods', `given ${evaluationPeriods} of ${periodSeconds} s; supported: one day in all`);
  const alarm = {
    ...identity,
    kind: 'metric',
    comparison: given.ComparisonOperator,
    threshold: given.Threshold,
    evaluationPeriods,
    datapointsToAlarm,
    missing: given.TreatMissingData,
    periodSeconds,
    source,
  } as const;
  return watchesDynamoDb(source) ? { ...alarm, missing: 'ignore' } : alarm;
};

/** Longer ones are evaluated once an hour, in a way of their own. */
const DAY_SECONDS = 86_400;

/** They ignore missing data whatever was chosen: PutMetricAlarm, TreatMissingData. */
const watchesDynamoDb = (source: Source): boolean =>
  (source.kind === 'metric' ? [source] : [...source.metrics.values()]).some(({ metric }) => metric.namespace === 'AWS/DynamoDB');

const readSingle = (resource: Resource, written: unknown) => {
  const given = parsed(resource, singleMetric, written);
  const { Statistic: basic, ExtendedStatistic: extended, Period: periodSeconds } = given;
  const chosen = basic ?? extended;
  if (chosen === undefined || (basic !== undefined && extended !== undefined))
    return refuse(resource, 'Statistic', 'given both or none of Statistic and ExtendedStatistic; supported: one of them');
  return { given, periodSeconds, source: { kind: 'metric', metric: metricOf(given), statistic: chosen } as const };
};

const metricOf = (given: z.output<typeof metricStat>['Metric']): Metric => ({
  namespace: given.Namespace,
  name: given.MetricName,
  dimensions: Object.fromEntries(given.Dimensions.map(({ Name, Value }) => [Name, Value])),
});

const readMath = (resource: Resource, written: unknown) => {
  const given = parsed(resource, metricMath, written);
  const metrics = new Map<string, MetricQuery>();
  const expressions = new Map<string, Expression>();
  for (const { Id, MetricStat, Expression: expression } of given.Metrics) {
    if ((MetricStat === undefined) === (expression === undefined) || metrics.has(Id) || expressions.has(Id))
      return refuse(resource, `Metrics.${Id}`, 'given twice, or as both or neither of a metric and an expression; supported: one of them');
    if (MetricStat) metrics.set(Id, { metric: metricOf(MetricStat.Metric), statistic: MetricStat.Stat });
    if (expression)
      expressions.set(
        Id,
        understood(resource, `Metrics.${Id}`, () => parseMath(expression)),
      );
  }
  if (metrics.size > QUERIES_MAX) return refuse(resource, 'Metrics', `given ${metrics.size} metrics; supported: ${QUERIES_MAX}`);
  const periodSeconds = onePeriod(resource, given.Metrics);
  const returned = returnedId(resource, given.Metrics);
  const expression = understood(resource, `Metrics.${returned}`, () => {
    const written = inFull(returned, metrics, expressions, []);
    // Types do not depend on the points: what fits none fits no others.
    const length = evaluationRange(given.EvaluationPeriods);
    seriesOf(written, { pointsOf: () => Array.from({ length }, () => null), periodSeconds, length });
    return written;
  });
  const used = new Map([...metrics].filter(([each]) => idsIn(expression).includes(each)));
  return { given, periodSeconds, source: { kind: 'math', metrics: used, expression } as const };
};

/** An expression with those it refers to in their places. @throws {MathError} on unknown ids and cycles */
const inFull = (
  wanted: string,
  metrics: ReadonlyMap<string, MetricQuery>,
  expressions: ReadonlyMap<string, Expression>,
  path: readonly string[],
): Expression => {
  if (path.includes(wanted)) throw new MathError(`given a cycle: ${[...path, wanted].join(' -> ')}`);
  if (metrics.has(wanted)) return { kind: 'id', id: wanted };
  const expression = expressions.get(wanted);
  if (expression === undefined)
    throw new MathError(`given the id ${wanted}; supported: ${[...metrics.keys(), ...expressions.keys()].join(', ')}`);
  return substitute(expression, (each) => inFull(each, metrics, expressions, [...path, wanted]));
};

const onePeriod = (resource: Resource, queries: Queries): number => {
  const periods = new Set(queries.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? []));
  const [first, ...others] = periods;
  return first !== undefined && others.length === 0
    ? first
    : refuse(resource, 'Metrics', `given periods of ${[...periods].join(', ') || 'no'} seconds; supported: the same for all`);
};

const returnedId = (resource: Resource, queries: Queries): string => {
  const [first, ...others] = queries.filter(({ ReturnData }) => ReturnData);
  return first !== undefined && others.length === 0
    ? first.Id
    : refuse(resource, 'Metrics', `given ReturnData of ${others.length === 0 ? 'none' : 'several'}; supported: of one`);
};

const understood = <T>(resource: Resource, place: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MathError || error instanceof RuleError)) throw error;
    return refuse(resource, place, error.message);
  }
};
