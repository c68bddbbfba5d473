/**
 * What a region can tell a caller about the others: whether it holds what the caller was told elsewhere, and whether a peer
 * holds what the caller is told here.
 */
import { newestIncarnation, type WorldView } from './operations.ts';
import { PeerMemory } from './peer-memory.ts';
import type { Clock, Key, Store } from './store.ts';

/** Milliseconds from the first look at a replica to the second, and the least between two. */
export const LOOK_MS = 50;
/** Each distance between looks is so many times the one before: four looks in 500 ms of waiting for tokens. */
const TOKEN_GROWTH = 3;
/** At a peer eight in 1,500 ms: replication within a continent takes a few hundred, and callers wait for it. */
const PEER_GROWTH = 1.5;

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
  for (let distanceMs = LOOK_MS; ; distanceMs *= TOKEN_GROWTH) {
    const held = await Promise.all(missing.map((key) => holds(store, key)));
    missing = missing.filter((_, index) => !held[index]);
    if (missing.length === 0) return true;
    const leftMs = endMs - clock.now();
    if (leftMs < LOOK_MS) return false;
    await pause(Math.min(distanceMs, leftMs));
  }
};

/**
 * Whether one peer was seen to hold all keys within the time. One is enough: what it holds outlives the loss of this
 * region, and waiting for more would let any region's trouble hold up every caller.
 *
 * Each peer is looked at by itself, so that one that hangs does not keep another from being asked again. A look that fails
 * has seen nothing. Never throws, and takes no longer than the time, whatever the peers do: looks that are under way then
 * are left to end. A peer that did not hold something in a whole time is silent: until it was seen to hold that, one
 * request a second looks once, for half the time at most, and the others go on without it.
 */
export const arrivesAtPeer = async (
  peers: readonly Peer[],
  keys: readonly Key[],
  { clock, pause, waitMs, memory = new PeerMemory() }: Patience & { readonly waitMs: number; readonly memory?: PeerMemory },
): Promise<boolean> => {
  const turns = peers.map((peer) => ({ peer, turn: memory.turnOf(peer.region, clock.now()) })).filter(({ turn }) => turn.kind !== 'leave');
  if (turns.length === 0) return false;
  const endMs = clock.now() + waitMs;
  /** What each did not hold in its time, if it ends so. */
  const awaited = new Map(turns.map(({ peer, turn }) => [peer.region, turn.kind === 'look' ? turn.keys : keys]));
  let over = false;
  const missingAt = async (peer: Peer, asked: readonly Key[]): Promise<readonly Key[]> => {
    const found = await Promise.all(asked.map((key) => peer.get(key).catch(() => undefined)));
    return asked.filter((_, index) => found[index] === undefined);
  };
  const arrivesAt = async ({ peer, turn }: (typeof turns)[number]): Promise<boolean> => {
    if (turn.kind === 'look') {
      const looked = missingAt(peer, turn.keys).then((missing) => missing.length === 0);
      const isBack = await Promise.race([looked, pause(waitMs / 2).then(() => false)]);
      if (!isBack) return false;
      awaited.set(peer.region, keys);
    }
    let missing = keys;
    for (let distanceMs = LOOK_MS; ; distanceMs *= PEER_GROWTH) {
      missing = await missingAt(peer, missing);
      if (missing.length === 0) {
        memory.held(peer.region);
        return true;
      }
      const leftMs = endMs - clock.now();
      if (leftMs <= LOOK_MS) return false;
      // The last look has time for its way there and back.
      await pause(Math.min(distanceMs, leftMs - LOOK_MS));
      if (over) return false;
    }
  };
  const late = pause(waitMs).then(() => false);
  const held = await Promise.race([anyOf(turns.map(arrivesAt)), late]);
  over = true;
  if (!held) for (const [region, missed] of awaited) memory.missed(region, missed, clock.now());
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
