import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Statistic } from '../../../local/cloudwatch/alarm.ts';
import { type Datapoint, MetricStore } from '../../../local/cloudwatch/metrics.ts';

const METRIC = { namespace: 'Tandem', name: 'Latency', dimensions: { A: '1', B: '2' } } as const;
const p = (percent: number): Statistic => ({ kind: 'percentile', percent });

describe('what was measured', () => {
  it.each([
    [{ kind: 'Sum' }, 60],
    [{ kind: 'Average' }, 15],
    [{ kind: 'Minimum' }, 5],
    [{ kind: 'Maximum' }, 30],
    [{ kind: 'SampleCount' }, 4],
    [p(50), 10],
    [p(75), 15],
    [p(99), 30],
    [p(100), 30],
  ] as const)('is reduced over whole minutes to %j', (statistic, expected) => {
    const store = storeOf([at(60_000, 10), at(119_999, 30), at(120_000, 5), at(150_000, 15), at(59_999, 1_000), at(180_000, 1_000)]);
    expect(store.statistic(METRIC, statistic, 60_000, 180_000)).toBe(expected);
  });

  it('is nothing where nothing was, which is not 0', () => {
    const store = storeOf([at(0, 1)]);
    expect(store.statistic(METRIC, { kind: 'Sum' }, 60_000, 120_000)).toBeNull();
    expect(store.statistic({ ...METRIC, dimensions: {} }, { kind: 'Sum' }, 0, 60_000)).toBeNull();
  });

  it('belongs to its exact dimensions, in any order', () => {
    const store = storeOf([at(0, 1)]);
    expect(store.statistic({ ...METRIC, dimensions: { B: '2', A: '1' } }, { kind: 'Sum' }, 0, 60_000)).toBe(1);
    expect(store.statistic({ ...METRIC, dimensions: { A: '1' } }, { kind: 'Sum' }, 0, 60_000)).toBeNull();
    expect(store.statistic({ ...METRIC, dimensions: { A: '1', B: '1' } }, { kind: 'Sum' }, 0, 60_000)).toBeNull();
  });

  it('is the same in whatever order it arrived', () => {
    const statistics: readonly Statistic[] = [
      { kind: 'Sum' },
      { kind: 'Average' },
      { kind: 'Minimum' },
      { kind: 'Maximum' },
      { kind: 'SampleCount' },
      p(90),
    ];
    const anyPoint = fc.tuple(fc.integer({ min: 0, max: 299_999 }), fc.integer({ min: -50, max: 50 })).map(([ms, value]) => at(ms, value));
    const shuffled = fc
      .array(anyPoint, { maxLength: 40 })
      .chain((points) => fc.tuple(fc.constant(points), fc.shuffledSubarray(points, { minLength: points.length })));
    fc.assert(
      fc.property(shuffled, ([points, others]) => {
        const [one, other] = [storeOf(points), storeOf(others)];
        for (const statistic of statistics)
          expect(one.statistic(METRIC, statistic, 60_000, 240_000)).toBe(other.statistic(METRIC, statistic, 60_000, 240_000));
      }),
    );
  });

  it('has a percentile that was measured, with at least so many percent at or below it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 100 }),
        (values, percent) => {
          const found = storeOf(values.map((value) => at(0, value))).statistic(METRIC, p(percent), 0, 60_000) ?? Number.NaN;
          expect(values).toContain(found);
          expect(values.filter((value) => value <= found).length * 100).toBeGreaterThanOrEqual(percent * values.length);
          expect(values.filter((value) => value < found).length * 100).toBeLessThan(percent * values.length);
        },
      ),
    );
  });

  it('is kept in bounds: old minutes go, values of a busy minute are rounded, metrics beyond 5,000 are not taken', () => {
    const store = storeOf([at(0, 1), at(60_000, 2)]);
    store.forget(60_000);
    expect(store.statistic(METRIC, { kind: 'Sum' }, 0, 120_000)).toBe(2);

    const busy = storeOf(Array.from({ length: 20_000 }, (_, index) => at(0, index + 0.5)));
    expect(busy.statistic(METRIC, { kind: 'Sum' }, 0, 60_000)).toBe(200_000_000);
    const median = busy.statistic(METRIC, p(50), 0, 60_000) ?? 0;
    expect(Math.abs(median - 10_000)).toBeLessThan(100);

    for (let index = 0; index < 5_001; index += 1) store.add({ ...at(0, 1), metric: { ...METRIC, name: `m${index}` } });
    expect(store.dropped).toBe(2);
  });

  it('takes no value that is no number', () => {
    const store = storeOf([at(0, Number.NaN), at(0, Number.POSITIVE_INFINITY)]);
    expect(store.statistic(METRIC, { kind: 'SampleCount' }, 0, 60_000)).toBeNull();
  });
});

function at(atMs: number, value: number): Datapoint {
  return { metric: METRIC, atMs, value };
}

function storeOf(points: readonly Datapoint[]): MetricStore {
  const store = new MetricStore();
  for (const point of points) store.add(point);
  return store;
}
