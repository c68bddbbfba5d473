/**
 * The states of a region's alarms, from minute to minute. Pure: time and data come from outside.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 */
import type { AlarmState } from '../../functions/contract/delivery.ts';
import type { Alarm, CompositeAlarm, MetricAlarm, MetricQuery } from './alarm.ts';
import { alarmsIn, holds } from './composite.ts';
import { evaluate, evaluationRange, type Points, type Verdict } from './evaluate.ts';
import { seriesOf } from './math-values.ts';
import { type Datapoint, MetricStore, MINUTE_MS } from './metrics.ts';

/** An alarm turned. */
export interface AlarmTurn {
  readonly id: string;
  readonly name: string;
  readonly from: AlarmState;
  readonly to: AlarmState;
  readonly reason: string;
  /** Since 1970. */
  readonly atMs: number;
}

/** Kept beyond what the longest alarm looks at: data comes late, and alarms are told of after their first data. */
const KEPT_MINUTES_MIN = 15;
/** AWS takes no data that is further in the future. */
const FUTURE_MS_MAX = 2 * 3_600_000;
const INITIAL: Verdict = { state: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' };

export class AlarmBoard {
  readonly #store = new MetricStore();
  readonly #verdicts = new Map<string, Verdict>();
  #alarms: readonly Alarm[] = [];

  /** Takes the alarms as they are now, children first. One that had this name before keeps its state; new ones have none. */
  use(alarms: readonly Alarm[]): void {
    const names = new Set(alarms.map(({ name }) => name));
    for (const name of this.#verdicts.keys()) if (!names.has(name)) this.#verdicts.delete(name);
    for (const name of names) if (!this.#verdicts.has(name)) this.#verdicts.set(name, INITIAL);
    this.#alarms = alarms;
  }

  /** By physical name. */
  get verdicts(): ReadonlyMap<string, Verdict> {
    return this.#verdicts;
  }

  get alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  /** In any order; what is older than any alarm looks, or from too far in the future, is not taken. */
  add(datapoints: readonly Datapoint[], nowMs: number): void {
    for (const datapoint of datapoints) {
      if (datapoint.atMs >= nowMs - this.#keptMs() && datapoint.atMs <= nowMs + FUTURE_MS_MAX) this.#store.add(datapoint);
    }
  }

  /** Evaluates every alarm on the whole minutes before `nowMs`. */
  evaluate(nowMs: number): readonly AlarmTurn[] {
    const untilMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    this.#store.forget(untilMs - this.#keptMs());
    return this.#alarms.flatMap((alarm) => {
      const before = this.#verdicts.get(alarm.name) ?? INITIAL;
      const verdict = alarm.kind === 'metric' ? this.#judge(alarm, untilMs, before.state) : this.#compose(alarm);
      if (verdict.state === before.state) return [];
      this.#verdicts.set(alarm.name, verdict);
      return [{ id: alarm.id, name: alarm.name, from: before.state, to: verdict.state, reason: verdict.reason, atMs: nowMs }];
    });
  }

  #judge(alarm: MetricAlarm, untilMs: number, before: AlarmState): Verdict {
    return evaluate(
      alarm,
      pointsOf(alarm, (query, periodsBack) => this.#point(query, untilMs, alarm.periodSeconds, periodsBack)),
      before,
    );
  }

  /** Windows end with the minute, also those of longer periods: at each minute the alarm looks at the last M minutes. */
  #point({ metric, statistic }: MetricQuery, untilMs: number, periodSeconds: number, periodsBack: number): number | null {
    const toMs = untilMs - periodsBack * periodSeconds * 1_000;
    return this.#store.statistic(metric, statistic, toMs - periodSeconds * 1_000, toMs);
  }

  #compose({ rule }: CompositeAlarm): Verdict {
    const stateOf = (name: string): AlarmState | undefined => this.#verdicts.get(name)?.state;
    const children = alarmsIn(rule).map((name) => `${name} is ${stateOf(name)}`);
    return { state: holds(rule, stateOf) ? 'ALARM' : 'OK', reason: `The rule's alarms: ${children.join(', ') || 'none'}` };
  }

  #keptMs(): number {
    const minutes = this.#alarms.map((alarm) =>
      alarm.kind === 'metric' ? (evaluationRange(alarm.evaluationPeriods) * alarm.periodSeconds) / 60 : 0,
    );
    return (Math.max(0, ...minutes) + KEPT_MINUTES_MIN) * MINUTE_MS;
  }
}

/** The points of an alarm's range, newest last. */
export const pointsOf = (
  { source, evaluationPeriods, periodSeconds }: MetricAlarm,
  pointOf: (query: MetricQuery, periodsBack: number) => number | null,
): Points => {
  const length = evaluationRange(evaluationPeriods);
  const points = (query: MetricQuery): Points => Array.from({ length }, (_, index) => pointOf(query, length - 1 - index));
  if (source.kind === 'metric') return points(source);
  return seriesOf(source.expression, {
    length,
    periodSeconds,
    pointsOf: (id) => {
      const query = source.metrics.get(id);
      if (query === undefined) throw new Error(`no metric "${id}" in the expression's alarm`);
      return points(query);
    },
  });
};
