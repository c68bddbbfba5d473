/** A clock and its timers, of a time that passes when all else has been done. */
export class VirtualTime {
  nowMs = 0;
  readonly #timers: { readonly atMs: number; readonly wake: () => void }[] = [];

  sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const atMs = this.nowMs + Math.max(0, ms);
      // Timers of one moment keep their order.
      const before = this.#timers.findLastIndex((timer) => timer.atMs <= atMs);
      this.#timers.splice(before + 1, 0, { atMs, wake: resolve });
    });

  /** Lets time pass until the work is done. */
  async pass<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const ended = work.finally(() => {
      done = true;
    });
    // Whoever fails is heard below.
    ended.catch(() => undefined);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return ended;
      const next = this.#timers.shift();
      if (next === undefined) throw new Error('the work waits for something that no timer brings');
      this.nowMs = next.atMs;
      next.wake();
    }
  }
}

/** Numbers from 0 to below 1, the same for a seed. https://en.wikipedia.org/wiki/Linear_congruential_generator */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};
