import { describe, expect, it } from 'vitest';
import { EVACUATE_TEXT, HEADERS, HEALTHY_TEXT } from '../../functions/contract/names.ts';
import { LIMITS } from '../../functions/contract/values.ts';
import { incarnationItem, switchItem } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { journeys } from './api-journeys.ts';
import { type Answered, ApiWorld, type ApiWorldProps, FailingStore, REGIONS } from './api-world.ts';

const start = (props: ApiWorldProps = {}) => new ApiWorld(props).start();
const putControl = (world: ApiWorld, item: Item) => world.control.transact([{ action: 'put', item }]);
const LINE = { sku: 'tea', quantity: 1 };

journeys('the API over memory', () => start());

describe('a request that does not fit', () => {
  const errorsOf = ({ body }: Answered) => body['errors'];

  it.each<[string, unknown, string, string]>([
    ['no lines', {}, 'body.lines', 'allowed: array'],
    ['empty lines', { lines: [] }, 'body.lines', 'allowed: 1 or more items'],
    ['too many lines', { lines: Array(LIMITS.lines + 1).fill(LINE) }, 'body.lines', 'allowed: up to 50 items'],
    ['an unknown field', { lines: [LINE], color: 'red' }, 'body', 'unknown "color"'],
    ['an unknown field within', { lines: [{ ...LINE, price: 1 }] }, 'body.lines.0', 'unknown "price"'],
    ['a fraction', { lines: [{ sku: 'tea', quantity: 1.5 }] }, 'body.lines.0.quantity', 'allowed: int'],
    ['nothing of it', { lines: [{ sku: 'tea', quantity: 0 }] }, 'body.lines.0.quantity', 'allowed: 1 or more'],
    ['too much of it', { lines: [{ sku: 'tea', quantity: 1e9 }] }, 'body.lines.0.quantity', 'allowed: up to 1000000'],
    ['a sku with a separator', { lines: [{ sku: 'a#b', quantity: 1 }] }, 'body.lines.0.sku', 'allowed: /^[A-Za-z0-9._-]{1,64}$/'],
    ['text for a number', { lines: [{ sku: 'tea', quantity: '1' }] }, 'body.lines.0.quantity', 'allowed: number'],
    ['a long note', { lines: [LINE], note: 'x'.repeat(501) }, 'body.note', 'allowed: up to 500 characters'],
    ['a list', [1], 'body', 'allowed: object'],
    ['null', null, 'body', 'allowed: object'],
  ])('is told what and where: %s', async (_what, body, at, message) => {
    const world = await start();
    const answer = await world.post('/orders', body);
    expect([answer.status, answer.body['type'], errorsOf(answer)]).toEqual([400, '/problems/bad-request', [{ at, message }]]);
  });

  it('is told every problem at once, but not more than twenty', async () => {
    const world = await start();
    expect(errorsOf(await world.post('/orders', { lines: [{ sku: '', quantity: 0 }], note: 1 }))).toHaveLength(3);
    expect(errorsOf(await world.post('/orders', { lines: Array(50).fill({}) }))).toHaveLength(20);
  });

  it.each([
    ['{', 400],
    ['', 400],
    ['{"lines":[{"sku":"tea","quantity":1}],"__proto__":{"x":1}}', 400],
    [`${'['.repeat(8_000)}${']'.repeat(8_000)}`, 400],
    ['"\ud800"', 400],
    [`"${'x'.repeat(LIMITS.bodyBytes)}"`, 413],
    [`"${'ü'.repeat(LIMITS.bodyBytes / 2)}"`, 413],
  ])('is refused as raw text: %.20s', async (rawBody, status) => {
    const world = await start();
    for (const base64 of [false, true]) expect((await world.call('POST', '/orders', { rawBody, base64 })).status).toBe(status);
  });

  it.each(['text/plain', 'application/jsonp', 'application/x-www-form-urlencoded', ''])(
    'is refused with content-type "%s"',
    async (type) => {
      const world = await start();
      const answer = await world.post('/orders', { lines: [LINE] }, { headers: { 'Content-Type': type } });
      expect([answer.status, answer.body['type']]).toEqual([415, '/problems/unsupported-media-type']);
    },
  );

  it('may name the content-type in any case and with parameters, and headers too', async () => {
    const world = await start();
    const headers = { 'Content-Type': 'Application/JSON; charset=utf-8', 'IDEMPOTENCY-KEY': 'another-key-1' };
    expect((await world.post('/orders', { lines: [LINE] }, { headers, key: null })).status).toBe(409);
  });

  it.each([null, 'short', 'x'.repeat(129), 'with space', 'umläut-key'])('is refused with the Idempotency-Key %s', async (key) => {
    const world = await start();
    for (const path of ['/orders', `/orders/${'0'.repeat(32)}/payments`, '/stock/tea/regions/eu-central-1/receipts']) {
      const answer = await world.post(path, {}, { key });
      expect(answer.status).toBe(400);
      expect(JSON.stringify(answer.body)).toContain('idempotency-key');
    }
  });

  it('is refused with two different Idempotency-Keys', async () => {
    const world = await start();
    const event = world.event('POST', '/orders', { body: { lines: [LINE] }, key: null });
    const answer = await world.handle({
      ...event,
      multiValueHeaders: { ...event.multiValueHeaders, 'Idempotency-Key': ['key-number-1', 'key-number-2'] },
    });
    expect(answer.statusCode).toBe(400);
  });

  it.each([
    '/orders?limit=0',
    '/orders?limit=101',
    '/orders?limit=x',
    '/orders?limit=1&limit=2',
    '/orders?cursor=',
    '/orders?cursor=%00',
    '/orders?color=red',
    `/orders/${'0'.repeat(32)}?x=1`,
  ])('is refused: GET %s', async (path) => {
    const world = await start();
    expect((await world.get(path)).status).toBe(400);
  });

  it.each(['AAAA', 'A', '_-_-', 'x'.repeat(256)])('may carry any cursor of the right form: %.10s', async (cursor) => {
    const world = await start();
    expect((await world.get(`/orders?cursor=${cursor}`)).status).toBe(200);
  });

  it.each([
    '/orders/xyz',
    `/orders/${'A'.repeat(32)}`,
    '/orders/%ff',
    '/orders/%',
    '/stock/a%2Fb',
    '/stock/%E0%A4%A',
    '/stock/%23',
    '/orders/%2525',
    '/stock/a b',
  ])('is refused: GET %s', async (path) => {
    const world = await start();
    expect((await world.get(path)).status).toBe(400);
  });

  it('finds no path that does not exist, and names the methods of one that does', async () => {
    const world = await start();
    expect((await world.get('/nothing')).status).toBe(404);
    const answer = await world.call('DELETE', '/orders');
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST, GET']);
    expect((await world.call('HEAD', '/health')).status).toBe(405);
  });

  it('may come without anything that API Gateway usually sends', async () => {
    const world = await start();
    expect((await world.handle({ httpMethod: 'GET', resource: '/orders/{id}' })).statusCode).toBe(401);
    expect((await world.handle({ httpMethod: 'GET', resource: '/health' })).statusCode).toBe(200);
    expect((await world.handle({ httpMethod: 'GET', resource: '/switch/{region}' })).statusCode).toBe(400);
  });
});

