/**
 * One operation, over as many attempts as it takes. The same idempotency key goes to every region, and a request that
 * is executed in two regions is one order or one edit of a record (docs: data rules), so an attempt may be repeated, and
 * hedged, anywhere.
 */
import type { Verdict } from './answer.ts';
import type { RetryBudget } from './budget.ts';
import type { Fleet, Member } from './fleet.ts';
import { Flights, type Landing, type Send } from './flights.ts';
import { History, type HistoryProps, type Told } from './history.ts';
import { nextRegion } from './next-region.ts';
import type { Outcome, Unknown } from './outcome.ts';
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

export interface OperationProps extends HistoryProps {
  readonly settings: OperationSettings;
  readonly fleet: Fleet;
  readonly budget: RetryBudget;
  readonly runtime: Runtime;
  readonly send: Send;
  /** It has an effect. */
  readonly write: boolean;
  readonly signal: AbortSignal | undefined;
}

export class Operation {
  private readonly props: OperationProps;
  private readonly startMs: number;
  private readonly deadlineMs: number;
  private readonly flights: Flights;
  private readonly history: History;
  /** Regions that an attempt was sent to and that never answered it. */
  private readonly silent = new Set<Member>();
  private readonly tries = new Map<Member, number>();
  /** Regions whose failure this operation has counted: one bad request must not open a circuit by itself. */
  private readonly blamed = new Set<Member>();
  private failures = 0;
  private launches = 0;
  /** When the next attempt is due; undefined: not before something lands. */
  private nextMs: number | undefined;
  private stopReason: Unknown['reason'] | undefined;

  constructor(props: OperationProps) {
    this.props = props;
    this.startMs = props.runtime.now();
    this.deadlineMs = this.startMs + props.settings.deadlineMs;
    this.flights = new Flights(props.send, props.runtime);
    this.history = new History(props);
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
      if (this.flights.size === 0 && this.nextMs === undefined) return this.conclude();
      const wakeMs = Math.min(this.nextMs ?? this.deadlineMs, this.deadlineMs, this.flights.firstEndMs);
      const landing = this.flights.overdue(nowMs) ?? (await this.flights.next(wakeMs - nowMs, this.props.signal));
      const done = landing && this.land(landing);
      if (done) return done;
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
    const refused = this.history.refusals.some(({ scope }) => scope.kind === 'here');
    this.flights.launch(member, { startMs: nowMs, endMs: nowMs + (refused ? settings.patienceMs : settings.attemptTimeoutMs) });
    this.nextMs = nowMs + settings.hedgeAfterMs;
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
    this.history.answered(flight, verdict, this.props.runtime.now());
    switch (verdict.kind) {
      case 'ok':
        member.circuit.succeeded();
        this.ground(member.region);
        return this.history.ok(member.region, verdict);
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
    this.history.refusals.push({ member, problem, scope, stale });
    if (scope.kind === 'later') {
      member.circuit.abandoned();
      member.circuit.rest(nowMs + (scope.retryAfterMs ?? this.jitter()));
    } else {
      member.circuit.succeeded();
      // A write that is still under way elsewhere may yet end well, and without its answer nobody could say: it keeps its time.
      if (!this.props.write) this.flights.hasten(nowMs + this.props.settings.patienceMs);
    }
    this.another(nowMs);
  }

  private fail(member: Member, verdict: Extract<Verdict, { kind: 'failed' }>): void {
    const nowMs = this.props.runtime.now();
    this.failures += 1;
    if (verdict.sent) this.history.mayHaveRun = true;
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
    for (const flight of this.flights.ground()) {
      const slow = nowMs - flight.startMs >= this.props.settings.hedgeAfterMs;
      if (slow) this.blame(flight.member);
      else flight.member.circuit.abandoned();
      this.history.grounded(flight, winner, nowMs);
    }
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
