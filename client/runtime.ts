/** Time and chance, injected, so that tests need neither. */
export interface Runtime {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Resolves after the time, or at once when the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  random: () => Math.random(),
  wait: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', done, { once: true });
    }),
};

/**
 * Exponential backoff with full jitter: anything from 0 to the ceiling, so that callers who failed together do not come
 * back together. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const backoffMs = (attempt: number, bounds: { readonly baseMs: number; readonly ceilingMs: number }, random: () => number): number =>
  random() * Math.min(bounds.ceilingMs, bounds.baseMs * 2 ** Math.min(attempt, 30));
