import { foldKey, keyKey, type RegisteredKey } from '../core/keys.ts';
import type { Clock, Store } from '../core/store.ts';
import { BoundedCache } from './bounded-cache.ts';
import { type Allowance, Budget, isYounger, KeyUntold } from './budget.ts';

/** Milliseconds after which a key is read again: how long a removal may take to be obeyed, beside replication. */
export const KEY_AGE_MS_MAX = 30_000;
/** The same for a kid that was not found, so that a new key is soon known. */
const MISS_AGE_MS_MAX = 5_000;
/** Characters of the keys that are kept: some ten thousand of them. Operators alone make keys. */
const KNOWN_CHARACTERS_MAX = 8_000_000;
/** Kids that were not found: more than the budget lets in while they are young. */
const MISSES_MAX = 64;

/**
 * Reads of the control table, one unit each, for kids that this environment does not know: all that requests without a
 * right signature can cost, on every route alike, beside the view of the regions that is read each few seconds anyway.
 * What is found costs nothing.
 */
export const UNKNOWN_KIDS: Allowance = { atOnce: 10, perSecond: 5 };

interface Known {
  readonly atMs: number;
  readonly key: RegisteredKey;
}

/**
 * The control table's keys, read one by one as tokens name them. Callers choose kids: what they make up is kept apart
 * from the keys that there are, and is looked up within a budget.
 */
export class RegisteredKeys {
  readonly #control: Pick<Store, 'query'>;
  readonly #clock: Clock;
  readonly #known = new BoundedCache<Known>(KNOWN_CHARACTERS_MAX);
  readonly #missedAtMs = new BoundedCache<number>(MISSES_MAX);
  readonly #budget: Budget;
  /** Under way, by kid: concurrent callers wait for one. */
  readonly #reads = new Map<string, Promise<RegisteredKey | undefined>>();

  constructor(control: Pick<Store, 'query'>, clock: Clock) {
    this.#control = control;
    this.#clock = clock;
    this.#budget = new Budget(UNKNOWN_KIDS, clock);
  }

  /** @throws {StoreUnavailable} @throws {KeyUntold} when the budget is used up */
  async find(kid: string): Promise<RegisteredKey | undefined> {
    const nowMs = this.#clock.now();
    const known = this.#known.get(kid);
    if (known) return isYounger(known.atMs, nowMs, KEY_AGE_MS_MAX) ? known.key : this.#read(kid, nowMs);
    const missedAtMs = this.#missedAtMs.get(kid);
    if (missedAtMs !== undefined && isYounger(missedAtMs, nowMs, MISS_AGE_MS_MAX)) return undefined;
    const underWay = this.#reads.get(kid);
    if (underWay !== undefined) return underWay;
    if (!this.#budget.take()) throw new KeyUntold('the key of the token is not known here yet, and too many such are asked for now');
    const key = await this.#read(kid, nowMs);
    if (key) this.#budget.giveBack();
    return key;
  }

  /** A failed read is not kept: the next caller tries anew. */
  #read(kid: string, nowMs: number): Promise<RegisteredKey | undefined> {
    const underWay = this.#reads.get(kid);
    if (underWay !== undefined) return underWay;
    const read = this.#control
      .query(keyKey(kid))
      .then((items) => this.#keep(kid, foldKey(items), nowMs))
      .finally(() => this.#reads.delete(kid));
    this.#reads.set(kid, read);
    return read;
  }

  #keep(kid: string, key: RegisteredKey | undefined, atMs: number): RegisteredKey | undefined {
    if (key) this.#known.set(kid, { atMs, key }, JSON.stringify(key).length);
    else {
      this.#known.delete(kid);
      this.#missedAtMs.set(kid, atMs);
    }
    return key;
  }
}
