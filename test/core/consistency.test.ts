import { describe, expect, it } from 'vitest';
import { arrives, arrivesAtPeer, type Holds, LOOK_MS, type Patience, type Peer, witnesses } from '../../functions/core/consistency.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { foldBeats, foldControl, incarnationItem, switchItem } from '../../functions/core/operations.ts';
import { type Item, type Key, StoreUnavailable } from '../../functions/core/store.ts';

const WAIT_MS = 400;
const HASH = 'a'.repeat(32);
const PLACED: Key = { pk: `ORDER#${HASH}`, sk: 'PLACED#a' };
const PAID: Key = { pk: `ORDER#${HASH}`, sk: `E#paid#${HASH}#a` };

describe('what a token names', () => {
  it('arrives at once where it is, without any wait', async () => {
    const time = new Time();
    expect(await arrives(storeOf(PLACED, PAID), [PLACED, PAID], { ...time.patience, waitMs: 0 })).toBe(true);
    expect(time.paused).toEqual([]);
  });

  it('arrives while it is waited for, item by item and in any order', async () => {
    const time = new Time();
    const store = new MemoryStore();
    time.at(100, () => store.place(itemOf(PAID)));
    time.at(220, () => store.place(itemOf(PLACED)));
    const arrived = await time.run(arrives(store, [PLACED, PAID], { ...time.patience, waitMs: WAIT_MS }));
    expect([arrived, time.nowMs]).toEqual([true, 400]);
  });

  it('is not claimed when one item of it is missing, and is given up in time', async () => {
    const time = new Time();
    expect(await time.run(arrives(storeOf(PAID), [PLACED, PAID], { ...time.patience, waitMs: WAIT_MS }))).toBe(false);
    expect(time.nowMs).toBeLessThanOrEqual(WAIT_MS);
  });

  it('is held when its resource says so, which may take more than the item', async () => {
    const time = new Time();
    const store = storeOf(PLACED);
    const holds: Holds = async (at, { pk }) => (await at.query(pk)).length > 1;
    time.at(120, () => store.place(itemOf(PAID)));
    expect([await time.run(arrives(store, [PLACED], { ...time.patience, holds, waitMs: WAIT_MS })), time.nowMs]).toEqual([true, 200]);
    expect(await time.run(arrives(storeOf(PLACED), [PLACED], { ...time.patience, holds, waitMs: WAIT_MS }))).toBe(false);
  });
});

describe('what is to be in another region', () => {
  const ask = (time: Time, peers: readonly Peer[], keys: readonly Key[] = [PLACED, PAID]) =>
    time.run(arrivesAtPeer(peers, keys, { ...time.patience, waitMs: WAIT_MS }));

  it('is there when one peer holds all of it', async () => {
    const time = new Time();
    expect(await ask(time, [peerOf('b'), peerOf('c', PLACED, PAID)])).toBe(true);
    expect(time.nowMs).toBe(0);
  });

  it('is not there when two peers hold a part each', async () => {
    const time = new Time();
    expect(await ask(time, [peerOf('b', PLACED), peerOf('c', PAID)])).toBe(false);
    expect(time.nowMs).toBeLessThanOrEqual(WAIT_MS);
  });

  it('is seen when it arrives, also item by item', async () => {
    const time = new Time();
    const store = new MemoryStore();
    time.at(70, () => store.place(itemOf(PLACED)));
    time.at(140, () => store.place(itemOf(PAID)));
    expect(await ask(time, [{ region: 'b', get: (key) => store.get(key) }])).toBe(true);
    expect(time.nowMs).toBe(237.5);
  });

  it('is asked of each peer by itself: one that hangs or fails holds up nothing but itself', async () => {
    const hangs: Peer = { region: 'b', get: () => new Promise(() => undefined) };
    const fails: Peer = { region: 'c', get: () => Promise.reject(new StoreUnavailable('gone')) };
    const [alone, beside, late] = [new Time(), new Time(), new Time()];
    expect([await ask(alone, [hangs, fails]), alone.nowMs]).toEqual([false, WAIT_MS]);
    expect([await ask(beside, [hangs, fails, peerOf('d', PLACED, PAID)]), beside.nowMs]).toEqual([true, 0]);
    const store = new MemoryStore();
    for (const key of [PLACED, PAID]) late.at(120, () => store.place(itemOf(key)));
    expect([await ask(late, [hangs, { region: 'd', get: (key) => store.get(key) }]), late.nowMs]).toEqual([true, 125]);
  });

  it('is seen at a peer that failed at first', async () => {
    let looks = 0;
    const get = async (key: Key) => {
      looks += 1;
      if (looks <= 2) throw new StoreUnavailable('not yet');
      return itemOf(key);
    };
    expect(await ask(new Time(), [{ region: 'b', get }])).toBe(true);
  });

  it('is asked of nobody, and not waited for, where there is nobody to ask', async () => {
    const time = new Time();
    expect([await ask(time, []), time.paused]).toEqual([false, []]);
  });

  it('leaves nobody asking when it is over', async () => {
    const time = new Time();
    let looks = 0;
    const get = async () => {
      looks += 1;
      return undefined;
    };
    await ask(time, [{ region: 'b', get }]);
    const before = looks;
    await time.settle();
    expect(looks).toBe(before);
    expect(before).toBeLessThanOrEqual(2 * (WAIT_MS / LOOK_MS));
  });
});

