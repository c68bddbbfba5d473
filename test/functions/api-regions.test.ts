import { describe, expect, it } from 'vitest';
import { EVACUATE_TEXT, HEALTHY_TEXT } from '../../functions/contract/names.ts';
import { incarnationItem, switchItem } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { ApiWorld, type ApiWorldProps, FailingStore, REGIONS } from './api-world.ts';

const start = (props: ApiWorldProps = {}) => new ApiWorld(props).start();
const putControl = (world: ApiWorld, item: Item) => world.control.transact([{ action: 'put', item }]);
const LINE = { sku: 'tea', quantity: 1 };

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
    const early = await world.get('/orders');
    world.aheadMs = 31_000;
    const late = await world.get('/orders');
    expect([early.status, late.status, late.headers['retry-after']]).toEqual([200, 503, '30']);
    // Each answer tells it, so that callers need not ask; and it is no failure of this region.
    expect([early, late].map(({ headers }) => headers['tandem-evacuated'])).toEqual([world.region, world.region]);
    expect(world.served.map(({ route, drained }) => [route, drained]).slice(-2)).toEqual([
      ['listOrders', false],
      ['listOrders', true],
    ]);
  });

  it('says nothing of evacuations while there is none', async () => {
    const answer = await (await start()).get('/orders');
    expect([answer.status, answer.headers['tandem-evacuated']]).toEqual([200, undefined]);
  });
});

describe('a region that holds no reservation of an order', () => {
  it('names the one that does to whoever wants it shipped', async () => {
    const [own, peer] = REGIONS;
    const here = await start();
    await here.post(`/stock/tea/regions/${own}/receipts`, { quantity: 1 });
    const placed = await here.post('/orders', { lines: [LINE] });
    const there = new ApiWorld({ region: peer, data: here.data, control: here.control });
    const shipping = await there.post(`/orders/${String(placed.body['id'])}/shipments`, {}, { token: here.key.token() });
    expect([shipping.status, shipping.body['type'], shipping.body['region']]).toEqual([409, '/problems/wrong-region', own]);
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
    expect([before, after].map(({ body }) => [body['region'], body['evacuate']])).toEqual([
      [peer, false],
      [peer, true],
    ]);
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

  it('tells the switch and the name of each region, not those of the one that is asked', async () => {
    const world = await start();
    const [own, peer] = REGIONS;
    const atMs = Date.now();
    await putControl(world, switchItem({ region: peer, by: own, evacuate: true, atMs, reason: 'test' }));
    await putControl(world, incarnationItem({ region: peer, incarnation: 3, by: own, phase: 'SERVES', atMs }));
    const { body } = await world.get('/regions', { token: null });
    expect(body['regions']).toMatchObject([
      { region: own, writer: own, evacuate: false },
      { region: peer, writer: `${peer}.3`, evacuate: true },
    ]);
  });

  it('tells no age below none, of a heartbeat that a clock ahead of this one has written', async () => {
    const world = await start();
    const ahead = { action: 'update', key: { pk: 'REGIONS', sk: `BEAT#${REGIONS[1]}` }, set: { at: Date.now() + 600_000 } } as const;
    await world.data.transact([ahead]);
    const { body } = await world.get('/regions', { token: null });
    expect(body['regions']).toMatchObject([{}, { region: REGIONS[1], heartbeatAgeMs: 0 }]);
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
