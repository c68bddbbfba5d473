import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { type ClientProps, TandemClient } from '../../client/client.ts';
import { answer, type Behaviour, cut, FrontDoor, late, problem, reset, silence } from './front-door.ts';

const placed = (by: string) => ({ id: '0'.repeat(32), lines: [{ sku: 'a', quantity: 1 }], placedAt: '2026-01-01T00:00:00Z', placedBy: by });
const placing = (by: string): Behaviour => answer(201, placed(by), { 'tandem-correlation-id': `c-${by}` });
const ORDER = { lines: [{ sku: 'a', quantity: 1 }] };
/** A machine that is slow must not look like a region that is: only what must be waited for is short. */
const TIMES = { hedgeAfterMs: 15_000, attemptTimeoutMs: 15_000, patienceMs: 500, deadlineMs: 20_000, backoffMs: 5, backoffMaxMs: 20 };
const HEDGED = { hedgeAfterMs: 60, attemptTimeoutMs: 2_000 };

describe('a region that is lost', () => {
  test.each<[string, Behaviour]>([
    ['hangs', silence],
    ['resets', reset],
    ['answers 500', problem(500, 'internal')],
    ['answers 503', problem(503, 'unavailable')],
    ['cuts its answer short', cut],
  ])('that %s costs no request: the next region does it under the same key', async (_, behaviour) => {
    await using world = await regions(behaviour, placing('b'));
    const outcome = await world.client().placeOrder(ORDER);
    expect(outcome).toMatchObject({ kind: 'ok', region: 'b', value: { placedBy: 'b' } });
    const keys = [...world.a.asked, ...world.b.asked].map(({ key }) => key);
    expect(keys.length).toBeGreaterThan(1);
    expect(new Set(keys)).toEqual(new Set([outcome.idempotencyKey]));
  });

  test('that hangs is overtaken, not waited for', async () => {
    await using world = await regions(silence, placing('b'));
    const outcome = await world.client().placeOrder(ORDER);
    expect(outcome.attempts.map(({ result }) => result)).toEqual(['ok', 'outrun by b']);
  });

  test('that answered 500 is not asked again while the next one works on it', async () => {
    await using world = await regions(problem(500, 'internal'), late(200, placing('b')));
    expect(await world.client({ operation: HEDGED }).placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'b' });
    expect(world.a.asked).toHaveLength(1);
  });

  test('is asked once at a time, however long it hangs', async () => {
    await using world = await regions(silence, silence);
    await world.client({ operation: { attemptTimeoutMs: 2_000, deadlineMs: 500 } }).placeOrder(ORDER);
    expect([world.a.asked.length, world.b.asked.length]).toEqual([1, 1]);
  });

  test('that refuses connections costs no request', async () => {
    await using world = await regions(placing('a'), placing('b'));
    await world.a.close();
    const outcome = await world.client().placeOrder(ORDER);
    expect(outcome).toMatchObject({ kind: 'ok', region: 'b' });
    expect(outcome.attempts.map(({ result }) => result)).toEqual(['ECONNREFUSED', 'ok']);
  });

  test('is passed by after three operations, and used again after its health check passes', async () => {
    await using world = await regions(silence, placing('b'));
    const client = world.client({ circuit: { probeAfterMs: 50, probeAfterMaxMs: 50 } });
    for (let operation = 0; operation < 6; operation += 1) await client.placeOrder(ORDER);
    expect(world.a.asked).toHaveLength(3);

    world.a.behaviour = (received, response, request) =>
      (received.path === '/health' ? answer(200, { verdict: 'pass' }) : placing('a'))(received, response, request);
    await expect.poll(async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region, { timeout: 5_000 }).toBe('a');
  });

  test('is not used again while its health check fails', async () => {
    await using world = await regions(
      (received, response, request) => (received.path === '/health' ? problem(503, 'unavailable') : reset)(received, response, request),
      placing('b'),
    );
    const client = world.client({ circuit: { probeAfterMs: 1, probeAfterMaxMs: 1 } });
    for (let operation = 0; operation < 10; operation += 1) await client.placeOrder(ORDER);
    expect(world.a.asked).toHaveLength(3);
    expect(world.a.received.some(({ path }) => path === '/health')).toBe(true);
  });

  test('does not take a slow survivor along: the first attempt is not cut off by the hedge', async () => {
    await using world = await regions(late(150, placing('a')), silence);
    expect(await world.client({ operation: HEDGED }).placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'a' });
  });

  test('ends the operation in time when every region hangs, and nobody can say what happened', async () => {
    await using world = await regions(silence, silence);
    const startMs = Date.now();
    const outcome = await world.client({ operation: { deadlineMs: 500 } }).placeOrder(ORDER);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'deadline', mayHaveRun: true });
    expect(Date.now() - startMs).toBeLessThan(15_000);
  });

  test('leaves a proof that nothing was done when no connection ever stood', async () => {
    await using world = await regions(silence, silence);
    await world.a.close();
    await world.b.close();
    const outcome = await world.client().placeOrder(ORDER);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'attempts', mayHaveRun: false });
    expect(outcome.attempts).toHaveLength(5);
  });
});

