/**
 * Hybrid logical clock (Kulkarni et al., 2014), one for each execution environment: sorts after everything its owner has
 * read, close to wall time. Causal only through items read, and never a unique id.
 */
const COUNTER_DIGITS = 5;
const MILLISECOND_DIGITS = 13;
/** Milliseconds ahead of this clock up to which a stamp is believed. */
const AHEAD_MS_MAX = 60_000;
const STAMP = new RegExp(`^(\\d{${MILLISECOND_DIGITS}})-(\\d{${COUNTER_DIGITS}})$`);

export class Hlc {
  #ms = 0;
  #counter = 0;

  /** The next stamp: sorts as text after every stamp given or observed before. */
  next(nowMs: number): string {
    this.#advance(nowMs, 0);
    return `${String(this.#ms).padStart(MILLISECOND_DIGITS, '0')}-${String(this.#counter).padStart(COUNTER_DIGITS, '0')}`;
  }

  /** Makes later stamps sort after `stamp`; text that is no stamp is ignored. A stamp too far ahead is, too. */
  observe(stamp: string, nowMs: number): void {
    const [, milliseconds, count] = STAMP.exec(stamp) ?? [];
    if (milliseconds === undefined || count === undefined) return;
    const [ms, counter] = [Number(milliseconds), Number(count)];
    if (ms > nowMs + AHEAD_MS_MAX) return;
    if (ms > this.#ms || (ms === this.#ms && counter > this.#counter)) [this.#ms, this.#counter] = [ms, counter];
  }

  #advance(nowMs: number, counter: number): void {
    if (nowMs > this.#ms) [this.#ms, this.#counter] = [nowMs, counter];
    else if (this.#counter + 1 < 10 ** COUNTER_DIGITS) this.#counter += 1;
    else [this.#ms, this.#counter] = [this.#ms + 1, 0];
  }
}
