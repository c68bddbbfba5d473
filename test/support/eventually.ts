const POLL_MS_MAX = 50;

/** Waits, generously, until something holds, or is true; fails with what it saw last. */
export const eventually = async <T>(look: () => Promise<T> | T, holds: (seen: T) => boolean = Boolean, timeoutMs = 30_000): Promise<T> => {
  const deadlineMs = Date.now() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(2 * pauseMs, POLL_MS_MAX)) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms; seen last: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
};