describe('a refusal', () => {
  test('that every region would repeat is final after one request', async () => {
    await using world = await regions(problem(422, 'key-reused'), placing('b'));
    expect(await world.client().placeOrder(ORDER)).toMatchObject({
      kind: 'refused',
      problem: { status: 422, type: '/problems/key-reused' },
    });
    expect(world.b.asked).toHaveLength(0);
  });

  test('for want of stock stays a refusal: another region, which may be lost, could only make it uncertain', async () => {
    await using world = await regions(problem(409, 'out-of-stock'), silence);
    const outcome = await world.client().placeOrder(ORDER);
    expect(outcome).toMatchObject({ kind: 'refused', region: 'a', problem: { status: 409 } });
    expect(outcome.attempts).toHaveLength(1);
  });

  test('for want of stock, beside an attempt that failed, is asked on: the doubt is there already', async () => {
    await using world = await regions(problem(500, 'internal'), problem(409, 'out-of-stock'));
    await using third = await FrontDoor.open('c', placing('c'));
    const endpoints = [world.a, world.b, third].map(({ region, url }) => ({ region, url }));
    expect(await world.client({}, { endpoints }).placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'c' });
  });

  test('is not believed when another attempt never got an answer', async () => {
    await using world = await regions(silence, problem(409, 'out-of-stock'));
    const outcome = await world.client().placeOrder(ORDER);
    expect(outcome).toMatchObject({ kind: 'unknown', mayHaveRun: true, refusal: { status: 409 } });
    // Asking the silent one again would only cost the caller more time.
    expect(world.a.asked).toHaveLength(1);
  });

  test('of a write does not cut short the answer that a slower region is about to give', async () => {
    await using world = await regions(late(200, placing('a')), problem(409, 'out-of-stock'));
    const client = world.client({ operation: { ...HEDGED, attemptTimeoutMs: 15_000, patienceMs: 20 } });
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'a' });
  });

  test('is not held up by a region that is known to be lost', async () => {
    await using world = await regions(silence, placing('b'));
    const client = world.client({ circuit: { probeAfterMs: 60_000 } });
    for (let operation = 0; operation < 3; operation += 1) await client.placeOrder(ORDER);
    world.b.behaviour = problem(409, 'out-of-stock');
    const outcome = await client.placeOrder(ORDER);
    // The chance behind the probe's time may be 0; a probe is no attempt.
    expect(outcome).toMatchObject({ kind: 'refused', region: 'b' });
    expect(outcome.attempts).toHaveLength(1);
  });

  test('is not believed when the caller sent the key before and does not know its outcome', async () => {
    await using world = await regions(problem(409, 'out-of-stock'), problem(409, 'out-of-stock'));
    const outcome = await world.client().placeOrder(ORDER, { idempotencyKey: 'an earlier key', mayHaveRun: true });
    expect(outcome).toMatchObject({ kind: 'unknown', mayHaveRun: true, idempotencyKey: 'an earlier key' });
  });

  test('is believed when the only other attempt found nobody to connect to', async () => {
    await using world = await regions(silence, problem(409, 'out-of-stock'));
    await world.a.close();
    expect(await world.client().placeOrder(ORDER)).toMatchObject({ kind: 'refused', region: 'b' });
  });

  test('naming another region (421) is asked there at once, past those that are nearer', async () => {
    await using world = await regions(problem(421, 'wrong-region', { region: 'c' }), placing('b'));
    await using third = await FrontDoor.open('c', answer(201, { order: '0', at: '', by: 'c' }));
    const endpoints = [world.a, world.b, third].map(({ region, url }) => ({ region, url }));
    const outcome = await world.client({}, { endpoints, fetch: plainFetch }).shipOrder('0'.repeat(32), {});
    expect(outcome.attempts.map(({ region }) => region)).toEqual(['a', 'c']);
    expect(world.b.asked).toHaveLength(0);
  });

  test('of 421 is a refusal also through the fetch of Node, which hides it behind an error', async () => {
    const ship = (world: Awaited<ReturnType<typeof regions>>) => world.client().shipOrder('0'.repeat(32), {});
    await using one = await regions(problem(421, 'wrong-region', { region: 'b' }), answer(201, { order: '0', at: '', by: 'b' }));
    expect(await ship(one)).toMatchObject({
      kind: 'ok',
      region: 'b',
      attempts: [{ region: 'a', status: 421, result: 'wrong-region' }, { region: 'b' }],
    });
    await using none = await regions(problem(421, 'wrong-region', { region: 'c' }), problem(421, 'wrong-region', { region: 'c' }));
    expect(await ship(none)).toMatchObject({ kind: 'refused', problem: { status: 421 } });
  });

  test('for too many requests (429) moves on, and spares the region until its Retry-After', async () => {
    await using world = await regions(problem(429, 'too-many-requests'), placing('b'));
    world.a.behaviour = (_, response) => {
      response.writeHead(429, { 'retry-after': '30' });
      response.end('{}');
    };
    const client = world.client();
    for (let operation = 0; operation < 3; operation += 1)
      expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'b' });
    expect(world.a.asked).toHaveLength(1);
  });

  test('for too many requests everywhere is said at once when no region would be back in time', async () => {
    const busy: Behaviour = (_, response) => {
      response.writeHead(429, { 'retry-after': '30' });
      response.end('{}');
    };
    await using world = await regions(busy, busy);
    const startMs = Date.now();
    expect(await world.client().placeOrder(ORDER)).toMatchObject({ kind: 'refused', problem: { status: 429 } });
    expect(Date.now() - startMs).toBeLessThan(15_000);
  });
});

