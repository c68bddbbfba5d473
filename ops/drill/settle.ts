/** Waits until the regions agree, and says what the ledger finds then. */
import type { Report } from '../reports/report.ts';
import { LOST_LISTED_MAX } from '../reports/report.ts';
import { type CompareProps, type Comparison, compareLedger } from './ledger.ts';
import { pause } from './wait.ts';

export interface SettleProps extends CompareProps {
  /** Milliseconds until what is then missing counts as missing for good. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

const EVERY_MS = 1_000;
/** Equal comparisons in a row after which a loss is believed before the time is over. */
const EQUAL_ENOUGH = 5;

export interface Settled {
  readonly comparison: Comparison;
  /** Seconds until nothing was missing in only some regions, and nothing held twice; null: not within the time. */
  readonly seconds: number | null;
}

/** What some region lacks though another has it, or holds twice, mends itself by replication and reconcilers: in a bounded time. */
export const settle = async ({ withinMs, signal, ...props }: SettleProps): Promise<Settled> => {
  const startMs = Date.now();
  let before = '';
  let equal = 0;
  while (true) {
    const comparison = await compareLedger(props);
    const now = fingerprint(comparison);
    equal = now === before ? equal + 1 : 0;
    before = now;
    const seconds = (Date.now() - startMs) / 1_000;
    const clean = missingSomewhere(comparison) === 0 && comparison.duplicates.length === 0;
    // A write that no region shows may still sit in a queue: look again before it is called lost.
    if (clean && (comparison.lost.length === 0 || equal >= EQUAL_ENOUGH)) return { comparison, seconds };
    if (seconds * 1_000 >= withinMs || signal.aborted) return { comparison, seconds: clean ? seconds : null };
    await pause(EVERY_MS, signal);
  }
};

/** Writes that a region lacks and another has. */
const missingSomewhere = ({ missing, lost }: Comparison): number =>
  new Set([...missing.values()].flat().filter((write) => !lost.includes(write))).size;

const fingerprint = ({ missing, duplicates }: Comparison): string =>
  JSON.stringify([[...missing].map(([region, writes]) => [region, writes.map((write) => write.id).sort()]), duplicates.toSorted()]);

export const ledgerOf = (acknowledged: number, { comparison, seconds }: Settled, faultMs: number): Report['ledger'] => ({
  acknowledged,
  missing: missingSomewhere(comparison),
  duplicates: comparison.duplicates.length,
  oversold: [...comparison.oversold.values()].reduce((sum, units) => sum + units, 0),
  missingByRegion: Object.fromEntries([...comparison.missing].map(([region, writes]) => [region, writes.length])),
  lost: comparison.lost
    .slice(0, LOST_LISTED_MAX)
    .map(({ operation, id, key, region, ackMs }) => ({ operation, id, key, region, ageMs: faultMs - ackMs })),
  settledSeconds: seconds,
});
