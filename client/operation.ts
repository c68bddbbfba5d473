/**
 * One operation, over as many attempts as it takes. The same idempotency key goes to every region, and a request that
 * is executed in two regions is one order (docs: data rules), so an attempt may be repeated, and hedged, anywhere. So may
 * an edit of a record: its version is named by a hash of its content.
 */
import { problemName, type Verdict } from './answer.ts';
import type { RetryBudget } from './budget.ts';
import type { Fleet, Member } from './fleet.ts';
import { nextRegion, type Refusal } from './next-region.ts';
import type { Attempt, Outcome, Unknown } from './outcome.ts';
import { backoffMs, type Runtime } from './runtime.ts';

export interface OperationSettings {
  /** Milliseconds without an answer after which another region is asked as well. */
  readonly hedgeAfterMs: number;
  /** Milliseconds after which an attempt is given up. */
  readonly attemptTimeoutMs: number;
  /** Milliseconds that a read's other attempts are waited for once a region has refused. */
  readonly patienceMs: number;
  /** Milliseconds after which the operation is. */
  readonly deadlineMs: number;
  readonly attemptsMax: number;
  /** Ceilings of the waits before a region is asked again. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

/** Sends one request; never rejects. The signal ends it. */
export type Send = (member: Member, signal: AbortSignal) => Promise<Verdict>;

export interface OperationProps {
  readonly settings: OperationSettings;
  readonly fleet: Fleet;
  readonly budget: RetryBudget;
  readonly runtime: Runtime;
  readonly send: Send;
  /** It has an effect. */
  readonly write: boolean;
  readonly idempotencyKey: string | undefined;
  /** An earlier try of the same operation ended `unknown`. */
  readonly mayHaveRun: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The answer, unread. */
export interface Told {
  readonly body: string;
  readonly token: string | undefined;
}

interface Flight {
  readonly member: Member;
  readonly startMs: number;
  /** When it is given up. */
  endMs: number;
  readonly stop: AbortController;
  readonly landed: Promise<Landing>;
}

interface Landing {
  readonly flight: Flight;
  readonly verdict: Verdict;
}

const TIMEOUT: Verdict = { kind: 'failed', sent: true, status: undefined, result: 'timeout', retryAfterMs: undefined };

export class Operation {
  private readonly props: OperationProps;
  private readonly startMs: number;
  private readonly deadlineMs: number;
  private readonly attempts: Attempt[] = [];
  private readonly inFlight = new Set<Flight>();
  private readonly refusals: Refusal[] = [];
  /** Regions that an attempt was sent to and that never answered it. */
  private readonly silent = new Set<Member>();
  private readonly tries = new Map<Member, number>();
  /** Regions whose failure this operation has counted: one bad request must not open a circuit by itself. */
  private readonly blamed = new Set<Member>();
  private mayHaveRun: boolean;
  private failures = 0;
  private launches = 0;
  /** When the next attempt is due; undefined: not before something lands. */
  private nextMs: number | undefined;
  private stopReason: Unknown['reason'] | undefined;

  constructor(props: OperationProps) {
    this.props = props;
    this.startMs = props.runtime.now();
    this.deadlineMs = this.startMs + props.settings.deadlineMs;
    this.mayHaveRun = props.mayHaveRun;
    this.nextMs = this.startMs;
  }

  /** @returns what it came to, with the text of the body and the token when it is `ok` */
  async run(): Promise<Outcome<Told>> {
    this.props.budget.deposit(this.startMs);
    while (true) {
      const nowMs = this.props.runtime.now();
      if (this.props.signal?.aborted) return this.giveUp('aborted');
      if (nowMs >= this.deadlineMs) return this.giveUp('deadline');
      if (this.nextMs !== undefined && nowMs >= this.nextMs) this.launch(nowMs);
      if (this.inFlight.size === 0 && this.nextMs === undefined) return this.conclude();
      const landing = this.overdue(nowMs) ?? (await this.nextLanding(this.wakeMs() - nowMs));
      const done = landing && this.land(landing);
      if (done) return done;
    }
  }

