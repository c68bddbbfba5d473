import { describe, expect, test } from 'vitest';
import { type ClientProps, TandemClient } from '../../client/client.ts';
import { resourceOf, TokenMemory } from '../../client/tokens.ts';
import { answer, type Behaviour, FrontDoor, late, problem, silence } from './front-door.ts';

const ID = '1'.repeat(32);
const ORDER = { lines: [{ sku: 'a', quantity: 1 }] };
const placed = { id: ID, ...ORDER, placedAt: '2026-01-01T00:00:00Z', placedBy: 'a' };
/** Answers each write with a token of its own, and knows everything. */
const telling =
  (name: string, more: Readonly<Record<string, string>> = {}): Behaviour =>
  (received, response, request) => {
    const token: Readonly<Record<string, string>> =
      received.method === 'GET' ? {} : { 'tandem-token': `${name}-${received.path.split('/').at(-1)}` };
    answer(200, placed, { ...token, ...more })(received, response, request);
  };
const STALE = { 'tandem-stale': 'true' };

describe('a client that was told of a write', () => {
  test('says so with every later request about the same resource, and about no other', async () => {
    await using world = await regions(telling('a'), silence);
    const client = world.client();
    await client.placeOrder(ORDER);
    await client.payOrder(ID, { amount: 1 });
    await client.receiveStock('tea', 'a', { quantity: 1 });
    await client.getOrder(ID);
    await client.getOrder('2'.repeat(32));
    await client.getStock('tea');
    await client.listOrders();
    expect(tokensAt(world.a)).toEqual([
      ['/orders', undefined],
      [`/orders/${ID}/payments`, 'a-orders'],
      ['/stock/tea/regions/a/receipts', undefined],
      [`/orders/${ID}`, 'a-orders,a-payments'],
      [`/orders/${'2'.repeat(32)}`, undefined],
      ['/stock/tea', 'a-receipts'],
      ['/orders', undefined],
    ]);
  });

  test('says so in the region that it moves to, and hears that this one has not heard yet', async () => {
    await using world = await regions(telling('a'), telling('b', STALE));
    const client = world.client();
    const fresh = await client.placeOrder(ORDER);
    await world.a.close();
    const moved = await client.getOrder(ID);
    expect([fresh, moved]).toMatchObject([
      { kind: 'ok', region: 'a', stale: false },
      { kind: 'ok', region: 'b', stale: true },
    ]);
    expect(tokensAt(world.b)).toEqual([[`/orders/${ID}`, 'a-orders']]);
  });

  test('asks the next region when one has not heard of the thing', async () => {
    const missing: Behaviour = (received, response, request) =>
      (received.method === 'GET' ? problemWith(STALE) : telling('a'))(received, response, request);
    await using world = await regions(missing, telling('b'));
    const client = world.client();
    await client.placeOrder(ORDER);
    expect(await client.getOrder(ID)).toMatchObject({ kind: 'ok', region: 'b', stale: false });
    expect(tokensAt(world.b)).toEqual([[`/orders/${ID}`, 'a-orders']]);
  });

  test('believes the region that holds all of it, of two that know of no such thing', async () => {
    await using stale = await regions(problemWith(STALE), problemWith(STALE));
    await using mixed = await regions(problemWith(STALE), problem(404, 'not-found'));
    expect(await stale.client().getOrder(ID)).toMatchObject({ kind: 'refused', stale: true });
    expect(await mixed.client().getOrder(ID)).toMatchObject({ kind: 'refused', stale: false, region: 'b' });
  });
});

describe('a write that is to be replicated', () => {
  test('asks for it, and its outcome says what came of it', async () => {
    const durable = (status: number, durability: string): Behaviour => answer(status, placed, { 'tandem-durability': durability });
    await using world = await regions(durable(201, 'replicated'), silence);
    const client = world.client();
    expect(await client.placeOrder(ORDER, { durability: 'replicated' })).toMatchObject({
      kind: 'ok',
      status: 201,
      durability: 'replicated',
    });
    world.a.behaviour = durable(202, 'local');
    expect(await client.placeOrder(ORDER, { durability: 'replicated' })).toMatchObject({ kind: 'ok', status: 202, durability: 'local' });
    world.a.behaviour = answer(201, placed);
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', durability: undefined });
    expect(world.a.asked.map(({ headers }) => headers['tandem-durability'])).toEqual(['replicated', 'replicated', undefined]);
  });

  test('is not sent to another region while this one waits for it', async () => {
    await using world = await regions(late(300, answer(202, placed, { 'tandem-durability': 'local' })), telling('b'));
    const client = world.client({ operation: { hedgeAfterMs: 50, attemptTimeoutMs: 100 }, replicatedMs: 10_000 });
    expect(await client.placeOrder(ORDER, { durability: 'replicated' })).toMatchObject({ kind: 'ok', region: 'a' });
    expect(world.b.asked).toHaveLength(0);
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'b' });
  });
});

describe("a client's memory", () => {
  test('keeps the newest tokens of a resource, each once, and the resources used last', () => {
    const memory = new TokenMemory();
    for (let n = 0; n < 12; n += 1) memory.remember('orders/1', `t${n}`);
    memory.remember('orders/1', 't5');
    expect(memory.recall('orders/1')).toBe('t4,t6,t7,t8,t9,t10,t11,t5');
    for (let n = 0; n < 999; n += 1) memory.remember(`stock/${n}`, 't');
    expect(memory.recall('orders/1')).toBeDefined();
    memory.remember('stock/one-more', 't');
    expect([memory.recall('orders/1') !== undefined, memory.recall('stock/0'), memory.recall('stock/1')]).toEqual([true, undefined, 't']);
  });

  test('knows what a path is about', () => {
    expect(
      ['/orders/1', '/orders/1/payments', '/records/a%2Fb/history?limit=1', '/stock/tea/regions/x/receipts'].map((path) =>
        resourceOf(path),
      ),
    ).toEqual(['orders/1', 'orders/1', 'records/a%2Fb', 'stock/tea']);
    expect([resourceOf('/orders'), resourceOf('/orders?limit=1', { orders: [] }), resourceOf('/orders', { id: '1' })]).toEqual([
      undefined,
      undefined,
      'orders/1',
    ]);
  });
});

const problemWith =
  (headers: Readonly<Record<string, string>>): Behaviour =>
  (received, response, request) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    problem(404, 'not-found')(received, response, request);
  };

const tokensAt = (door: FrontDoor) => door.asked.map(({ path, headers }) => [path, headers['tandem-token']]);

const regions = async (a: Behaviour, b: Behaviour) => {
  const doors = { a: await FrontDoor.open('a', a), b: await FrontDoor.open('b', b) };
  return {
    ...doors,
    client: (settings: ClientProps['settings'] = {}) =>
      new TandemClient({
        endpoints: [doors.a, doors.b].map(({ region, url }) => ({ region, url })),
        settings: {
          refreshMs: 0,
          ...settings,
          operation: {
            hedgeAfterMs: 15_000,
            attemptTimeoutMs: 15_000,
            deadlineMs: 20_000,
            backoffMs: 5,
            patienceMs: 500,
            ...settings.operation,
          },
        },
      }),
    [Symbol.asyncDispose]: async () => {
      await doors.a.close();
      await doors.b.close();
    },
  };
};
