import { describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { ROUTES, type Route } from '../../functions/contract/routes.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { PartitionTooLong } from '../../functions/core/store.ts';
import { journeys } from './api-journeys.ts';
import { ApiWorld, FailingStore } from './api-world.ts';

journeys('the API over memory', () => new ApiWorld().start());

describe('every answer', () => {
  it('names region, version, correlation id and the type of its content, and is kept by no cache', async () => {
    const world = await new ApiWorld().start();
    for (const [answer, type] of [
      [await world.get('/health'), 'json'],
      [await world.get('/orders'), 'json'],
      [await world.get('/orders', { token: null }), 'problem+json'],
      [await world.get('/nothing'), 'problem+json'],
    ] as const) {
      expect(answer.headers).toMatchObject({
        'content-type': `application/${type}`,
        'x-content-type-options': 'nosniff',
        [HEADERS.region]: world.region,
        [HEADERS.version]: '1.0.0+7',
        [HEADERS.correlationId]: 'gateway-1',
        'cache-control': 'no-store',
      });
    }
  });

  it('to a read has an ETag where the contract says so, and nowhere else', async () => {
    const world = await new ApiWorld().start();
    await world.post(`/stock/tea/regions/${world.region}/receipts`, { quantity: 1 });
    const { body } = await world.post('/orders', { lines: [{ sku: 'tea', quantity: 1 }] });
    await world.put('/records/note', { n: 1 });
    const ids: Readonly<Record<string, string>> = {
      '/orders/{id}': String(body['id']),
      '/records/{id}': 'note',
      '/records/{id}/history': 'note',
    };
    const reads = Object.values(ROUTES).filter((route: Route) => route.method === 'GET');
    for (const route of reads) {
      const { path, success }: Route = route;
      const target = path
        .replace('{id}', ids[path] ?? '')
        .replace('{sku}', 'tea')
        .replace('{region}', world.region);
      const answer = await world.get(target);
      expect([path, answer.status, answer.headers['etag'] !== undefined]).toEqual([path, 200, success.tagged === true]);
    }
  });

  it("carries the caller's correlation id only when it is harmless", async () => {
    const world = await new ApiWorld().start();
    const ids = ['my-correlation_1', 'short', 'x'.repeat(65), 'a b c d e f', 'line\nbreak-in-it'];
    const answers = await Promise.all(ids.map((id) => world.get('/orders', { headers: { [HEADERS.correlationId]: id } })));
    expect(answers.map((answer) => answer.headers[HEADERS.correlationId])).toEqual([
      'my-correlation_1',
      'gateway-1',
      'gateway-1',
      'gateway-1',
      'gateway-1',
    ]);
  });

  it('that refuses is a problem with type, title, status and correlation id', async () => {
    const world = await new ApiWorld().start();
    const { headers, body } = await world.get(`/orders/${'0'.repeat(32)}`);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toEqual({
      type: '/problems/not-found',
      title: 'There is no such thing here',
      status: 404,
      detail: expect.any(String),
      correlationId: 'gateway-1',
    });
  });

  it('about an order that has more facts than can be read is a refusal, and no failure of this version', async () => {
    const data = new MemoryStore();
    const world = await new ApiWorld({ data }).start();
    data.query = () => Promise.reject(new PartitionTooLong('more than 32 pages'));
    const id = '0'.repeat(32);
    const answers = [await world.get(`/orders/${id}`), await world.post(`/orders/${id}/payments`, { amount: 1 })];
    expect(answers.map(({ status, body }) => [status, body['type']])).toEqual(Array(2).fill([409, '/problems/order-full']));
  });

  it('to an unexpected error tells the correlation id and nothing of the error', async () => {
    const data = new FailingStore();
    Object.assign(data, { query: () => Promise.reject(new Error('password hunter2')) });
    const world = await new ApiWorld({ data }).start();
    const { status, text, body } = await world.get('/regions');
    expect([status, body['correlationId'], text.includes('hunter2')]).toEqual([500, 'gateway-1', false]);
    expect(world.served.at(-1)?.refusal?.cause).toMatchObject({ message: 'password hunter2' });
  });
});
