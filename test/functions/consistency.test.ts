import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../../functions/contract/routes.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { incarnationItem, switchItem } from '../../functions/core/operations.ts';
import { type Item, type Key, type Store, StoreUnavailable } from '../../functions/core/store.ts';
import { keysOf, TOKENS_MAX, tokenOf } from '../../functions/core/token.ts';
import { type Answered, ApiWorld, type ApiWorldProps, REGIONS, type Sent } from './api-world.ts';

const [HERE, PEER] = REGIONS;
/** Times are told coarsely: enough to tell a wait from none, on a machine that is busy. */
const NO_WAIT_MS = 5_000;
const REPLICATED = { 'tandem-durability': 'replicated' };

const start = (props: ApiWorldProps = {}) => new ApiWorld(props).start();
const carrying = (...tokens: readonly string[]): Sent => ({ headers: { 'Tandem-Token': tokens.join(', ') } });
const tokenFor = (...keys: readonly Key[]) => tokenOf(keys) ?? '';
const tokenIn = ({ headers }: Answered) => headers['tandem-token'] ?? '';
const keysIn = (answer: Answered) => keysOf(tokenIn(answer));
const receive = (world: ApiWorld, sku: string, sent: Sent = {}) =>
  world.post(`/stock/${sku}/regions/${HERE}/receipts`, { quantity: 9 }, sent);
