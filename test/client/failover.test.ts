import { describe, expect, test } from 'vitest';
import { TandemClient } from '../../client/client.ts';
import { eventually, HANG_MS } from '../support/eventually.ts';
import { answer, type Behaviour, cut, late, problem, reset, silence } from './front-door.ts';
import { serving } from './serving.ts';
import { HEDGED, ORDER, placing, regions } from './two-regions.ts';

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

  test('is given up with its connection: nothing of it is left open behind', async () => {
    let ended = false;
    const hanging: Behaviour = (_, response) => {
      response.on('close', () => {
        ended = true;
      });
    };
    await using world = await regions(hanging, placing('b'));
    const outcome = await world.client({ operation: { attemptTimeoutMs: 100 } }).placeOrder(ORDER);
    expect(outcome).toMatchObject({ kind: 'ok', region: 'b', attempts: [{ result: 'timeout' }, { result: 'ok' }] });
    await eventually(() => ended, Boolean, HANG_MS);
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
    await eventually(
      async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region,
      (seen) => seen === 'a',
    );
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
    expect(Date.now() - startMs).toBeLessThan(HANG_MS);
  });

  test('leaves a proof that nothing was done when no connection ever stood', async () => {
    await using world = await regions(silence, silence);
    await world.a.close();
    await world.b.close();
    const outcome = await world.client().placeOrder(ORDER);
    expect(outcome).toMatchObject({ kind: 'unknown', mayHaveRun: false });
    expect(new Set(outcome.attempts.map(({ region }) => region))).toEqual(new Set(['a', 'b']));
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
    const poisoned = await client.placeOrder(ORDER);
    expect(poisoned.attempts.length).toBeGreaterThanOrEqual(3);
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
    await eventually(
      async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region,
      (seen) => seen === 'b',
    );
    const before = world.a.asked.length;
    await client.placeOrder(ORDER);
    expect(world.a.asked).toHaveLength(before);
  });

  test('reaches the client with any answer, and the evacuated region is left without another request', async () => {
    await using world = await regions(
      serving(() => ({ 'tandem-evacuated': 'x, a' })),
      serving(),
    );
    const client = world.client();
    const places = [await client.placeOrder(ORDER), await client.placeOrder(ORDER)];
    expect(places).toMatchObject([{ region: 'a' }, { region: 'b' }]);
    expect([world.a.received.length, world.b.received.length]).toEqual([1, 1]);
  });

  test('is forgotten when nobody confirms it any more', async () => {
    await using world = await regions(placing('a'), with_(view('a'), placing('b')));
    const client = world.client({ refreshMs: 20 });
    await eventually(
      async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region,
      (seen) => seen === 'b',
    );
    world.a.behaviour = with_(problem(500, 'internal'), placing('a'));
    world.b.behaviour = with_(problem(500, 'internal'), placing('b'));
    await eventually(
      async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region,
      (seen) => seen === 'a',
    );
  });

  test('ends the same way', async () => {
    await using world = await regions(with_(view('a'), placing('a')), with_(view('a'), placing('b')));
    const client = world.client({ refreshMs: 20 });
    await eventually(
      async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region,
      (seen) => seen === 'b',
    );
    world.a.behaviour = with_(view('none'), placing('a'));
    world.b.behaviour = with_(view('none'), placing('b'));
    await eventually(
      async () => (await client.placeOrder(ORDER)).attempts.at(-1)?.region,
      (seen) => seen === 'a',
    );
  });
});

test('the caller can end an operation, which is then unknown', async () => {
  await using world = await regions(silence, silence);
  const outcome = await world.client().placeOrder(ORDER, { signal: AbortSignal.timeout(30) });
  expect(outcome).toMatchObject({ kind: 'unknown', reason: 'aborted', mayHaveRun: true });
});

test('a region is not blamed for operations that their callers have ended', async () => {
  await using world = await regions(silence, placing('b'));
  const nobodyElse = { ratio: 0, reservePerSecond: 0, windowSeconds: 10 };
  const client = world.client({ operation: { hedgeAfterMs: 10 }, budget: nobodyElse, circuit: { probeAfterMs: 60_000 } });
  for (let operation = 0; operation < 3; operation += 1) {
    const outcome = await client.placeOrder(ORDER, { signal: AbortSignal.timeout(60) });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'aborted' });
  }
  world.a.behaviour = placing('a');
  expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'a' });
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
