import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { Monitor, VIEW_MS_MAX } from '../../functions/core/monitor.ts';
import {
  BEAT_GAP_MS_MAX,
  CLOCK_SKEW_MS_MAX,
  foldControl,
  gateOf,
  healthOf,
  incarnationItem,
  isDrained,
  switchItem,
  switchOf,
} from '../../functions/core/operations.ts';
import { StoreUnavailable } from '../../functions/core/store.ts';

const two = () => {
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
  const region = (name: string) => {
    const [data, control] = [new MemoryStore(), new MemoryStore()];
    return { name, data, control, monitor: new Monitor({ data, control, clock, region: name, regions: ['a', 'b'], version: '1' }) };
  };
  const [a, b] = [region('a'), region('b')];
  const replicate = () => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const item of from.data.items()) if (item.sk.split('#').at(-1)?.split('.')[0] === from.name) to.data.place(item);
      for (const item of from.control.items()) to.control.place(item);
    }
  };
  const pass = (ms: number) => {
    clock.nowMs += ms;
  };
  return { clock, a, b, region, replicate, pass };
};
const ok = { ok: true } as const;

describe('the gate', () => {
  it('is open in a new system before any peer is there, and while a peer is gone', async () => {
    const { a, pass } = two();
    await a.monitor.check();
    expect(gateOf(await a.monitor.world())).toEqual({ open: true, writer: 'a' });
    for (let minute = 0; minute < 10; minute += 1) {
      pass(60_000);
      expect((await a.monitor.check()).health).toEqual({ verdict: 'pass', reasons: [] });
    }
  });

  it('closes after a gap until a later heartbeat of a peer arrives', async () => {
    const { a, b, replicate, pass } = two();
    await a.monitor.check();
    await b.monitor.check();
    replicate();
    pass(BEAT_GAP_MS_MAX + 1);
    expect((await a.monitor.check()).health).toMatchObject({ verdict: 'fail', reasons: [{ code: 'behind' }] });
    pass(VIEW_MS_MAX + CLOCK_SKEW_MS_MAX);
    expect(gateOf(await a.monitor.world())).toMatchObject({ open: false, reason: 'behind' });
    await b.monitor.check();
    replicate();
    pass(VIEW_MS_MAX);
    expect(gateOf(await a.monitor.world())).toEqual({ open: true, writer: 'a' });
  });

  it('is closed to the first request after a gap, whether or not a deep check came before it', async () => {
    const { a, b, replicate, pass } = two();
    await a.monitor.check();
    await b.monitor.check();
    replicate();
    pass(BEAT_GAP_MS_MAX + 1);
    expect(gateOf(await a.monitor.world())).toMatchObject({ open: false, reason: 'behind' });
    pass(VIEW_MS_MAX + CLOCK_SKEW_MS_MAX);
    await b.monitor.check();
    replicate();
    expect(gateOf(await a.monitor.world())).toEqual({ open: true, writer: 'a' });
  });

  it('does not wait for a peer that operators evacuated', async () => {
    const { a, b, replicate, clock, pass } = two();
    await a.monitor.check();
    await b.monitor.check();
    replicate();
    pass(BEAT_GAP_MS_MAX + 1);
    a.control.place(switchItem({ region: 'b', by: 'a', evacuate: true, atMs: clock.nowMs, reason: 'gone' }));
    expect((await a.monitor.check()).health.verdict).toBe('pass');
  });

  it('does not wait for a peer whose books operators closed', async () => {
    const { a, b, replicate, clock, pass } = two();
    await a.monitor.check();
    await b.monitor.check();
    replicate();
    pass(BEAT_GAP_MS_MAX + 1);
    for (const phase of ['CLOSED', 'FENCED'] as const)
      a.control.place(incarnationItem({ region: 'b', incarnation: 2, by: 'a', phase, atMs: clock.nowMs }));
    expect((await a.monitor.check()).health.verdict).toBe('pass');
  });

  it('stays closed for ever to an incarnation that a peer knows to be retired', async () => {
    const { a, b, replicate, clock, pass } = two();
    await a.monitor.check();
    replicate();
    pass(BEAT_GAP_MS_MAX + 1);
    b.control.place(incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase: 'FENCED', atMs: clock.nowMs }));
    await b.monitor.check();
    for (const item of b.data.items()) a.data.place(item);
    pass(VIEW_MS_MAX);
    expect(gateOf(await a.monitor.world())).toMatchObject({ open: false, reason: 'retired' });
    expect((await a.monitor.check()).health.verdict).toBe('fail');
  });

  it('stays closed in an old place that heard of the fence: what it beats under the next name opens nothing, there or elsewhere', async () => {
    const { a, b, region, replicate, clock, pass } = two();
    await a.monitor.check();
    await b.monitor.check();
    b.control.place(incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase: 'FENCED', atMs: clock.nowMs }));
    replicate();
    pass(VIEW_MS_MAX);
    await a.monitor.check();
    replicate();
    expect(b.data.peek({ pk: 'REGIONS', sk: 'BEAT#a.2' })).toBeDefined();
    // Now a is cut off, and rebuilt from what b holds.
    const rebuilt = region('a');
    for (const table of ['data', 'control'] as const) for (const item of b[table].items()) rebuilt[table].place(item);
    expect(gateOf(await rebuilt.monitor.world())).toMatchObject({ open: false, reason: 'fenced' });
    const serves = incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase: 'SERVES', atMs: clock.nowMs });
    for (const each of [rebuilt, b]) each.control.place(serves);
    pass(VIEW_MS_MAX);
    // It must have heard a peer since the beat under its name, whoever wrote that.
    expect(gateOf(await rebuilt.monitor.world())).toMatchObject({ open: false, reason: 'behind' });
    await b.monitor.check();
    for (const item of b.data.items()) if (item.sk === 'BEAT#b') rebuilt.data.place(item);
    pass(VIEW_MS_MAX);
    expect(gateOf(await rebuilt.monitor.world())).toEqual({ open: true, writer: 'a.2' });
    for (let minute = 0; minute < 3; minute += 1) {
      pass(60_000);
      await b.monitor.check();
      expect((await a.monitor.check()).health).toMatchObject({ verdict: 'fail', reasons: [{ code: 'fenced' }] });
      expect(gateOf(await b.monitor.world())).toEqual({ open: true, writer: 'b' });
    }
  });

  it('opens under the new name once the rebuilt incarnation may serve', async () => {
    const { a, clock, pass } = two();
    a.control.place(incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase: 'FENCED', atMs: clock.nowMs }));
    expect(gateOf(await a.monitor.world())).toMatchObject({ open: false, reason: 'fenced' });
    a.control.place(incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase: 'SERVES', atMs: clock.nowMs }));
    pass(VIEW_MS_MAX);
    expect(gateOf(await a.monitor.world())).toEqual({ open: true, writer: 'a.2' });
  });
});

