import { foldKey, keyKey, type RegisteredKey } from '../core/keys.ts';
import type { Clock, Store } from '../core/store.ts';
import { BoundedCache } from './bounded-cache.ts';

/** Milliseconds after which a key is read again: how long a removal may take to be obeyed, beside replication. */
export const KEY_AGE_MS_MAX = 30_000;
/** The same for a kid that was not found, so that a new key is soon known. */
const MISS_AGE_MS_MAX = 5_000;
/** Callers choose kids, so what is remembered of them is bounded. */
const KEYS_MAX = 256;

interface Cached {
  readonly atMs: number;
  readonly key: Promise<RegisteredKey | undefined>;
  found: boolean;
}

/** The control table's keys, read one by one as tokens name them. */
export class RegisteredKeys {
  readonly #control: Pick<Store, 'query'>;
  readonly #clock: Clock;
  readonly #cache = new BoundedCache<Cached>(KEYS_MAX);

  constructor(control: Pick<Store, 'query'>, clock: Clock) {
    this.#control = control;
    this.#clock = clock;
  }

  /** @throws {StoreUnavailable} */
  find(kid: string): Promise<RegisteredKey | undefined> {
    const nowMs = this.#clock.now();
    const known = this.#cache.get(kid);
    if (known && nowMs - known.atMs < (known.found ? KEY_AGE_MS_MAX : MISS_AGE_MS_MAX)) return known.key;
    const key = this.#control.query(keyKey(kid)).then(foldKey);
    const cached: Cached = { atMs: nowMs, key, found: true };
    this.#cache.set(kid, cached);
    key.then(
      (value) => {
        cached.found = value !== undefined;
      },
      () => {
        // A failed read is not kept: the next caller tries anew.
        if (this.#cache.get(kid) === cached) this.#cache.delete(kid);
      },
    );
    return key;
  }
}
