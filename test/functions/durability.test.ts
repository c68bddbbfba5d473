import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { incarnationItem, switchItem } from '../../functions/core/operations.ts';
import { SILENT_LOOK_MS } from '../../functions/core/peer-memory.ts';
import { type Item, type Key, type Store, StoreUnavailable } from '../../functions/core/store.ts';
import { HANG_MS } from '../support/eventually.ts';
import type { ApiWorld } from './api-world.ts';
import { elsewhere, HERE, keysIn, order, PEER, REPLICATED, receive, start, storeOf, tokenFor, tokenIn } from './tokens.ts';

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

  it('waits for the time of a peer, however long tokens may take', async () => {
    const peer = new MemoryStore();
    const data = new MemoryStore();
    const world = await start({ data, peer, tokenWaitMs: 0, replicatedDeadlineMs: 30_000 });
    const answering = receive(world, 'tea', { headers: REPLICATED });
    setTimeout(async () => {
      for (const item of await data.query('STOCK#tea')) peer.place(item);
    }, 120);
    expect((await answering).status).toBe(201);
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
    expect(performance.now() - startedMs).toBeLessThan(HANG_MS);
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
    for (const word of ['', 'local', 'Replicated', 'quorum'])
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
    expect(world.served.every(({ waitedMs, durability }) => waitedMs < HANG_MS && durability === undefined)).toBe(true);
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
    // A peer that missed a deadline is looked at once a second.
    world.aheadMs += SILENT_LOOK_MS;
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

  it('is told apart from its waits: all of them are counted, and the whole time with them', async () => {
    const key = elsewhere();
    const data = new LateStore({ ...key, v: 1 });
    const world = await start({ data, tokenWaitMs: 30_000, replicatedDeadlineMs: 150 });
    await world.get('/orders', { headers: { ...REPLICATED, 'tandem-token': tokenFor(key) } });
    const { waitedMs = 0, latencyMs = 0 } = world.served.at(-1) ?? {};
    expect(waitedMs).toBeGreaterThanOrEqual(240);
    expect(latencyMs).toBeGreaterThanOrEqual(waitedMs);
    // A table that is slow is no wait for another region.
    const slow = await start({ data: new SlowStore() });
    await slow.get('/stock/tea');
    expect(slow.served.at(-1)?.waitedMs).toBe(0);
    expect(slow.served.at(-1)?.latencyMs).toBeGreaterThanOrEqual(45);
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

/** Holds an item 120 ms after the first look at it. */
class LateStore extends MemoryStore {
  readonly #late: Item;
  #looked = false;

  constructor(late: Item) {
    super();
    this.#late = late;
  }

  override async get(key: Key): Promise<Item | undefined> {
    if (!this.#looked) setTimeout(() => this.place(this.#late), 120);
    this.#looked = true;
    return super.get(key);
  }
}

class SlowStore extends MemoryStore {
  override async query(...given: Parameters<MemoryStore['query']>): ReturnType<MemoryStore['query']> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return super.query(...given);
  }
}
