import { describe, expect, it } from 'vitest';
import { incarnationItem, switchItem } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { canarySku, canarySubject, EXPIRES } from '../../functions/core/synthetic.ts';
import { ApiWorld, type ApiWorldProps, FailingStore } from './api-world.ts';
import { makeTestKey } from './callers.ts';

describe('a synthetic caller of the API', () => {
  it('is served by a region that is evacuated and drained: its version must be triable before it is brought back', async () => {
    const { world, canary, sku } = await start();
    await receive(world, canary, sku);
    await putControl(world, switchItem({ region: world.region, by: world.region, evacuate: true, atMs: Date.now(), reason: 'test' }));
    world.aheadMs = 31_000;
    expect((await world.get('/orders')).status).toBe(503);
    expect((await world.get('/orders', { token: canary })).status).toBe(200);
    expect((await place(world, canary, sku)).status).toBe(201);
  });

  it('is refused as anybody by a region that is being rebuilt', async () => {
    const { world, canary, sku } = await start();
    await putControl(world, incarnationItem({ region: world.region, incarnation: 2, by: 'us-east-2', phase: 'FENCED', atMs: Date.now() }));
    expect((await place(world, canary, sku)).status).toBe(503);
    expect((await world.get('/orders', { token: canary })).status).toBe(503);
  });

  it('and users are kept apart by skus: 404 on reading, 400 on writing', async () => {
    const { world, canary, sku } = await start();
    await receive(world, canary, sku);
    const user = world.key.token();
    expect((await world.get(`/stock/${sku}`, { token: canary })).status).toBe(200);
    expect((await world.get(`/stock/${sku}`, { token: user })).status).toBe(404);
    for (const [token, other] of [
      [user, sku],
      [canary, 'tea'],
    ] as const)
      expect([(await place(world, token, other)).status, (await receive(world, token, other)).status]).toEqual([400, 400]);
  });

  it.each([
    ['*', 401],
    ['c*', 401],
    ['canary:*', 200],
    [canarySubject('eu-central-1'), 200],
    [canarySubject('us-east-2'), 401],
  ])('is one only by a key that says so: with subjects "%s" the answer is %i', async (subjects, status) => {
    const world = await new ApiWorld().start();
    const key = makeTestKey({ subjects: [subjects] });
    await putControl(world, key.item);
    expect((await world.get('/orders', { token: key.token({ sub: canarySubject('eu-central-1') }) })).status).toBe(status);
  });

  it('keeps its subject where everybody may call, and a token that is not right is anybody', async () => {
    const { world, canary, sku } = await start({ auth: { mode: 'none' } });
    await receive(world, canary, sku);
    const { body } = await place(world, canary, sku);
    const own = await world.get(`/orders/${String(body['id'])}`, { token: canary });
    const anybody = await world.get(`/orders/${String(body['id'])}`, { token: null });
    const wrong = await world.get('/orders', { token: 'a.b.c' });
    expect([own.status, anybody.status, wrong.status]).toEqual([200, 404, 200]);
  });

  it('is told from users, from those that nobody knows, and from those that cannot be told now', async () => {
    const control = new FailingStore();
    const { world, canary } = await start({ control });
    await world.get('/orders', { token: canary });
    await world.get('/orders');
    await world.get('/orders', { token: null });
    await world.get('/health', { token: null });
    control.down = true;
    // The view of the regions is older than it may be, the keys are not: a canary's failure is still a canary's.
    world.aheadMs = 6_000;
    await world.get('/orders', { token: canary });
    world.aheadMs = 60_000;
    await world.get('/orders', { token: canary });
    expect(world.served.map(({ caller, status }) => [caller, status])).toEqual([
      ['synthetic', 200],
      ['user', 200],
      ['nobody', 401],
      ['unknown', 200],
      ['synthetic', 503],
      ['unknown', 503],
    ]);
  });

  it('leaves orders that expire, and no other items that do', async () => {
    const { world, canary, sku } = await start();
    await receive(world, canary, sku);
    const { body } = await place(world, canary, sku);
    const expiring = (items: readonly Item[]) => items.map((item) => [item.sk.split('#')[0], EXPIRES in item]);
    expect(expiring(await world.data.query(`ORDER#${String(body['id'])}`))).toEqual([['PLACED', true]]);
    expect(expiring(await world.data.query(`STOCK#${sku}`))).toEqual([
      ['BOOKED', false],
      ['HELD', false],
      ['RECEIPT', false],
    ]);
  });
});

const start = async (props: ApiWorldProps = {}) => {
  const world = await new ApiWorld(props).start();
  const key = makeTestKey({ subjects: ['canary:*'] });
  await putControl(world, key.item);
  return { world, canary: key.token({ sub: canarySubject(world.region) }), sku: canarySku(world.region) };
};

const putControl = (world: ApiWorld, item: Item) => world.control.transact([{ action: 'put', item }]);
const place = (world: ApiWorld, token: string, sku: string) => world.post('/orders', { lines: [{ sku, quantity: 1 }] }, { token });
const receive = (world: ApiWorld, token: string, sku: string) =>
  world.post(`/stock/${sku}/regions/${world.region}/receipts`, { quantity: 5 }, { token });