describe('a read', () => {
  test('that finds nothing does not wait long for a region that says nothing', async () => {
    await using world = await regions(problem(404, 'not-found'), silence);
    const startMs = Date.now();
    const outcome = await world.client({ operation: { attemptTimeoutMs: 30_000, deadlineMs: 30_000 } }).getOrder('1');
    expect(outcome).toMatchObject({ kind: 'unknown', refusal: { status: 404 } });
    expect(Date.now() - startMs).toBeLessThan(10_000);
  });

  test('that finds nothing anywhere is a refusal after one request to each', async () => {
    await using world = await regions(problem(404, 'not-found'), problem(404, 'not-found'));
    expect(await world.client().getOrder('1')).toMatchObject({ kind: 'refused', region: 'a' });
    expect([world.a.asked.length, world.b.asked.length]).toEqual([1, 1]);
  });

  test('of an order that has not arrived in a region yet finds it in another', async () => {
    await using world = await regions(problem(404, 'not-found'), answer(200, { id: '1' }));
    expect(await world.client().getOrder('1')).toMatchObject({ kind: 'ok', region: 'b', idempotencyKey: undefined });
  });

  test('sends no key and no body', async () => {
    await using world = await regions(answer(200, { orders: [] }), silence);
    await world.client().listOrders({ limit: '2' });
    expect(world.a.asked).toMatchObject([{ method: 'GET', path: '/orders?limit=2', key: undefined, body: '' }]);
  });
});

describe('load', () => {
  test('is not multiplied by failures: the budget ends the retries', async () => {
    await using world = await regions(problem(500, 'internal'), problem(500, 'internal'));
    const client = world.client({ budget: { ratio: 0.1, reservePerSecond: 0.5, windowSeconds: 10 }, refreshMs: 0 });
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => client.placeOrder(ORDER)));
    const sent = world.a.asked.length + world.b.asked.length;
    expect(outcomes.every((outcome) => outcome.kind === 'unknown')).toBe(true);
    expect(sent).toBeLessThanOrEqual(100 + 10 + 5);
    expect(outcomes.some((outcome) => outcome.kind === 'unknown' && outcome.reason === 'budget')).toBe(true);
  });

  test('of one poisonous request does not open the circuits', async () => {
    await using world = await regions(problem(500, 'internal'), problem(500, 'internal'));
    const client = world.client();
    await client.placeOrder(ORDER);
    expect(world.a.asked).toHaveLength(3);
    world.a.behaviour = placing('a');
    const outcome = await client.placeOrder(ORDER);
    expect(outcome.attempts.map(({ region }) => region)).toEqual(['a']);
  });
});

