/** What an attempt without an answer came to: whether it can have been sent, and why it failed. Pure. */

/** Errors behind an error that are looked at. */
const DEPTH_MAX = 8;
/**
 * Calls of the system that come before a connection stands. Codes prove nothing: a connection that stood can end with
 * EHOSTUNREACH, too, and what was sent on it may have been executed.
 */
const BEFORE_SENDING: readonly unknown[] = ['connect', 'getaddrinfo'];
/** What `fetch` of Node says when it gave up connecting. */
const CONNECT_TIMEOUT = 'UND_ERR_CONNECT_TIMEOUT';

/** Whether no connection stood, so that the request cannot have been executed. Of several addresses: none of theirs. */
export const isUnsent = (error: unknown, depth = 0): boolean => {
  if (!(error instanceof Error) || depth >= DEPTH_MAX) return false;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every((each) => isUnsent(each, depth + 1));
  if ('syscall' in error) return BEFORE_SENDING.includes(error.syscall);
  return ('code' in error && error.code === CONNECT_TIMEOUT) || isUnsent(error.cause, depth + 1);
};

/**
 * What went wrong first: its code, else its words. `fetch` says only that it failed, and a connection to a name of several
 * addresses only that there are several errors.
 */
export const causeOf = (error: unknown): string => {
  const chain: Error[] = [];
  let next = error;
  while (next instanceof Error && chain.length < DEPTH_MAX) {
    chain.push(next);
    next = next instanceof AggregateError && next.errors.length > 0 ? next.errors[0] : next.cause;
  }
  const codes = chain.flatMap((each) => ('code' in each && typeof each.code === 'string' ? [each.code] : []));
  return codes.at(-1) ?? chain.findLast((each) => each.message !== '')?.message ?? chain.at(-1)?.name ?? 'error';
};
