/**
 * One operation, over as many attempts as it takes. The same idempotency key goes to every region, and a request that
 * is executed in two regions is one order or one edit of a record (docs: data rules), so an attempt may be repeated, and
 * hedged, anywhere.
 */
import type { Verdict } from './answer.ts';
import type { Extra, RetryBudget } from './budget.ts';
import type { Fleet, Member } from './fleet.ts';
import { type Flight, Flights, type Landing, type Send, TIMEOUT } from './flights.ts';
import { History, type HistoryProps, type Told } from './history.ts';
import { nextRegion } from './next-region.ts';
import type { Outcome, Unknown } from './outcome.ts';
import { backoffMs, type Runtime, stampsOf } from './runtime.ts';

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

export interface OperationProps extends HistoryProps {
  readonly settings: OperationSettings;
  readonly fleet: Fleet;
  readonly budget: RetryBudget;
  readonly runtime: Runtime;
  readonly send: Send;
  /** Milliseconds that a region may take longer than others to answer this, because it waits for what the caller asked it to wait for. */
  readonly extraMs: (member: Member) => number;
  /** When it began, by the runtime's `monotonic`. */
  readonly startMs: number;
  /** It has an effect. */
  readonly write: boolean;
  readonly signal: AbortSignal | undefined;
}

export class Operation {
  private readonly props: OperationProps;
  private readonly deadlineMs: number;
  private readonly flights: Flights;
  private readonly history: History;
  /** Regions that an attempt was sent to and that never answered it. */
  private readonly silent = new Set<Member>();
  private readonly tries = new Map<Member, number>();
  /** Regions whose failure this operation has counted: one bad request must not open a circuit by itself. */
  private readonly blamed = new Set<Member>();
  private failures = 0;
  private answered = false;
  private launches = 0;
  /** When the next attempt is due; undefined: not before something lands. */
  private nextMs: number | undefined;
  private stopReason: Unknown['reason'] | undefined;

  constructor(props: OperationProps) {
    this.props = props;
    this.deadlineMs = props.startMs + props.settings.deadlineMs;
    this.flights = new Flights(props.send, props.runtime);
    this.history = new History(props, stampsOf(props.runtime));
    this.nextMs = props.startMs;
  }

  /** @returns what it came to, with the text of the body and the token when it is `ok` */
  async run(): Promise<Outcome<Told>> {
    this.props.budget.deposit(this.props.startMs);
    while (true) {
      const nowMs = this.props.runtime.monotonic();
      if (this.props.signal?.aborted) return this.giveUp('aborted');
      if (nowMs >= this.deadlineMs) return this.giveUp('deadline');
      if (this.nextMs !== undefined && nowMs >= this.nextMs) this.launch(nowMs);
      if (this.flights.size === 0 && this.nextMs === undefined) return this.conclude();
      const wakeMs = Math.min(this.nextMs ?? this.deadlineMs, this.deadlineMs, this.flights.firstEndMs);
      const landing = this.flights.overdue(nowMs) ?? (await this.flights.next(wakeMs - nowMs, this.props.signal));
      const done = landing && this.land(landing);
      if (done) return done;
    }
  }

  private launch(nowMs: number): void {
    const { settings, budget, extraMs } = this.props;
    this.nextMs = undefined;
    const member = this.candidate();
    if (member === undefined) return;
    if (this.launches >= settings.attemptsMax) this.stopReason = 'attempts';
    else if (this.launches > 0 && !budget.take(nowMs, this.extraTo(member))) this.stopReason = 'budget';
    if (this.stopReason) return;
    this.launches += 1;
    this.tries.set(member, (this.tries.get(member) ?? 0) + 1);
    const refused = this.history.refusals.some(({ scope }) => scope.kind === 'here');
    const extra = extraMs(member);
    const endMs = nowMs + (refused ? settings.patienceMs : settings.attemptTimeoutMs) + extra;
    this.flights.launch(member, { startMs: nowMs, endMs, extraMs: extra });
    this.nextMs = nowMs + settings.hedgeAfterMs + extra;
  }

