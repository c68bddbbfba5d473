/** Time and chance, injected, so that tests need neither. */
export interface Runtime {
  /** Milliseconds since 1970, as this machine has them: they may step, and are told, never reckoned with. */
  now(): number;
  /** Milliseconds since some moment. They never step: everything that lasts is measured by them. */
  monotonic(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Resolves after the time, or at once when the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
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

/** How moments of `monotonic` are told, in milliseconds since 1970, by one look at the clock of the machine. */
export const stampsOf = (runtime: Pick<Runtime, 'now' | 'monotonic'>): ((atMs: number) => number) => {
  const aheadMs = runtime.now() - runtime.monotonic();
  return (atMs) => Math.round(aheadMs + atMs);
};

/** What comes within the time and before the signal; undefined: nothing did. Rejects as it does. */
export const inTime = async <T>(
  coming: Promise<T>,
  { withinMs, signal, runtime }: { readonly withinMs: number; readonly signal: AbortSignal | undefined; readonly runtime: Runtime },
): Promise<T | undefined> => {
  const stop = new AbortController();
  const until = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  try {
    return await Promise.race([coming, runtime.wait(withinMs, until).then(() => undefined)]);
  } finally {
    stop.abort();
  }
};

/**
 * Exponential backoff with full jitter: anything from 0 to the ceiling, so that callers who failed together do not come
 * back together. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const backoffMs = (attempt: number, bounds: { readonly baseMs: number; readonly ceilingMs: number }, random: () => number): number =>
  random() * Math.min(bounds.ceilingMs, bounds.baseMs * 2 ** Math.min(attempt, 30));
