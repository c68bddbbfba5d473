import { describe, expect, test } from 'vitest';
import { TokenMemory } from '../../client/tokens.ts';
import { answer, type Behaviour, type FrontDoor, late, problem, reset, silence } from './front-door.ts';
import { ORDER_ID, serving, toldOf } from './serving.ts';
import { ORDER, regions } from './two-regions.ts';

const ID = ORDER_ID;
/** Answers each write with a token of its own, and knows everything. */
const telling =
  (name: string, more: Readonly<Record<string, string>> = {}): Behaviour =>
  (...asked) =>
    serving(({ method, path }) => (method === 'GET' ? more : { 'tandem-token': `${name}-${path.split('/').at(-1)}`, ...more }))(...asked);
const STALE = { 'tandem-stale': 'true' };

describe('a client that was told of a write', () => {
  test('asks a region for it that has not shown to hold it, with each request about the same thing, and about no other', async () => {
    await using world = await regions(telling('a'), telling('b', STALE));
    const client = world.client();
    await client.placeOrder(ORDER);
    await client.payOrder(ID, { amount: 1 });
    await client.receiveStock('tea', 'b', { quantity: 1 });
    await client.getOrder(ID);
    await world.a.close();
    await client.payOrder(ID, { amount: 2 });
    await client.getOrder('2'.repeat(32));
    await client.getOrder(ID);
    await client.getStock('tea');
    await client.listOrders();
    // The region that told it holds it.
    expect(tokensAt(world.a).map(([, tokens]) => tokens)).toEqual([undefined, undefined, undefined, undefined]);
    expect(tokensAt(world.b)).toEqual([
      [`/orders/${ID}/payments`, 'a-orders,a-payments'],
      [`/orders/${'2'.repeat(32)}`, undefined],
      [`/orders/${ID}`, 'a-orders,a-payments'],
      ['/stock/tea', 'a-receipts'],
      ['/orders', 'a-orders'],
    ]);
  });

  test('asks a region once that holds it', async () => {
    await using world = await regions(telling('a'), telling('b'));
    const client = world.client();
    await client.placeOrder(ORDER);
    await world.a.close();
    for (let read = 0; read < 3; read += 1) await client.getOrder(ID);
    expect(tokensAt(world.b).map(([, tokens]) => tokens)).toEqual(['a-orders', undefined, undefined]);
  });

  test('asks the region that took a receipt for another one, until its stock shows it', async () => {
    const state = { stale: true };
    await using world = await regions((...asked) => telling('a', state.stale && asked[0].method === 'GET' ? STALE : {})(...asked), silence);
    const client = world.client();
    await client.receiveStock('tea', 'b', { quantity: 1 });
    const early = await client.getStock('tea');
    state.stale = false;
    const late = await client.getStock('tea');
    await client.getStock('tea');
    expect([early, late]).toMatchObject([{ stale: true }, { stale: false }]);
    expect(tokensAt(world.a).map(([, tokens]) => tokens)).toEqual([undefined, 'a-receipts', 'a-receipts', undefined]);
  });

  test('asks for all of it, however much it is, and says that an answer is stale that was not asked for all', async () => {
    const told = { number: 0 };
    await using world = await regions((...asked) => {
      told.number += 1;
      serving(() => ({ 'tandem-token': `t${told.number}` }))(...asked);
    }, serving());
    const client = world.client();
    for (let payment = 0; payment < 9; payment += 1) await client.payOrder(ID, { amount: 1 });
    await world.a.close();
    const reads = [await client.getOrder(ID), await client.getOrder(ID), await client.getOrder(ID)];
    expect(reads).toMatchObject([{ stale: true }, { stale: false }, { stale: false }]);
    expect(tokensAt(world.b).map(([, tokens]) => tokens)).toEqual(['t1,t2,t3,t4,t5,t6,t7,t8', 't9', undefined]);
  });

  test('says so with a list in the region that it moves to, and hears that its new order is not in it', async () => {
    // As the API: a token that names what is not here makes the answer stale.
    await using world = await regions(
      telling('a'),
      serving(({ headers }) => (headers['tandem-token'] === undefined ? {} : STALE)),
    );
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

describe('a region that refuses the tokens', () => {
  const AT_TOKENS = { errors: [{ at: 'header tandem-token', message: 'allowed: up to 8 tokens' }] };
  const refusing =
    (more: object): Behaviour =>
    (received, response, request) =>
      (received.headers['tandem-token'] === undefined ? telling('b') : problem(400, 'bad-request', more))(received, response, request);

  test.each<[string, object]>([
    ['by name', AT_TOKENS],
    ['without a word of what is wrong', {}],
  ])('(%s) is asked without them, and nobody is asked for them again', async (_, more) => {
    await using world = await regions(telling('a'), refusing(more));
    const client = world.client();
    await client.placeOrder(ORDER);
    await world.a.close();
    const reads = [await client.getOrder(ID), await client.getOrder(ID)];
    // It was not shown to hold what the caller had been told.
    expect(reads).toMatchObject([
      { kind: 'ok', region: 'b', stale: true },
      { kind: 'ok', region: 'b', stale: false },
    ]);
    expect(tokensAt(world.b).map(([, tokens]) => tokens)).toEqual(['a-orders', undefined, undefined]);
  });

  test('is believed when it refuses something else', async () => {
    await using world = await regions(telling('a'), problem(400, 'bad-request', { errors: [{ at: 'body', message: '?' }] }));
    const client = world.client();
    await client.placeOrder(ORDER);
    await world.a.close();
    expect(await client.getOrder(ID)).toMatchObject({ kind: 'refused', problem: { status: 400 } });
    expect(world.b.asked).toHaveLength(1);
  });

  test.each(['a token, of two', 'b\u00e4', 'x'.repeat(5_000), ''])('no token is kept that could not be sent: %s', async (token) => {
    await using world = await regions((received, response, request) => {
      response.setHeader('tandem-token', Buffer.from(token).toString('latin1'));
      serving()(received, response, request);
    }, serving());
    const client = world.client();
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'a' });
    await world.a.close();
    expect(await client.getOrder(ID)).toMatchObject({ kind: 'ok', region: 'b' });
    expect(tokensAt(world.b)).toEqual([[`/orders/${ID}`, undefined]]);
  });
});

describe('a write that is to be replicated', () => {
  test('asks for it, and its outcome says what came of it', async () => {
    const durable =
      (status: number, durability: string): Behaviour =>
      (received, response, request) =>
        answer(status, toldOf(received).body, { 'tandem-durability': durability })(received, response, request);
    await using world = await regions(durable(201, 'replicated'), silence);
    const client = world.client();
    expect(await client.placeOrder(ORDER, { durability: 'replicated' })).toMatchObject({
      kind: 'ok',
      status: 201,
      durability: 'replicated',
    });
    world.a.behaviour = durable(202, 'local');
    expect(await client.placeOrder(ORDER, { durability: 'replicated' })).toMatchObject({ kind: 'ok', status: 202, durability: 'local' });
    world.a.behaviour = serving();
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', durability: undefined });
    expect(world.a.asked.map(({ headers }) => headers['tandem-durability'])).toEqual(['replicated', 'replicated', undefined]);
  });

  test('is not sent to another region while this one waits for it', async () => {
    await using world = await regions(late(2_000, serving()), serving());
    const client = world.client({ operation: { hedgeAfterMs: 50, attemptTimeoutMs: 1_500 }, replicatedMs: 10_000 });
    expect(await client.placeOrder(ORDER, { durability: 'replicated' })).toMatchObject({ kind: 'ok', region: 'a' });
    expect(world.b.asked).toHaveLength(0);
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'b' });
  });
});

