import { describe, expect, test } from 'vitest';
import { TokenMemory } from '../../client/tokens.ts';
import { answer, type Behaviour, type FrontDoor, late, problem, silence } from './front-door.ts';
import { ORDER, regions } from './two-regions.ts';

const ID = '1'.repeat(32);
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
      ['/orders', 'a-orders'],
    ]);
  });

  test('says so with a list in the region that it moves to, and hears that its new order is not in it', async () => {
    const list = { orders: [] };
    const empty: Behaviour = (received, response, request) => {
      // As the API: a token that names what is not here makes the answer stale.
      answer(200, list, received.headers['tandem-token'] === undefined ? {} : STALE)(received, response, request);
    };
    await using world = await regions(telling('a'), empty);
    const client = world.client();
    await client.placeOrder(ORDER);
    await world.a.close();
    const lists = [await client.listOrders(), await client.listOrders({ limit: '5' })];
    expect(lists).toMatchObject([
      { kind: 'ok', region: 'b', stale: true },
      { kind: 'ok', region: 'b', stale: true },
    ]);
    expect(tokensAt(world.b)).toEqual([
      ['/orders', 'a-orders'],
      ['/orders?limit=5', 'a-orders'],
    ]);
  });

  test('says nothing with a list of what it paid, shipped or cancelled: a list shows what was placed', async () => {
    await using world = await regions(telling('a'), silence);
    const client = world.client();
    await client.payOrder(ID, { amount: 1 });
    await client.shipOrder(ID, {});
    await client.cancelOrder(ID);
    await client.listOrders();
    expect(tokensAt(world.a).at(-1)).toEqual(['/orders', undefined]);
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
    await using world = await regions(late(2_000, answer(202, placed, { 'tandem-durability': 'local' })), telling('b'));
    const client = world.client({ operation: { hedgeAfterMs: 50, attemptTimeoutMs: 1_500 }, replicatedMs: 10_000 });
    expect(await client.placeOrder(ORDER, { durability: 'replicated' })).toMatchObject({ kind: 'ok', region: 'a' });
    expect(world.b.asked).toHaveLength(0);
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'b' });
  });
});

describe("a client's memory", () => {
  test('keeps the newest tokens of a resource, each once, and the resources used last', () => {
    const memory = new TokenMemory();
    const remember = (path: string, token: string) => memory.remember(path, {}, token, 0);
    for (let n = 0; n < 12; n += 1) remember('/orders/1', `t${n}`);
    remember('/orders/1', 't5');
    expect(memory.recall('/orders/1', 0)).toBe('t4,t6,t7,t8,t9,t10,t11,t5');
    for (let n = 0; n < 999; n += 1) remember(`/stock/${n}`, 't');
    expect(memory.recall('/orders/1', 0)).toBeDefined();
    remember('/stock/one-more', 't');
    const recalled = ['/orders/1', '/stock/0', '/stock/1'].map((path) => memory.recall(path, 0));
    expect([recalled[0] !== undefined, ...recalled.slice(1)]).toEqual([true, undefined, 't']);
  });

  test('knows what a path is about', () => {
    const memory = new TokenMemory();
    memory.remember('/orders', { id: '1' }, 'placed', 0);
    memory.remember('/orders/1/payments', { id: 'h' }, 'paid', 0);
    memory.remember('/records/a%2Fb', { id: 'a/b' }, 'edited', 0);
    memory.remember('/stock/tea/regions/x/receipts', { id: 'h' }, 'received', 0);
    const paths = ['/orders/1', '/orders/1?x=1', '/orders', '/orders?limit=1', '/orders/h', '/records/a%2Fb/history?limit=1', '/stock/tea'];
    expect(paths.map((path) => memory.recall(path, 0))).toEqual([
      'placed,paid',
      'placed,paid',
      'placed',
      'placed',
      undefined,
      'edited',
      'received',
    ]);
  });

  test('holds a list to the newest few that were made, and for some minutes; what it was told of a thing it keeps', () => {
    const memory = new TokenMemory();
    for (let n = 0; n < 10; n += 1) memory.remember('/orders', { id: `${n}` }, `t${n}`, n * 60_000);
    const at = (minute: number) => memory.recall('/orders', minute * 60_000);
    expect([at(9), at(13), at(14)]).toEqual(['t5,t6,t7,t8,t9', 't9', undefined]);
    expect(memory.recall('/orders/0', 60 * 60_000)).toBe('t0');
    for (let n = 0; n < 10; n += 1) memory.remember('/orders', { id: `${n}` }, `u${n}`, 0);
    expect(memory.recall('/orders', 0)).toBe('u2,u3,u4,u5,u6,u7,u8,u9');
  });
});

const problemWith =
  (headers: Readonly<Record<string, string>>): Behaviour =>
  (received, response, request) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    problem(404, 'not-found')(received, response, request);
  };

const tokensAt = (door: FrontDoor) => door.asked.map(({ path, headers }) => [path, headers['tandem-token']]);
