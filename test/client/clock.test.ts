/** The clock of the machine steps; what lasts is measured by one that does not. */
import { describe, expect, test } from 'vitest';
import { systemRuntime } from '../../client/runtime.ts';
import { HANG_MS } from '../support/eventually.ts';
import { answer, type Behaviour, problem, silence } from './front-door.ts';
import { serving } from './serving.ts';
import { HEDGED, ORDER, regions } from './two-regions.ts';

const HOUR_MS = 3_600_000;
/** A clock that steps with the first request that a region gets. */
const stepping = (byMs: number) => {
  const state = { stepMs: 0 };
  const step =
    (then: Behaviour): Behaviour =>
    (...asked) => {
      state.stepMs = byMs;
      then(...asked);
    };
  return { step, runtime: { now: () => systemRuntime.now() + state.stepMs } };
};

describe.each([
  ['back', -HOUR_MS],
  ['ahead', HOUR_MS],
])('a clock that steps %s by an hour', (_, byMs) => {
  test('keeps no region from being asked beside one that hangs', async () => {
    const { step, runtime } = stepping(byMs);
    await using world = await regions(step(silence), serving());
    const client = world.client({ operation: HEDGED }, { runtime });
    const outcome = await client.placeOrder(ORDER, { signal: AbortSignal.timeout(HANG_MS) });
    expect(outcome).toMatchObject({ kind: 'ok', region: 'b', attempts: [{ region: 'b' }, { region: 'a' }] });
    // Told as they lasted, whatever the clock says.
    for (const { startMs, endMs } of outcome.attempts) {
      expect(endMs - startMs).toBeGreaterThanOrEqual(0);
      expect(endMs - startMs).toBeLessThan(HANG_MS);
    }
  });

  test('ends no operation early, and none late', async () => {
    const { step, runtime } = stepping(byMs);
    await using world = await regions(step(silence), step(silence));
    const client = world.client({ operation: { ...HEDGED, deadlineMs: 400 } }, { runtime });
    const startMs = performance.now();
    const outcome = await client.placeOrder(ORDER, { signal: AbortSignal.timeout(HANG_MS) });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'deadline' });
    expect(outcome.attempts).toHaveLength(2);
    // Timers may fire a little early.
    expect(performance.now() - startMs).toBeGreaterThan(390);
  });

  test('keeps no region away for longer than it asked for, and none for less', async () => {
    const { step, runtime } = stepping(byMs);
    const busy: Behaviour = (received, response, request) => {
      response.setHeader('retry-after', '60');
      problem(429, 'too-many-requests')(received, response, request);
    };
    await using world = await regions(busy, step(serving()));
    const client = world.client({}, { runtime });
    for (let operation = 0; operation < 3; operation += 1) await client.placeOrder(ORDER);
    expect([world.a.asked.length, world.b.asked.length]).toEqual([1, 3]);
  });

  test('keeps the retry budget as it is', async () => {
    const { step, runtime } = stepping(byMs);
    await using world = await regions(step(problem(500, 'internal')), step(problem(500, 'internal')));
    const budget = { ratio: 0, reservePerSecond: 0.2, windowSeconds: 10 };
    const client = world.client({ budget, circuit: { failuresToOpen: 1_000 } }, { runtime });
    for (let operation = 0; operation < 8; operation += 1) await client.placeOrder(ORDER);
    // Two to another region, one to the same, in all.
    expect(world.a.asked.length + world.b.asked.length).toBe(8 + 2 + 1);
  });

  test('forgets no evacuation, and believes none for longer', async () => {
    const { step, runtime } = stepping(byMs);
    const view = answer(200, { regions: ['a', 'b'].map((region) => ({ region, evacuate: region === 'a' })) });
    await using world = await regions(serving(), (...asked) => step(asked[0].path === '/regions' ? view : serving())(...asked));
    const client = world.client({ refreshMs: 60_000 }, { runtime });
    while ((await client.placeOrder(ORDER)).attempts[0]?.region === 'a') await new Promise((resolve) => setTimeout(resolve, 1));
    const before = world.a.asked.length;
    for (let operation = 0; operation < 3; operation += 1) await client.placeOrder(ORDER);
    expect(world.a.asked).toHaveLength(before);
  });
});
