/** Requests by second, for the timeline. Pure. */
import type { CallerKind, OperationRecord } from '../drill/operations.ts';

export interface Second {
  /** Whole seconds since `zeroMs`; negative before it. Where a step is longer than a second: the first of the step. */
  readonly second: number;
  readonly ok: number;
  readonly failed: number;
  readonly slowestMs: number;
}

export interface SeriesProps {
  readonly zeroMs: number;
  /** The load's beginning and end. */
  readonly loadMs: number;
  readonly endMs: number;
  /** Seconds that are counted together. @default 1 */
  readonly stepSeconds?: number;
}

/** Each step from the beginning of the load to its end, by when requests were due. */
export const bySecond = (
  records: readonly OperationRecord[],
  kind: CallerKind,
  { zeroMs, loadMs, endMs, stepSeconds = 1 }: SeriesProps,
): readonly Second[] => {
  const stepOf = (ms: number): number => Math.floor((ms - zeroMs) / (stepSeconds * 1_000));
  const groups = Map.groupBy(
    records.filter((record) => record.kind === kind && record.startMs >= loadMs),
    (record) => stepOf(record.startMs),
  );
  const [first, last] = [stepOf(loadMs), stepOf(endMs)];
  return Array.from({ length: Math.max(0, last - first) }, (_, index) => {
    const group = groups.get(first + index) ?? [];
    const ok = group.filter((record) => record.outcome === 'ok' && record.wrong === null).length;
    return {
      second: (first + index) * stepSeconds,
      ok,
      failed: group.length - ok,
      slowestMs: Math.max(0, ...group.map((record) => record.endMs - record.startMs)),
    };
  });
};
