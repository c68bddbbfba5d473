/**
 * That a write which was answered as `replicated` outlives its region: real writes through the real API function, SIGKILL
 * of everything of the region just after such an answer, and then a look into the survivor's table.
 *
 * A kill is the end of a region that was started for it: emulator, function and replication, in one process group. Many
 * callers write at once, each its next write after the answer to the last, and the kill comes 0 to 5 ms after one of the
 * answers, each time another one: so some writes were answered just now, and the others are at every point of their way.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEADERS } from '../functions/contract/names.ts';
import { ROUTES } from '../functions/contract/routes.ts';
import { namedIn } from '../functions/core/token.ts';
import { type Answered, type Asked, DOOMED, type Doomed, type DoomedProps, type Survivor, startDoomed } from './durability-region.ts';

const STOCK = 1_000_000;
/** Milliseconds after an answer at which a region is killed at the latest. */
const KILL_MS_MAX = 5;
/** A region that does not start on a busy machine has answered nobody: another is started. */
const STARTS_MAX = 5;
/** Milliseconds that the answer which is the sign may take. */
const SIGN_MS_MAX = 60_000;

/** A write that was answered 200 or 201 and `replicated`. */
export interface Acknowledged {
  readonly route: string;
  readonly token: string;
  /** Milliseconds from the answer to the kill; negative: the answer was on its way then. */
  readonly beforeKillMs: number;
}

export interface Killed {
  readonly acknowledged: readonly Acknowledged[];
  /** Those of them that the survivor does not hold. */
  readonly missing: readonly Acknowledged[];
  /** Writes answered 202: no peer was seen to hold them in time. */
  readonly local: number;
  /** Writes that the kill cut off. */
  readonly unanswered: number;
}

export interface KillProps extends Omit<DoomedProps, 'survivor'> {
  readonly survivor: Survivor;
  readonly writers: number;
  /** Which kill: decides after which answer it comes, and how long after. */
  readonly number: number;
}

/** One kill. @throws when the region does not start, or refuses a write */
export const killOnce = async (props: KillProps): Promise<Killed> => {
  const { survivor, writers, number } = props;
  const region = await startAnew(props);
  const told: { readonly route: string; readonly token: string; readonly atMs: number }[] = [];
  const sign = Promise.withResolvers<void>();
  const signAt = 1 + ((number * 7) % (3 * writers));
  let [local, unanswered, over, killedAtMs] = [0, 0, false, Number.POSITIVE_INFINITY];
  const take = (route: string, answer: Answered): void => {
    const [token, durability] = [answer.headers[HEADERS.token], answer.headers[HEADERS.durability]];
    if (token === undefined || durability === undefined)
      throw new Error(`given ${answer.status} to ${route}, allowed: a write that is done: ${JSON.stringify(answer.body)}`);
    if (durability === 'local') local += 1;
    else if (told.push({ route, token, atMs: performance.now() }) === signAt) sign.resolve();
  };
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; !over; count += 1) {
      const { route, asked } = nextWrite(writer, count);
      const answer = await region.ask(asked).catch((error: unknown) => {
        if (!over) throw error;
      });
      if (answer) take(route, answer);
      else unanswered += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: writers }, (_, writer) => stocked(region, writer)));
    const writing = Array.from({ length: writers }, (_, writer) => write(writer));
    const failed = Promise.all(writing).then(() => undefined);
    await Promise.race([sign.promise, failed, sleep(SIGN_MS_MAX, undefined, { ref: false })]);
    await sleep((number * 13) % (KILL_MS_MAX + 1));
    over = true;
    killedAtMs = performance.now();
    await region.kill();
    await failed;
  } finally {
    over = true;
    await region.kill();
  }
  const acknowledged = told.map(({ route, token, atMs }) => ({ route, token, beforeKillMs: killedAtMs - atMs }));
  const held = await Promise.all(acknowledged.map(({ token }) => holds(survivor, token)));
  return { acknowledged, missing: acknowledged.filter((_, index) => held[index] !== true), local, unanswered };
};

const startAnew = async (props: KillProps): Promise<Doomed> => {
  for (let start = 1; ; start += 1) {
    try {
      await props.survivor.reset();
      return await startDoomed({ ...props, survivor: props.survivor.endpoint });
    } catch (error: unknown) {
      if (start === STARTS_MAX) throw error;
    }
  }
};

const holds = async ({ store }: Survivor, token: string): Promise<boolean> => {
  const keys = namedIn(token) ?? [];
  const found = await Promise.all(keys.map((key) => store.get(key)));
  return keys.length > 0 && found.every((item) => item !== undefined);
};

const skuOf = (writer: number): string => `sku-${writer}`;

const asked = (
  route: 'placeOrder' | 'receiveStock' | 'putRecord',
  pathParameters: Readonly<Record<string, string>>,
  body: object,
  headers: Readonly<Record<string, string>>,
): Asked => ({
  httpMethod: ROUTES[route].method,
  resource: ROUTES[route].path,
  pathParameters,
  headers: { 'content-type': 'application/json', [HEADERS.durability]: 'replicated', ...headers },
  body: JSON.stringify(body),
});

const receive = (writer: number, quantity: number): Asked =>
  asked('receiveStock', { sku: skuOf(writer), region: DOOMED }, { quantity }, { [HEADERS.idempotencyKey]: randomUUID() });

/** Each caller has goods of its own, so that none waits for another. */
const stocked = async (region: Doomed, writer: number): Promise<void> => {
  const { status, body } = await region.ask(receive(writer, STOCK));
  if (status !== 201 && status !== 202) throw new Error(`given ${status} to a first receipt, allowed: 201 or 202: ${JSON.stringify(body)}`);
};

/** Orders, receipts and records in turn. */
const nextWrite = (writer: number, count: number): { readonly route: string; readonly asked: Asked } => {
  switch ((writer + count) % 3) {
    case 0: {
      const body = { lines: [{ sku: skuOf(writer), quantity: 1 }] };
      return { route: 'placeOrder', asked: asked('placeOrder', {}, body, { [HEADERS.idempotencyKey]: randomUUID() }) };
    }
    case 1:
      return { route: 'receiveStock', asked: receive(writer, 1) };
    default:
      return { route: 'putRecord', asked: asked('putRecord', { id: randomUUID() }, { value: { count } }, { [HEADERS.ifNoneMatch]: '*' }) };
  }
};
