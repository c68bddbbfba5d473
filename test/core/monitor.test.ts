import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { Monitor, VIEW_MS_MAX } from '../../functions/core/monitor.ts';
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
  it('is kept while the region may write, and taken anew at once while it may not', async () => {
    const { monitor, control, clock } = start();
    const phase = (phase: 'FENCED' | 'SERVES') =>
      control.place(incarnationItem({ region: 'a', incarnation: 2, by: 'b', phase, atMs: clock.nowMs }));
    const isOpen = async (): Promise<boolean> => gateOf(await monitor.world()).open;
    expect(await isOpen()).toBe(true);
    phase('FENCED');
    expect(await isOpen()).toBe(true);
    clock.nowMs += VIEW_MS_MAX;
    expect(await isOpen()).toBe(false);
    phase('SERVES');
    expect(await Promise.all([isOpen(), isOpen()])).toEqual([true, true]);
  });
});

const start = () => {
  const [data, control] = [new MemoryStore(), new MemoryStore()];
  const clock = { nowMs: 1_760_000_000_000, now: () => clock.nowMs };
  return { data, control, clock, monitor: new Monitor({ data, control, clock, region: 'a', regions: ['a', 'b'], version: '1.0.0+7' }) };
};
