import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Delivery } from '../../functions/contract/delivery.ts';
import { ControlError } from '../../local/control/client.ts';
import { eventually } from '../support/eventually.ts';
import { EU, startTestSystem, type TestSystem, US } from './local-system.ts';

const DELIVERY_MS_MAX = 240_000;

describe('deliveries of the real app, by the control API', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem();
  });

  afterAll(() => system?.stop());

  test('update the stacks of what serves already, region by region, and are remembered', async () => {
    const begun = await system.control.deliver({});
    expect(begun).toMatchObject({
      state: 'running',
      regions: [
        { region: EU, state: 'waiting' },
        { region: US, state: 'waiting' },
      ],
    });
    await expect(system.control.deliver({})).rejects.toMatchObject({ status: 409, message: expect.stringContaining(`${begun.id} runs`) });

    const ended = await end(system);

    expect(ended, JSON.stringify(ended)).toMatchObject({
      id: begun.id,
      state: 'succeeded',
      regions: [
        { region: EU, state: 'unchanged' },
        { region: US, state: 'unchanged' },
      ],
    });
    const [eu, us] = ended.regions;
    expect(us?.startedAtMs).toBeGreaterThanOrEqual(eu?.endedAtMs ?? Number.POSITIVE_INFINITY);
    const told = (await system.control.events(0)).flatMap((event) => (event.kind === 'delivery' ? [`${event.region} ${event.state}`] : []));
    expect(told).toEqual([`${EU} deploying`, `${EU} unchanged`, `${US} deploying`, `${US} unchanged`]);
  });

  test.each([
    ['a key that is unknown', { speed: 'fast' }, 400, /speed/],
    ['a fault that is no name', { fault: '../x' }, 400, /allowed: the name of a fault/],
    [
      'a setting out of range',
      { settings: { exposePercent: 100 } },
      400,
      /delivery.exposePercent: given 100; allowed: a whole number from 1 to 99/,
    ],
    ['a region that is unknown', { skip: ['mars-north-1'] }, 404, /given region "mars-north-1"; allowed: eu-central-1, us-east-2/],
  ])('refuse %s', async (_, body, status, message) => {
    const refused = await fetch(`${system.running.file.controlUrl}/deliveries`, {
      method: 'POST',
      headers: { 'tandem-control-token': system.running.file.token },
      body: JSON.stringify(body),
    });

    expect(refused.status).toBe(status);
    expect(await refused.json()).toEqual({ error: expect.stringMatching(message) });
  });

  test('that nobody has begun cannot be stopped', async () => {
    await eventually(
      () => system.control.deliveries(),
      (all) => all.every(({ state }) => state !== 'running'),
      DELIVERY_MS_MAX,
    );

    await expect(system.control.stopDelivery()).rejects.toEqual(new ControlError(409, 'no delivery runs, so there is none to stop'));
  });

  test('know what operators ask the regions for', async () => {
    const { regions } = await system.control.system();

    for (const { functions } of regions) expect(functions.api).toMatch(/^Tandem-Cell-/);
  });
});

test('a system that ends in the middle of a delivery ends it, and leaves nothing behind', async () => {
  const system = await startTestSystem();
  await system.control.deliver({ marker: 'never there' });
  await eventually(
    async () => (await system.control.deliveries())[0]?.regions[0]?.state,
    (state) => state === 'deploying',
    DELIVERY_MS_MAX,
  );

  await system.stop();

  await expect(fetch(system.running.file.controlUrl)).rejects.toThrow();
});

const end = (system: TestSystem): Promise<Delivery> =>
  eventually(
    async () => {
      const [delivery] = await system.control.deliveries();
      if (delivery === undefined) throw new Error('no delivery');
      return delivery;
    },
    ({ state }) => state !== 'running',
    DELIVERY_MS_MAX,
  );
