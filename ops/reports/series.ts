/** Requests by second, for the timeline. Pure. */
import type { CallerKind, OperationRecord } from '../drill/operations.ts';
import type { Report } from './report.ts';

export interface Second {
  /** Whole seconds since the fault; negative before it. */
  readonly second: number;
  readonly ok: number;
  readonly failed: number;
  readonly slowestMs: number;
}

/** Each second from the beginning of the load to its end, by when requests were due. */
export const bySecond = (records: readonly OperationRecord[], kind: CallerKind, phases: Report['phases']): readonly Second[] => {
  const secondOf = (ms: number): number => Math.floor((ms - phases.faultMs) / 1_000);
  const groups = Map.groupBy(
    records.filter((record) => record.kind === kind && record.startMs >= phases.loadMs),
    (record) => secondOf(record.startMs),
  );
  const [first, last] = [secondOf(phases.loadMs), secondOf(phases.endMs)];
  return Array.from({ length: Math.max(0, last - first) }, (_, index) => {
    const group = groups.get(first + index) ?? [];
    const ok = group.filter((record) => record.outcome === 'ok').length;
    return {
      second: first + index,
      ok,
      failed: group.length - ok,
      slowestMs: Math.max(0, ...group.map((record) => record.endMs - record.startMs)),
    };
  });
};
