import { describe, expect, it } from 'vitest';
import { TABLES } from '../../../functions/contract/names.ts';
import { foldControl, incarnationItem, nextBeat, REGIONS_KEY } from '../../../functions/core/operations.ts';
import { cancelOrder } from '../../../functions/core/order-events.ts';
import { getOrder, placeOrder } from '../../../functions/core/orders.ts';
import { lookAtReclaim, reclaimStock } from '../../../functions/core/reclaim.ts';
import { lookAtRebuild, lossOf, rebuildRegion } from '../../../functions/core/recovery.ts';
import { getStock, receiveStock } from '../../../functions/core/stock.ts';
import { UserError } from '../../../ops/errors.ts';
import { TargetEstate } from '../../../ops/recovery/estate.ts';
import { scanTable } from '../../../ops/scan.ts';
import { AwsRecovery } from '../../../ops/targets/aws-recovery.ts';
import { valueOf } from '../../core/world.ts';
import { eventually } from '../../support/eventually.ts';
import { AwsWorld, type Way } from './aws-world.ts';

const [A, B, C] = ['eu-central-1', 'us-east-2', 'ap-northeast-1'] as const;
const rebuild: Way = rebuildRegion;
const reclaim: Way = reclaimStock;

describe('a region of AWS that is lost for good', () => {
  it('is rebuilt between the steps of an operator, who is told each', async () => {
    await AwsWorld.with([A, B], async (world) => {
      const { kept } = await withStock(world);
      await world.lose(A);
      const steps = await world.carryOut(rebuild, A);

      // then he removed both replicas, and added them one after the other, the control table's first
      expect(steps.map(commandsOf)).toEqual([
        [removal('tandem-control', B), removal('tandem-data', B), protection('tandem-control'), protection('tandem-data')],
        [addition('tandem-control', B)],
        [addition('tandem-data', B)],
      ]);
      // and the region serves, with what was known of it, and the cancelled order's units back
      await expectWhole(world, kept);
      // and is not lost any more: another run only says again that it may serve
      expect(await world.carryOut(rebuild, A)).toEqual([]);
      expect(await world.recovery(A).lostRegions()).toEqual([]);
    });
  });

  it('is rebuilt though the operator is ended after every step, and begins again', async () => {
    await AwsWorld.with([A, B], async (world) => {
      const { kept } = await withStock(world);
      await world.lose(A);
      const seen = new Set<string>();
      let runs = 0;
      for (let done = false; !done; runs += 1) {
        expect(runs).toBeLessThan(40);
        const controller = new AbortController();
        const ended = new Error('the operator is ended');
        const step = await world
          .run(
            rebuild,
            A,
            (line) => {
              const kind = line.replace(/\d+/g, 'N');
              if (!seen.has(kind)) controller.abort(ended);
              seen.add(kind);
            },
            controller.signal,
          )
          .catch((error: unknown) => {
            if (error !== ended) throw error;
            return 'ended';
          });
        if (step !== undefined && step !== 'ended') await world.obey(step);
        done = step === undefined;
      }
      expect([...seen].join('\n')).toMatch(
        /out of reach[\s\S]*fencing[\s\S]*cutting[\s\S]*starting[\s\S]*copying[\s\S]*merging[\s\S]*may serve/,
      );
      await expectWhole(world, kept);
    });
  });

  it('gives its stock to another, and is rebuilt after that, without a unit twice', async () => {
    await AwsWorld.with([A, B, C], async (world) => {
      await withStock(world);
      await world.lose(A);
      expect((await world.carryOut(reclaim, A)).map(commandsOf)).toEqual([
        [removal('tandem-control', B), removal('tandem-data', B), protection('tandem-control'), protection('tandem-data')],
      ]);
      for (const region of [B, C])
        await eventually(
          () => stockIn(world, region),
          (stock) => stock.available === 13,
        );
      expect(await world.carryOut(reclaim, A)).toEqual([]);
      // its replicas are away already
      expect((await world.carryOut(rebuild, A)).map(commandsOf)).toEqual([[addition('tandem-control', B)], [addition('tandem-data', B)]]);
      for (const region of [A, B, C])
        await eventually(
          () => stockIn(world, region),
          (stock) => stock.available === 16 && stock.received === 20,
        );
      expect(await controlOf(world, A)).toMatchObject({ incarnation: 3, fenced: false, closed: false });
    });
  });

  it('is copied only from regions that hold what an earlier run wrote in it', async () => {
    await AwsWorld.with([A, B], async (world) => {
      const { kept } = await withStock(world);
      await world.lose(A);
      // given a run that ends the cancelled order in A, whose word reaches nobody, and dies before A is admitted
      const broken = new (class extends AwsRecovery {
        override async admit(): Promise<void> {
          throw new Error('died');
        }
      })(world.recoveryProps(A));
      for (let steps = 0; steps < 3; steps += 1) await world.obey((await world.run(rebuild, A, () => undefined)) ?? '');
      await world.replication.set({ from: A, to: B, paused: true });
      await expect(rebuildRegion(new TargetEstate(broken, () => undefined), A)).rejects.toThrow('died');

      // when it goes on, it waits for the word
      const lines: string[] = [];
      await world.run(rebuild, A, (line) => {
        lines.push(line);
        if (line.startsWith('waiting until us-east-2 holds ORDER#')) void world.replication.set({ from: A, to: B, paused: false });
      });
      expect(lines.some((line) => line.startsWith('waiting until us-east-2 holds ORDER#'))).toBe(true);
      await expectWhole(world, kept);
      broken.close();
    });
  });
});

