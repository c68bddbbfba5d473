/** Callers with the failover client, and the ledger of what they were told was done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fetch, TandemClient, type WriteOptions } from '../../client/client.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { Told } from './served.ts';

/** Each so manieth acknowledgement is lost on the way, so that the client repeats the request in the other region. */
const LOST_EACH = 5;
const PAUSE_MS = 100;
/** Times that a caller repeats what the client cannot tell, and the pause before: what was done must arrive in the other region. */
const REPEATS_MAX = 10;
const REPEAT_MS = 300;

export type Ask = (
  region: string,
  method: string,
  path: string,
  sent: { readonly rawBody?: string; readonly key: string | null; readonly token: string },
) => Promise<Told>;

/** A write that was acknowledged: the beginning of the fact's sort key, in whose partition, and what it holds. */
export interface Acknowledged {
  readonly pk: string;
  readonly sk: string;
  readonly holds: object;
}

export interface Ledger {
  readonly acknowledged: Acknowledged[];
  /** Names of the problems that requests were refused with. */
  readonly refused: Set<string>;
  /** Requests whose outcome the client could not tell. */
  unknown: number;
}

export interface CallersProps {
  readonly regions: readonly string[];
  readonly skus: readonly string[];
  readonly token: string;
  readonly ask: Ask;
  readonly ledger: Ledger;
}

/** Stock for all, of the last sku in the first region only: the other one must be handed some. */
export const stockUp = async (props: CallersProps): Promise<void> => {
  const client = new TandemClient({ endpoints: endpointsOf(props), token: props.token, fetch: lossy(props) });
  for (const sku of props.skus)
    for (const region of sku === props.skus.at(-1) ? props.regions.slice(0, 1) : props.regions)
      await receive(client, props.ledger, sku, region, 60);
};

/** One caller: it orders, pays, ships, cancels, receives and reads until it is over, preferring a region. */
export const call = async (props: CallersProps, number: number, isOver: () => boolean): Promise<void> => {
  const { skus, ledger } = props;
  const endpoints = endpointsOf(props);
  const preferred = number % 2 === 0 ? endpoints : endpoints.toReversed();
  const client = new TandemClient({
    endpoints: preferred,
    token: props.token,
    fetch: lossy(props),
    settings: { budget: { ratio: 1 }, refreshMs: 2_000 },
  });
  for (let turn = number; !isOver(); turn += 1) {
    const sku = skus[turn % skus.length] ?? '';
    const lines = [{ sku, quantity: 1 + (turn % 3) }];
    const placed = await certainly((options) => client.placeOrder(turn % 2 === 0 ? { lines } : { lines, note: `turn ${turn}` }, options));
    const order = note(ledger, placed, ({ id, placedBy, lines: given }) => ({
      pk: `ORDER#${id}`,
      sk: `PLACED#${placedBy}`,
      holds: { lines: given },
    }));
    if (order !== undefined) await follow(client, ledger, order.id, turn);
    if (turn % 7 === 0) await receive(client, ledger, sku, preferred[turn % 2]?.region ?? '', 5);
    note<unknown>(ledger, turn % 3 === 0 ? await client.listOrders() : await client.getStock(sku));
    await sleep(PAUSE_MS);
  }
};

const endpointsOf = ({ regions }: CallersProps) => regions.map((region) => ({ region, url: `http://${region}` }));

const receive = async (client: TandemClient, ledger: Ledger, sku: string, region: string, quantity: number): Promise<void> => {
  const received = await certainly((options) => client.receiveStock(sku, region, { quantity }, options));
  note(ledger, received, ({ id, by }) => ({ pk: `STOCK#${sku}`, sk: `RECEIPT#${id}#${by}`, holds: { quantity, region } }));
};

/** What becomes of an order. */
const follow = async (client: TandemClient, ledger: Ledger, id: string, turn: number): Promise<void> => {
  const pk = `ORDER#${id}`;
  if (turn % 2 === 0) {
    const paid = await certainly((options) => client.payOrder(id, { amount: turn + 1 }, options));
    note(ledger, paid, ({ id: hash, by, amount }) => ({ pk, sk: `E#paid#${hash}#${by}`, holds: { amount } }));
  }
  if (turn % 3 === 0) {
    const shipped = await certainly((options) => client.shipOrder(id, { carrier: 'post' }, options));
    note(ledger, shipped, ({ by }) => ({ pk, sk: `END#${by}#${by}`, holds: { kind: 'shipped', carrier: 'post' } }));
  }
  if (turn % 3 === 1) {
    const wished = await certainly((options) => client.cancelOrder(id, options));
    note(ledger, wished, ({ id: hash, by }) => ({ pk, sk: `E#cancel#${hash}#${by}`, holds: {} }));
  }
  note(ledger, await client.getOrder(id));
};

/** The outcome of a write, repeated under its key while nobody can tell whether it was done. */
const certainly = async <T>(write: (options: WriteOptions) => Promise<Outcome<T>>): Promise<Outcome<T>> => {
  let outcome = await write({});
  for (let repeat = 0; repeat < REPEATS_MAX && outcome.kind === 'unknown' && outcome.idempotencyKey !== undefined; repeat += 1) {
    await sleep(REPEAT_MS);
    outcome = await write({ idempotencyKey: outcome.idempotencyKey, mayHaveRun: true });
  }
  return outcome;
};

const note = <T>(ledger: Ledger, outcome: Outcome<T>, fact?: (value: T) => Acknowledged): T | undefined => {
  switch (outcome.kind) {
    case 'ok':
      if (fact) ledger.acknowledged.push(fact(outcome.value));
      return outcome.value;
    case 'refused':
      ledger.refused.add(outcome.problem.type);
      return undefined;
    case 'unknown':
      ledger.unknown += 1;
      return undefined;
  }
};

const lossy = ({ ask, token }: CallersProps): Fetch => {
  let acknowledged = 0;
  return async (url, { method, headers, body }) => {
    const { hostname, pathname, search } = new URL(url);
    const key = headers['idempotency-key'] ?? null;
    const told = await ask(hostname, method, `${pathname}${search}`, { key, token, ...(body === undefined ? {} : { rawBody: body }) });
    const acknowledges = key !== null && told.status < 300;
    if (acknowledges) acknowledged += 1;
    if (acknowledges && acknowledged % LOST_EACH === 0) throw Object.assign(new Error('the answer was lost'), { code: 'ECONNRESET' });
    return { status: told.status, headers: { get: (name) => told.headers[name.toLowerCase()] ?? null }, text: async () => told.text };
  };
};
