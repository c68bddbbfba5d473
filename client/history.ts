/** What is known of an operation so far, attempt by attempt, and what that allows to tell its caller. */
import { problemName, type Verdict } from './answer.ts';
import type { Flight } from './flights.ts';
import type { Refusal } from './next-region.ts';
import type { Attempt, Outcome, Unknown } from './outcome.ts';

/** The answer, unread. */
export interface Told {
  readonly body: string;
  readonly token: string | undefined;
}

export interface HistoryProps {
  readonly idempotencyKey: string | undefined;
  /** An earlier try of the same operation ended `unknown`. */
  readonly mayHaveRun: boolean;
}

export class History {
  readonly refusals: Refusal[] = [];
  /** A region may have executed it without saying so. */
  mayHaveRun: boolean;
  private readonly idempotencyKey: string | undefined;
  private readonly attempts: Attempt[] = [];

  private readonly stamp: (atMs: number) => number;

  /** @param stamp how a moment is told, in milliseconds since 1970 */
  constructor({ idempotencyKey, mayHaveRun }: HistoryProps, stamp: (atMs: number) => number) {
    this.idempotencyKey = idempotencyKey;
    this.mayHaveRun = mayHaveRun;
    this.stamp = stamp;
  }

  answered({ member, startMs }: Flight, verdict: Verdict, nowMs: number): void {
    this.attempts.push({
      region: member.region,
      startMs: this.stamp(startMs),
      endMs: this.stamp(nowMs),
      status: verdict.kind === 'refused' ? verdict.problem.status : verdict.status,
      result: verdict.kind === 'ok' ? 'ok' : verdict.kind === 'refused' ? problemName(verdict.problem) : verdict.result,
      correlationId: verdict.kind === 'ok' ? verdict.correlationId : verdict.kind === 'refused' ? verdict.problem.correlationId : undefined,
    });
  }

  /** Not waited for any longer. @param winner the region that answered first, if one did */
  grounded({ member, startMs }: Flight, winner: string | undefined, nowMs: number): void {
    this.mayHaveRun = true;
    const result = winner === undefined ? 'given up' : `outrun by ${winner}`;
    const [sentMs, endMs] = [this.stamp(startMs), this.stamp(nowMs)];
    this.attempts.push({ region: member.region, startMs: sentMs, endMs, status: undefined, result, correlationId: undefined });
  }

  ok(region: string, verdict: Extract<Verdict, { kind: 'ok' }>): Outcome<Told> {
    const { body, token, status, replayed, stale, aloneSeconds, durability, tag } = verdict;
    return { kind: 'ok', value: { body, token }, status, region, replayed, stale, aloneSeconds, durability, tag, ...this.settled };
  }

  /** Nothing is in flight and nothing more will be: refused only if every attempt that was sent got a definite answer. */
  concluded(reason: Unknown['reason']): Outcome<Told> {
    // Of two that say the same, the one that holds all that the caller was told.
    const refusals = this.refusals.toSorted((a, b) => Number(a.stale) - Number(b.stale));
    const refusal =
      refusals.find((each) => each.scope.kind === 'final') ?? refusals.find((each) => each.scope.kind !== 'later') ?? refusals[0];
    if (refusal && !this.mayHaveRun)
      return { kind: 'refused', problem: refusal.problem, region: refusal.member.region, stale: refusal.stale, ...this.settled };
    return { kind: 'unknown', reason, mayHaveRun: this.mayHaveRun, refusal: refusal?.problem, ...this.settled };
  }

  private get settled() {
    return { idempotencyKey: this.idempotencyKey, attempts: this.attempts };
  }
}
