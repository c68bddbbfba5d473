import { describe, expect, test } from 'vitest';
import type { Item } from '../../../functions/core/store.ts';
import { parseConfig } from '../../../infra/config.ts';
import { atRest, brokenBefore } from '../../../ops/drill/at-rest.ts';
import { planDrill, reckon } from '../../../ops/drill/frame.ts';
import { RULES } from '../../../ops/drill/invariants.ts';
import type { OperationRecord } from '../../../ops/drill/operations.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { placed } from './items.ts';
import { recordOf } from './records.ts';
import { ToySystem } from './toy-system.ts';

const REGIONS = ['eu-central-1', 'us-east-2'];
const receipt = (hash: string): Item => ({ pk: 'STOCK#x', sk: `RECEIPT#${hash}#a`, v: 1, region: 'a', quantity: 0, at: 1 });

/** A plan over tables that hold what is given, look by look; the last for ever. */
const planOver = (system: ToySystem, looks: readonly (readonly Item[])[], aborted = new AbortController().signal) => {
  const told: string[] = [];
  let count = 0;
  const plan = planDrill({
    target: system,
    config: parseConfig({ regions: REGIONS.map((name) => ({ name })), auth: 'keys' }),
    reportFolder: temporaryFolder(),
    stateFolder: temporaryFolder(),
    token: () => 'toy',
    restSecondsMax: 0.05,
    settleSecondsMax: 0.05,
    // Each look reads every region once.
    scan: async () => looks[Math.min(Math.floor(count++ / REGIONS.length), looks.length - 1)] ?? [],
    read: async (_, pk) => (looks[0] ?? []).filter((item) => item.pk === pk),
    signal: aborted,
    progress: (line) => told.push(line),
  });
  return { plan, told };
};

describe('tables', () => {
  test('are looked at until no rule is broken any more', async () => {
    await using system = await ToySystem.open();
    const { plan } = planOver(system, [[receipt('h')], []]);
    expect((await atRest({ ...plan, restSecondsMax: 60 }, [])).broken).toEqual([]);
  });

  test('that do not come to rest break what they break, but for what was broken before', async () => {
    await using system = await ToySystem.open();
    const { plan } = planOver(system, [[receipt('h'), receipt('i')]]);
    const [first, second] = (await atRest(plan, [])).broken;
    expect([first?.rule, second?.rule]).toEqual([RULES.receipt, RULES.receipt]);
    if (first === undefined) throw new Error('nothing is broken');
    expect((await atRest(plan, [first])).broken).toEqual([second]);
    // Of one rule, what was broken elsewhere before excuses nothing.
    expect((await atRest(plan, [{ ...first, detail: 'elsewhere' }])).broken).toHaveLength(2);
  });

  test('are those of all regions', async () => {
    await using system = await ToySystem.open();
    const { plan } = planOver(system, [[]]);
    expect((await atRest(plan, [])).replicas.map(({ region }) => region)).toEqual(REGIONS);
  });

  test('that nobody waits for any more have no verdict', async () => {
    await using system = await ToySystem.open();
    const { plan } = planOver(system, [[]], AbortSignal.abort(new Error('enough')));
    await expect(atRest(plan, [])).rejects.toThrow('enough');
  });

  test('that break a rule before the drill are told of', async () => {
    await using system = await ToySystem.open();
    const { plan, told } = planOver(system, [[]]);
    expect(await brokenBefore(plan)).toEqual([]);
    expect(told).toEqual([]);
  });
});

describe('the reckoning of a drill', () => {
  const order: Partial<OperationRecord> = {
    operation: 'placeOrder',
    id: 'o1',
    key: 'k',
    status: 201,
    value: { lines: [{ sku: 'x', quantity: 2 }] },
  };
  const stageOf = (records: Parameters<typeof reckon>[1]['scene']['records']) => ({
    unrepaired: [],
    scene: {
      records,
      callers: [],
      stock: { plenty: ['x'], scarce: 'y', records: [] },
      answers: [],
      start: () => undefined,
      stop: async () => undefined,
    },
  });

  test('looks for the writes of callers, and for the drill’s own', async () => {
    await using system = await ToySystem.open();
    const { plan } = planOver(system, [[]]);
    const [theirs, own] = [recordOf(1, order), recordOf(2, { ...order, id: 'o2', key: 'l' })];
    const { acknowledged, settled } = await reckon(plan, stageOf([theirs]), [own]);
    expect(acknowledged).toBe(2);
    expect(settled.comparison.lost.map(({ id }) => id).sort()).toEqual(['o1', 'o2']);
  });

  test('looks in every region, at every sku, and writes down what each holds', async () => {
    await using system = await ToySystem.open();
    const oversold: Item = { pk: 'STOCK#y', sk: 'HELD#a', v: 1, available: -1, sold: 0 };
    const { plan } = planOver(system, [[placed('a'), oversold]]);
    const { settled, readings } = await reckon(plan, stageOf([recordOf(1, order)]));
    expect([...settled.comparison.missing.keys()]).toEqual(REGIONS);
    expect([...settled.comparison.oversold]).toEqual([['y', 1]]);
    expect(readings.map(({ region, thing, holds }) => [region, thing, holds])).toEqual(
      REGIONS.map((region) => [region, 'order o1', ['placed']]),
    );
  });
});
