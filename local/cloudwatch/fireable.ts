/**
 * Alarms that cannot fire, whatever is measured. Found by trying: the alarm's own evaluator gets every combination of extreme
 * values, and a composite every combination of its alarms' states. Pure.
 *
 * Not found: alarms that only could fire on values which exclude each other in the world, such as more errors than requests.
 */
import type { AlarmState } from '../../functions/contract/delivery.ts';
import { ALARM_STATES, type Alarm, type CompositeAlarm, type MetricAlarm, type MetricQuery, metricsOf } from './alarm.ts';
import { pointsOf } from './board.ts';
import { holds, leavesOf } from './composite.ts';
import { evaluate } from './evaluate.ts';
import { numbersIn } from './math.ts';

/** Tried for one alarm. */
const COMBINATIONS_MAX = 200_000;
/** Of up to so many metrics of an expression, values between the extremes are tried as well. */
const FINE_METRICS_MAX = 4;

/** What decides is too much to be tried. */
export class TooManyCombinationsError extends Error {
  override readonly name = 'TooManyCombinationsError';
}

/** @param alarms children first, as `readAlarms` gives them @throws {TooManyCombinationsError} */
export const alarmsThatNeverFire = (alarms: readonly Alarm[]): readonly Alarm[] => {
  const composites = new Map(alarms.flatMap((alarm) => (alarm.kind === 'composite' ? [[alarm.name, alarm]] : [])));
  const states = new Map<string, ReadonlySet<AlarmState>>();
  for (const alarm of alarms)
    states.set(alarm.name, alarm.kind === 'metric' ? reachable(alarm) : reachableComposite(alarm, composites, states));
  return alarms.filter(({ name }) => states.get(name)?.has('ALARM') !== true);
};

/** States that the alarm can come to from the one it is created in. */
const reachable = (alarm: MetricAlarm): ReadonlySet<AlarmState> => {
  const queries = metricsOf(alarm);
  const numbers = [alarm.threshold, ...(alarm.source.kind === 'math' ? numbersIn(alarm.source.expression) : [])];
  const choices = queries.map((query) => [null, ...valuesOf(query, numbers, queries.length <= FINE_METRICS_MAX)]);
  // Functions of single points, all of them but FILL, which only repeats or makes up: what fires once fires when it lasts.
  const ranges = [...combinations(choices, alarm.id)].map((values) => pointsOf(alarm, (query) => values[queries.indexOf(query)] ?? null));
  const found = new Set<AlarmState>(['INSUFFICIENT_DATA']);
  for (const before of found) for (const points of ranges) found.add(evaluate(alarm, points, before).state);
  return found;
};

/** Values at and on both sides of the numbers that decide, as far as the metric can have them. */
const valuesOf = ({ metric, statistic }: MetricQuery, numbers: readonly number[], fine: boolean): readonly number[] => {
  const isShare = statistic.kind !== 'Sum' && statistic.kind !== 'SampleCount' && isFlag(metric.namespace, metric.name);
  const [least, most] = [statistic.kind === 'SampleCount' ? 1 : 0, isShare ? 1 : HUGE];
  const around = numbers.flatMap((number) => [number, Math.abs(number) / 2, Math.abs(number) * 2 + 1]);
  const coarse = [...new Set([least, 1, ...around, most])].filter((value) => value >= least && value <= most).toSorted((a, b) => a - b);
  return fine ? coarse.flatMap((value, index) => [value, (value + (coarse[index + 1] ?? value)) / 2]) : coarse;
};

/** Larger than any threshold that is meant. Nothing that the templates measure or count is negative. */
const HUGE = 1e12;

/** Metrics whose every sample is 0 or 1: their average is a share, and no percentage. */
const isFlag = (namespace: string, name: string): boolean =>
  (namespace === 'AWS/ApiGateway' && (name === '4XXError' || name === '5XXError')) ||
  (namespace === 'AWS/Lambda' && name === 'Errors') ||
  (namespace === 'AWS/Route53' && name === 'HealthCheckStatus');

const reachableComposite = (
  alarm: CompositeAlarm,
  composites: ReadonlyMap<string, CompositeAlarm>,
  states: ReadonlyMap<string, ReadonlySet<AlarmState>>,
): ReadonlySet<AlarmState> => {
  // Composites below it are evaluated, not assumed: two of them can hang on the same alarm.
  const leaves = leavesOf(alarm.rule, (name) => composites.get(name)?.rule);
  const choices = leaves.map((name) => [...(states.get(name) ?? ALARM_STATES)]);
  const found = new Set<AlarmState>();
  for (const chosen of combinations(choices, alarm.id)) {
    const stateOf = (name: string): AlarmState | undefined => {
      const composite = composites.get(name);
      if (composite === undefined) return chosen[leaves.indexOf(name)];
      return holds(composite.rule, stateOf) ? 'ALARM' : 'OK';
    };
    found.add(stateOf(alarm.name) ?? 'OK');
  }
  return found;
};

/** @throws {TooManyCombinationsError} */
const combinations = <T>(choices: readonly (readonly T[])[], id: string): Iterable<readonly T[]> => {
  const count = choices.reduce((product, each) => product * each.length, 1);
  if (count > COMBINATIONS_MAX)
    throw new TooManyCombinationsError(
      `alarm ${id} hangs on ${choices.length} things in ${count} combinations; at most ${COMBINATIONS_MAX} are tried; divide it`,
    );
  return product(choices);
};

function* product<T>([first, ...rest]: readonly (readonly T[])[]): Generator<readonly T[]> {
  if (first === undefined) return yield [];
  for (const value of first) for (const others of product(rest)) yield [value, ...others];
}