  private wakeMs(): number {
    return Math.min(this.nextMs ?? this.deadlineMs, this.deadlineMs, ...[...this.inFlight].map((flight) => flight.endMs));
  }

  private overdue(nowMs: number): Landing | undefined {
    const flight = [...this.inFlight].find((each) => nowMs >= each.endMs);
    flight?.stop.abort();
    return flight && { flight, verdict: TIMEOUT };
  }

  private async nextLanding(withinMs: number): Promise<Landing | undefined> {
    const stop = new AbortController();
    const signal = this.props.signal ? AbortSignal.any([this.props.signal, stop.signal]) : stop.signal;
    try {
      return await Promise.race([
        ...[...this.inFlight].map((flight) => flight.landed),
        this.props.runtime.wait(withinMs, signal).then(() => undefined),
      ]);
    } finally {
      stop.abort();
    }
  }

  private launch(nowMs: number): void {
    const { settings, budget } = this.props;
    this.nextMs = undefined;
    const member = this.candidate();
    if (member === undefined) return;
    if (this.launches >= settings.attemptsMax) this.stopReason = 'attempts';
    else if (this.launches > 0 && !budget.take(nowMs)) this.stopReason = 'budget';
    if (this.stopReason) return;
    this.launches += 1;
    this.tries.set(member, (this.tries.get(member) ?? 0) + 1);
    this.inFlight.add(this.fly(member, nowMs));
    this.nextMs = nowMs + settings.hedgeAfterMs;
  }

  private fly(member: Member, startMs: number): Flight {
    const { settings } = this.props;
    const stop = new AbortController();
    const refused = this.refusals.some(({ scope }) => scope.kind === 'here');
    member.circuit.sent();
    const flight: Flight = {
      member,
      startMs,
      endMs: startMs + (refused ? settings.patienceMs : settings.attemptTimeoutMs),
      stop,
      landed: this.props.send(member, stop.signal).then((verdict): Landing => ({ flight, verdict })),
    };
    return flight;
  }

  private candidate(): Member | undefined {
    if (this.stopReason) return undefined;
    const inFlight = new Set([...this.inFlight].map((flight) => flight.member));
    return nextRegion({
      write: this.props.write,
      fleet: this.props.fleet,
      inFlight,
      tries: this.tries,
      silent: this.silent,
      refusals: this.refusals,
    });
  }

  /** Takes in one answer; returns the outcome when that settles the operation. */
  private land({ flight, verdict }: Landing): Outcome<Told> | undefined {
    const { member } = flight;
    this.inFlight.delete(flight);
    this.note(flight, verdict);
    switch (verdict.kind) {
      case 'ok':
        member.circuit.succeeded();
        this.ground(member.region);
        return {
          kind: 'ok',
          value: { body: verdict.body, token: verdict.token },
          status: verdict.status,
          region: member.region,
          replayed: verdict.replayed,
          stale: verdict.stale,
          durability: verdict.durability,
          tag: verdict.tag,
          idempotencyKey: this.props.idempotencyKey,
          attempts: this.attempts,
        };
      case 'refused':
        this.refuse(member, verdict);
        return undefined;
      case 'failed':
        this.fail(member, verdict);
        return undefined;
    }
  }

  private refuse(member: Member, { scope, problem, stale }: Extract<Verdict, { kind: 'refused' }>): void {
    const nowMs = this.props.runtime.now();
    this.refusals.push({ member, problem, scope, stale });
    if (scope.kind === 'later') {
      member.circuit.abandoned();
      member.circuit.rest(nowMs + (scope.retryAfterMs ?? this.jitter()));
    } else {
      member.circuit.succeeded();
      // A write that is still under way elsewhere may yet end well, and without its answer nobody could say: it keeps its time.
      if (!this.props.write)
        for (const flight of this.inFlight) flight.endMs = Math.min(flight.endMs, nowMs + this.props.settings.patienceMs);
    }
    this.another(nowMs);
  }

