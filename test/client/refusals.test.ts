import { describe, expect, test } from 'vitest';
import { PROBLEMS } from '../../functions/contract/problems.ts';
import { HANG_MS } from '../support/eventually.ts';
import { type Behaviour, FrontDoor, late, problem, silence } from './front-door.ts';
import { serving } from './serving.ts';
import { HEDGED, ORDER, placing, regions } from './two-regions.ts';

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

  test('naming another region is asked there at once, past those that are nearer', async () => {
    await using world = await regions(problem(409, 'wrong-region', { region: 'c' }), placing('b'));
    await using third = await FrontDoor.open('c', serving());
    const endpoints = [world.a, world.b, third].map(({ region, url }) => ({ region, url }));
    const outcome = await world.client({}, { endpoints }).shipOrder('0'.repeat(32), {});
    expect(outcome).toMatchObject({ kind: 'ok', attempts: [{ region: 'a', status: 409, result: 'wrong-region' }, { region: 'c' }] });
    expect([world.a, world.b, third].map(({ asked }) => asked.length)).toEqual([1, 0, 1]);
  });

  test('for too many requests (429) moves on, and spares the region until its Retry-After', async () => {
    await using world = await regions(problem(429, 'too-many-requests'), placing('b'));
    world.a.behaviour = (received, response, request) => {
      response.setHeader('retry-after', '30');
      problem(429, 'too-many-requests')(received, response, request);
    };
    const client = world.client();
    for (let operation = 0; operation < 3; operation += 1)
      expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'b' });
    expect(world.a.asked).toHaveLength(1);
  });

  test('for too many requests everywhere is asked again no sooner than the region wants', async () => {
    await using world = await regions(placing('a'), silence);
    const askedMs: number[] = [];
    world.a.behaviour = (received, response, request) => {
      askedMs.push(performance.now());
      if (askedMs.length > 1) return placing('a')(received, response, request);
      response.setHeader('retry-after', '1');
      problem(429, 'too-many-requests')(received, response, request);
    };
    const endpoints = [{ region: 'a', url: world.a.url }];
    expect(await world.client({}, { endpoints }).placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'a' });
    const [first = 0, second = 0] = askedMs;
    // Timers may fire a little early.
    expect(second - first).toBeGreaterThan(950);
  });

  test('for too many requests everywhere is said at once when no region would be back in time', async () => {
    const busy: Behaviour = (received, response, request) => {
      response.setHeader('retry-after', '300');
      problem(429, 'too-many-requests')(received, response, request);
    };
    await using world = await regions(busy, busy);
    const startMs = Date.now();
    expect(await world.client().placeOrder(ORDER)).toMatchObject({ kind: 'refused', problem: { status: 429 } });
    expect(Date.now() - startMs).toBeLessThan(HANG_MS);
  });
});

test('a refusal of each status that the API knows reaches callers through the fetch of Node, of one request', async () => {
  for (const status of new Set(Object.values(PROBLEMS).map((each) => each.status))) {
    await using door = await FrontDoor.open('a', problem(status, 'x'));
    const answered = await fetch(`${door.url}/orders`, { method: 'POST', body: '{}' });
    expect([answered.status, await answered.json()]).toMatchObject([status, { status }]);
    expect(door.received).toHaveLength(1);
  }
});

describe('a read', () => {
  test('that finds nothing does not wait long for a region that says nothing', async () => {
    await using world = await regions(problem(404, 'not-found'), silence);
    const startMs = Date.now();
    const outcome = await world.client({ operation: { attemptTimeoutMs: 300_000, deadlineMs: 300_000 } }).getOrder('1');
    expect(outcome).toMatchObject({ kind: 'unknown', refusal: { status: 404 } });
    expect(Date.now() - startMs).toBeLessThan(HANG_MS);
  });

  test('that finds nothing does not wait long for a region that had been asked before and says nothing', async () => {
    await using world = await regions(silence, problem(404, 'not-found'));
    const client = world.client({ operation: { attemptTimeoutMs: 300_000, deadlineMs: 300_000 } });
    const outcome = await client.getOrder('1', { signal: AbortSignal.timeout(HANG_MS) });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'attempts', refusal: { status: 404 } });
  });

  test('that finds nothing anywhere is a refusal after one request to each', async () => {
    await using world = await regions(problem(404, 'not-found'), problem(404, 'not-found'));
    expect(await world.client().getOrder('1')).toMatchObject({ kind: 'refused', region: 'a' });
    expect([world.a.asked.length, world.b.asked.length]).toEqual([1, 1]);
  });

  test('of an order that has not arrived in a region yet finds it in another', async () => {
    await using world = await regions(problem(404, 'not-found'), serving());
    expect(await world.client().getOrder('1')).toMatchObject({ kind: 'ok', region: 'b', idempotencyKey: undefined });
  });

  test('sends no key and no body', async () => {
    await using world = await regions(serving(), silence);
    await world.client().listOrders({ limit: '2' });
    expect(world.a.asked).toMatchObject([{ method: 'GET', path: '/orders?limit=2', key: undefined, body: '' }]);
  });
});
