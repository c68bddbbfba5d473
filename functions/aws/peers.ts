/**
 * The other regions' replicas of the data table, to read keys from. A client is made when a caller first asks for a peer:
 * no cold start and no other request pays for it.
 */
import { TABLES } from '../contract/names.ts';
import type { Peer } from '../core/consistency.ts';
import type { Limits } from './attempts.ts';
import { functionsDynamoClient } from './clients.ts';
import { DynamoStore } from './dynamo-store.ts';
import type { Environment } from './environment.ts';
import { errorFields, log } from './log.ts';

const ONCE = { attempts: 1, backoffMs: 0, backoffMaxMs: 0, withinMs: 0 } as const;
/** Milliseconds between two words about a peer that does not answer: callers ask many times a second. */
const TOLD_EVERY_MS = 60_000;

/** @returns a peer by its region, the same each time */
export const peersOf = ({ replicatedDeadlineMs, peerEndpoints }: Pick<Environment, 'replicatedDeadlineMs' | 'peerEndpoints'>) => {
  const peers = new Map<string, Peer>();
  // Whoever asks has a deadline and looks again: one attempt a look, and of two that hang the second still ends in time.
  const limits: Limits = { attempts: 1, attemptMs: Math.ceil(replicatedDeadlineMs / 2), backoffMs: 0, busy: ONCE };
  return (region: string): Peer => {
    const known = peers.get(region);
    if (known) return known;
    const endpoint = peerEndpoints[region];
    const client = functionsDynamoClient({ region, ...(endpoint === undefined ? {} : { endpoint }) });
    const store = new DynamoStore({ client, table: TABLES.data, limits });
    const peer: Peer = { region, get: tellingOf(region, (key) => store.get(key)) };
    peers.set(region, peer);
    return peer;
  };
};

/** Callers are only told that nothing was seen, so why must be told here: it may be a permission that is missing. */
const tellingOf = (region: string, get: Peer['get']): Peer['get'] => {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return async (key) => {
    try {
      return await get(key);
    } catch (error: unknown) {
      const nowMs = performance.now();
      if (nowMs - toldAtMs >= TOLD_EVERY_MS) {
        toldAtMs = nowMs;
        log('WARN', 'a peer does not answer', { peer: region, ...errorFields(error) });
      }
      throw error;
    }
  };
};