describe('an evacuation', () => {
  const view = (evacuated: string): Behaviour =>
    answer(200, { region: 'b', at: '', regions: ['a', 'b'].map((region) => ({ region, evacuate: region === evacuated })) });
  const with_ =
    (regionsAnswer: Behaviour, rest: Behaviour): Behaviour =>
    (received, response, request) =>
      (received.path === '/regions' ? regionsAnswer : rest)(received, response, request);

  test('reaches the client by another region, and the evacuated one is left', async () => {
    await using world = await regions(placing('a'), with_(view('a'), placing('b')));
    const client = world.client({ refreshMs: 200 });
    await expect.poll(async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region, { timeout: 5_000 }).toBe('b');
    const before = world.a.asked.length;
    await client.placeOrder(ORDER);
    expect(world.a.asked).toHaveLength(before);
  });

  test('is forgotten when nobody confirms it any more', async () => {
    await using world = await regions(placing('a'), with_(view('a'), placing('b')));
    const client = world.client({ refreshMs: 20 });
    await expect.poll(async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region, { timeout: 5_000 }).toBe('b');
    world.a.behaviour = with_(problem(500, 'internal'), placing('a'));
    world.b.behaviour = with_(problem(500, 'internal'), placing('b'));
    await expect.poll(async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region, { timeout: 5_000 }).toBe('a');
  });

  test('ends the same way', async () => {
    await using world = await regions(with_(view('a'), placing('a')), with_(view('a'), placing('b')));
    const client = world.client({ refreshMs: 20 });
    await expect.poll(async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region, { timeout: 5_000 }).toBe('b');
    world.a.behaviour = with_(view('none'), placing('a'));
    world.b.behaviour = with_(view('none'), placing('b'));
    await expect.poll(async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region, { timeout: 5_000 }).toBe('a');
  });
});

test('the caller can end an operation, which is then unknown', async () => {
  await using world = await regions(silence, silence);
  const outcome = await world.client().placeOrder(ORDER, { signal: AbortSignal.timeout(30) });
  expect(outcome).toMatchObject({ kind: 'unknown', reason: 'aborted', mayHaveRun: true });
});

test('the token is asked for once per operation and sent with every attempt', async () => {
  await using world = await regions(problem(500, 'internal'), placing('b'));
  let asked = 0;
  const seen: unknown[] = [];
  world.b.behaviour = (received, response, request) => {
    seen.push(request.headers.authorization);
    placing('b')(received, response, request);
  };
  const token = async () => {
    asked += 1;
    return `t${asked}`;
  };
  await world.client({}, { token }).placeOrder(ORDER);
  expect([asked, seen]).toEqual([1, ['Bearer t1']]);
});

test('a client without endpoints, or with a region twice, is refused', () => {
  expect(() => new TandemClient({ endpoints: [] })).toThrow('name at least one region');
  expect(
    () =>
      new TandemClient({
        endpoints: [
          { region: 'a', url: 'x' },
          { region: 'a', url: 'y' },
        ],
      }),
  ).toThrow('given twice');
});

/** A fetch that hands a 421 on as it comes. */
const plainFetch: ClientProps['fetch'] = async (url, { method, headers, body, signal }) => {
  const answered = await request(url, {
    method: method === 'GET' ? 'GET' : 'POST',
    headers,
    signal,
    ...(body === undefined ? {} : { body }),
  });
  const header = (name: string) => {
    const value = answered.headers[name];
    return typeof value === 'string' ? value : null;
  };
  return { status: answered.statusCode, headers: { get: header }, text: () => answered.body.text() };
};

const regions = async (a: Behaviour, b: Behaviour) => {
  const doors = { a: await FrontDoor.open('a', a), b: await FrontDoor.open('b', b) };
  const client = (settings: ClientProps['settings'] = {}, props: Partial<ClientProps> = {}) =>
    new TandemClient({
      endpoints: [doors.a, doors.b].map(({ region, url }) => ({ region, url })),
      settings: { refreshMs: 0, ...settings, operation: { ...TIMES, ...(a === silence ? HEDGED : {}), ...settings.operation } },
      ...props,
    });
  return {
    ...doors,
    client,
    [Symbol.asyncDispose]: async () => {
      await doors.a.close();
      await doors.b.close();
    },
  };
};
