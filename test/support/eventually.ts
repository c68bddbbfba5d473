import { vi } from 'vitest';

const POLL_MS_MAX = 50;
/** What ends at once ends within this, however busy the machine is; only a hang takes longer. */
export const HANG_MS = 30_000;
const WAIT_MS_MAX = 60_000;

/** Waits, generously, until something holds, or is true; fails with what it saw last. */
export const eventually = async <T>(
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean = Boolean,
  timeoutMs = WAIT_MS_MAX,
): Promise<T> => {
  const deadlineMs = Date.now() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(2 * pauseMs, POLL_MS_MAX)) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms; seen last: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
};

/** Waits as generously until expectations hold; fails as they did last. */
export const untilPasses = <T>(expectations: () => Promise<T> | T, timeoutMs = WAIT_MS_MAX): Promise<T> =>
  vi.waitFor(expectations, { timeout: timeoutMs, interval: POLL_MS_MAX });
