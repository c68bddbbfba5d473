/** A schedule: what callers do and what breaks, from one seed. Entries are independent of each other, so that any can be left out. */
import type { Call } from './caller.ts';
import type { Crash } from './invocation.ts';

/** An operator gives the stock of a lost region to an heir. */
export interface Reclaim {
  /** Where each run ends but the last. */
  readonly crashes: readonly Crash[];
  /** There is no last run: what was begun is left as it is. */
  readonly abandoned: boolean;
  /** Milliseconds until what operators do next. */
  readonly thenMs: number;
}

export type Fault =
  /** Replication from one region to another pauses, and goes on where it stopped. */
  | { readonly kind: 'partition'; readonly from: string; readonly to: string; readonly bothWays: boolean; readonly forMs: number }
  /** A region stops, and goes on as if nothing had been. */
  | { readonly kind: 'freeze'; readonly region: string; readonly forMs: number }
  /**
   * A region is lost for good and rebuilt from the others after a while. `zombieAfterMs`: it was only frozen, and comes back
   * at that time, given up or not. Its stock may be reclaimed by an heir before it is rebuilt. `crashes`: where each run of
   * the rebuild ends but the last.
   */
  | {
      readonly kind: 'loss';
      readonly region: string;
      readonly zombieAfterMs: number | undefined;
      /** From the loss to what operators do first. */
      readonly rebuildAfterMs: number;
      readonly reclaims: readonly Reclaim[];
      /** Nobody rebuilds it in this act: the world comes to rest with its books closed. After the last reclaim was carried out only. */
      readonly staysClosed: boolean;
      readonly crashes: readonly Crash[];
      /** Operators give it up although they cannot take it from its callers. */
      readonly outOfReach: boolean;
    }
  /** The environment that serves an attempt of a call is lost. `call` is the id of its entry. */
  | { readonly kind: 'crash'; readonly call: number; readonly attempt: number; readonly crash: Crash }
  /** A region's database does not answer; `applies`: but does some of what it is told. */
  | { readonly kind: 'outage'; readonly region: string; readonly forMs: number; readonly applies: boolean }
  /** Environments of a region's housekeeping are lost while they work. */
  | { readonly kind: 'flaky'; readonly region: string; readonly forMs: number }
  /** A region's housekeeping does nothing. */
  | { readonly kind: 'late'; readonly region: string; readonly forMs: number }
  /** An operator evacuates a region, through one that may be another. */
  | { readonly kind: 'evacuation'; readonly region: string; readonly through: string; readonly forMs: number }
  /** A region's clocks are ahead, or behind, from the start. */
  | { readonly kind: 'skew'; readonly region: string; readonly skewMs: number };

export type Entry = {
  /** Its place in the whole schedule: the same after others were left out. */
  readonly id: number;
  /** An act ends when everything is healed and has come to rest. */
  readonly act: number;
  /** Milliseconds after the act's beginning. */
  readonly atMs: number;
} & ({ readonly kind: 'call'; readonly call: Call } | { readonly kind: 'fault'; readonly fault: Fault });

export interface Schedule {
  readonly seed: number;
  readonly regions: readonly string[];
  readonly acts: number;
  readonly entries: readonly Entry[];
}

/** Where the attempts of a call end early, by the number of the attempt. */
export const crashesOf = ({ entries }: Schedule, call: number): ReadonlyMap<number, Crash> =>
  new Map(
    entries.flatMap((entry) =>
      entry.kind === 'fault' && entry.fault.kind === 'crash' && entry.fault.call === call
        ? [[entry.fault.attempt, entry.fault.crash] as const]
        : [],
    ),
  );

/** Milliseconds in which an act's calls begin and its faults end, but for long absences. */
export const ACT_MS = 10_000;
