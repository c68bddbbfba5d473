/** Waits until the regions agree, and says what the ledger finds then. */
import type { Report } from '../reports/report.ts';
import { LOST_LISTED_MAX } from '../reports/schema/parts.ts';
import { type CompareProps, type Comparison, compareLedger, partitionOf, type Write } from './ledger.ts';
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
  /** Seconds until every region had the same and nothing was held twice; null: not within the time. */
  readonly seconds: number | null;
}

/**
 * What some region lacks though another has it, or holds twice, mends itself by replication and reconcilers: in a bounded
 * time. Everything is read at the beginning and at the end, in between only what was not in order.
 */
export const settle = async ({ withinMs, signal, ...props }: SettleProps): Promise<Settled> => {
  const startMs = Date.now();
  const elapsedMs = (): number => Date.now() - startMs;
  let found = await compareLedger(props);
  if (isWhole(found)) return { comparison: found, seconds: elapsedMs() / 1_000 };
  let equal = 0;
  while (equal < EQUAL_ENOUGH && elapsedMs() < withinMs && !signal.aborted) {
    await pause(EVERY_MS, signal);
    const before = found;
    found = await compareLedger({ ...props, writes: suspects(props.writes, found) });
    if (isWhole(found)) break;
    // A write that no region shows may still sit in a queue: look again and again before it is called lost.
    equal = agrees(found) && fingerprint(found) === fingerprint(before) ? equal + 1 : 0;
  }
  const seconds = elapsedMs() / 1_000;
  const comparison = await compareLedger(props);
  return { comparison, seconds: agrees(comparison) ? seconds : null };
};

/** Every region has the same, and nothing is held twice. */
const agrees = (found: Comparison): boolean => missingSomewhere(found) === 0 && found.duplicates.length === 0;
/** And it is all that was acknowledged. */
const isWhole = (found: Comparison): boolean => agrees(found) && found.lost.length === 0;

/** Writes that are not in order, with those that share a partition with them. */
const suspects = (writes: readonly Write[], { missing, duplicates }: Comparison): readonly Write[] => {
  const partitions = new Set([...[...missing.values()].flat().map(partitionOf), ...duplicates]);
  return writes.filter((write) => partitions.has(partitionOf(write)));
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
