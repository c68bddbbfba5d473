/**
 * A caller: sends a request, waits only so long, and tries again elsewhere with the same key; earlier attempts go on all
 * the same. What it may believe in the end follows the rule of the failover client (`client/`).
 */
import type { Answer } from './api.ts';
import type { Crash } from './invocation.ts';
import type { Verdict } from './ledger.ts';
import type { Wish } from './memory.ts';

export interface Attempt {
  readonly region: string;
  /** Milliseconds after which the caller goes on to the next attempt, if no answer was good. */
  readonly patienceMs: number;
  /** The way there or back loses it. */
  readonly lost: 'no' | 'request' | 'answer';
}

/** One call as a schedule plans it. */
export interface Call {
  /** Who calls: a number that stands for what it remembers. */
  readonly who: number;
  readonly wish: Wish;
  readonly attempts: readonly Attempt[];
  /** It sends the tokens of what it was told. */
  readonly carries: boolean;
  /** It asks for a peer to hold it, too. */
  readonly replicated: boolean;
}

/** Milliseconds from a caller to a region or back. */
const WAY_MS = 15;
/** Milliseconds that a caller waits for late answers after its last attempt. */
const LAST_MS = 2_000;
/** Refusals that are about one region: another may hold the stock, or the order that has not arrived here yet. */
const ELSEWHERE: readonly string[] = ['out-of-stock', 'not-found', 'wrong-region', 'busy'];

/** How callers reach regions. */
export interface Roads {
  after(delayMs: number, act: () => void, label: () => string): void;
  delayMs(usualMs: number): number;
  send(attempt: Attempt, number: number, crash: Crash | undefined, answer: (answer: Answer) => void): void;
  /** An answer reaches the caller, in time or not. */
  told(answer: Answer): void;
  note(what: () => string): void;
}

export class Caller {
  readonly #call: Call;
  readonly #crashes: ReadonlyMap<number, Crash>;
  readonly #roads: Roads;
  readonly #ended: (verdict: Verdict) => void;
  #sent = 0;
  /** Attempts that were refused for certain. */
  #refused = 0;
  #over = false;

  /** @param crashes by attempt, from 0 */
  constructor(call: Call, crashes: ReadonlyMap<number, Crash>, roads: Roads, ended: (verdict: Verdict) => void) {
    this.#call = call;
    this.#crashes = crashes;
    this.#roads = roads;
    this.#ended = ended;
  }

  next(): void {
    const number = this.#sent;
    const attempt = this.#call.attempts[number];
    if (attempt === undefined || this.#over) return;
    this.#sent += 1;
    if (attempt.lost === 'request') this.#roads.note(() => `attempt ${number + 1} does not reach ${attempt.region}`);
    else {
      this.#roads.after(
        this.#roads.delayMs(WAY_MS),
        () => this.#roads.send(attempt, number, this.#crashes.get(number), (answer) => this.#onWay(attempt, number, answer)),
        () => `attempt ${number + 1} reaches ${attempt.region}`,
      );
    }
    const isLast = this.#sent === this.#call.attempts.length;
    this.#roads.after(
      isLast ? attempt.patienceMs + LAST_MS : attempt.patienceMs,
      () => (isLast ? this.#end(this.#refused === this.#sent ? 'refused' : 'unknown') : this.#sent === number + 1 && this.next()),
      () => `patience of attempt ${number + 1} ends`,
    );
  }

  #onWay(attempt: Attempt, number: number, answer: Answer): void {
    if (attempt.lost === 'answer') return this.#roads.note(() => `the answer of attempt ${number + 1} is lost: ${answerText(answer)}`);
    this.#roads.after(
      this.#roads.delayMs(WAY_MS),
      () => this.#answered(number, answer),
      () => `answer of attempt ${number + 1}`,
    );
  }

  #answered(number: number, answer: Answer): void {
    this.#roads.note(() => `attempt ${number + 1} is answered: ${answerText(answer)}`);
    this.#roads.told(answer);
    if (answer.kind === 'done') this.#end('ok');
    if (answer.kind === 'refused') this.#refused += 1;
    const elsewhere = answer.kind === 'unavailable' || (answer.kind === 'refused' && ELSEWHERE.includes(answer.code));
    if (elsewhere && this.#sent === number + 1) this.next();
  }

  /** The first verdict stands: a good answer that comes after it changes nothing for the caller. */
  #end(verdict: Verdict): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended(verdict);
  }
}

const answerText = (answer: Answer): string => {
  switch (answer.kind) {
    case 'done':
      return `${answer.replayed ? 'done before' : 'done'}${answer.stale ? ', stale' : ''}${answer.replicated ? ', replicated' : ''}`;
    case 'refused':
      return `refused, ${answer.code}`;
    case 'unavailable':
      return `unavailable: ${answer.detail}`;
  }
};