describe('a region that lags', () => {
  test('is waited for, 90 ms away, without being overtaken, and is blamed by nobody', async () => {
    // Whole, far away, and without what the client wrote elsewhere: it waits for that as long as the API does.
    const lagging: Behaviour = (received, response, request) => {
      const waits = received.headers['tandem-token'] !== undefined;
      late(
        90 + (waits ? 475 : 0),
        serving(() => (waits ? STALE : {})),
      )(received, response, request);
    };
    await using world = await regions(reset, telling('b'));
    const client = world.client({ operation: { hedgeAfterMs: 500, attemptTimeoutMs: 3_000 }, tokenWaitMs: 20_000 });
    await client.placeOrder(ORDER);
    world.a.behaviour = lagging;
    const reads = [];
    for (let read = 0; read < 4; read += 1) reads.push(await client.getOrder(ID));
    expect(reads.map(({ attempts }) => attempts.map(({ region }) => region))).toEqual([['a'], ['a'], ['a'], ['a']]);
    expect(reads).toMatchObject([{ stale: true }, { stale: true }, { stale: true }, { stale: true }]);
  });

  test('is not blamed for the little time that a read gives it beside a refusal', async () => {
    const lagging: Behaviour = (received, response, request) => {
      if (received.headers['tandem-token'] === undefined) serving()(received, response, request);
    };
    await using world = await regions(lagging, telling('b'));
    const settings = {
      operation: { hedgeAfterMs: 15_000, attemptTimeoutMs: 15_000, patienceMs: 1_000 },
      tokenWaitMs: 20,
      circuit: { failuresToOpen: 2, probeAfterMs: 60_000 },
    };
    const endpoints = [world.b, world.a].map(({ region, url }) => ({ region, url }));
    const client = world.client(settings, { endpoints });
    await client.placeOrder(ORDER);
    world.b.behaviour = problem(404, 'not-found');
    for (let read = 0; read < 2; read += 1)
      expect(await client.getOrder(ID)).toMatchObject({ kind: 'unknown', attempts: [{ region: 'b' }, { region: 'a', result: 'timeout' }] });
    expect(await client.getOrder('3'.repeat(32))).toMatchObject({ kind: 'ok', region: 'a' });
  });
});

