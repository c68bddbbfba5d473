import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../../functions/contract/routes.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { type Item, StoreUnavailable } from '../../functions/core/store.ts';
import { TOKENS_MAX } from '../../functions/core/token.ts';
import { HANG_MS } from '../support/eventually.ts';
import { type Answered, ApiWorld } from './api-world.ts';
import { carrying, elsewhere, HERE, keysIn, order, PEER, REPLICATED, receive, start, storeOf, tokenFor, tokenIn } from './tokens.ts';

describe('the answer to a write', () => {
  it('names what carries it: items that this region holds, the same on a replay', async () => {
    const world = await start();
    const key = randomUUID();
    const placed = await order(world, { key });
    const id = String(placed.body['id']);
    const writes = [
      placed,
      await world.post(`/orders/${id}/payments`, { amount: 1 }),
      await world.post(`/orders/${id}/shipments`, {}),
      await receive(world, 'tea'),
      await world.post(`/orders/${String((await order(world)).body['id'])}/cancellations`, {}),
      await world.call('PUT', '/records/record-1', { body: { value: { n: 1 } }, headers: { 'If-None-Match': '*' } }),
    ];
    for (const answer of writes) {
      expect(keysIn(answer)?.length).toBeGreaterThan(0);
      for (const named of keysIn(answer) ?? []) expect(await world.data.get(named)).toBeDefined();
      expect(answer.headers['tandem-durability']).toBeUndefined();
    }
    expect(new Set(writes.map(tokenIn)).size).toBe(writes.length);
    const paid = await world.post(`/orders/${id}/payments`, { amount: 2 }, { key });
    expect(tokenIn(await world.post(`/orders/${id}/payments`, { amount: 2 }, { key }))).toBe(tokenIn(paid));
  });

  it('names nothing when it is refused, and nothing is named by a read', async () => {
    const world = await start();
    const answers = [await world.post('/orders', { lines: [{ sku: 'none', quantity: 1 }] }), await world.get('/orders')];
    expect(answers.map(({ status, headers }) => [status, headers['tandem-token']])).toEqual([
      [409, undefined],
      [200, undefined],
    ]);
  });

  it('names an END where the fact of the order itself never arrived', async () => {
    // given an order whose region was lost, and of which only the shipment came here
    const key = randomUUID();
    const first = await start();
    const placed = await order(first, { key });
    const id = String(placed.body['id']);
    await first.post(`/orders/${id}/shipments`, {});
    const items = await first.data.query(`ORDER#${id}`);
    const world = new ApiWorld({ data: storeOf(...items.filter(({ sk }) => sk.startsWith('END#'))) });
    await world.control.transact([{ action: 'put', item: first.key.item }]);
    const token = first.key.token();
    // when the order is read under its old token, and its request repeated
    const read = await world.get(`/orders/${id}`, { token, ...carrying(tokenIn(placed)) });
    const skuOf = (answer: Answered) => Reflect.get(Object([answer.body['lines']].flat()[0]), 'sku');
    const again = await world.post('/orders', { lines: [{ sku: skuOf(placed), quantity: 1 }] }, { token, key });
    // then the old token is not fulfilled, and the new one is
    expect([read.status, read.headers['tandem-stale']]).toEqual([200, 'true']);
    expect([again.status, again.headers['idempotent-replayed']]).toEqual([201, 'true']);
    expect(keysIn(again)).toEqual([expect.objectContaining({ sk: expect.stringMatching(/^END#/) })]);
    const fresh = await world.get(`/orders/${id}`, { token, ...carrying(tokenIn(again)) });
    expect([fresh.status, fresh.headers['tandem-stale']]).toEqual([200, undefined]);
  });
});

describe('a request with a token', () => {
  it('is served at once where everything is there', async () => {
    const world = await start({ tokenWaitMs: 60_000 });
    const tokens = [tokenIn(await order(world)), tokenIn(await receive(world, 'tea'))];
    const startedMs = performance.now();
    const answer = await world.get('/orders', carrying(...tokens));
    expect([answer.status, answer.headers['tandem-stale']]).toEqual([200, undefined]);
    expect(performance.now() - startedMs).toBeLessThan(HANG_MS);
  });

  it('waits for what arrives', async () => {
    const data = new MemoryStore();
    const world = await start({ data, tokenWaitMs: 30_000 });
    const key = elsewhere();
    setTimeout(() => data.place({ ...key, v: 1 }), 120);
    const answer = await world.get('/orders', carrying(tokenFor(key)));
    expect([answer.status, answer.headers['tandem-stale']]).toEqual([200, undefined]);
    expect(world.served.at(-1)).toMatchObject({ stale: false, waitedMs: expect.any(Number) });
    expect(world.served.at(-1)?.waitedMs).toBeGreaterThanOrEqual(100);
  });

  it('waits for the time of tokens, however long a peer may take', async () => {
    const data = new MemoryStore();
    const world = await start({ data, tokenWaitMs: 30_000, replicatedDeadlineMs: 0 });
    const key = elsewhere();
    setTimeout(() => data.place({ ...key, v: 1 }), 120);
    expect((await world.get('/orders', carrying(tokenFor(key)))).headers['tandem-stale']).toBeUndefined();
  });

  it('is told that the answer is stale, whatever the answer is', async () => {
    const world = await start();
    const missing = elsewhere();
    const token = tokenFor(missing);
    const id = missing.pk.slice('ORDER#'.length);
    const answers = [
      await world.get('/orders', carrying(token)),
      await world.get(`/orders/${id}`, carrying(token)),
      await world.post(`/orders/${id}/payments`, { amount: 1 }, carrying(token)),
      await receive(world, 'tea', carrying(token)),
    ];
    expect(answers.map(({ status, headers }) => [status, headers['tandem-stale']])).toEqual([
      [200, 'true'],
      [404, 'true'],
      [404, 'true'],
      [201, 'true'],
    ]);
    expect(world.served.at(-1)?.stale).toBe(true);
  });

  it('of stock is told what another region has yet to book, and that the answer is stale, in the region that took the receipt', async () => {
    const world = await start();
    const path = `/stock/tea/regions/${PEER}/receipts`;
    const taken = await world.post(path, { quantity: 4 });
    expect(taken.status).toBe(201);
    const { status, headers, body } = await world.get('/stock/tea', carrying(tokenIn(taken)));
    expect([status, headers['tandem-stale'], body]).toEqual([
      200,
      'true',
      { sku: 'tea', received: 0, available: 0, sold: 0, moving: 0, pending: 4, regions: [] },
    ]);
    expect((await world.get('/stock/tea')).status).toBe(404);
    // when the peer has booked it, and its row has arrived
    const hash = String(taken.body['id']);
    await world.data.transact([{ action: 'put', item: { pk: 'STOCK#tea', sk: `BOOKED#${hash}#${PEER}`, v: 1, quantity: 4, n: 1 } }]);
    expect((await world.get('/stock/tea', carrying(tokenIn(taken)))).headers['tandem-stale']).toBe('true');
    await world.data.transact([{ action: 'put', item: { pk: 'STOCK#tea', sk: `HELD#${PEER}`, v: 1, available: 4, rev: 1, bookings: 1 } }]);
    const after = await world.get('/stock/tea', carrying(tokenIn(taken)));
    expect([after.headers['tandem-stale'], after.body]).toEqual([undefined, expect.not.objectContaining({ pending: 4 })]);
    expect(after.body).toMatchObject({ received: 4, available: 4 });
  });

  it('is stale as long as one of several tokens is', async () => {
    const world = await start();
    const here = tokenIn(await order(world));
    for (const tokens of [
      [here, tokenFor(elsewhere())],
      [tokenFor(elsewhere()), here],
    ])
      expect((await world.get('/orders', carrying(...tokens))).headers['tandem-stale']).toBe('true');
  });

  it('may carry its tokens in several lines, and one of them twice', async () => {
    const world = await start();
    const [one, two] = [tokenIn(await order(world)), tokenFor(elsewhere())];
    const event = world.event('GET', '/orders');
    const { statusCode, headers } = await world.handle({
      ...event,
      multiValueHeaders: { ...event.multiValueHeaders, 'Tandem-Token': [one, `${two},${one}`] },
    });
    expect([statusCode, headers['tandem-stale']]).toEqual([200, 'true']);
  });

  it('is refused before anything is done when the token is none', async () => {
    const world = await start();
    const one = tokenIn(await order(world));
    const forged = Buffer.from(JSON.stringify([1, ['REGIONS', `BEAT#${HERE}`]])).toString('base64url');
    const many = Array.from({ length: TOKENS_MAX + 1 }, () => tokenFor(elsewhere()));
    const key = randomUUID();
    for (const tokens of [[''], ['x'], [one, ''], [one, 'x'], [forged], [`${one}x`], many]) {
      for (const answer of [
        await world.get('/orders', carrying(...tokens)),
        await receive(world, 'tea', { ...carrying(...tokens), key }),
      ]) {
        expect([answer.status, answer.body['errors']]).toEqual([
          400,
          [{ at: 'header tandem-token', message: expect.stringContaining(`up to ${TOKENS_MAX}`) }],
        ]);
      }
    }
    expect((await receive(world, 'tea', { key })).headers['idempotent-replayed']).toBeUndefined();
    expect((await world.get('/orders', carrying(...many.slice(1)))).status).toBe(200);
  });

  it('is answered 503 when the table does not answer, and 401 without a look for those who are nobody', async () => {
    const data = new FailingReads();
    const world = await start({ data });
    const token = tokenFor(elsewhere());
    const nobody = await world.get('/orders', { ...carrying(token), token: null });
    expect([nobody.status, data.reads]).toEqual([401, 0]);
    expect((await world.get('/orders', carrying(token))).status).toBe(503);
    expect(data.reads).toBeGreaterThan(0);
  });
});

describe('routes that need no token of a caller', () => {
  it('take none of these headers to heart', async () => {
    const world = await start();
    const open = Object.values(ROUTES).filter(({ access }) => access.kind !== 'user');
    for (const { path } of open) {
      const target = path.replace('{region}', PEER);
      expect((await world.get(target, { token: null, headers: { ...REPLICATED, 'tandem-token': 'x' } })).status).toBe(200);
    }
  });
});

/** Reads of single items fail, and are counted; the rest works. */
class FailingReads extends MemoryStore {
  reads = 0;
  override async get(): Promise<Item | undefined> {
    this.reads += 1;
    throw new StoreUnavailable('down for the test');
  }
}
