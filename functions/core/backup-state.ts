/** What the lists of AWS Backup say of a region's backups. Pure. */

/** Only a failed one of so many milliseconds is told: then it is history. */
export const RECENT_MS = 86_400_000;
/** How far back recovery points are looked for: none in it is as old as that. */
export const POINTS_MS = 15 * RECENT_MS;
/** Restore tests are weekly. */
export const TESTS_MS = 15 * RECENT_MS;

export interface Event {
  /** Name of the table. */
  readonly table: string | undefined;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly good: boolean;
  readonly bad: boolean;
}

/**
 * Seconds since the newest good event of a table. While there is none, since the vault was made: a new vault has the same
 * time to its first backup as every other backup has, and one that never gets any is found out.
 */
export const ageSeconds = (
  events: readonly Event[],
  table: string,
  given: { readonly nowMs: number; readonly vaultMadeMs: number },
): number => {
  const times = events.filter((event) => event.good && event.table === table).map((event) => event.atMs);
  return Math.max(0, (given.nowMs - Math.max(given.vaultMadeMs, ...times)) / 1_000);
};

export const failures = (events: readonly Event[], nowMs: number): number =>
  events.filter((event) => event.bad && event.atMs >= nowMs - RECENT_MS).length;
