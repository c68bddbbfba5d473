/** The checkers at work: each probes its endpoint with a phase of its own, and the board turns their verdicts into health. */
import type { EndpointCheck } from './checks.ts';
import type { Clock } from './clock.ts';
import { type CheckTurn, checkerCount, HealthBoard } from './health.ts';
import type { ProbeOutcome } from './prober.ts';
import type { Zone } from './zone.ts';

export interface MonitorProps {
  readonly zone: Zone;
  readonly clock: Clock;
  /** From 0 to below 1: when in the interval each checker begins. Checkers of AWS do not agree on their turns either. */
  readonly random: () => number;
  readonly aggregationMs: number;
  readonly probe: (check: EndpointCheck, signal: AbortSignal) => Promise<ProbeOutcome>;
  /** Checks that turned at once. `reasons`: why probes of an endpoint check failed last. */
  readonly onTurns: (turns: readonly CheckTurn[], reasons: ReadonlyMap<string, string>) => void;
}

export interface Monitor {
  isHealthy(check: string): boolean;
  /** Ends every checker, in the middle of its probe too. */
  stop(): Promise<void>;
}

export const startMonitor = (props: MonitorProps): Monitor => {
  const board = new HealthBoard(props.zone.checks, props.aggregationMs);
  const stopping = new AbortController();
  const reasons = new Map<string, string>();
  const settle = async (dueMs: number): Promise<void> => {
    await props.clock.sleep(dueMs - props.clock.nowMs(), stopping.signal);
    if (stopping.signal.aborted) return;
    // Timers may fire a fraction of a millisecond early.
    const turns = board.advance(Math.max(dueMs, props.clock.nowMs()));
    if (turns.length > 0) props.onTurns(turns, reasons);
  };
  const settling = new Set<Promise<void>>();
  const run = async (check: EndpointCheck, checker: number): Promise<void> => {
    const { signal } = stopping;
    const intervalMs = check.intervalSeconds * 1_000;
    await props.clock.sleep(props.random() * intervalMs, signal);
    while (!signal.aborted) {
      const outcome = await props.probe(check, signal);
      if (signal.aborted) return;
      if (!outcome.passed) reasons.set(check.logicalId, outcome.reason);
      const dueMs = board.observe(check.logicalId, checker, outcome.passed, props.clock.nowMs());
      if (dueMs !== undefined) {
        const settled: Promise<void> = settle(dueMs).finally(() => settling.delete(settled));
        settling.add(settled);
      }
      // The interval runs from the response, or the timeout, to the next request.
      await props.clock.sleep(intervalMs, signal);
    }
  };
  const checkers = [...props.zone.checks.values()].flatMap((check) =>
    check.kind === 'endpoint' ? Array.from({ length: checkerCount(check) }, (_, checker) => run(check, checker)) : [],
  );
  return {
    isHealthy: (check) => board.isHealthy(check),
    stop: async () => {
      stopping.abort();
      await Promise.all([...checkers, ...settling]);
    },
  };
};
