import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { CLOSED_VIEW_MS_MAX, Monitor, VIEW_MS_MAX } from '../../functions/core/monitor.ts';
import { gateOf, incarnationItem } from '../../functions/core/operations.ts';
import { type Committed, StoreBusy } from '../../functions/core/store.ts';

describe('the deep check', () => {
  it('finds the heartbeat that it wrote, also the first one under a new name', async () => {
    const { monitor, control, clock } = start();
    for (let n = 0; n < 3; n += 1) {
      clock.nowMs += 6_000;
      expect((await monitor.check()).health).toEqual({ verdict: 'pass', reasons: [] });
    }
    // The region is rebuilt under its second name, and the heartbeats of its first are there still.
    for (const phase of ['FENCED', 'SERVES'] as const) {
      control.place(incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase, atMs: clock.nowMs }));
      clock.nowMs += 6_000;
      expect((await monitor.check()).health.reasons.map(({ code }) => code)).not.toContain('table');
    }
  });

  it('finds it under an old name as well, and says that the name is retired', async () => {
    const { monitor, data, clock } = start();
    data.place({ pk: 'REGIONS', sk: 'BEAT#a.2', v: 1, at: clock.nowMs, rev: 9 });
    expect((await monitor.check()).health.reasons.map(({ code }) => code)).toEqual(['retired']);
  });

  it('says so when the heartbeat is not there', async () => {
    const { monitor, data } = start();
    data.transact = async (): Promise<Committed> => ({ ok: true });
    expect((await monitor.check()).health.reasons.map(({ code }) => code)).toEqual(['table']);
  });

  it('that loses to another of its region passes by the heartbeat of that one, and not without any', async () => {
    const { monitor, data, clock } = start();
    const transact = data.transact.bind(data);
    let others = true;
    data.transact = async (writes): Promise<Committed> => {
      if (others) await transact(writes);
      throw new StoreBusy('lost to other writes');
    };
    expect((await monitor.check()).health).toEqual({ verdict: 'pass', reasons: [] });
    others = false;
    clock.nowMs += 6_000;
    expect((await monitor.check()).health.reasons.map(({ code }) => code)).toEqual(['table']);
  });
});

describe('the view of the regions', () => {
  /** A region that is fenced, as its view tells. */
  const fenced = async () => {
    const started = start();
    const { monitor, control, clock } = started;
    const phase = (phase: 'FENCED' | 'SERVES') =>
      control.place(incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase, atMs: clock.nowMs }));
    const isOpen = async (): Promise<boolean> => gateOf(await monitor.world()).open;
    expect(await isOpen()).toBe(true);
    phase('FENCED');
    expect(await isOpen()).toBe(true);
    clock.nowMs += VIEW_MS_MAX;
    expect(await isOpen()).toBe(false);
    return { ...started, phase, isOpen };
  };

  it('is kept while the region may write, and hardly while it may not', async () => {
    const { clock, phase, isOpen } = await fenced();
    phase('SERVES');
    clock.nowMs += CLOSED_VIEW_MS_MAX - 1;
    expect(await Promise.all([isOpen(), isOpen()])).toEqual([false, false]);
    clock.nowMs += 1;
    expect(await Promise.all([isOpen(), isOpen()])).toEqual([true, true]);
  });

  it('costs a region that may not write two queries each quarter of a second, however many ask', async () => {
    const { monitor, data, control, clock, isOpen } = await fenced();
    let queries = 0;
    for (const store of [data, control]) {
      const query = store.query.bind(store);
      store.query = (...given) => {
        queries += 1;
        return query(...given);
      };
    }
    const seconds = 4;
    for (let ms = 0; ms < seconds * 1_000; ms += 1) {
      clock.nowMs += 1;
      await Promise.all([monitor.world(), monitor.world(), isOpen()]);
    }
    expect(queries).toBeGreaterThanOrEqual(2 * seconds);
    expect(queries).toBeLessThanOrEqual((2 * seconds * 1_000) / CLOSED_VIEW_MS_MAX);
  });
});

const start = () => {
  const [data, control] = [new MemoryStore(), new MemoryStore()];
  const clock = { nowMs: 1_760_000_000_000, now: () => clock.nowMs };
  return { data, control, clock, monitor: new Monitor({ data, control, clock, region: 'a', regions: ['a', 'b'], version: '1.0.0+7' }) };
};