describe('every answer', () => {
  it('names region, version and correlation id, and is kept by no cache', async () => {
    const world = await start();
    for (const answer of [
      await world.get('/health'),
      await world.get('/orders'),
      await world.get('/orders', { token: null }),
      await world.get('/nothing'),
    ]) {
      expect(answer.headers).toMatchObject({
        [HEADERS.region]: world.region,
        [HEADERS.version]: '1.0.0+7',
        [HEADERS.correlationId]: 'gateway-1',
        'cache-control': 'no-store',
      });
    }
  });

  it("carries the caller's correlation id only when it is harmless", async () => {
    const world = await start();
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
    const world = await start();
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

  it('to an unexpected error tells the correlation id and nothing of the error', async () => {
    const data = new FailingStore();
    Object.assign(data, { query: () => Promise.reject(new Error('password hunter2')) });
    const world = await start({ data });
    const { status, text, body } = await world.get('/regions');
    expect([status, body['correlationId'], text.includes('hunter2')]).toEqual([500, 'gateway-1', false]);
    expect(world.served.at(-1)?.refusal?.cause).toMatchObject({ message: 'password hunter2' });
  });
});

describe('a region in trouble', () => {
  it('without its table answers 503 with Retry-After, and tells nothing of the error', async () => {
    const data = new FailingStore();
    const world = await start({ data });
    data.down = true;
    for (const answer of [await world.get('/orders'), await world.post('/orders', { lines: [LINE] }), await world.get('/regions')]) {
      expect([answer.status, answer.body['type'], answer.headers['retry-after'], answer.text.includes('secrets')]).toEqual([
        503,
        '/problems/unavailable',
        '1',
        false,
      ]);
    }
    data.down = false;
    expect((await world.get('/orders')).status).toBe(200);
  });

  it('that cannot read its keys says 503, not 401', async () => {
    const control = new FailingStore();
    const world = await start({ control });
    control.down = true;
    expect((await world.get('/orders')).status).toBe(503);
  });

  it('fails its health check while the table does not answer', async () => {
    const data = new FailingStore();
    const world = await start({ data });
    data.down = true;
    const answer = await world.get('/health');
    expect([answer.status, answer.body['verdict'], answer.body['reasons'], answer.text.includes(HEALTHY_TEXT)]).toEqual([
      503,
      'fail',
      [{ code: 'table', detail: expect.any(String) }],
      false,
    ]);
  });

  it('says neither 401 nor 404 while it is being rebuilt: it does not know all keys and facts', async () => {
    const world = await start();
    await putControl(world, incarnationItem({ region: world.region, incarnation: 2, by: 'us-east-2', phase: 'FENCED', atMs: Date.now() }));
    const answers = [
      await world.get('/orders'),
      await world.get(`/orders/${'0'.repeat(32)}`),
      await world.get('/orders', { token: 'a.b.c' }),
      await world.post('/orders', { lines: [LINE] }),
    ];
    expect(answers.map(({ status, headers }) => [status, headers['retry-after']])).toEqual(Array(4).fill([503, '1']));
    expect((await world.get('/health')).status).toBe(503);
  });

  it('that was away reads, but does not write before it heard a peer', async () => {
    const world = await start();
    const beat = (region: string, more: object) => ({ pk: 'REGIONS', sk: `BEAT#${region}`, v: 1, rev: 1, ...more });
    const nowMs = Date.now();
    const put = (item: Item) => world.data.transact([{ action: 'put', item }]);
    await put(beat(world.region, { at: nowMs, resumedAt: nowMs }));
    await put(beat(REGIONS[1], { at: nowMs - 60_000 }));
    expect((await world.get('/orders')).status).toBe(200);
    const write = await world.post('/orders', { lines: [LINE] });
    expect([write.status, write.body['type'], write.headers['retry-after']]).toEqual([503, '/problems/unavailable', '1']);
    await put(beat(REGIONS[1], { at: nowMs + 2_000 }));
    world.aheadMs = 5_001;
    expect((await world.post('/orders', { lines: [LINE] })).body['type']).toBe('/problems/out-of-stock');
  });

  it('that is evacuated fails its health check at once, and refuses callers after the drain time', async () => {
    const world = await start();
    await putControl(world, switchItem({ region: world.region, by: world.region, evacuate: true, atMs: Date.now(), reason: 'test' }));
    expect((await world.get('/health')).body).toMatchObject({ verdict: 'fail', reasons: [{ code: 'evacuated' }] });
    expect((await world.get('/orders')).status).toBe(200);
    world.aheadMs = 31_000;
    const late = await world.get('/orders');
    expect([late.status, late.headers['retry-after']]).toEqual([503, '30']);
  });
});

describe('the health check', () => {
  it('says so in text that Route 53 finds, and writes a heartbeat at most every five seconds', async () => {
    const world = await start();
    for (let n = 0; n < 5; n += 1) {
      const { status, text, body } = await world.get('/health', { token: null });
      expect([status, text.slice(0, 5_120).includes(HEALTHY_TEXT)]).toEqual([200, true]);
      expect(body).toMatchObject({ region: world.region, version: '1.0.0+7', writer: world.region, reasons: [] });
    }
    const beat = () => world.data.get({ pk: 'REGIONS', sk: `BEAT#${world.region}` });
    expect(await beat()).toMatchObject({ rev: 1 });
    world.aheadMs = 5_001;
    await world.get('/health');
    expect(await beat()).toMatchObject({ rev: 2 });
  });
});

describe('the switch', () => {
  it('tells of an evacuated peer, and of none that does not exist', async () => {
    const world = await start();
    const peer = REGIONS[1];
    const before = await world.get(`/switch/${peer}`, { token: null });
    expect([before.status, before.text.includes(EVACUATE_TEXT)]).toEqual([200, false]);
    await putControl(world, switchItem({ region: peer, by: world.region, evacuate: true, atMs: Date.now(), reason: 'test' }));
    world.aheadMs = 5_001;
    const after = await world.get(`/switch/${peer}`, { token: null });
    expect(after.text).toContain(EVACUATE_TEXT);
    expect((await world.get('/switch/eu-west-9', { token: null })).status).toBe(404);
    expect((await world.get('/switch/x', { token: null })).status).toBe(400);
  });

  it('does not speak for others without its table', async () => {
    const data = new FailingStore();
    const world = await start({ data });
    await putControl(world, switchItem({ region: REGIONS[1], by: world.region, evacuate: true, atMs: Date.now(), reason: 'test' }));
    data.down = true;
    const answer = await world.get(`/switch/${REGIONS[1]}`);
    expect([answer.status, answer.text.includes(EVACUATE_TEXT)]).toEqual([200, false]);
  });
});

describe('the list of regions', () => {
  it("tells how old each region's heartbeat is in this replica", async () => {
    const world = await start();
    const beat = { action: 'update', key: { pk: 'REGIONS', sk: `BEAT#${REGIONS[1]}` }, set: { at: Date.now() - 42_000 } } as const;
    await world.data.transact([beat]);
    await world.get('/health');
    const { body } = await world.get('/regions', { token: null });
    const ages = [body['regions']].flat().map((each) => Number(Reflect.get(Object(each), 'heartbeatAgeMs')));
    expect(ages[0]).toBeLessThan(30_000);
    expect(ages[1]).toBeGreaterThanOrEqual(42_000);
    expect(ages[1]).toBeLessThan(72_000);
  });

  it('tells heartbeats, versions, switches and front doors as this region sees them', async () => {
    const world = await start({ domain: 'api.example.com' });
    await world.get('/health');
    const { body } = await world.get('/regions', { token: null });
    expect(body).toMatchObject({
      region: world.region,
      regions: [
        {
          region: REGIONS[0],
          writer: REGIONS[0],
          version: '1.0.0+7',
          verdict: 'pass',
          evacuate: false,
          writable: true,
          url: 'https://eu-central-1.api.example.com',
        },
        {
          region: REGIONS[1],
          heartbeatAgeMs: null,
          version: null,
          verdict: null,
          writable: null,
          url: 'https://us-east-2.api.example.com',
        },
      ],
    });
  });
});
