/**
 * An alarm's state from its points: M out of N, with missing ones. Pure.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
import type { AlarmState } from '../../functions/contract/delivery.ts';
import type { Comparison, Criteria } from './alarm.ts';

/** Newest last; null where the period has no data. */
export type Points = readonly (number | null)[];

export interface Verdict {
  readonly state: AlarmState;
  readonly reason: string;
}

/**
 * CloudWatch retrieves more points than N, so that missing ones can be made good by older ones. AWS publishes no
 * formula; in all its examples N is 3 and the range 5.
 */
const EXTRA_POINTS = 2;

/** Points that an evaluation looks at. */
export const evaluationRange = (evaluationPeriods: number): number => evaluationPeriods + EXTRA_POINTS;

export const isBreaching = (value: number, comparison: Comparison, threshold: number): boolean => {
  switch (comparison) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
  }
};

/**
 * @param points of the evaluation range
 * @param before the state it has: what it keeps when the points do not decide
 */
export const evaluate = (alarm: Criteria, points: Points, before: AlarmState): Verdict => {
  const { evaluationPeriods, datapointsToAlarm, missing } = alarm;
  const real = points.flatMap((value, index) => {
    if (value === null) return [];
    return [{ value, bad: isBreaching(value, alarm.comparison, alarm.threshold), age: points.length - index }];
  });
  // Real points count first, and older ones of the range before any that would have to be made up.
  const recent = real.slice(-evaluationPeriods);
  const absent = evaluationPeriods - recent.length;
  const realBad = recent.filter(({ bad }) => bad);
  const bad = realBad.length + (missing === 'breaching' ? absent : 0);
  const good = recent.length - realBad.length + (missing === 'notBreaching' ? absent : 0);
  const filled = absent > 0 ? ` ${absent} missing, treated as ${missing}.` : '';
  const values = recent.map(({ value }) => value).join(', ');
  const told = (count: number, which: string): string =>
    `Threshold Crossed: ${count} out of the last ${evaluationPeriods} datapoints ${which} ${PHRASES[alarm.comparison]} the threshold (${alarm.threshold}): [${values}].${filled}`;

  if (bad >= datapointsToAlarm) return { state: 'ALARM', reason: told(bad, 'were') };
  // "Premature": nothing but breaching points, the oldest as old as M periods. Whatever comes next, M periods have passed.
  // A point within the threshold ends it, wherever it lies in the range: the row "0 - X - -" of AWS's second table.
  const [oldest] = recent;
  if (absent > 0 && missing === 'missing' && good === 0 && oldest !== undefined && oldest.age >= datapointsToAlarm)
    return { state: 'ALARM', reason: `${told(realBad.length, 'were')} No newer data contradicts them.` };
  if (good > 0) return { state: 'OK', reason: told(good, 'were not') };
  if (recent.length === 0 && missing === 'missing')
    return { state: 'INSUFFICIENT_DATA', reason: `Insufficient Data: ${points.length} datapoints were unknown.` };
  return { state: before, reason: `Unchanged: ${bad} of the ${datapointsToAlarm} breaching datapoints it takes.${filled}` };
};

const PHRASES = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
} as const satisfies Record<Comparison, string>;