describe('a region of AWS that is admitted, and was not told yet that it may serve', () => {
  it('is only told so by the next run, and cut off a second time where it is lost again before', async () => {
    await AwsWorld.with([A, B], async (world) => {
      const { kept } = await withStock(world);
      await world.lose(A);
      const controller = new AbortController();
      const ending = new (class extends AwsRecovery {
        override async admit(region: string): Promise<void> {
          await super.admit(region);
          controller.abort(new Error('died'));
        }
      })(world.recoveryProps(A));
      for (let steps = 0; steps < 3; steps += 1) await world.obey((await world.run(rebuild, A, () => undefined)) ?? '');
      await expect(rebuildRegion(new TargetEstate(ending, () => undefined, controller.signal), A)).rejects.toThrow('died');
      ending.close();
      expect(await controlOf(world, A, B)).toMatchObject({ incarnation: 2, fenced: true });
      expect(await world.recovery(A).lostRegions()).toEqual([]);

      // when it is lost again
      await world.lose(A);
      expect((await world.carryOut(rebuild, A)).map(commandsOf)).toEqual([
        [removal('tandem-control', B), removal('tandem-data', B), protection('tandem-control'), protection('tandem-data')],
        [addition('tandem-control', B)],
        [addition('tandem-data', B)],
      ]);
      await expectWhole(world, kept);
    });
  });
});

describe('what is refused on AWS', () => {
  it('a region that answers and takes part, and one of which nobody is left', async () => {
    await AwsWorld.with([A, B], async (world) => {
      await expect(world.run(rebuild, A, () => undefined)).rejects.toThrow(/eu-central-1, which is not lost/);
      await expect(world.run(reclaim, A, () => undefined)).rejects.toThrow(/eu-central-1, which is not lost/);
      await expect(rebuildRegion(new TargetEstate(world.recovery(A, [B]), () => undefined), A)).rejects.toThrow(/no other region of/);
      // and nothing was said of it
      expect(await controlOf(world, A, B)).toMatchObject({ incarnation: 1, fenced: false });
    });
  });

  it('to go on without a region that does not answer, unless it is said to be lost too, or known to be', async () => {
    await AwsWorld.with([A, B, C], async (world) => {
      await world.lose(A);
      await world.lose(C);
      const refused = lossOf(new TargetEstate(world.recovery(A), () => undefined), A);
      await expect(refused).rejects.toBeInstanceOf(UserError);
      await expect(refused).rejects.toThrow(/ap-northeast-1 does not answer .* --also-lost ap-northeast-1/);
      expect(await lossOf(new TargetEstate(world.recovery(A, [C]), () => undefined), A)).toMatchObject({ isLost: true, survivors: [B] });
      const items = (['CLOSED', 'FENCED'] as const).map((phase) =>
        incarnationItem({ region: C, incarnation: 2, by: B, phase, atMs: Date.now() }),
      );
      await world.control(B).transact(items.map((item) => ({ action: 'put', item })));
      expect(await lossOf(new TargetEstate(world.recovery(A), () => undefined), A)).toMatchObject({ isLost: true, survivors: [B] });
    });
  });
});

