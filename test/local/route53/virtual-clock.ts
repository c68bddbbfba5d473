import { setImmediate as settled } from 'node:timers/promises';
import type { Clock } from '../../../local/route53/clock.ts';

/** Time that stands still until a test moves it. Sleepers wake in order of time, and what they set off ends before the next. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((wake) => {
      if (signal.aborted) return wake();
      this.#sleepers.push({ atMs: this.#nowMs + Math.max(0, ms), wake });
      signal.addEventListener('abort', () => wake(), { once: true });
    });
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#sleepers.reduce((soonest, each) => Math.min(soonest, each.atMs), Number.POSITIVE_INFINITY);
      if (next > endMs) break;
      const due = this.#sleepers.filter((each) => each.atMs === next);
      this.#sleepers = this.#sleepers.filter((each) => each.atMs !== next);
      this.#nowMs = next;
      for (const each of due) each.wake();
      await settled();
    }
    this.#nowMs = endMs;
  }
}

/** Repeatable chance (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