  /** To ask a region that is known to fail is to ask it again. */
  private extraTo(member: Member): Extra {
    return this.tries.has(member) || member.circuit.state === 'open' ? 'again' : 'elsewhere';
  }

  private candidate(): Member | undefined {
    if (this.stopReason) return undefined;
    const { write, fleet } = this.props;
    const { tries, silent } = this;
    return nextRegion({ write, fleet, inFlight: this.flights.members, tries, silent, refusals: this.history.refusals });
  }

  /** Takes in one answer; returns the outcome when that settles the operation. */
  private land({ flight, verdict }: Landing): Outcome<Told> | undefined {
    const { member } = flight;
    this.flights.land(flight);
    this.history.answered(flight, verdict, this.props.runtime.monotonic());
    switch (verdict.kind) {
      case 'ok':
        member.circuit.succeeded();
        this.wasAnswered();
        this.ground(member.region);
        return this.history.ok(member.region, verdict);
      case 'refused':
        this.refuse(member, verdict);
        return undefined;
      case 'failed':
        this.fail(flight, verdict);
        return undefined;
    }
  }

  private refuse(member: Member, { scope, problem, stale }: Extract<Verdict, { kind: 'refused' }>): void {
    const nowMs = this.props.runtime.monotonic();
    this.history.refusals.push({ member, problem, scope, stale });
    if (scope.kind === 'later') {
      member.circuit.abandoned();
      member.circuit.rest(nowMs + (scope.retryAfterMs ?? this.jitter()));
    } else {
      member.circuit.succeeded();
      this.wasAnswered();
      // A write that is still under way elsewhere may yet end well, and without its answer nobody could say: it keeps its time.
      if (!this.props.write) this.flights.hasten(nowMs + this.props.settings.patienceMs);
    }
    this.another(nowMs);
  }

  private fail(flight: Flight, verdict: Extract<Verdict, { kind: 'failed' }>): void {
    const { member } = flight;
    const nowMs = this.props.runtime.monotonic();
    this.failures += 1;
    if (verdict.sent) this.history.mayHaveRun = true;
    if (verdict.sent && verdict.status === undefined) this.silent.add(member);
    // Who was given little time, beside a refusal, is not known to be slow.
    if (verdict !== TIMEOUT || this.isSlow(flight, nowMs)) this.blame(member);
    else member.circuit.abandoned();
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
    else member.circuit.failed(this.props.runtime.monotonic());
    this.blamed.add(member);
  }

  /** Ends what is still in flight. A region that was overtaken by a later attempt elsewhere is too slow, and counts as failing. */
  private ground(winner: string | undefined): void {
    const nowMs = this.props.runtime.monotonic();
    for (const flight of this.flights.ground()) {
      if (this.isSlow(flight, nowMs)) this.blame(flight.member);
      else flight.member.circuit.abandoned();
      this.history.grounded(flight, winner, nowMs);
    }
  }

  /** It took longer than an answer takes, and than what it may have waited for. */
  private isSlow({ startMs, extraMs }: Flight, nowMs: number): boolean {
    const { hedgeAfterMs, attemptTimeoutMs } = this.props.settings;
    return nowMs - startMs >= Math.min(hedgeAfterMs, attemptTimeoutMs) + extraMs;
  }

  /** What is answered pays for what is asked again. */
  private wasAnswered(): void {
    if (!this.answered) this.props.budget.answered(this.props.runtime.monotonic());
    this.answered = true;
  }

  private giveUp(reason: 'aborted' | 'deadline'): Outcome<Told> {
    if (reason === 'aborted') for (const member of this.flights.members) this.blamed.add(member);
    this.ground(undefined);
    this.stopReason = reason;
    return this.conclude();
  }

  private conclude(): Outcome<Told> {
    return this.history.concluded(this.stopReason ?? 'attempts');
  }
}
