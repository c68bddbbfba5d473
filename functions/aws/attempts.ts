/** Bounded attempts at a DynamoDB call, with full jitter, and what an SDK error means for the call that met it. */
import { DynamoDBServiceException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { Damaged, StoreBusy, StoreUnavailable, Unstorable } from '../core/store.ts';

export interface Limits {
  /** Attempts at one call, the first included. */
  readonly attempts: number;
  /** Milliseconds of one attempt, from the request to the last byte of its answer. */
  readonly attemptMs: number;
  /** Upper bound, in milliseconds, of the wait after the first failed attempt; it doubles with each. */
  readonly backoffMs: number;
  /** For attempts that lost to others' writes: quick answers of a table that is well. They do not count as failed ones. */
  readonly busy: {
    /** Attempts that lost, the first included. */
    readonly attempts: number;
    /** Upper bound, in milliseconds, of the wait after the first; it doubles with each, up to the largest. */
    readonly backoffMs: number;
    readonly backoffMaxMs: number;
    /** Milliseconds from the first attempt after which none that lost is repeated. */
    readonly withinMs: number;
  };
}

/** For callers' requests: below the function's timeout even when a table answers nothing. */
export const REQUEST_LIMITS: Limits = {
  attempts: 4,
  attemptMs: 1_000,
  backoffMs: 50,
  busy: { attempts: 12, backoffMs: 20, backoffMaxMs: 320, withinMs: 2_500 },
};
/** For the deep check: its verdict must be out within the two seconds that a Route 53 checker waits. */
export const CHECK_LIMITS: Limits = {
  attempts: 2,
  attemptMs: 750,
  backoffMs: 25,
  busy: { attempts: 4, backoffMs: 20, backoffMaxMs: 80, withinMs: 250 },
};

/** Others write the same item, or ask too much of one key: the table is well, and nothing was applied. */
const BUSY = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'TransactionConflictException',
  'TransactionInProgressException',
]);
/** The same, as the reason why an action of a transaction was not done. */
const BUSY_REASONS = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);
/** Of what was throttled: a key's part of the table. Anything else is the table's or the account's limit, which all callers meet. */
const HOT_KEY = /KeyRange/;
/** Refused before anything was applied: safe to repeat, whatever the call. */
const NOT_APPLIED = new Set(['RequestLimitExceeded']);
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
 * - `mistake`: repeat never, the code is wrong, or what a caller sent, or an item.
 * - `busy`: nothing happened, because of others' writes.
 * - `not-applied`: nothing happened.
 * - `unknown`: it may have happened; a late write can even be applied after the next attempt.
 * - `lasting`: nothing happened and nothing will (no permission, no table, no key): the next attempt ends alike.
 */
type Failure = 'mistake' | 'busy' | 'not-applied' | 'unknown' | 'lasting';

const failureOf = (error: unknown): Failure => {
  if (error instanceof Unstorable || error instanceof Damaged) return 'mistake';
  if (error instanceof TransactionCanceledException) {
    const codes = (error.CancellationReasons ?? []).map(({ Code = '' }) => Code);
    if (codes.includes('ValidationError')) return 'mistake';
    return codes.some((code) => BUSY_REASONS.has(code)) ? 'busy' : 'not-applied';
  }
  if (error instanceof DynamoDBServiceException) {
    if (MISTAKES.has(error.name)) return 'mistake';
    if (BUSY.has(error.name)) return isHotKey(error) ? 'busy' : 'not-applied';
    if (NOT_APPLIED.has(error.name)) return 'not-applied';
    return error.$fault === 'server' ? 'unknown' : 'lasting';
  }
  return isUnsent(error) ? 'not-applied' : 'unknown';
};

/** Whether a throttled call met the limit of a key, as far as DynamoDB says why it throttled. */
const isHotKey = (error: DynamoDBServiceException): boolean => {
  const given = 'ThrottlingReasons' in error ? error.ThrottlingReasons : 'throttlingReasons' in error ? error.throttlingReasons : [];
  const reasons = JSON.stringify(given ?? []);
  return reasons === '[]' || HOT_KEY.test(reasons);
};

export interface Chance {
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds of a clock that never steps. */
  readonly elapsed: () => number;
}

const CHANCE: Chance = {
  random: Math.random,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  elapsed: () => performance.now(),
};

/** Told to each attempt. */
export interface Attempt {
  readonly signal: AbortSignal;
  /** An earlier attempt of this call may have been applied. */
  readonly doubtful: boolean;
}

/**
 * Tries until an answer, a mistake, or the last attempt. The call must end alike when an earlier attempt of it is applied too.
 *
 * @throws {StoreBusy} when the last attempt lost to others' writes and none was applied, with the last error as its cause
 * @throws {StoreUnavailable} with the last error as its cause
 */
export const attempt = async <T>(limits: Limits, call: (given: Attempt) => Promise<T>, chance: Chance = CHANCE): Promise<T> => {
  const startedMs = chance.elapsed();
  let doubtful = false;
  const counts = { busy: 0, failed: 0 };
  for (;;) {
    try {
      return await call({ signal: AbortSignal.timeout(limits.attemptMs), doubtful });
    } catch (error: unknown) {
      const failure = failureOf(error);
      if (failure === 'mistake') throw error;
      doubtful ||= failure === 'unknown';
      counts[failure === 'busy' ? 'busy' : 'failed'] += 1;
      const isLast =
        failure === 'busy'
          ? counts.busy >= limits.busy.attempts || chance.elapsed() - startedMs >= limits.busy.withinMs
          : failure === 'lasting' || counts.failed >= limits.attempts;
      if (isLast) throw givenUp(limits, failure, counts, doubtful, error);
      // Full jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
      await chance.sleep(chance.random() * boundMs(limits, failure, counts));
    }
  }
};

interface Counts {
  readonly busy: number;
  readonly failed: number;
}

const boundMs = ({ backoffMs, busy }: Limits, failure: Failure, counts: Counts): number =>
  failure === 'busy' ? Math.min(busy.backoffMaxMs, busy.backoffMs * 2 ** (counts.busy - 1)) : backoffMs * 2 ** (counts.failed - 1);

/** The actions of a transaction that met others. */
const contendedBy = (error: unknown): readonly number[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).flatMap(({ Code = '' }, index) => (BUSY_REASONS.has(Code) ? [index] : []))
    : [];

const givenUp = (limits: Limits, failure: Failure, counts: Counts, doubtful: boolean, cause: unknown): StoreUnavailable => {
  const outcome = doubtful ? 'its outcome is unknown' : 'nothing was applied';
  if (failure !== 'busy')
    return new StoreUnavailable(`no answer from the table after ${counts.failed} of ${limits.attempts} attempts, ${outcome}`, { cause });
  const message = `lost to other writes ${counts.busy} of ${limits.busy.attempts} times, ${outcome}`;
  return doubtful ? new StoreUnavailable(message, { cause }) : new StoreBusy(message, { cause, contended: contendedBy(cause) });
};
