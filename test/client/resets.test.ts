/** The client over the API, when connections are reset after requests were taken: it must neither do twice nor call undone. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { TandemClient, type WriteOptions } from '../../client/client.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { ClientRoute } from '../../client/routes.ts';
import type { ROUTES } from '../../functions/contract/routes.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { ApiWorld } from '../functions/api-world.ts';
import { leftIn } from '../functions/every-write.ts';
import { type Behaviour, FrontDoor } from './front-door.ts';

type WriteRoute = { [R in ClientRoute]: (typeof ROUTES)[R]['method'] extends 'GET' ? never : R }[ClientRoute];
type Send = (client: TandemClient, options?: WriteOptions) => Promise<Outcome<unknown>>;

const lines = (sku: string) => ({ lines: [{ sku, quantity: 1 }] });

/** A call of each route that writes, once what it needs is there. A new route does not compile until it is here. */
const WRITES: Readonly<Record<WriteRoute, (ready: { readonly sku: string; readonly order: string }) => Send>> = {
  placeOrder:
    ({ sku }) =>
    (client, options) =>
      client.placeOrder(lines(sku), options),
  payOrder:
    ({ order }) =>
    (client, options) =>
      client.payOrder(order, { amount: 250 }, options),
  shipOrder:
    ({ order }) =>
    (client, options) =>
      client.shipOrder(order, {}, options),
  cancelOrder:
    ({ order }) =>
    (client, options) =>
      client.cancelOrder(order, options),
  receiveStock:
    ({ sku }) =>
    (client, options) =>
      client.receiveStock(sku, 'eu-central-1', { quantity: 3 }, options),
  putRecord: () => (client, options) => client.putRecord('record-1', { n: 1 }, { ...options, ifNoneMatch: '*' }),
};

/** A region with a door that loses the next answers, after the region has taken their requests. */
const region = async () => {
  const data = new MemoryStore();
  const world = await new ApiWorld({ data }).start();
  const state = { lost: 0 };
  const serve: Behaviour = ({ method, path, headers, body }, response, request) => {
    // The world says by itself what kind of body it sends.
    const sent = Object.entries(headers).flatMap(([name, value]) => (name === 'content-type' ? [] : [[name, String(value)] as const]));
    void world.call(method, path, { rawBody: body, key: null, token: null, headers: Object.fromEntries(sent) }).then((answer) => {
      state.lost -= 1;
      if (state.lost >= 0) request.socket.resetAndDestroy();
      else response.writeHead(answer.status, answer.headers).end(answer.text);
    });
  };
  const door = await FrontDoor.open(world.region, serve);
  const client = new TandemClient({
    endpoints: [{ region: world.region, url: door.url }],
    token: world.key.token(),
    settings: {
      refreshMs: 0,
      operation: { hedgeAfterMs: 30_000, attemptTimeoutMs: 30_000, deadlineMs: 60_000, backoffMs: 1, backoffMaxMs: 2 },
    },
  });
  const sku = `sku-${randomUUID()}`;
  await world.post(`/stock/${sku}/regions/${world.region}/receipts`, { quantity: 9 });
  const { body } = await world.post('/orders', lines(sku));
  return { data, state, client, ready: { sku, order: String(body['id']) }, [Symbol.asyncDispose]: () => door.close() };
};

describe.each(Object.entries(WRITES))('%s, when connections are reset after the request was taken', (_, write) => {
  test('is asked for again by itself, and done once', async () => {
    await using one = await region();
    one.state.lost = 1;
    const outcome = await write(one.ready)(one.client);
    const left = leftIn(one.data);
    expect(outcome).toMatchObject({
      kind: 'ok',
      replayed: true,
      attempts: [{ result: expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/) }, { result: 'ok' }],
    });
    const again = await write(one.ready)(
      one.client,
      outcome.idempotencyKey === undefined ? {} : { idempotencyKey: outcome.idempotencyKey },
    );
    expect([again.kind, leftIn(one.data)]).toEqual(['ok', left]);
  });

  test('is never called undone: its outcome is unknown until it is asked for again, by its key', async () => {
    await using one = await region();
    one.state.lost = Number.POSITIVE_INFINITY;
    const doubtful = await write(one.ready)(one.client);
    expect(doubtful).toMatchObject({ kind: 'unknown', mayHaveRun: true, refusal: undefined });
    expect(doubtful.idempotencyKey).toBeDefined();
    const left = leftIn(one.data);
    one.state.lost = 0;
    const key = doubtful.idempotencyKey === undefined ? {} : { idempotencyKey: doubtful.idempotencyKey };
    const settled = await write(one.ready)(one.client, { ...key, mayHaveRun: true });
    expect(settled).toMatchObject({ kind: 'ok', replayed: true, idempotencyKey: doubtful.idempotencyKey });
    expect(leftIn(one.data)).toEqual(left);
  });
});
