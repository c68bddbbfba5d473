/** What the stand-in knows of an alarm, once its template has been read and its resources have names. */
import type { AlarmState } from '../../functions/contract/delivery.ts';
import type { Rule } from './composite.ts';
import type { Expression } from './math.ts';

export const ALARM_STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const satisfies readonly AlarmState[];

/** A metric is its namespace, its name and exactly these dimensions: another set of dimensions is another metric. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export const BASIC_STATISTICS = ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'] as const;

export type Statistic =
  | { readonly kind: (typeof BASIC_STATISTICS)[number] }
  /** `percent` above 0, at most 100: 99.9 for `p99.9`. */
  | { readonly kind: 'percentile'; readonly percent: number };

export interface MetricQuery {
  readonly metric: Metric;
  readonly statistic: Statistic;
}

/** Where an alarm's points come from. */
export type Source =
  | ({ readonly kind: 'metric' } & MetricQuery)
  /** `metrics`: by the id that the expression calls them by. Expressions that others refer to are written out. */
  | { readonly kind: 'math'; readonly metrics: ReadonlyMap<string, MetricQuery>; readonly expression: Expression };

export const COMPARISONS = [
  'GreaterThanOrEqualToThreshold',
  'GreaterThanThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const MISSING_DATA = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
export type MissingData = (typeof MISSING_DATA)[number];

/** What of an alarm decides between its states, given its points. */
export interface Criteria {
  readonly comparison: Comparison;
  readonly threshold: number;
  /** N: points that are looked at. */
  readonly evaluationPeriods: number;
  /** M: breaching ones among them that make it fire. */
  readonly datapointsToAlarm: number;
  readonly missing: MissingData;
}

interface Identity {
  /** Construct id, as in the runbook. */
  readonly id: string;
  /** Physical name, as in the emulator. */
  readonly name: string;
}

export interface MetricAlarm extends Identity, Criteria {
  readonly kind: 'metric';
  /** A whole multiple of 60. */
  readonly periodSeconds: number;
  readonly source: Source;
}

export interface CompositeAlarm extends Identity {
  readonly kind: 'composite';
  /** Names alarms by their physical names. */
  readonly rule: Rule;
}

export type Alarm = MetricAlarm | CompositeAlarm;

/** Every metric that an alarm looks at. */
export const metricsOf = (alarm: Alarm): readonly MetricQuery[] => {
  if (alarm.kind === 'composite') return [];
  return alarm.source.kind === 'metric' ? [alarm.source] : [...alarm.source.metrics.values()];
};

/** For people: `AWS/Lambda Errors {FunctionName=f}`. */
export const describeMetric = ({ namespace, name, dimensions }: Metric): string => {
  const pairs = Object.entries(dimensions).map(([key, value]) => `${key}=${value}`);
  return `${namespace} ${name}${pairs.length === 0 ? '' : ` {${pairs.join(', ')}}`}`;
};

/** How an alarm stands. */
export interface AlarmStatus {
  /** Construct id, as in the runbook. */
  readonly id: string;
  readonly state: AlarmState;
  readonly reason: string;
}
