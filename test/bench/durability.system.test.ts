import { describe, expect, it } from 'vitest';
import { proveDurability } from '../../bench/durability.ts';

const SMALL = { kills: 3, times: 1, writers: 8, replicatedDeadlineMs: 5_000 } as const;

describe('a write that was answered as replicated', () => {
  it('is in the survivor when its region is killed at once', async () => {
    const { kills, acknowledged, missing, unanswered } = await proveDurability({ ...SMALL, credulous: false });
    expect([kills, missing]).toEqual([SMALL.kills, []]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(SMALL.kills);
    // Callers were at every point of their way: none of them had stopped before the kill.
    expect(unanswered).toBeGreaterThan(0);
  });

  it('would be missing there if nobody had looked: the proof can fail', async () => {
    const { acknowledged, missing } = await proveDurability({ ...SMALL, credulous: true });
    expect(acknowledged.length).toBeGreaterThanOrEqual(SMALL.kills);
    expect(missing.length).toBeGreaterThan(0);
  });
});
