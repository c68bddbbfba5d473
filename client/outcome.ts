/** What an operation came to. */
import type { Problem } from '../functions/contract/answers.ts';
import type { Durability } from './answer.ts';

/** One request that was sent, or tried to be, for an operation. */
export interface Attempt {
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** In a word or two: `ok`, the problem's name, `timeout`, `ECONNREFUSED`, `outrun by REGION`... */
  readonly result: string;
  /** From the answer, for questions to the region's operators. */
  readonly correlationId: string | undefined;
}

interface Settled {
  /** The operation's key; absent on reads and on edits of records, which name themselves. Give it again to repeat the same operation, never for another one. */
  readonly idempotencyKey: string | undefined;
  readonly attempts: readonly Attempt[];
}

/** Done. `replayed`: the answer repeats an earlier one of the same key. */
export interface Ok<T> extends Settled {
  readonly kind: 'ok';
  readonly value: T;
  readonly status: number;
  readonly region: string;
  readonly replayed: boolean;
  /** The region did not hold all that this client had been told of the resource, or put into the list: ask again, and it may know more. */
  readonly stale: boolean;
  /** Seconds since that region heard of any other, where it did not for long: if it was given up meanwhile, what it did is lost. */
  readonly aloneSeconds: number | undefined;
  /** Told where the write asked for `replicated`. `local`: done, but the region is still the only one that was seen to hold it. */
  readonly durability: Durability | undefined;
  /** Entity tag, where the thing has one: what the next edit of a record is made from. */
  readonly tag: string | undefined;
}

/** Definitely not done: every attempt that left this machine got a definite answer, and all of them were refusals. */
export interface Refused extends Settled {
  readonly kind: 'refused';
  readonly problem: Problem;
  readonly region: string;
  /** As of `Ok`: the refusal may rest on what has not arrived there. */
  readonly stale: boolean;
}

/**
 * Nobody can say yet. When `mayHaveRun`, the operation may have been executed, or may still be: repeat it with the same
 * key (of a record: with the same value and tag) and `mayHaveRun: true`, or look. A refusal that came beside an unanswered attempt is in `refusal`, and is not to
 * be believed alone.
 */
export interface Unknown extends Settled {
  readonly kind: 'unknown';
  /** Why it ended: the time; nothing more to try, or tried often enough; the retry budget; the caller. */
  readonly reason: 'deadline' | 'attempts' | 'budget' | 'aborted';
  readonly mayHaveRun: boolean;
  readonly refusal: Problem | undefined;
}

export type Outcome<T> = Ok<T> | Refused | Unknown;