describe('the verdict', () => {
  it('fails when the table does not answer, and passes again when it does', async () => {
    const { a, pass } = two();
    const transact = a.data.transact.bind(a.data);
    a.data.transact = () => Promise.reject(new StoreUnavailable('timed out'));
    expect((await a.monitor.check()).health).toMatchObject({ verdict: 'fail', reasons: [{ code: 'table' }] });
    a.data.transact = transact;
    pass(VIEW_MS_MAX);
    expect((await a.monitor.check()).health.verdict).toBe('pass');
  });

  it('fails when a write is acknowledged and cannot be read back', async () => {
    const { a } = two();
    a.data.transact = async () => ok;
    expect((await a.monitor.check()).health).toMatchObject({ verdict: 'fail', reasons: [{ code: 'table' }] });
  });

  it('writes at most one heartbeat in five seconds, and shares a check among concurrent callers', async () => {
    const { a, pass } = two();
    await Promise.all([a.monitor.check(), a.monitor.check(), a.monitor.check()]);
    pass(VIEW_MS_MAX - 1);
    await a.monitor.check();
    expect(a.data.peek({ pk: 'REGIONS', sk: 'BEAT#a' })?.['rev']).toBe(1);
    pass(1);
    await a.monitor.check();
    expect(a.data.peek({ pk: 'REGIONS', sk: 'BEAT#a' })?.['rev']).toBe(2);
  });

  it('does not depend on the peer: neither its age nor its own verdict', async () => {
    const { a, b, replicate, pass } = two();
    await a.monitor.check();
    b.data.place({ pk: 'REGIONS', sk: 'BEAT#b', v: 1, at: 1, verdict: 'fail' });
    replicate();
    pass(VIEW_MS_MAX);
    expect((await a.monitor.check()).health.verdict).toBe('pass');
  });
});

describe('switches', () => {
  const control = (...items: ReturnType<typeof switchItem>[]) => foldControl('a', items);
  const on = (by: string, atMs: number) => switchItem({ region: 'a', by, evacuate: true, atMs, reason: 'drill' });
  const off = (by: string, atMs: number) => switchItem({ region: 'a', by, evacuate: false, atMs, reason: 'drill' });

  it('the latest word wins, whoever gave it; of two at once "evacuate" wins', () => {
    expect(control(on('a', 1), off('b', 2)).evacuate).toBe(false);
    expect(control(off('b', 1), on('a', 2)).evacuate).toBe(true);
    expect(control(on('a', 2), off('b', 2)).evacuate).toBe(true);
    expect(control(off('a', 2), on('b', 2)).evacuate).toBe(true);
    expect(control().evacuate).toBe(false);
  });

  const world = (aControl: ReturnType<typeof foldControl>) => ({ region: 'b', beats: [], controls: [aControl, foldControl('b', [])] });

  it('a fit region tells, an unfit one speaks for no other', () => {
    const given = world(control(on('b', 1)));
    expect(switchOf(given, 'a', healthOf({ world: given, table: ok })).evacuate).toBe(true);
    expect(switchOf(given, 'a', healthOf({ world: given, table: { ok: false, detail: 'gone' } })).evacuate).toBe(false);
  });

  it('of a region that was given up the others say "evacuate" until its successor serves: it may not have heard', () => {
    const word = (phase: 'FENCED' | 'SERVES') => incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase, atMs: 1 });
    const told = (items: Parameters<typeof foldControl>[1]) => {
      const given = world(foldControl('a', items));
      return switchOf(given, 'a', healthOf({ world: given, table: ok }));
    };
    expect(told([word('FENCED')])).toEqual({ evacuate: true, reason: 'a was given up, and incarnation 2 does not serve yet' });
    expect(told([word('FENCED'), word('SERVES')])).toMatchObject({ evacuate: false });
  });

  it('an evacuated region fails its own verdict at once, and refuses users after the drain time', () => {
    const given = { region: 'a', beats: [], controls: [control(on('a', 1_000))] };
    expect(healthOf({ world: given, table: ok })).toMatchObject({ verdict: 'fail', reasons: [{ code: 'evacuated' }] });
    expect(isDrained(given, 30_999, 30_000)).toBe(false);
    expect(isDrained(given, 31_000, 30_000)).toBe(true);
  });
});
