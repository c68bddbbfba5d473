/**
 * Replication as users see it: how old the newest order is that another region's canary placed there and this region's API
 * shows. Nothing is told between the canaries: the orders' ids follow from watcher, target and minute.
 */
import { ANSWERS } from '../contract/answers.ts';
import { JOURNEY_TARGETS } from '../contract/names.ts';
import { ROUTES } from '../contract/routes.ts';
import { orderIdOf } from '../core/order-items.ts';
import type { Clock } from '../core/store.ts';
import { canarySubject } from '../core/synthetic.ts';
import type { Traveller } from './journey.ts';
import { judge, other, StepFailed, send } from './questions.ts';
import type { Connect, WatchTarget } from './targets.ts';
import type { Transport } from './transport.ts';

const MINUTE_MS = 60_000;
/**
 * How many minutes back a peer's order is looked for. Close at first, then far apart: each minute has an order, so a found
 * one tells the age, rounded up to the next look. Orders of canaries are there for two days.
 */
const LOOKS_MINUTES = [0, 1, 2, 3, 4, 5, 10, 15, 30, 60, 120, 360, 720, 1_440] as const;

/** Milliseconds within which no further look begins. */
const LOOKS_MS_MAX = 5_000;

export interface ReplicaProps {
  readonly region: string;
  readonly regions: readonly string[];
  /** The front door of `region`. */
  readonly own: WatchTarget;
  readonly connect: Connect;
  readonly traveller: Pick<Traveller, 'token'>;
  readonly clock: Clock;
}

export interface ReplicaAge {
  readonly peer: string;
  readonly seconds: number;
}

/** The Idempotency-Key of the order of a canary's journey in a minute: others compute it, and with it the order's id. */
export const journeyKey = (given: { readonly watcher: string; readonly target: string; readonly minute: number }): string =>
  `canary.${given.watcher}.${given.target}.${given.minute}`;

export const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS);

/** Peers whose canary never placed an order that is seen here are left out: a system that is new is not behind. */
export const replicaAges = async (props: ReplicaProps): Promise<readonly ReplicaAge[]> => {
  const peers = props.regions.filter((each) => each !== props.region);
  const ages = await Promise.all(peers.map(async (peer) => ({ peer, placedAtMs: await newestOf(props, peer) })));
  return ages.flatMap(({ peer, placedAtMs }) =>
    placedAtMs === undefined ? [] : [{ peer, seconds: Math.max(0, props.clock.now() - placedAtMs) / 1_000 }],
  );
};

/** When the newest order was placed that a peer's canary placed in its own region, as this region's API shows it. */
const newestOf = ({ connect, own, clock, traveller }: ReplicaProps, peer: string): Promise<number | undefined> =>
  connect(own, async (transport) => {
    const startedMs = clock.now();
    for (const back of LOOKS_MINUTES) {
      if (clock.now() - startedMs > LOOKS_MS_MAX) return undefined;
      const key = journeyKey({ watcher: peer, target: JOURNEY_TARGETS.region(peer), minute: minuteOf(startedMs) - back });
      const placedAtMs = await placedAt(transport, orderIdOf(canarySubject(peer), key), { traveller, own });
      if (placedAtMs === 'unknown') return undefined;
      if (placedAtMs !== undefined) return placedAtMs;
    }
    return undefined;
  });

/** Undefined: the order is not there. `unknown`: no answer that tells. */
const placedAt = async (
  transport: Transport,
  id: string,
  { traveller, own }: { readonly traveller: Pick<Traveller, 'token'>; readonly own: WatchTarget },
): Promise<number | 'unknown' | undefined> => {
  try {
    const path = ROUTES.getOrder.path.replace('{id}', id);
    const answer = await send(transport, { method: 'GET', path, headers: { authorization: `Bearer ${traveller.token}` } });
    if (answer.status === 404) return undefined;
    const question = {
      status: ROUTES.getOrder.success.status,
      shape: ANSWERS.getOrder,
      wrong: (order: { readonly id: string }) => [other("the order's id", order.id, id)],
    };
    return Date.parse(judge(answer, question, own).value.placedAt);
  } catch (error: unknown) {
    if (!(error instanceof StepFailed)) throw error;
    return 'unknown';
  }
};
