import type { Clock } from '../core/store.ts';

export interface Allowance {
  /** Units that may be taken at once, after a pause. */
  readonly atOnce: number;
  /** Units that come back, until there are so many again. */
  readonly perSecond: number;
}

/** What strangers may cost: so much at once, and so much a second. */
export class Budget {
  readonly #allowance: Allowance;
  readonly #clock: Clock;
  #left: number;
  #countedAtMs: number;

  constructor(allowance: Allowance, clock: Clock) {
    this.#allowance = allowance;
    this.#clock = clock;
    this.#left = allowance.atOnce;
    this.#countedAtMs = clock.now();
  }

  /** Whether there was a unit, which is gone now. */
  take(): boolean {
    const nowMs = this.#clock.now();
    // A clock that was set back gives nothing, and takes nothing away.
    const passedMs = Math.max(0, nowMs - this.#countedAtMs);
    this.#countedAtMs = nowMs;
    this.#left = Math.min(this.#allowance.atOnce, this.#left + (passedMs / 1_000) * this.#allowance.perSecond);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** It was no stranger. */
  giveBack(): void {
    this.#left = Math.min(this.#allowance.atOnce, this.#left + 1);
  }
}

/** Whether something is younger than so many milliseconds. What seems to come from later is old: the clock was set back. */
export const isYounger = (sinceMs: number, nowMs: number, ageMsMax: number): boolean => nowMs >= sinceMs && nowMs - sinceMs < ageMsMax;

/** Whose key this is cannot be told now, because strangers ask for more than is looked up for them. Nobody's outage. */
export class KeyUntold extends Error {
  override readonly name = 'KeyUntold';
}
