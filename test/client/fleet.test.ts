import { describe, expect, test } from 'vitest';
import { TandemClient } from '../../client/client.ts';
import { Fleet, type Scout } from '../../client/fleet.ts';
import type { Regions } from '../../functions/contract/answers.ts';

const NAMES = ['a', 'b', 'c'];
const CIRCUIT = { failuresToOpen: 1, probeAfterMs: 1_000, probeAfterMaxMs: 30_000 };
const REFRESH_MS = 5_000;
/** Readings of `/regions` for which an evacuation that nobody confirms is believed. */
const BELIEVED_MS = 6 * REFRESH_MS;

/** Three regions, a to c, and a clock that stands until it is told to go on. */
const fleetOf = ({ refreshMs = REFRESH_MS, random = 0.5 } = {}) => {
  const nobody: readonly string[] = [];
  const state = { nowMs: 1_000_000, evacuated: nobody, fails: false, healthy: true };
  const asked: string[] = [];
  const scout: Scout = {
    healthy: async ({ region }) => {
      asked.push(`health ${region}`);
      return state.healthy;
    },
    regions: async ({ region }): Promise<Regions> => {
      asked.push(region);
      if (state.fails) throw new Error('no answer');
      const rows = NAMES.map((each) => ({ region: each, evacuate: state.evacuated.includes(each) }));
      return {
        region,
        at: '',
        regions: rows.map((row) => ({
          ...row,
          writer: row.region,
          heartbeatAgeMs: 0,
          version: '1',
          verdict: 'pass',
          writable: true,
          url: null,
        })),
      };
    },
  };
  const runtime = { now: () => 0, monotonic: () => state.nowMs, random: () => random, wait: async () => undefined };
  const fleet = new Fleet(
    NAMES.map((region) => ({ region, url: `https://${region}` })),
    { circuit: CIRCUIT, refreshMs },
    scout,
    runtime,
  );
  const [a, b, c] = fleet.members;
  if (!a || !b || !c) throw new Error('three regions were given');
  const maintained = async (afterMs: number): Promise<void> => {
    state.nowMs += afterMs;
    fleet.maintain();
    // What was asked is answered at once.
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { fleet, state, asked, a, b, c, maintained, order: () => fleet.ranked().map(({ region }) => region) };
};

describe('the regions of a client', () => {
  test('are asked in the order of preference while nothing is wrong', () => {
    const { order, fleet } = fleetOf();
    expect([order(), fleet.members.every((member) => fleet.usable(member))]).toEqual([NAMES, true]);
  });

  test('are asked best first, the worst of them last, and none is left out', async () => {
    const { fleet, state, a, b, c, maintained, order } = fleetOf();
    state.evacuated = ['a'];
    await maintained(0);
    expect(order()).toEqual(['b', 'c', 'a']);
    b.circuit.rest(state.nowMs + 60_000);
    expect(order()).toEqual(['c', 'a', 'b']);
    c.circuit.failed(state.nowMs);
    expect([order(), [a, b, c].map((member) => fleet.usable(member))]).toEqual([
      ['a', 'b', 'c'],
      [false, false, false],
    ]);
  });

  test('are read of in the next best one, which has heard of an evacuation of the best; in the best where no other answers', async () => {
    const { state, b, c, asked, maintained } = fleetOf();
    await maintained(0);
    b.circuit.failed(state.nowMs);
    c.circuit.failed(state.nowMs);
    await maintained(REFRESH_MS);
    expect(asked.filter((each) => !each.startsWith('health'))).toEqual(['b', 'a']);
  });

  test('are not read of twice at once, nor sooner than is asked for, nor where nobody wants it', async () => {
    const { asked, maintained } = fleetOf();
    for (const afterMs of [0, 0, REFRESH_MS - 1, 1]) await maintained(afterMs);
    expect(asked).toEqual(['b', 'b']);
    const quiet = fleetOf({ refreshMs: 0 });
    await quiet.maintained(BELIEVED_MS);
    expect(quiet.asked).toEqual([]);
  });

  test('are read of at times that clients do not share', async () => {
    for (const [random, dueMs] of [
      [0, REFRESH_MS / 2],
      [0.98, REFRESH_MS * 1.48],
    ] as const) {
      const { asked, maintained } = fleetOf({ random });
      await maintained(0);
      await maintained(dueMs - 1);
      expect(asked).toHaveLength(1);
      await maintained(1);
      expect(asked).toHaveLength(2);
    }
  });

  test('stay evacuated for as long as a reading is believed that nobody confirms, and not longer', async () => {
    const { state, maintained, order } = fleetOf();
    state.evacuated = ['a'];
    await maintained(0);
    state.fails = true;
    await maintained(BELIEVED_MS - 1);
    expect(order()).toEqual(['b', 'c', 'a']);
    await maintained(1);
    expect(order()).toEqual(NAMES);
  });

  test('come back when a reading says so', async () => {
    const { state, maintained, order } = fleetOf();
    state.evacuated = ['a'];
    await maintained(0);
    state.evacuated = [];
    await maintained(REFRESH_MS);
    expect(order()).toEqual(NAMES);
  });

  test('that fail are probed, and are on trial once they are well', async () => {
    const { state, a, asked, maintained, order } = fleetOf({ refreshMs: 0 });
    a.circuit.failed(state.nowMs);
    state.healthy = false;
    await maintained(CIRCUIT.probeAfterMs / 2);
    expect([asked, a.circuit.state]).toEqual([['health a'], 'open']);
    state.healthy = true;
    await maintained(CIRCUIT.probeAfterMs);
    expect([asked.length, a.circuit.state, order()]).toEqual([2, 'trial', NAMES]);
    a.circuit.sent();
    expect(order()).toEqual(['b', 'c', 'a']);
  });
});

describe('a fleet of clients, while no region serves', () => {
  const refused = async () => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
  };
  const unavailable = async () => ({ status: 503, headers: new Headers({ 'retry-after': '1' }), text: async () => '{}' });

  test.each([
    ['connections are refused', refused],
    ['each answer is 503', unavailable],
  ])('sends less than one and a half requests for each operation, when %s', async (_, answer) => {
    let sent = 0;
    const [clients, operations] = [50, 20];
    for (let number = 0; number < clients; number += 1) {
      const state = { nowMs: 0 };
      const client = new TandemClient({
        endpoints: ['a', 'b'].map((region) => ({ region, url: `https://${region}.example` })),
        fetch: async (url) => {
          if (url.includes('/orders')) sent += 1;
          return answer();
        },
        runtime: {
          monotonic: () => state.nowMs,
          // What is on its way comes first: nothing here takes time.
          wait: async (ms, signal) => {
            await new Promise((resolve) => setImmediate(resolve));
            if (!signal.aborted) state.nowMs += ms;
          },
        },
      });
      for (let operation = 0; operation < operations; operation += 1) {
        expect(await client.listOrders()).toMatchObject({ kind: 'unknown' });
        state.nowMs += 1_000;
      }
    }
    expect(sent / (clients * operations)).toBeLessThan(1.5);
    expect(sent).toBeGreaterThan(clients * operations);
  });
});
