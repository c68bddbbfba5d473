import { describe, expect, it } from 'vitest';
import { putBack } from '../../../ops/drill/repair.ts';
import { RESTORE_FORMAT, type RestoreReport } from '../../../ops/restore/report.ts';
import { ToySystem } from './toy-system.ts';

const AT = new Date(0).toISOString();
const left = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ pk: 'STOCK#tea', sk: `HELD#${index}`, why: 'it kept changing' }));

describe('a restore that did not put everything back', () => {
  it('names what is left and why, and no region that lacks nothing', async () => {
    await expect(restored({ remaining: [facts('a', 0), facts('b', 2)], left: left(1) })).rejects.toThrow(
      /^not everything is put back: b lacks 2 facts, STOCK#tea HELD#0 is left \(it kept changing\)$/,
    );
  });

  it('names the first of many', async () => {
    await expect(restored({ remaining: [facts('a', 0)], left: left(5) })).rejects.toThrow(
      /HELD#2 is left \(it kept changing\), and 2 more are left$/,
    );
  });
});

const facts = (region: string, count: number) => ({ region, facts: count });

const restored = async ({
  remaining,
  left: over,
}: {
  readonly remaining: RestoreReport['remaining'];
  readonly left: ReturnType<typeof left>;
}) => {
  const report: RestoreReport = {
    format: RESTORE_FORMAT,
    past: `--at ${AT}`,
    at: AT,
    region: 'a',
    table: 'toy',
    kept: false,
    startedAt: AT,
    seconds: { repaired: 0, all: 0 },
    items: 0,
    applied: true,
    toldAnew: [],
    absent: [],
    resources: [],
    repaired: { facts: { orders: 0, stock: 0, records: 0 }, spread: 0, rows: [], left: over },
    remaining,
    whole: false,
  };
  await using target = await ToySystem.open();
  return await putBack({ target, restore: async () => report, progress: () => undefined }, 0);
};
