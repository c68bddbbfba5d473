/**
 * What a region can tell a caller about the others: whether it holds what the caller was told elsewhere, and whether a peer
 * holds what the caller is told here.
 */
import { newestIncarnation, type WorldView } from './operations.ts';
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

/**
 * Whether a replica holds what a key stands for, as it is told to callers: once true, always true. More than the item where
 * an answer also rests on what the item leads to.
 */
export type Holds = (store: Pick<Store, 'get' | 'query'>, key: Key) => Promise<boolean>;

export const exists: Holds = async (store, key) => (await store.get(key)) !== undefined;

/** Whether this replica holds all keys, or comes to within the time. Each key is looked for until it was held once. */
export const arrives = async (
  store: Pick<Store, 'get' | 'query'>,
  keys: readonly Key[],
  { clock, pause, waitMs, holds = exists }: Patience & { readonly waitMs: number; readonly holds?: Holds },
): Promise<boolean> => {
  const endMs = clock.now() + waitMs;
  let missing = keys;
  for (;;) {
    const held = await Promise.all(missing.map((key) => holds(store, key)));
    missing = missing.filter((_, index) => !held[index]);
    if (missing.length === 0) return true;
    if (clock.now() + LOOK_MS > endMs) return false;
    await pause(LOOK_MS);
  }
};

/**
 * Whether one peer was seen to hold all keys within the time. One is enough: what it holds outlives the loss of this
 * region, and waiting for more would let any region's trouble hold up every caller.
 *
 * Each peer is looked at by itself, so that one that hangs does not keep another from being asked again. A look that fails
 * has seen nothing. Never throws, and takes no longer than the time, whatever the peers do: looks that are under way then
 * are left to end.
 */
export const arrivesAtPeer = async (
  peers: readonly Peer[],
  keys: readonly Key[],
  { clock, pause, waitMs }: Patience & { readonly waitMs: number },
): Promise<boolean> => {
  if (peers.length === 0) return false;
  const endMs = clock.now() + waitMs;
  let over = false;
  const arrivesAt = async (peer: Peer): Promise<boolean> => {
    let missing = keys;
    for (;;) {
      const found = await Promise.all(missing.map((key) => peer.get(key).catch(() => undefined)));
      missing = missing.filter((_, index) => found[index] === undefined);
      if (missing.length === 0) return true;
      if (clock.now() + LOOK_MS > endMs) return false;
      await pause(LOOK_MS);
      if (over) return false;
    }
  };
  const late = pause(waitMs).then(() => false);
  const held = await Promise.race([anyOf(peers.map(arrivesAt)), late]);
  over = true;
  return held;
};

/** True with the first that is, false when none is. */
const anyOf = (answers: readonly Promise<boolean>[]): Promise<boolean> =>
  new Promise((resolve, reject) => {
    for (const answer of answers) answer.then((yes) => yes && resolve(true), reject);
    Promise.all(answers).then(() => resolve(false), reject);
  });

/**
 * The regions whose replicas bear witness that a write will outlive this one. Not one that is being rebuilt, and not one
 * that somebody here has heard to be given up: its replica is about to be emptied. An evacuated one does, for it keeps
 * what it holds; so does one that is behind.
 */
export const witnesses = (world: WorldView): readonly string[] =>
  world.controls.flatMap(({ region, fenced, incarnation }) =>
    region !== world.region && !fenced && newestIncarnation(world, region) === incarnation ? [region] : [],
  );