describe('a witness of a write', () => {
  const worldOf = (controls: readonly Item[] = [], beats: readonly Item[] = []) => ({
    region: 'a',
    beats: foldBeats(beats),
    controls: ['a', 'b', 'c'].map((region) => foldControl(region, controls)),
  });
  const phase = (region: string, name: 'FENCED' | 'SERVES') => incarnationItem({ region, incarnation: 2, by: 'a', phase: name, atMs: 1 });

  it('is every other region, evacuated ones among them', () => {
    const evacuated = switchItem({ region: 'b', by: 'a', evacuate: true, atMs: 1, reason: 'drill' });
    expect(witnesses(worldOf())).toEqual(['b', 'c']);
    expect(witnesses(worldOf([evacuated]))).toEqual(['b', 'c']);
  });

  it('is no region that is being rebuilt, until it serves', () => {
    expect(witnesses(worldOf([phase('b', 'FENCED')]))).toEqual(['c']);
    expect(witnesses(worldOf([phase('b', 'FENCED'), phase('b', 'SERVES')]))).toEqual(['b', 'c']);
  });

  it('is no region that a peer knows to be given up, though nobody said so here yet', () => {
    const heard: Item = { pk: 'REGIONS', sk: 'BEAT#c', v: 1, at: 1, rev: 1, incarnations: { b: 2 } };
    expect(witnesses(worldOf([], [heard]))).toEqual(['c']);
  });
});

const itemOf = ({ pk, sk }: Key): Item => ({ pk, sk, v: 1 });

const storeOf = (...keys: readonly Key[]): MemoryStore => {
  const store = new MemoryStore();
  for (const key of keys) store.place(itemOf(key));
  return store;
};

const peerOf = (region: string, ...keys: readonly Key[]): Peer => {
  const store = storeOf(...keys);
  return { region, get: (key) => store.get(key) };
};

/** Time that passes only when everybody waits. */
class Time {
  nowMs = 0;
  readonly paused: number[] = [];
  #planned: { readonly atMs: number; readonly act: () => void }[] = [];

  readonly patience: Patience = {
    clock: { now: () => this.nowMs },
    pause: (ms) => {
      this.paused.push(ms);
      return new Promise((resolve) => this.at(this.nowMs + ms, resolve));
    },
  };

  at(atMs: number, act: () => void): void {
    this.#planned.push({ atMs, act });
  }

  async run<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const end = () => {
      over = true;
    };
    work.then(end, end);
    await quiet();
    while (!over && this.#step()) await quiet();
    return work;
  }

  async settle(): Promise<void> {
    await quiet();
    while (this.#step()) await quiet();
  }

  #step(): boolean {
    const [next] = this.#planned.toSorted((a, b) => a.atMs - b.atMs);
    if (next === undefined) return false;
    this.#planned = this.#planned.filter((each) => each !== next);
    this.nowMs = next.atMs;
    next.act();
    return true;
  }
}

/** Until nothing goes on without time. */
const quiet = () => new Promise<void>((resolve) => setImmediate(resolve));