const order = async (world: ApiWorld, sent: Sent = {}) => {
  const sku = `sku-${randomUUID()}`;
  await receive(world, sku);
  return world.post('/orders', { lines: [{ sku, quantity: 1 }] }, sent);
};
const elsewhere = (): Key => ({ pk: `ORDER#${randomUUID().replaceAll('-', '')}`, sk: `PLACED#${PEER}` });

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
    expect(performance.now() - startedMs).toBeLessThan(NO_WAIT_MS);
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
    for (const tokens of [[''], ['x'], [one, ''], [one, 'x'], [forged], many]) {
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

describe('a list with a token', () => {
  it('is stale in a region that has not heard of the new order, and shows it as soon as it has', async () => {
    const here = await start();
    const placed = await order(here);
    const data = new LateIndex();
    const there = new ApiWorld({ region: PEER, data });
    await there.control.transact([{ action: 'put', item: here.key.item }]);
    const sent = { token: here.key.token(), ...carrying(tokenIn(placed)) };
    const before = await there.get('/orders', sent);
    for (const key of keysIn(placed) ?? []) data.place((await here.data.get(key)) ?? { ...key, v: 1 });
    data.lacks = new Set([`ORDER#${placed.body['id']}`]);
    const after = await there.get('/orders', sent);
    expect([before, after].map((answer) => [answer.headers['tandem-stale'], idsIn(answer)])).toEqual([
      ['true', []],
      [undefined, [placed.body['id']]],
    ]);
  });

  it('shows what its index does not show yet, in its place, on whichever page that is', async () => {
    const data = new LateIndex();
    const world = await start({ data });
    const placed: Answered[] = [];
    for (let n = 0; n < 5; n += 1) placed.unshift(await order(world));
    const ids = placed.map(({ body }) => body['id']);
    const sent = carrying(...placed.map(tokenIn));
    // Every set of orders that the index may lack.
    for (let lacking = 0; lacking < 2 ** ids.length; lacking += 1) {
      data.lacks = new Set(ids.flatMap((id, index) => (lacking & (1 << index) ? [`ORDER#${id}`] : [])));
      for (const limit of [2, 5, 20]) {
        const pages = await pagesOf(world, limit, sent);
        expect(pages.flat(), `lacking ${lacking}, limit ${limit}`).toEqual(ids);
        expect(pages.map(({ length }) => length)).toEqual(limit === 2 ? [2, 2, 1] : [5]);
      }
    }
    expect(idsIn(await world.get('/orders'))).toEqual([]);
  });

  it("shows nobody else's order, and nothing that is no order", async () => {
    const data = new LateIndex();
    const world = await start({ data });
    const placed = await order(world);
    data.lacks = new Set([`ORDER#${placed.body['id']}`]);
    const received = await receive(world, 'tea');
    const stranger = await world.get('/orders', { token: world.key.token({ sub: 'stranger' }), ...carrying(tokenIn(placed)) });
    expect([stranger.status, idsIn(stranger)]).toEqual([200, []]);
    expect(idsIn(await world.get('/orders', carrying(tokenIn(received))))).toEqual([]);
    expect(idsIn(await world.get('/orders', carrying(tokenIn(received), tokenIn(placed))))).toEqual([placed.body['id']]);
  });

  it('reads nothing twice that its index shows', async () => {
    const data = new LateIndex();
    const world = await start({ data });
    const placed = await order(world);
    data.reads = 0;
    await world.get('/orders', carrying(tokenIn(placed)));
    expect(data.reads).toBe(1);
  });
});

describe('a write that is to be replicated', () => {
  it('has its own status when a peer holds what carries it, on a replay too', async () => {
    const world: ApiWorld = await start({ peer: { get: (key) => world.data.get(key) }, replicatedDeadlineMs: 30_000 });
    const key = randomUUID();
    const placed = await order(world, { key, headers: REPLICATED });
    const id = String(placed.body['id']);
    const put = (value: number, headers: Readonly<Record<string, string>>) =>
      world.call('PUT', '/records/record-1', { body: { value: { n: value } }, headers: { ...headers, ...REPLICATED } });
    const made = await put(1, { 'If-None-Match': '*' });
    const cancelling = { headers: REPLICATED };
    const answers = [
      placed,
      await world.post('/orders', { lines: placed.body['lines'] }, { key, headers: REPLICATED }),
      await world.post(`/orders/${id}/payments`, { amount: 1 }, { headers: REPLICATED }),
      made,
      await put(2, { 'If-Match': made.headers['etag'] ?? '' }),
      await world.post(`/orders/${id}/cancellations`, {}, cancelling),
    ];
    expect(answers.map(({ status, headers }) => [status, headers['tandem-durability']])).toEqual(
      [201, 201, 201, 201, 200, 202].map((status) => [status, 'replicated']),
    );
    expect(new Set(world.askedPeers)).toEqual(new Set([PEER]));
  });

  it('is answered 202 when the deadline passed first, and is done all the same', async () => {
    const world = await start({ replicatedDeadlineMs: 100 });
    const key = randomUUID();
    const placed = await order(world, { key, headers: REPLICATED });
    const cancelled = await world.post(`/orders/${String(placed.body['id'])}/cancellations`, {}, { headers: REPLICATED });
    expect([placed, cancelled].map(({ status, headers }) => [status, headers['tandem-durability']])).toEqual([
      [202, 'local'],
      [202, 'local'],
    ]);
    expect((await world.get(`/orders/${String(placed.body['id'])}`)).status).toBe(200);
    expect(world.served.find(({ durability }) => durability === 'local')?.waitedMs).toBeGreaterThanOrEqual(90);
  });

  it.each<[string, Pick<Store, 'get'>]>([
    ['lacks it', { get: async () => undefined }],
    ['fails', { get: () => Promise.reject(new StoreUnavailable('gone')) }],
    ['hangs', { get: () => new Promise(() => undefined) }],
  ])('is not failed nor held up by a peer that %s', async (_, peer) => {
    const world = await start({ peer, replicatedDeadlineMs: 150 });
    const startedMs = performance.now();
    const answer = await receive(world, 'tea', { headers: REPLICATED });
    expect([answer.status, answer.headers['tandem-durability']]).toEqual([202, 'local']);
    expect(performance.now() - startedMs).toBeLessThan(NO_WAIT_MS);
  });

  it('is not witnessed by a region that is being rebuilt, and is by one that is evacuated', async () => {
    const world: ApiWorld = await start({ peer: { get: (key) => world.data.get(key) } });
    const evacuated = switchItem({ region: PEER, by: HERE, evacuate: true, atMs: Date.now(), reason: 'test' });
    await world.control.transact([{ action: 'put', item: evacuated }]);
    expect((await receive(world, 'tea', { headers: REPLICATED })).status).toBe(201);
    const fence: Item = incarnationItem({ region: PEER, incarnation: 2, by: HERE, phase: 'FENCED', atMs: Date.now() });
    await world.control.transact([{ action: 'put', item: fence }]);
    // The view of the regions is taken anew after five seconds.
    world.aheadMs = 6_000;
    const answer = await receive(world, 'tea', { headers: REPLICATED });
    expect([answer.status, answer.headers['tandem-durability']]).toEqual([202, 'local']);
  });

  it('tells nothing of a refusal, and asks nobody then', async () => {
    const world = await start();
    const answer = await world.post('/orders', { lines: [{ sku: 'none', quantity: 1 }] }, { headers: REPLICATED });
    expect([answer.status, answer.headers['tandem-durability'], world.askedPeers]).toEqual([409, undefined, []]);
  });

  it('asks for it by that word alone', async () => {
    const world = await start();
    for (const word of ['', 'local', 'Replicated', 'quorum', 'replicated, local'])
      for (const answer of [
        await receive(world, 'tea', { headers: { 'tandem-durability': word } }),
        await world.get('/orders', { headers: { 'tandem-durability': word } }),
      ])
        expect([answer.status, answer.body['errors']]).toEqual([400, [{ at: 'header tandem-durability', message: 'allowed: replicated' }]]);
  });

  it('costs those who do not ask nothing: no peer is named, none is asked', async () => {
    const world = await start();
    await order(world);
    await world.get('/orders');
    expect(world.askedPeers).toEqual([]);
    expect(world.served.every(({ waitedMs, durability }) => waitedMs < NO_WAIT_MS && durability === undefined)).toBe(true);
  });
});

describe('a read that asks whether a write is replicated', () => {
  it('is told so when this region and a peer hold what the token names, and not before', async () => {
    const peer = new MemoryStore();
    const world = await start({ peer, replicatedDeadlineMs: 100 });
    const placed = await order(world);
    const path = `/orders/${String(placed.body['id'])}`;
    const ask = () => world.get(path, { headers: { ...REPLICATED, 'tandem-token': tokenIn(placed) } });
    const before = await ask();
    for (const key of keysIn(placed) ?? []) peer.place({ ...key, v: 1 });
    const after = await ask();
    expect([before, after].map(({ status, headers }) => [status, headers['tandem-durability']])).toEqual([
      [200, 'local'],
      [200, 'replicated'],
    ]);
  });

  it('is not told so when only the peer holds it: that is one region', async () => {
    const key = elsewhere();
    const world = await start({ peer: storeOf({ ...key, v: 1 }), tokenWaitMs: 0 });
    const answer = await world.get('/orders', { headers: { ...REPLICATED, 'tandem-token': tokenFor(key) } });
    expect([answer.headers['tandem-stale'], answer.headers['tandem-durability'], world.askedPeers]).toEqual(['true', 'local', []]);
  });

  it('must say of what', async () => {
    const world = await start();
    for (const path of ['/orders', `/orders/${'0'.repeat(32)}`, '/stock/tea', '/records/record-1']) {
      const answer = await world.get(path, { headers: REPLICATED });
      expect([answer.status, answer.body['errors']]).toEqual([
        400,
        [{ at: 'header tandem-durability', message: expect.stringContaining('tandem-token') }],
      ]);
    }
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

const storeOf = (...items: readonly Item[]): MemoryStore => {
  const store = new MemoryStore();
  for (const item of items) store.place(item);
  return store;
};

/** Reads of single items fail, and are counted; the rest works. */
class FailingReads extends MemoryStore {
  reads = 0;
  override async get(): Promise<Item | undefined> {
    this.reads += 1;
    throw new StoreUnavailable('down for the test');
  }
}

/** An index that is behind its table, as any of DynamoDB's may be. */
class LateIndex extends MemoryStore {
  /** Partitions that it does not show. */
  lacks: ReadonlySet<string> = new Set();
  /** Of single items. */
  reads = 0;

  override async get(key: Key): Promise<Item | undefined> {
    this.reads += 1;
    return super.get(key);
  }

  override async listByOwner(...[owner, { limit, ...page }]: Parameters<Store['listByOwner']>): ReturnType<Store['listByOwner']> {
    const all = await super.listByOwner(owner, { ...page, limit: 1_000 });
    const shown = all.items.filter(({ pk }) => !this.lacks.has(pk));
    return { items: shown.slice(0, limit), more: shown.length > limit };
  }
}

const idsIn = ({ body }: Answered) => [body['orders']].flat().map((row) => Reflect.get(Object(row), 'id'));

const pagesOf = async (world: ApiWorld, limit: number, sent: Sent) => {
  const pages: unknown[][] = [];
  let cursor = '';
  for (let page = 0; page < 10; page += 1) {
    const answer = await world.get(`/orders?limit=${limit}${cursor}`, sent);
    pages.push(idsIn(answer));
    if (answer.body['cursor'] === undefined) break;
    cursor = `&cursor=${String(answer.body['cursor'])}`;
  }
  return pages;
};
