import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from '../../support/eventually.ts';
import { EU, type Lab, startLab, US } from './lab.ts';

/** A toy's minute is 3 s. */
const LONGER_THAN_EXPOSED_MS = 4_500;

describe('a delivery through two regions', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab();
  });

  beforeEach(() => {
    for (const region of [EU, US]) lab.alarms(region).state = 'OK';
  });

  afterAll(() => lab?.stop());

  test('brings a version to half of the calls, then to all, in one region and only then in the next', async () => {
    const before = await lab.versionOf(EU, 'live');
    lab.begin({ marker: 'good' });
    await lab.reaches(EU, 'exposed');
    const exposed = await lab.call(EU, 20);
    const share = exposed.filter(({ marker }) => marker === 'good').length / exposed.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
    expect(await lab.versionOf(EU, 'live')).toBe(before);
    expect((await lab.call(US, 5)).some(({ marker }) => marker === 'good')).toBe(false);

    const delivery = await lab.ended();

    expect(delivery, JSON.stringify(delivery, undefined, 1)).toMatchObject({
      state: 'succeeded',
      regions: [
        { region: EU, state: 'succeeded', percent: 100, from: before },
        { region: US, state: 'succeeded', percent: 100 },
      ],
    });
    for (const region of [EU, US]) {
      const live = await lab.versionOf(region, 'live');
      expect(await lab.versionOf(region, 'candidate')).toBe(live);
      expect(new Set((await lab.call(region, 6)).map(({ version, marker }) => `${version} ${marker}`))).toEqual(new Set([`${live} good`]));
    }
    // and what serves already is not shifted again
    expect(await lab.deliver({ marker: 'good' })).toMatchObject({
      state: 'succeeded',
      regions: [{ state: 'unchanged' }, { state: 'unchanged', deploymentId: null }],
    });
  });

  test('ends where a hook refuses: no caller has had the version, no later region gets it, and the one before serves', async () => {
    const [{ marker: serving } = { marker: '' }] = await lab.call(EU, 1);
    const before = await lab.versionOf(EU, 'live');

    const delivery = await lab.deliver({ marker: 'refuse-before' });

    expect(delivery).toMatchObject({
      state: 'failed',
      regions: [
        { region: EU, state: 'failed', percent: 0, detail: 'the hook BeforeAllowTraffic answered that it failed' },
        { region: US, state: 'cancelled' },
      ],
    });
    expect(percents(lab, EU, delivery.regions[0]?.deploymentId)).toEqual([0]);
    expect([await lab.versionOf(EU, 'live'), await lab.versionOf(EU, 'candidate')]).toEqual([before, before]);
    expect((await lab.call(EU, 4)).map(({ marker }) => marker)).toEqual([serving, serving, serving, serving]);
  });

  test('takes a version back whose alarm fires, and takes the same code again when it does not', async () => {
    lab.begin({ marker: 'alarming' });
    await lab.reaches(EU, 'exposed');
    lab.alarms(EU).state = 'ALARM';

    const delivery = await lab.ended();
    expect(delivery).toMatchObject({
      state: 'failed',
      regions: [{ state: 'failed', detail: expect.stringContaining('Activated alarms: <') }, { state: 'cancelled' }],
    });
    expect((await lab.call(EU, 10)).some(({ marker }) => marker === 'alarming')).toBe(false);
    // and EventBridge was told, under the name that the rule of the stack knows
    const id = delivery.regions[0]?.deploymentId ?? '';
    expect(await statesTold(lab, EU, id)).toEqual(['START', 'STOP']);
    // when an alarm fires already, it ends before anything is done; unless alarms are ignored
    expect(await lab.deliver({ marker: 'alarming' })).toMatchObject({ state: 'failed' });
    expect(await lab.deliver({ marker: 'alarming', settings: { ignoreAlarms: true }, skip: [US] })).toMatchObject({
      state: 'succeeded',
      regions: [
        { region: EU, state: 'succeeded' },
        { region: US, state: 'skipped' },
      ],
    });
  });

  test('waits for a region that is frozen, as what it does there would stand still on AWS, and goes on with it', async () => {
    const [cell] = lab.cells;
    lab.begin({ marker: 'frozen', skip: [US] });
    await lab.reaches(EU, 'exposed');

    cell?.region.freeze();
    lab.goOn();
    await sleep(LONGER_THAN_EXPOSED_MS);
    expect(lab.deliveries.list()[0]?.regions[0]).toMatchObject({ state: 'exposed', percent: 50 });
    cell?.region.thaw();

    expect(await lab.ended()).toMatchObject({ state: 'succeeded', regions: [{ region: EU, state: 'succeeded' }, { state: 'skipped' }] });
  });

  test('stops when it is told to, and rolls back before it answers', async () => {
    const before = await lab.versionOf(EU, 'live');
    lab.begin({ marker: 'stopped' });
    expect(() => lab.begin({ marker: 'other' })).toThrow(/delivery-\d+ runs; wait for its end, or stop it first/);
    await lab.reaches(EU, 'exposed');

    const delivery = await lab.deliveries.stop('an operator stopped it');

    expect(delivery).toMatchObject({
      state: 'failed',
      regions: [{ state: 'failed', detail: 'an operator stopped it' }, { state: 'cancelled' }],
    });
    expect(await lab.versionOf(EU, 'live')).toBe(before);
    await expect(lab.deliveries.stop('again')).rejects.toThrow('no delivery runs');
  });

  test('fails in a region that is killed during its deployment, and what comes back there is the version before', async () => {
    const [{ marker: serving } = { marker: '' }] = await lab.call(EU, 1);
    lab.begin({ marker: 'killed' });
    await lab.reaches(EU, 'exposed');

    await lab.cells[0]?.region.lose();

    expect(await lab.ended()).toMatchObject({
      state: 'failed',
      regions: [{ state: 'failed', detail: `region ${EU} was lost during its deployment` }, { state: 'cancelled' }],
    });
    // and a delivery that finds it lost says how to go on
    expect(await lab.deliver({ marker: 'killed' })).toMatchObject({ regions: [{ detail: expect.stringContaining(`--skip ${EU}`) }, {}] });
    await lab.restart(EU);
    expect((await lab.call(EU, 2)).map(({ marker }) => marker)).toEqual([serving, serving]);
    // and a fix reaches both
    expect(await lab.deliver({ marker: 'fixed' })).toMatchObject({ state: 'succeeded' });
  });
});

/** Shares that the region told of, each once, in order. */
const percents = (lab: Lab, region: string, deploymentId: string | null | undefined): readonly number[] => [
  ...new Set(
    lab.events.flatMap((event) =>
      event.kind === 'delivery' && event.region === region && event.deploymentId === deploymentId ? [event.percent] : [],
    ),
  ),
];

const told = z.object({ detail: z.object({ deploymentId: z.string(), state: z.string() }) });

/** What a rule of the stack was told about a deployment. */
const statesTold = async (lab: Lab, region: string, deploymentId: string): Promise<readonly string[]> => {
  const lines = await eventually(
    () => lab.logged(region, 'Listener'),
    (found) => found.filter((line) => line.includes(deploymentId)).length > 1,
  );
  return lines.flatMap((line) => {
    const { success, data } = told.safeParse(line.startsWith('{') ? JSON.parse(line) : undefined);
    return success && data.detail.deploymentId === deploymentId ? [data.detail.state] : [];
  });
};
