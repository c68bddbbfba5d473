import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../functions/contract/delivery.ts';
import { auditKey, foldAudit } from '../../../functions/core/deployments.ts';
import { deploy } from '../../../ops/delivery/deploy.ts';
import type { Deployer } from '../../../ops/delivery/deployer.ts';
import { eventually } from '../../support/eventually.ts';
import { ToyDeliveries } from '../drill/toy-deliveries.ts';

const REGIONS = ['eu-central-1', 'us-east-2'] as const;

describe.concurrent('a delivery', () => {
  it('is told region by region, with phase and exposure, until it is done', async () => {
    const world = toy();
    expect(await deploy({ ...world.props, request: {} })).toBe('succeeded');
    for (const region of REGIONS) {
      expect(world.lines).toContain(`${region}: version 2 after 1: exposed (40 % of calls)`);
      expect(world.lines).toContain(`${region}: version 2 after 1: done`);
    }
    expect(world.lines.at(-1)).toBe('delivered to every region that was not skipped');
  });

  it('that fails says why, from the facts, and what stays', async () => {
    const world = toy();
    expect(await deploy({ ...world.props, request: { fault: 'errors' } })).toBe('failed');
    expect(world.lines).toEqual(
      expect.arrayContaining([
        'eu-central-1: version 2 after 1: FAILED, and taken back: the trial failed: errors',
        'us-east-2: not begun: the delivery ended before',
        'eu-central-1: failed: trial: fail: journey: errors',
      ]),
    );
    expect(world.lines.at(-1)).toMatch(/^regions that were done before stay/);
  });

  it('tells alarms that turn while it goes on', async () => {
    const world = toy();
    const done = deploy({ ...world.props, request: { fault: 'rare' } });
    await eventually(
      () => world.toy.current()?.regions[0]?.state,
      (seen) => seen === 'exposed',
    );
    for (let error = 0; error < 3; error += 1) world.toy.failed(REGIONS[0], '2');
    expect(await done).toBe('failed');
    expect(world.lines).toContain('eu-central-1: alarm ToyErrors is ALARM: 3 errors.');
  });

  it('is stopped by the first Ctrl-C, which waits until the version before serves again', async () => {
    const world = toy();
    const ended = new AbortController();
    const done = deploy({ ...world.props, request: {}, signal: ended.signal });
    await eventually(
      () => world.toy.current()?.regions[0]?.state,
      (seen) => seen === 'exposed',
    );
    ended.abort();
    expect(await done).toBe('failed');
    expect(world.toy).toMatchObject({ stopped: 1 });
    expect(world.lines).toContain('stopping: the version before takes all calls again; once more Ctrl-C leaves it alone');
    expect((await world.toy.versions(REGIONS[0])).live).toBe('1');
  });

  it('is left alone by the second, which says what goes on by itself', async () => {
    const world = toy({ stopDelivery: () => new Promise(() => {}) });
    const [ended, left] = [new AbortController(), new AbortController()];
    const done = deploy({ ...world.props, request: {}, signal: ended.signal, leave: left.signal });
    await eventually(
      () => world.toy.current()?.state,
      (seen) => seen === 'running',
    );
    ended.abort();
    await eventually(() => world.lines.some((line) => line.startsWith('stopping')));
    left.abort();
    expect(await done).toBe('left');
    expect(world.lines.at(-1)).toBe('left alone: the toy goes on; see `bin/tandem deployments`');
  });

  it('goes on when nobody answers for a moment', async () => {
    let asked = 0;
    const toys = new ToyDeliveries(REGIONS);
    const world = toy(
      {
        delivery: async (): Promise<Delivery | undefined> => {
          asked += 1;
          if (asked % 3 === 1) throw new Error('busy');
          return toys.current();
        },
      },
      toys,
    );
    expect(await deploy({ ...world.props, request: {} })).toBe('succeeded');
  });
});

const toy = (more: Partial<Deployer> = {}, deliveries = new ToyDeliveries(REGIONS)) => {
  deliveries.settings = { ...deliveries.settings, minuteMs: 300 };
  const lines: string[] = [];
  const deployer: Deployer = {
    cells: {
      kind: 'local',
      names: REGIONS,
      store: (region) => deliveries.store(region),
      lambda: () => Promise.reject(new Error('the toy has no Lambda')),
      deploying: async () => undefined,
      actor: async () => 'ann@desk',
    },
    leftAlone: 'the toy goes on',
    deliver: async (request) => deliveries.begin(request),
    delivery: async () => deliveries.current(),
    stopDelivery: () => deliveries.stop(),
    events: async () => deliveries.events,
    frontDoors: async () => [],
    firing: async () => [],
    capacity: async () => [],
    changes: async () => [],
    ...more,
  };
  const never = new AbortController().signal;
  const props = {
    deployer,
    reason: undefined,
    progress: (line: string) => void lines.push(line),
    signal: never,
    leave: never,
    everyMs: 20,
  };
  return { toy: deliveries, lines, props };
};

it('although alarms fire is audited, with who and why, in every region that it goes to', async () => {
  const world = toy();
  const request = { settings: { ignoreAlarms: true }, skip: [REGIONS[1]] };
  await deploy({ ...world.props, request, reason: 'the fix for it' });
  const audit = async (region: string) => foldAudit(await world.toy.control(region, auditKey(region)));
  expect(await audit(REGIONS[0])).toMatchObject([{ who: 'ann@desk', what: 'deploys although alarms fire', why: 'the fix for it' }]);
  expect(await audit(REGIONS[1])).toEqual([]);
});
