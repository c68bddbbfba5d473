import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAKE_MS_MAX } from '../../functions/canary/bake.ts';
import { DeploymentRecords } from '../../functions/canary/records.ts';
import { DEPLOYMENTS_KEPT_DAYS, deploymentsKey } from '../../functions/core/deployments.ts';
import { UnitStore } from '../functions/unit-store.ts';

const DAY_MS = 86_400_000;
const BEGAN_MS = 1_760_000_000_000;

const start = () => {
  const control = new UnitStore();
  const clock = { nowMs: BEGAN_MS, now: () => clock.nowMs };
  const records = new DeploymentRecords({ control, region: 'a', writer: 'a', clock });
  const deploy = async (id: string): Promise<void> => {
    await records.tried(id, { verdict: 'pass', detail: 'x'.repeat(200), candidate: '8' });
    await records.baking(id, { execution: `execution-${id}`, candidate: '8', bakeMs: 60_000 });
    await records.baked(id, { verdict: 'pass', detail: 'x'.repeat(200) });
    await records.ended(id, { state: 'succeeded', reason: '' });
  };
  return { control, clock, records, deploy };
};

describe('what is written down of deployments', () => {
  it('costs a look of the canary and of a hook the same, however many deployments there were', async () => {
    const { control, clock, records, deploy } = start();
    const look = async () => {
      await records.baking('d-now', { execution: 'execution-now', candidate: '9', bakeMs: 60_000 });
      control.take();
      expect((await records.bakesSince(BAKE_MS_MAX)).map(({ id }) => id)).toEqual(['d-now']);
      expect((await records.find('d-now'))?.bake?.candidate).toBe('9');
      return control.take().read;
    };
    const first = await look();
    clock.nowMs += DAY_MS;
    for (let n = 0; n < 300; n += 1) await deploy(`d-${n}`);
    clock.nowMs = BEGAN_MS;
    expect(await look()).toBe(first);
    expect(first).toBeLessThanOrEqual(3);
  });

  it('has every bake that is young enough, across midnight too, and no older one', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(2 * DAY_MS), { maxLength: 9 }),
        fc.integer({ min: 1, max: 2 * DAY_MS }),
        async (agesMs, ageMsMax) => {
          const { clock, records } = start();
          for (const [n, ageMs] of agesMs.entries()) {
            clock.nowMs = BEGAN_MS - ageMs;
            await records.baking(`d-${n}`, { execution: 'e', candidate: '8', bakeMs: 1 });
          }
          clock.nowMs = BEGAN_MS;
          const found = (await records.bakesSince(ageMsMax)).map(({ id }) => id);
          expect(found.toSorted()).toEqual(agesMs.flatMap((ageMs, n) => (ageMs < ageMsMax ? [`d-${n}`] : [])).toSorted());
        },
      ),
    ));

  it('expires after a time that is written with it, and once: what came later outlives what came before', async () => {
    const { control, clock, records, deploy } = start();
    await deploy('d-1');
    clock.nowMs += DAY_MS;
    await records.baking('d-1', { execution: 'again', candidate: '9', bakeMs: 1 });
    const items = await control.query(deploymentsKey('a'));
    expect(items).toHaveLength(5);
    for (const { expires } of items) expect(expires).toBe(BEGAN_MS / 1_000 + DEPLOYMENTS_KEPT_DAYS * 86_400);
  });
});