describe("a client's memory", () => {
  const remembering =
    (memory: TokenMemory) =>
    (path: string, token: string, answer: object = {}, atMs = 0) =>
      memory.remember(path, { region: 'a', answer, token }, atMs);
  const at = (memory: TokenMemory, path: string, region = 'b', atMs = 0) => memory.recall(path, region, atMs).tokens.join();

  test('keeps the tokens of a thing, each once and the oldest first, and the resources used last', () => {
    const memory = new TokenMemory(['a', 'b']);
    const remember = remembering(memory);
    for (let n = 0; n < 70; n += 1) remember('/orders/1', `t${n}`);
    remember('/orders/1', 't7');
    expect(memory.recall('/orders/1', 'b', 0)).toEqual({
      tokens: ['t6', 't8', 't9', 't10', 't11', 't12', 't13', 't14'],
      more: true,
      waits: true,
    });
    for (let n = 0; n < 999; n += 1) remember(`/stock/${n}`, 't');
    expect(at(memory, '/orders/1')).not.toBe('');
    remember('/stock/one-more', 't');
    expect([at(memory, '/orders/1') !== '', at(memory, '/stock/0'), at(memory, '/stock/1')]).toEqual([true, '', 't']);
  });

  test('forgets what every region holds, and what a region knows nothing of', () => {
    const memory = new TokenMemory(['a', 'b']);
    const remember = remembering(memory);
    remember('/orders/1', 'one');
    remember('/orders/1', 'two');
    memory.held('/orders/1', 'b', ['one']);
    memory.forget('/orders/1', ['two']);
    expect([at(memory, '/orders/1'), at(memory, '/orders/1', 'c')]).toEqual(['', '']);
  });

  test('knows what a path is about', () => {
    const memory = new TokenMemory(['a', 'b']);
    const remember = remembering(memory);
    remember('/orders', 'placed', { id: '1' });
    remember('/orders/1/payments', 'paid', { id: 'h' });
    remember('/records/a%2Fb', 'edited', { id: 'a/b' });
    remember('/stock/tea/regions/x/receipts', 'received', { id: 'h' });
    const paths = ['/orders/1', '/orders/1?x=1', '/orders', '/orders?limit=1', '/orders/h', '/records/a%2Fb/history?limit=1', '/stock/tea'];
    expect(paths.map((path) => at(memory, path))).toEqual(['placed,paid', 'placed,paid', 'placed', 'placed', '', 'edited', 'received']);
  });

  test('holds a list to the newest few that were made, in every region and for some minutes: its index may lag', () => {
    const memory = new TokenMemory(['a', 'b']);
    const remember = remembering(memory);
    for (let n = 0; n < 10; n += 1) remember('/orders', `t${n}`, { id: `${n}` }, n * 60_000);
    const minute = (n: number) => at(memory, '/orders', 'a', n * 60_000);
    expect([minute(9), minute(13), minute(14)]).toEqual(['t5,t6,t7,t8,t9', 't9', '']);
    memory.held('/orders', 'b', ['t9']);
    expect([minute(13), memory.recall('/orders', 'b', 13 * 60_000).waits]).toEqual(['t9', false]);
    expect(at(memory, '/orders/0', 'b', 60 * 60_000)).toBe('t0');
    for (let n = 0; n < 10; n += 1) remember('/orders', `u${n}`, { id: `${n}` });
    expect(at(memory, '/orders')).toBe('u2,u3,u4,u5,u6,u7,u8,u9');
  });
});

const problemWith =
  (headers: Readonly<Record<string, string>>): Behaviour =>
  (received, response, request) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    problem(404, 'not-found')(received, response, request);
  };

const tokensAt = (door: FrontDoor) => door.asked.map(({ path, headers }) => [path, headers['tandem-token']]);
