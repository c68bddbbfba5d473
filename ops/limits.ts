import type { Limits } from '../functions/aws/attempts.ts';

/** Limits of an operator's calls: nobody waits behind them, and a table under load must not end a rebuild half-way. */
export const OPERATOR_LIMITS: Limits = {
  attempts: 5,
  attemptMs: 10_000,
  backoffMs: 200,
  busy: { attempts: 20, backoffMs: 50, backoffMaxMs: 1_000, withinMs: 20_000 },
};
