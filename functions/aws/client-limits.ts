/** Limits for the clients of services that are called seldom: they come back in time, and the SDK repeats what may be repeated. */

const CONNECT_MS = 2_000;
const ATTEMPTS = 3;

/** @param requestMs milliseconds from the request to the head of its answer; `requestTimeout` alone only warns */
export const clientLimits = (requestMs = 5_000, attempts = ATTEMPTS) => ({
  maxAttempts: attempts,
  requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: requestMs, throwOnRequestTimeout: true },
});