describe('a look at a region of AWS', () => {
  it('reads the others only, ends though the region never answers, and changes nothing', async () => {
    await AwsWorld.with([A, B], async (world) => {
      await withStock(world);
      world.emulator(A).freeze();
      const before = await contents(world, B);
      const target = world.recovery(A);
      const estate = new TargetEstate(target, () => undefined);
      expect(await lookAtRebuild(estate, A)).toMatchObject({
        writer: 'eu-central-1.2',
        begun: false,
        loss: { isLost: true, survivors: [B] },
      });
      expect(await lookAtReclaim(estate, A)).toMatchObject({ heir: B, granted: [{ sku: 'tea', units: 13 }] });
      expect(await target.sightings()).toEqual([
        { by: B, table: 'tandem-control', status: 'ACTIVE' },
        { by: B, table: 'tandem-data', status: 'ACTIVE' },
      ]);
      expect(await contents(world, B)).toEqual(before);
      target.close();
      world.emulator(A).thaw();
    });
  });

  it('tells from heartbeats that a region lives which the operator cannot reach', async () => {
    await AwsWorld.with([A, B], async (world) => {
      const target = world.recovery(A);
      expect(await target.heartbeatAgeMs()).toBeUndefined();
      const beat = (region: string, nowMs: number) =>
        world.at(B).store.transact([nextBeat({ region, beats: [], controls: [] }, { nowMs, version: '1', verdict: 'pass' })]);
      await beat(A, Date.now() - 5_000);
      expect(await target.heartbeatAgeMs()).toBeGreaterThanOrEqual(5_000);
      expect(await target.heartbeatAgeMs()).toBeLessThan(60_000);
      // a clock of the operator that is slow makes nobody alive
      await beat(B, Date.now() + 3_600_000);
      expect(await target.heartbeatAgeMs()).toBeGreaterThan(3_600_000);
      target.close();
    });
  });
});

/** 20 units in A; 4 sold there, and 3 in an order that is cancelled in B and that A, whose housekeeping does not run, has not ended. */
const withStock = async (world: AwsWorld) => {
  valueOf(await receiveStock(world.at(A), { subject: 'ann', sku: 'tea', region: A, key: 'receipt-1', quantity: 20 }));
  const order = async (key: string, quantity: number): Promise<string> =>
    valueOf(await placeOrder(world.at(A), { subject: 'ann', key, request: { lines: [{ sku: 'tea', quantity }] } })).id;
  const [kept, cancelled] = [await order('kept', 4), await order('cancelled', 3)];
  for (const region of [...world.emulators.keys()].slice(1))
    await eventually(
      () => stockIn(world, region),
      (stock) => stock.received === 20 && stock.available === 13,
    );
  valueOf(await cancelOrder(world.at(B), { subject: 'ann', id: cancelled }));
  return { kept };
};

const expectWhole = async (world: AwsWorld, kept: string): Promise<void> => {
  for (const region of [A, B]) {
    await eventually(
      () => stockIn(world, region),
      (stock) => stock.received === 20 && stock.available === 16,
    );
    expect(await getOrder(world.at(region), { subject: 'ann', id: kept })).toMatchObject({ kind: 'done', value: { state: 'placed' } });
    await eventually(
      () => controlOf(world, A, region),
      ({ incarnation, fenced }) => incarnation === 2 && !fenced,
    );
  }
};

const stockIn = async (world: AwsWorld, region: string) => {
  const outcome = await getStock(world.at(region), { subject: 'ann', sku: 'tea' });
  return outcome.kind === 'refused' ? { received: 0, available: 0 } : outcome.value;
};

const controlOf = async (world: AwsWorld, region: string, by = region) => foldControl(region, await world.control(by).query(REGIONS_KEY));

const contents = (world: AwsWorld, region: string) =>
  Promise.all(Object.values(TABLES).map((table) => scanTable(world.client(region), table)));

const commandsOf = (step: string): readonly string[] =>
  step.split('\n').flatMap((line) => (line.trim().startsWith('aws ') ? [line.trim()] : []));

const update = (table: string, through: string, updates: string): string =>
  `aws dynamodb update-table --region ${through} --table-name ${table} --replica-updates '${updates}'`;
const removal = (table: string, through: string): string => update(table, through, `[{"Delete":{"RegionName":"${A}"}}]`);
const addition = (table: string, through: string): string => update(table, through, `[{"Create":{"RegionName":"${A}"}}]`);
const protection = (table: string): string =>
  `aws dynamodb update-table --region ${A} --table-name ${table} --no-deletion-protection-enabled`;
