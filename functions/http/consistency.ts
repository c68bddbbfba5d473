/**
 * What callers ask about regions besides the one that they ask: that it holds what they were told elsewhere
 * (`Tandem-Token`), and that another holds what it tells them (`Tandem-Durability: replicated`). Who asks for neither pays
 * for neither.
 */
import { HEADERS } from '../contract/names.ts';
import { arrives, arrivesAtPeer, type Patience, type Peer, witnesses } from '../core/consistency.ts';
import { holds } from '../core/holdings.ts';
import { BEAT_GAP_MS_MAX, type WorldView } from '../core/operations.ts';
import type { PeerMemory } from '../core/peer-memory.ts';
import type { Secrets } from '../core/secrets.ts';
import type { Key, Store } from '../core/store.ts';
import { judge, TOKENS_MAX } from '../core/token.ts';
import type { Input } from './input.ts';
import { badRequest } from './refusal.ts';

export interface ConsistencyProps extends Patience {
  readonly store: Pick<Store, 'get' | 'query'>;
  /** Asked for by name, and only when a caller wants to know: no other request pays for a connection to it. */
  readonly peer: (region: string) => Peer;
  /** Of the peers, for as long as this environment lives. */
  readonly memory: PeerMemory;
  /** Milliseconds that a request waits for this region to hold what its tokens name. */
  readonly tokenWaitMs: number;
  /** Milliseconds that a request waits for a peer. */
  readonly replicatedDeadlineMs: number;
}

export interface Demands {
  /** What this region should hold before it answers, each key once. */
  readonly keys: readonly Key[];
  /** Tokens of another release, or of a region whose secret has not arrived: what they name is not looked for. */
  readonly unknown: boolean;
  /** Whether a peer should hold what the answer rests on. */
  readonly replicated: boolean;
}

export type Durability = 'replicated' | 'local';

/** Who asks, and by what its tokens are judged. Nothing is read. */
export interface Judging {
  readonly method: string;
  readonly subject: string;
  readonly secrets: Secrets;
}

/** @throws {Refusal} of what is not as the contract has it */
export const demandsOf = (input: Input, { method, subject, secrets }: Judging): Demands => {
  const tokens = [...new Set(input.list(HEADERS.token))];
  if (tokens.length > TOKENS_MAX) throw notTokens();
  const judged = tokens.map((token) => judge(token, subject, secrets));
  if (judged.some(({ kind }) => kind === 'wrong')) throw notTokens();
  const keys = judged.flatMap((each) => (each.kind === 'right' ? each.keys : []));
  const durability = [...new Set(input.list(HEADERS.durability))];
  const replicated = durability.length > 0;
  if (replicated && durability.join() !== 'replicated') throw misfit(HEADERS.durability, 'allowed: replicated');
  if (replicated && method === 'GET' && tokens.length === 0)
    throw misfit(HEADERS.durability, `allowed on a read: beside a ${HEADERS.token}, which says what is to be replicated`);
  return {
    keys: [...new Map(keys.map((key) => [`${key.pk}\n${key.sk}`, key])).values()],
    unknown: judged.some(({ kind }) => kind === 'unknown'),
    replicated,
  };
};

const notTokens = () =>
  misfit(HEADERS.token, `allowed: up to ${TOKENS_MAX} tokens as this API gave them to the same subject, separated by commas`);

const misfit = (name: string, message: string) => badRequest([{ at: `header ${name}`, message }]);

/** Waits for what the tokens name. Whether this region came to hold all of it. */
export const catchUp = async (props: ConsistencyProps, { keys, unknown }: Demands): Promise<boolean> => {
  const held = keys.length === 0 || (await arrives(props.store, keys, { ...props, holds, waitMs: props.tokenWaitMs }));
  return held && !unknown;
};

/** Waits for a peer to hold `keys`, all of which this region holds. */
export const durabilityOf = async (props: ConsistencyProps, keys: readonly Key[], world: WorldView): Promise<Durability> => {
  const peers = witnesses(world).map(props.peer);
  const nowMs = props.clock.now();
  for (const { region, atMs } of world.beats) if (nowMs - atMs > BEAT_GAP_MS_MAX) props.memory.suspect(region, keys);
  const held = await arrivesAtPeer(peers, keys, { ...props, waitMs: props.replicatedDeadlineMs });
  return held ? 'replicated' : 'local';
};

/** What an answer says of regions. */
export const told = (
  {
    stale,
    durability,
    evacuated,
    aloneMs,
  }: {
    readonly stale: boolean;
    readonly durability: Durability | undefined;
    readonly evacuated: readonly string[];
    readonly aloneMs: number | undefined;
  },
  token?: string,
): Readonly<Record<string, string>> => ({
  ...(token === undefined ? {} : { [HEADERS.token]: token }),
  ...(stale ? { [HEADERS.stale]: 'true' } : {}),
  ...(aloneMs === undefined ? {} : { [HEADERS.alone]: String(Math.floor(aloneMs / 1_000)) }),
  ...(durability === undefined ? {} : { [HEADERS.durability]: durability }),
  ...(evacuated.length === 0 ? {} : { [HEADERS.evacuated]: evacuated.join(',') }),
});
