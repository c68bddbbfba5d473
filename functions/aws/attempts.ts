/** Bounded attempts at a DynamoDB call, with full jitter, and what an SDK error means for the call that met it. */
import { DynamoDBServiceException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { StoreUnavailable } from '../core/store.ts';

export interface Limits {
  /** Attempts at one call, the first included. */
  readonly attempts: number;
  /** Milliseconds of one attempt, from the request to the last byte of its answer. */
  readonly attemptMs: number;
  /** Upper bound, in milliseconds, of the wait after the first failed attempt; it doubles with each. */
  readonly backoffMs: number;
}

/** For callers' requests: below the function's timeout even when a table answers nothing. */
export const REQUEST_LIMITS: Limits = { attempts: 4, attemptMs: 1_000, backoffMs: 50 };
/** For the deep check: its verdict must be out within the two seconds that a Route 53 checker waits. */
export const CHECK_LIMITS: Limits = { attempts: 2, attemptMs: 750, backoffMs: 25 };

/** Refused before anything was applied: safe to repeat, whatever the call. */
const NOT_APPLIED = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'TransactionConflictException',
  'TransactionInProgressException',
]);
/** The call itself is wrong: an answer for the developer, not for the caller. */
const MISTAKES = new Set([
  'ValidationException',
  'SerializationException',
  'ItemCollectionSizeLimitExceededException',
  'IdempotentParameterMismatchException',
]);
/**
 * Calls of the system that come before the request is sent. Codes prove nothing: a connection that stood can end with
 * EHOSTUNREACH, too, and what was sent on it may have been done.
 */
const BEFORE_SENDING = new Set(['connect', 'getaddrinfo']);
/** Of several addresses, each must have been out of reach. */
const isUnsent = (error: unknown): boolean => {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isUnsent);
  return error instanceof Error && 'syscall' in error && BEFORE_SENDING.has(String(error.syscall));
};

/**
 * - `mistake`: repeat never, the code is wrong.
 * - `not-applied`: nothing happened.
 * - `unknown`: it may have happened; a late write can even be applied after the next attempt.
 * - `lasting`: nothing happened and nothing will (no permission, no table, no key): the next attempt ends alike.
 */
type Failure = 'mistake' | 'not-applied' | 'unknown' | 'lasting';

const failureOf = (error: unknown): Failure => {
  if (error instanceof TransactionCanceledException)
    return error.CancellationReasons?.some(({ Code }) => Code === 'ValidationError') ? 'mistake' : 'not-applied';
  if (error instanceof DynamoDBServiceException) {
    if (MISTAKES.has(error.name)) return 'mistake';
    if (NOT_APPLIED.has(error.name)) return 'not-applied';
    return error.$fault === 'server' ? 'unknown' : 'lasting';
  }
  return isUnsent(error) ? 'not-applied' : 'unknown';
};

export interface Chance {
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const CHANCE: Chance = { random: Math.random, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };

/** Told to each attempt. */
export interface Attempt {
  readonly signal: AbortSignal;
  /** An earlier attempt of this call may have been applied. */
  readonly doubtful: boolean;
}

/**
 * Tries until an answer, a mistake, or the last attempt. The call must end alike when an earlier attempt of it is applied too.
 *
 * @throws {StoreUnavailable} with the last error as its cause
 */
export const attempt = async <T>(limits: Limits, call: (given: Attempt) => Promise<T>, chance: Chance = CHANCE): Promise<T> => {
  let doubtful = false;
  for (let count = 1; ; count += 1) {
    try {
      return await call({ signal: AbortSignal.timeout(limits.attemptMs), doubtful });
    } catch (error: unknown) {
      const failure = failureOf(error);
      if (failure === 'mistake') throw error;
      doubtful ||= failure === 'unknown';
      if (failure === 'lasting' || count >= limits.attempts) {
        const outcome = doubtful ? 'its outcome is unknown' : 'nothing was applied';
        throw new StoreUnavailable(`no answer from the table after ${count} of ${limits.attempts} attempts, ${outcome}`, { cause: error });
      }
      // Full jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
      await chance.sleep(chance.random() * limits.backoffMs * 2 ** (count - 1));
    }
  }
};
