/**
 * What was measured lately, by the minute. CloudWatch keeps metrics of standard resolution so, and every window that an
 * alarm looks at consists of whole minutes. Pure: whoever adds says when.
 */
import type { Metric, Statistic } from './alarm.ts';

export interface Datapoint {
  readonly metric: Metric;
  /** Since 1970. */
  readonly atMs: number;
  readonly value: number;
}

export const MINUTE_MS = 60_000;
/** Metrics at once: far more than templates name, and a bound for dimensions that grow without end. */
const METRICS_MAX = 5_000;
/** Different values of one minute that are kept exactly; later ones are rounded to three digits, for percentiles only. */
const EXACT_VALUES_MAX = 2_000;
const ROUNDED_DIGITS = 3;

interface Minute {
  count: number;
  sum: number;
  minimum: number;
  maximum: number;
  /** How often each value came. */
  readonly values: Map<number, number>;
}

export class MetricStore {
  readonly #metrics = new Map<string, Map<number, Minute>>();
  #dropped = 0;

  /** Datapoints that were not taken because there were too many metrics. */
  get dropped(): number {
    return this.#dropped;
  }

  /** In any order; values that are no finite number are none. */
  add({ metric, atMs, value }: Datapoint): void {
    if (!Number.isFinite(value) || !Number.isFinite(atMs)) return;
    const minutes = this.#minutesOf(metric);
    if (minutes === undefined) {
      this.#dropped += 1;
      return;
    }
    const start = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const minute = minutes.get(start) ?? { count: 0, sum: 0, minimum: value, maximum: value, values: new Map() };
    minutes.set(start, minute);
    minute.count += 1;
    minute.sum += value;
    minute.minimum = Math.min(minute.minimum, value);
    minute.maximum = Math.max(minute.maximum, value);
    const kept = minute.values.size < EXACT_VALUES_MAX ? value : Number(value.toPrecision(ROUNDED_DIGITS));
    minute.values.set(kept, (minute.values.get(kept) ?? 0) + 1);
  }

  /** Over the minutes that begin in `[fromMs, toMs)`; null when nothing was measured in them. */
  statistic(metric: Metric, statistic: Statistic, fromMs: number, toMs: number): number | null {
    const minutes = this.#metrics.get(keyOf(metric));
    if (minutes === undefined) return null;
    const found = [...minutes].flatMap(([start, minute]) => (start >= fromMs && start < toMs ? [minute] : []));
    return found.length === 0 ? null : reduce(found, statistic);
  }

  /** Drops the minutes that began before. */
  forget(beforeMs: number): void {
    for (const [key, minutes] of this.#metrics) {
      for (const start of minutes.keys()) if (start < beforeMs) minutes.delete(start);
      if (minutes.size === 0) this.#metrics.delete(key);
    }
  }

  #minutesOf(metric: Metric): Map<number, Minute> | undefined {
    const key = keyOf(metric);
    const known = this.#metrics.get(key);
    if (known !== undefined || this.#metrics.size >= METRICS_MAX) return known;
    const minutes = new Map<number, Minute>();
    this.#metrics.set(key, minutes);
    return minutes;
  }
}

const keyOf = ({ namespace, name, dimensions }: Metric): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1))]);

const reduce = (minutes: readonly Minute[], statistic: Statistic): number => {
  const count = minutes.reduce((total, minute) => total + minute.count, 0);
  const sum = minutes.reduce((total, minute) => total + minute.sum, 0);
  switch (statistic.kind) {
    case 'Sum':
      return sum;
    case 'SampleCount':
      return count;
    case 'Average':
      return sum / count;
    case 'Minimum':
      return Math.min(...minutes.map(({ minimum }) => minimum));
    case 'Maximum':
      return Math.max(...minutes.map(({ maximum }) => maximum));
    case 'percentile':
      return percentile(minutes, (statistic.percent / 100) * count);
  }
};

/**
 * The smallest value that so many are not above. AWS does not publish how it interpolates; this is always a value that
 * was measured, and of fewer than 100 values the p99 is the largest.
 */
const percentile = (minutes: readonly Minute[], rank: number): number => {
  const values = minutes.flatMap(({ values: each }) => [...each]).toSorted(([a], [b]) => a - b);
  let seen = 0;
  for (const [value, count] of values) {
    seen += count;
    if (seen >= rank) return value;
  }
  return values.at(-1)?.[0] ?? 0;
};
