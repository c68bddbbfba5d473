import { describe, expect, it } from 'vitest';
import { arrives, arrivesAtPeer, type Peer } from '../../functions/core/consistency.ts';
import { PeerMemory } from '../../functions/core/peer-memory.ts';
import { type Item, type Key, StoreUnavailable } from '../../functions/core/store.ts';

const DEADLINE_MS = 1_500;
/** Milliseconds from a write to its arrival at a peer, in good times. */
const REPLICATION_MS = 500;
const REQUESTS = 40;

/** Time that passes only when everybody waits, and never goes back. */
class VirtualTime {
  nowMs = 0;
  #planned: { readonly atMs: number; readonly act: () => void }[] = [];

  readonly clock = { now: () => this.nowMs };
  readonly pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      this.#planned.push({ atMs: this.nowMs + ms, act: resolve });
    });

  async run<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const end = () => {
      over = true;
    };
    work.then(end, end);
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (over) return work;
      const next = this.#planned.reduce((a, b) => (b.atMs < a.atMs ? b : a));
      this.#planned = this.#planned.filter((each) => each !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.act();
    }
  }
}

/** Holds what was written so many milliseconds ago. Keys say when. */
const holding = (time: VirtualTime, region: string, lagMs: () => number): Peer => ({
  region,
  get: async ({ pk, sk }) => (time.nowMs - Number(pk) >= lagMs() ? itemOf({ pk, sk }) : undefined),
});
const itemOf = (key: Key): Item => ({ ...key, v: 1 });

/** Requests of one environment, one each so many milliseconds, or as fast as they end. */
const serve = async (time: VirtualTime, peers: readonly Peer[], gapMs: number, requests = REQUESTS) => {
  const memory = new PeerMemory();
  const served: { readonly held: boolean; readonly beganMs: number; readonly tookMs: number }[] = [];
  for (let n = 0; n < requests; n += 1) {
    const beganMs = time.nowMs;
    // Its own work, before it waits.
    await time.run(time.pause(20));
    const keys = [{ pk: String(time.nowMs), sk: 'PLACED#a' }];
    const held = await time.run(arrivesAtPeer(peers, keys, { ...time, waitMs: DEADLINE_MS, memory }));
    served.push({ held, beganMs, tookMs: time.nowMs - beganMs });
    await time.run(time.pause(Math.max(1, gapMs - (time.nowMs - beganMs))));
  }
  return served;
};
const meanMs = (served: readonly { readonly tookMs: number }[]): number =>
  served.reduce((all, { tookMs }) => all + tookMs, 0) / served.length;

const DARK: Readonly<Record<string, (region: string) => Peer>> = {
  hang: (region) => ({ region, get: () => new Promise(() => undefined) }),
  fail: (region) => ({ region, get: () => Promise.reject(new StoreUnavailable('dark')) }),
  'lack all that is new': (region) => ({ region, get: async () => undefined }),
};

describe('a write that is to be replicated while every peer is dark', () => {
  it.each(Object.keys(DARK).flatMap((how) => [0, 100, 990, 1_100, 5_000].map((gapMs) => [how, gapMs] as const)))(
    'keeps at most 1.5 times the concurrency of good times busy: peers %s, one request each %i ms',
    async (how, gapMs) => {
      const [good, bad] = [new VirtualTime(), new VirtualTime()];
      const peers = ['b', 'c'];
      const normal = await serve(
        good,
        peers.map((region) => holding(good, region, () => REPLICATION_MS)),
        gapMs,
      );
      const dark = await serve(
        bad,
        peers.flatMap((region) => DARK[how]?.(region) ?? []),
        gapMs,
      );
      expect([normal.every(({ held }) => held), dark.some(({ held }) => held)]).toEqual([true, false]);
      // What began in the dark is counted with all that came after it.
      expect(meanMs(dark)).toBeLessThanOrEqual(1.5 * meanMs(normal));
    },
  );

  it('asks each of them at most once a second, after the first', async () => {
    const time = new VirtualTime();
    const looks: number[] = [];
    const peer: Peer = {
      region: 'b',
      get: async () => {
        looks.push(time.nowMs);
        return undefined;
      },
    };
    await serve(time, [peer], 10, 400);
    const later = looks.filter((atMs) => atMs > DEADLINE_MS + 20);
    expect(later.length).toBeGreaterThan(2);
    expect(Math.min(...later.slice(1).map((atMs, index) => atMs - (later[index] ?? 0)))).toBeGreaterThanOrEqual(1_000);
  });

  it('is replicated again within two seconds of the return of one', async () => {
    const time = new VirtualTime();
    const backMs = 5_000;
    const served = await serve(time, [holding(time, 'b', () => (time.nowMs < backMs ? 1_000_000 : REPLICATION_MS))], 50, 200);
    const first = served.find(({ held }) => held);
    expect(first?.beganMs).toBeLessThanOrEqual(backMs + 2_000);
    expect(served.filter(({ beganMs }) => beganMs > backMs + 2_000).every(({ held }) => held)).toBe(true);
  });
});

describe('a peer that is only slow', () => {
  it('is given the whole deadline, also after it has missed one', async () => {
    const time = new VirtualTime();
    const lagMs = () => (time.nowMs < 4_000 ? 3_000 : 1_400);
    const served = await serve(time, [holding(time, 'b', lagMs)], 1_200, 20);
    expect(served[0]?.held).toBe(false);
    expect(served.slice(-10).every(({ held }) => held)).toBe(true);
  });

  it('may take half of it for a look', async () => {
    const time = new VirtualTime();
    const peer: Peer = {
      region: 'b',
      get: async (key) => {
        await time.pause(DEADLINE_MS / 2 - 10);
        return itemOf(key);
      },
    };
    expect((await serve(time, [peer], 0, 3)).every(({ held }) => held)).toBe(true);
  });
});

describe('a peer of which nobody has heard', () => {
  it('is looked at once, and not waited for, until it was seen to hold that', async () => {
    const time = new VirtualTime();
    const memory = new PeerMemory();
    const peers = [holding(time, 'b', () => REPLICATION_MS)];
    const ask = async (): Promise<readonly [boolean, number]> => {
      const [beganMs, keys] = [time.nowMs, [{ pk: String(time.nowMs), sk: 'PLACED#a' }]];
      memory.suspect('b', keys);
      return [await time.run(arrivesAtPeer(peers, keys, { ...time, waitMs: DEADLINE_MS, memory })), time.nowMs - beganMs];
    };
    expect(await ask()).toEqual([false, 0]);
    await time.run(time.pause(1_001));
    const [held] = await ask();
    expect(held).toBe(true);
    // It has been heard of here since: what others say of it counts no more.
    expect((await ask())[0]).toBe(true);
  });
});

it('looks for what tokens name at most four times in the time that it has by default', async () => {
  for (const waitMs of [0, 49, 50, 200, 499, 500]) {
    const time = new VirtualTime();
    let looks = 0;
    const get = async () => {
      looks += 1;
      return undefined;
    };
    expect(await time.run(arrives({ get, query: async () => [] }, [{ pk: 'a', sk: 'b' }], { ...time, waitMs }))).toBe(false);
    expect([looks <= 4, time.nowMs <= waitMs]).toEqual([true, true]);
  }
});
