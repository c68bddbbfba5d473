/**
 * What a region can tell a caller about the others: whether it holds what the caller was told elsewhere, and whether a peer
 * holds what the caller is told here.
 */
import type { Clock, Key, Store } from './store.ts';

/** Milliseconds between looks at replicas: replication within a continent takes a few hundred. */
export const LOOK_MS = 50;

/** Time, to wait in. */
export interface Patience {
  readonly clock: Clock;
  pause(ms: number): Promise<void>;
}

/** Another region's replica, of the same table. */
export interface Peer extends Pick<Store, 'get'> {
  readonly region: string;
}

/** Whether this replica holds all keys, or comes to within the time. Each key is looked for until it was seen once. */
export const arrives = async (
  store: Pick<Store, 'get'>,
  keys: readonly Key[],
  { clock, pause, waitMs }: Patience & { readonly waitMs: number },
): Promise<boolean> => {
  const endMs = clock.now() + waitMs;
  let missing = keys;
  for (;;) {
    const found = await Promise.all(missing.map((key) => store.get(key)));
    missing = missing.filter((_, index) => found[index] === undefined);
    if (missing.length === 0) return true;
    if (clock.now() + LOOK_MS > endMs) return false;
    await pause(LOOK_MS);
  }
};
