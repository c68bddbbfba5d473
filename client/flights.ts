/** The attempts of an operation that are under way, and how each of them ends: by an answer, by its time, or by being given up. */
import type { Verdict } from './answer.ts';
import type { Member } from './fleet.ts';
import { inTime, type Runtime } from './runtime.ts';

/** Sends one request; never rejects. The signal ends it. */
export type Send = (member: Member, signal: AbortSignal) => Promise<Verdict>;

export interface Flight {
  readonly member: Member;
  readonly startMs: number;
  /** When it is given up. */
  endMs: number;
  /** Milliseconds that it may take longer, because its region waits for what the caller asked for. */
  readonly extraMs: number;
  readonly stop: AbortController;
  readonly landed: Promise<Landing>;
}

export interface Landing {
  readonly flight: Flight;
  readonly verdict: Verdict;
}

/** Given up by its time. */
export const TIMEOUT: Verdict = { kind: 'failed', sent: true, status: undefined, result: 'timeout', retryAfterMs: undefined };

export class Flights {
  private readonly send: Send;
  private readonly runtime: Runtime;
  private readonly aloft = new Set<Flight>();

  constructor(send: Send, runtime: Runtime) {
    this.send = send;
    this.runtime = runtime;
  }

  get size(): number {
    return this.aloft.size;
  }

  /** Whom they lead to. */
  get members(): ReadonlySet<Member> {
    return new Set([...this.aloft].map((flight) => flight.member));
  }

  /** When the first of them is given up; never, while there is none. */
  get firstEndMs(): number {
    return Math.min(...[...this.aloft].map((flight) => flight.endMs));
  }

  launch(member: Member, { startMs, endMs, extraMs }: Pick<Flight, 'startMs' | 'endMs' | 'extraMs'>): void {
    const stop = new AbortController();
    member.circuit.sent();
    const flight: Flight = {
      member,
      startMs,
      endMs,
      extraMs,
      stop,
      landed: this.send(member, stop.signal).then((verdict): Landing => ({ flight, verdict })),
    };
    this.aloft.add(flight);
  }

  /** One whose time is over; it is given up. */
  overdue(nowMs: number): Landing | undefined {
    const flight = [...this.aloft].find((each) => nowMs >= each.endMs);
    flight?.stop.abort();
    return flight && { flight, verdict: TIMEOUT };
  }

  /** The next that is answered; undefined when none is in time, or before the signal. */
  next(withinMs: number, signal: AbortSignal | undefined): Promise<Landing | undefined> {
    const landing = Promise.race([...this.aloft].map((flight) => flight.landed));
    return inTime(landing, { withinMs, signal, runtime: this.runtime });
  }

  land(flight: Flight): void {
    this.aloft.delete(flight);
  }

  /** None is waited for longer than until then, and what it may take longer. */
  hasten(endMs: number): void {
    for (const flight of this.aloft) flight.endMs = Math.min(flight.endMs, endMs + flight.extraMs);
  }

  /** Gives up all of them. @returns which they were */
  ground(): readonly Flight[] {
    const flights = [...this.aloft];
    for (const flight of flights) flight.stop.abort();
    this.aloft.clear();
    return flights;
  }
}