  private fail(member: Member, verdict: Extract<Verdict, { kind: 'failed' }>): void {
    const nowMs = this.props.runtime.now();
    this.failures += 1;
    if (verdict.sent) this.mayHaveRun = true;
    if (verdict.sent && verdict.status === undefined) this.silent.add(member);
    this.blame(member);
    if (verdict.retryAfterMs !== undefined) member.circuit.rest(nowMs + verdict.retryAfterMs);
    this.another(nowMs);
  }

  /** Plans the next attempt: at once in a region that was not asked, with a pause in one that was. */
  private another(nowMs: number): void {
    const member = this.candidate();
    if (member === undefined) {
      this.nextMs = undefined;
      return;
    }
    const again = this.tries.has(member);
    const restMs = again ? member.circuit.restEndsMs - nowMs : 0;
    this.nextMs = nowMs + (again ? Math.max(restMs, 0) + this.jitter() : 0);
    if (this.nextMs < this.deadlineMs) return;
    // It would not be back in time: say so now.
    this.nextMs = undefined;
    this.stopReason = 'deadline';
  }

  private jitter(): number {
    const { settings, runtime } = this.props;
    return backoffMs(this.failures, { baseMs: settings.backoffMs, ceilingMs: settings.backoffMaxMs }, runtime.random);
  }

  private blame(member: Member): void {
    if (this.blamed.has(member)) member.circuit.abandoned();
    else member.circuit.failed(this.props.runtime.now());
    this.blamed.add(member);
  }

  /** Ends what is still in flight. A region that was overtaken by a later attempt elsewhere is too slow, and counts as failing. */
  private ground(winner: string | undefined): void {
    const nowMs = this.props.runtime.now();
    for (const flight of this.inFlight) {
      const slow = nowMs - flight.startMs >= this.props.settings.hedgeAfterMs;
      if (slow) this.blame(flight.member);
      else flight.member.circuit.abandoned();
      this.mayHaveRun = true;
      this.attempts.push({
        region: flight.member.region,
        startMs: flight.startMs,
        endMs: nowMs,
        status: undefined,
        result: winner === undefined ? 'given up' : `outrun by ${winner}`,
        correlationId: undefined,
      });
      flight.stop.abort();
    }
    this.inFlight.clear();
  }

  private giveUp(reason: 'aborted' | 'deadline'): Outcome<Told> {
    if (reason === 'aborted') for (const flight of this.inFlight) this.blamed.add(flight.member);
    this.ground(undefined);
    this.stopReason = reason;
    return this.conclude();
  }

  /** Nothing is in flight and nothing more will be: refused only if every attempt that was sent got a definite answer. */
  private conclude(): Outcome<Told> {
    // Of two that say the same, the one that holds all that the caller was told.
    const refusals = this.refusals.toSorted((a, b) => Number(a.stale) - Number(b.stale));
    const refusal =
      refusals.find((each) => each.scope.kind === 'final') ?? refusals.find((each) => each.scope.kind !== 'later') ?? refusals[0];
    const settled = { idempotencyKey: this.props.idempotencyKey, attempts: this.attempts };
    if (refusal && !this.mayHaveRun)
      return { kind: 'refused', problem: refusal.problem, region: refusal.member.region, stale: refusal.stale, ...settled };
    return { kind: 'unknown', reason: this.stopReason ?? 'attempts', mayHaveRun: this.mayHaveRun, refusal: refusal?.problem, ...settled };
  }

  private note(flight: Flight, verdict: Verdict): void {
    this.attempts.push({
      region: flight.member.region,
      startMs: flight.startMs,
      endMs: this.props.runtime.now(),
      status: verdict.kind === 'refused' ? verdict.problem.status : verdict.status,
      result: verdict.kind === 'ok' ? 'ok' : verdict.kind === 'refused' ? problemName(verdict.problem) : verdict.result,
      correlationId: verdict.kind === 'ok' ? verdict.correlationId : verdict.kind === 'refused' ? verdict.problem.correlationId : undefined,
    });
  }
}
