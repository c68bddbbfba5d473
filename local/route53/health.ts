/**
 * Health as Route 53 decides it: each checker by its own last observations, an endpoint by the share of its checkers, a
 * calculated check by its children. Pure: observations come in with their time.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
 *
 * Assumed, because AWS does not publish it: a checker's turn counts a fixed `aggregationMs` later, for the check itself
 * and at once for calculated checks and DNS answers. Turns arrive in order.
 */
import type { Check } from './checks.ts';

/** An endpoint is healthy while more than this share of its checkers say so. */
const HEALTHY_SHARE = 0.18;
/** AWS runs about 16 checkers for a check in all 8 regions. */
const CHECKERS_PER_REGION = 2;

export interface CheckerState {
  readonly healthy: boolean;
  /** Observations in a row that contradict `healthy`. */
  readonly contradictions: number;
}

/** A new check starts healthy, before inversion. */
export const NEW_CHECKER: CheckerState = { healthy: true, contradictions: 0 };

/** `failureThreshold` observations in a row turn a checker, either way. */
export const observe = (state: CheckerState, passed: boolean, failureThreshold: number): CheckerState => {
  if (passed === state.healthy) return { healthy: state.healthy, contradictions: 0 };
  const contradictions = state.contradictions + 1;
  return contradictions >= failureThreshold ? { healthy: passed, contradictions: 0 } : { healthy: state.healthy, contradictions };
};

export const checkerCount = (check: Check): number =>
  check.kind === 'endpoint' && !check.disabled ? check.checkerRegions.length * CHECKERS_PER_REGION : 0;

/** Whether the share of checkers that call an endpoint healthy is enough. No checkers: a disabled check, which is taken for healthy. */
export const enoughHealthy = (votes: readonly boolean[]): boolean =>
  votes.length === 0 || votes.filter(Boolean).length / votes.length > HEALTHY_SHARE;

export interface CheckTurn {
  readonly check: string;
  readonly healthy: boolean;
}

interface Turn {
  readonly check: string;
  readonly checker: number;
  readonly healthy: boolean;
  readonly dueMs: number;
}

/** The health of all checks of a zone. Times are milliseconds on one clock that never goes back. */
export class HealthBoard {
  readonly #checks: ReadonlyMap<string, Check>;
  readonly #aggregationMs: number;
  readonly #checkers = new Map<string, CheckerState[]>();
  /** What the name servers know: each checker's state, `aggregationMs` late. */
  readonly #votes = new Map<string, boolean[]>();
  #healthy: ReadonlyMap<string, boolean>;
  #turns: Turn[] = [];

  constructor(checks: ReadonlyMap<string, Check>, aggregationMs: number) {
    this.#checks = checks;
    this.#aggregationMs = aggregationMs;
    for (const check of checks.values()) {
      this.#checkers.set(
        check.logicalId,
        Array.from({ length: checkerCount(check) }, () => NEW_CHECKER),
      );
      this.#votes.set(
        check.logicalId,
        Array.from({ length: checkerCount(check) }, () => true),
      );
    }
    this.#healthy = this.#evaluate();
  }

  /** Notes one probe. @returns the time from which `advance` has something to do, when the probe turned its checker */
  observe(checkId: string, checker: number, passed: boolean, nowMs: number): number | undefined {
    const [check, checkers] = [this.#checks.get(checkId), this.#checkers.get(checkId)];
    const before = checkers?.[checker];
    if (check?.kind !== 'endpoint' || checkers === undefined || before === undefined)
      throw new Error(`no checker ${checker} of a health check "${checkId}"`);
    const after = observe(before, passed, check.failureThreshold);
    checkers[checker] = after;
    if (after.healthy === before.healthy) return undefined;
    const dueMs = nowMs + this.#aggregationMs;
    this.#turns.push({ check: checkId, checker, healthy: after.healthy, dueMs });
    return dueMs;
  }

  /** Lets turns that are due take effect. @returns the checks that turned, endpoint checks first */
  advance(nowMs: number): readonly CheckTurn[] {
    for (const turn of this.#turns) {
      const votes = this.#votes.get(turn.check);
      if (turn.dueMs <= nowMs && votes !== undefined) votes[turn.checker] = turn.healthy;
    }
    this.#turns = this.#turns.filter((turn) => turn.dueMs > nowMs);
    const before = this.#healthy;
    this.#healthy = this.#evaluate();
    return [...this.#healthy].flatMap(([check, healthy]) => (before.get(check) === healthy ? [] : [{ check, healthy }]));
  }

  isHealthy(checkId: string): boolean {
    return this.#healthy.get(checkId) ?? true;
  }

  #evaluate(): ReadonlyMap<string, boolean> {
    return evaluateChecks(this.#checks, (check) => enoughHealthy(this.#votes.get(check) ?? []));
  }
}

/**
 * The health of every check, inversion included, from what its endpoint's checkers say before inversion. Endpoint checks
 * come first in the result.
 */
export const evaluateChecks = (
  checks: ReadonlyMap<string, Check>,
  endpointHealthy: (check: string) => boolean,
): ReadonlyMap<string, boolean> => {
  const health = new Map<string, boolean>();
  const all = [...checks.values()];
  for (const check of all) {
    if (check.kind === 'endpoint') health.set(check.logicalId, (check.disabled || endpointHealthy(check.logicalId)) !== check.inverted);
  }
  for (const check of all) {
    if (check.kind === 'endpoint') continue;
    const healthyChildren = check.children.filter((child) => health.get(child) === true).length;
    health.set(check.logicalId, (check.disabled || healthyChildren >= check.healthThreshold) !== check.inverted);
  }
  return health;
};

/** A sentence for each check that nobody's requests decide on: what it is for good. */
export const disabledNotes = (checks: ReadonlyMap<string, Check>): readonly string[] =>
  [...checks.values()].flatMap(({ logicalId, disabled, inverted }) =>
    disabled
      ? [
          inverted
            ? `health check ${logicalId} is disabled and inverted: it is UNHEALTHY whatever happens, and DNS leads nobody to what it guards`
            : `health check ${logicalId} is disabled: it is HEALTHY whatever happens, and DNS leads callers to what it guards also when that is lost`,
        ]
      : [],
  );
