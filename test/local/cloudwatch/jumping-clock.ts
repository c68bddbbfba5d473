import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../local/route53/clock.ts';

/** Real time since 1970, which a test can make jump ahead: whoever sleeps until then wakes at once. */
export class JumpingClock implements Clock {
  #aheadMs = 0;
  #jumped = Promise.withResolvers<void>();

  nowMs(): number {
    return Date.now() + this.#aheadMs;
  }

  jump(ms: number): void {
    this.#aheadMs += ms;
    this.#jumped.resolve();
    this.#jumped = Promise.withResolvers();
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const untilMs = this.nowMs() + ms;
    while (!signal.aborted && this.nowMs() < untilMs) {
      const woken = new AbortController();
      const timer = delay(untilMs - this.nowMs(), undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => undefined);
      await Promise.race([timer, this.#jumped.promise]);
      woken.abort();
    }
  }
}
