/** Every number of the client, in one place. */
import type { BudgetSettings } from './budget.ts';
import type { CircuitSettings } from './circuit.ts';
import type { OperationSettings } from './operation.ts';

export interface ClientSettings {
  readonly operation: OperationSettings;
  readonly circuit: CircuitSettings;
  readonly budget: BudgetSettings;
  /** Milliseconds between readings of `/regions`, on average; 0: never, and evacuations are met by what answers say, and by 503. */
  readonly refreshMs: number;
  /**
   * Milliseconds that the API may take longer to answer a write that is to be `replicated` (`callers.replicatedDeadlineMs`
   * of its configuration): by so much later another region is asked as well.
   */
  readonly replicatedMs: number;
  /**
   * Milliseconds that the API may wait for what a request's tokens name (`callers.tokenWaitMs` of its configuration): by so
   * much later another region is asked as well, where the region asked has not shown to hold it.
   */
  readonly tokenWaitMs: number;
}

/**
 * A region that hangs costs its callers 500 ms. Five attempts, or 10 s, the time that the token takes included. Another
 * region may be asked for a fifth of the operations of the last 10 s, and five times a second besides; the same one again
 * for a fifth of those that were answered, and once besides.
 */
const DEFAULTS: ClientSettings = {
  operation: {
    hedgeAfterMs: 500,
    attemptTimeoutMs: 3_000,
    patienceMs: 500,
    deadlineMs: 10_000,
    attemptsMax: 5,
    backoffMs: 100,
    backoffMaxMs: 2_000,
  },
  circuit: { failuresToOpen: 3, probeAfterMs: 1_000, probeAfterMaxMs: 30_000 },
  budget: { ratio: 0.2, reservePerSecond: 5, windowSeconds: 10 },
  refreshMs: 60_000,
  replicatedMs: 1_500,
  tokenWaitMs: 500,
};

/** What a caller changes; the rest stays at its default. */
export type SettingsGiven = {
  readonly [K in keyof ClientSettings]?: ClientSettings[K] extends object ? Partial<ClientSettings[K]> : ClientSettings[K];
};

export const mergeSettings = (given: SettingsGiven = {}): ClientSettings => ({
  operation: { ...DEFAULTS.operation, ...given.operation },
  circuit: { ...DEFAULTS.circuit, ...given.circuit },
  budget: { ...DEFAULTS.budget, ...given.budget },
  refreshMs: given.refreshMs ?? DEFAULTS.refreshMs,
  replicatedMs: given.replicatedMs ?? DEFAULTS.replicatedMs,
  tokenWaitMs: given.tokenWaitMs ?? DEFAULTS.tokenWaitMs,
});
