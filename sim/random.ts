/** Chance from a seed: the same seed gives the same numbers on every machine. Not for secrets. */

/** A 32-bit mix of two numbers (the finalizer of MurmurHash3): neighbours give numbers that have nothing in common. */
export const mix = (a: number, b: number): number => {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** Mulberry32. `fork` does not depend on how much was drawn: what is left out of a schedule does not disturb the rest of it. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed;
  }

  /** A stream of its own for whatever `salt` names. */
  fork(salt: number): Random {
    return new Random(mix(this.seed, salt));
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.next() * list.length)];
    if (found === undefined) throw new RangeError('given an empty list to pick from, allowed: one with members');
    return found;
  }

  shuffled<T>(list: readonly T[]): readonly T[] {
    const keyed = list.map((member) => ({ member, place: this.next() }));
    return keyed.sort((a, b) => a.place - b.place).map(({ member }) => member);
  }

  /** A delay around `usualMs`; one in twelve is ten times as long, one in fifty a hundred times. */
  delayMs(usualMs: number): number {
    const draw = this.next();
    const usual = usualMs * (0.2 + 1.6 * this.next());
    return draw < 0.02 ? usual * 100 : draw < 0.1 ? usual * 10 : usual;
  }
}
