import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { AlarmState } from '../../../functions/contract/delivery.ts';
import { Deployment, type DeploymentProps, type Phase } from '../../../local/codedeploy/deployment.ts';
import type { Outcome } from '../../../local/codedeploy/outcome.ts';
import { canarySteps, linearSteps } from '../../../local/codedeploy/steps.ts';
import { VirtualClock } from '../route53/virtual-clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('a deployment that nothing stops', () => {
  test('is tried, exposed, held, given all calls, watched, and then it has succeeded', async () => {
    const world = begin();

    await world.pass(0);
    expect(world.since()).toEqual(['before-traffic', 'call before']);
    world.answer('Succeeded');
    await world.pass(0);
    expect(world.since()).toEqual(['shift 5', 'exposed 5']);
    await world.pass(5 * MINUTE_MS - 1);
    expect(world.since()).toEqual([]);
    await world.pass(1);
    expect(world.since()).toEqual(['shift 100', 'after-traffic', 'call after']);
    world.answer('Succeeded');
    await world.pass(0);

    expect(world.since()).toEqual(['ended succeeded']);
    expect(world.outcome()).toEqual({ state: 'succeeded' });
  });

  test('goes in equal steps when it is linear', async () => {
    const world = begin({ steps: linearSteps(30, 2), hooks: {} });

    await world.pass(6 * MINUTE_MS);

    expect(world.done).toEqual([
      'before-traffic',
      ...['shift 30', 'exposed 30', 'shift 60', 'exposed 60', 'shift 90', 'exposed 90'],
      ...['shift 100', 'after-traffic', 'ended succeeded'],
    ]);
  });

  test('gives all calls at once when it has no steps', async () => {
    const world = begin({ steps: [], hooks: {} });

    await world.pass(0);

    expect(world.done).toEqual(['before-traffic', 'shift 100', 'after-traffic', 'ended succeeded']);
  });

  test('is not stopped by an alarm that has no data', async () => {
    const world = begin({ hooks: {} });
    world.alarms.set('bad', 'INSUFFICIENT_DATA');

    await world.pass(5 * MINUTE_MS);

    expect(world.outcome()).toEqual({ state: 'succeeded' });
  });
});

describe('a hook', () => {
  test('that refuses before traffic ends it, and no call was shifted', async () => {
    const world = begin();
    await world.pass(0);

    world.answer('Failed');
    await world.pass(0);

    expect(world.outcome()).toEqual({
      state: 'failed',
      code: 'HOOK_EXECUTION_FAILURE',
      reason: 'the hook BeforeAllowTraffic answered that it failed',
    });
    expect(world.done).not.toContain('shift 0');
  });

  test('that refuses after traffic takes all calls back', async () => {
    const world = begin({ hooks: { AfterAllowTraffic: 'after' } });
    await world.pass(5 * MINUTE_MS);

    world.answer('Failed');
    await world.pass(0);

    expect(world.done.slice(-2)).toEqual(['shift 0', 'ended failed']);
  });

  test('that is silent for an hour ends it', async () => {
    const world = begin();

    await world.pass(HOUR_MS - 1);
    expect(world.outcome()).toBeUndefined();
    await world.pass(1);

    expect(world.outcome()).toMatchObject({ state: 'failed', reason: 'the hook BeforeAllowTraffic did not answer within 60 minutes' });
  });

  test('that cannot be called ends it with the reason', async () => {
    const world = begin({ callHook: () => Promise.reject(new Error('no such function')) });

    await world.pass(0);

    expect(world.outcome()).toMatchObject({ state: 'failed', reason: 'the hook BeforeAllowTraffic cannot be called: no such function' });
  });

  test('is heard once, and only under the id that it was given', async () => {
    const world = begin();
    await world.pass(0);

    expect(world.deployment.answer('made up', 'Succeeded')).toBe('unknown');
    expect(world.answer('Succeeded')).toBe('accepted');
    expect(world.answer('Failed')).toBe('repeated');
    await world.pass(0);
    expect(world.done.at(-1)).toBe('exposed 5');
  });

  test('is heard no more when the deployment has ended', async () => {
    const world = begin();
    await world.pass(0);
    world.deployment.stop('enough');
    await world.pass(0);

    expect(world.answer('Succeeded')).toBe('repeated');
    expect(world.outcome()).toMatchObject({ state: 'stopped' });
  });
});

describe('an alarm', () => {
  test('that fires already ends it before the hook is called', async () => {
    const world = begin({ alarm: 'ALARM' });

    await world.pass(0);

    expect(world.done).toEqual(['ended stopped']);
    expect(world.outcome()).toMatchObject({ code: 'ALARM_ACTIVE', reason: expect.stringContaining('Activated alarms: <bad>') });
  });

  test.each([
    ['while the hook tries the version', 0, undefined, []],
    ['while it is exposed', MINUTE_MS, 'Succeeded', ['shift 0']],
    ['while it has all calls', 6 * MINUTE_MS, 'Succeeded', ['shift 0']],
  ] as const)('that fires %s takes the calls back within a second', async (_, atMs, answer, takenBack) => {
    const world = begin();
    await world.pass(0);
    if (answer) world.answer(answer);
    await world.pass(atMs);
    world.since();

    world.alarms.set('bad', 'ALARM');
    await world.pass(1_000);

    expect(world.since()).toEqual([...takenBack, 'ended stopped']);
  });

  test('that nobody knows ends it, unless that is to be ignored', async () => {
    const [strict, lax] = [begin({ alarms: ['gone'] }), begin({ alarms: ['gone'], ignorePollFailure: true })];

    await strict.pass(0);
    await lax.pass(0);

    expect(strict.outcome()).toMatchObject({ state: 'failed', reason: expect.stringContaining('gone') });
    expect(lax.done).toEqual(['before-traffic', 'call before']);
  });

  test('that is not of the group is nobody’s concern', async () => {
    const world = begin({ alarms: [], hooks: {} });
    world.alarms.set('bad', 'ALARM');

    await world.pass(5 * MINUTE_MS);

    expect(world.outcome()).toEqual({ state: 'succeeded' });
  });
});

describe('whoever stops it', () => {
  test('has the calls back at once', async () => {
    const world = begin({ hooks: {} });
    await world.pass(MINUTE_MS);
    world.since();

    world.deployment.stop('an operator stopped it');
    await world.pass(0);

    expect(world.since()).toEqual(['shift 0', 'ended stopped']);
    expect(world.outcome()).toEqual({ state: 'stopped', code: 'MANUAL_STOP', reason: 'an operator stopped it' });
  });

  test('changes nothing when it has ended', async () => {
    const world = begin({ hooks: {}, steps: [] });
    await world.pass(0);

    world.deployment.stop('too late');
    await world.pass(0);

    expect(world.outcome()).toEqual({ state: 'succeeded' });
  });
});

describe('calls that cannot be shifted', () => {
  test('end it, and whatever was shifted is taken back', async () => {
    const world = begin({ hooks: {}, shift: (percent) => (percent === 100 ? Promise.reject(new Error('lost')) : Promise.resolve()) });

    await world.pass(5 * MINUTE_MS);

    expect(world.outcome()).toEqual({ state: 'failed', code: 'INTERNAL_ERROR', reason: 'calls could not be shifted: lost' });
    expect(world.done.slice(-3)).toEqual(['shift 100', 'shift 0', 'ended failed']);
  });

  test('are told when they could not be taken back either', async () => {
    const world = begin({ hooks: {}, shift: () => Promise.reject(new Error('lost')) });

    await world.pass(0);

    expect(world.outcome()).toMatchObject({ reason: 'calls could not be shifted: lost; calls could not be taken back: lost' });
  });
});

interface Given extends Partial<Pick<DeploymentProps, 'steps' | 'hooks' | 'alarms' | 'ignorePollFailure'>> {
  /** State of the alarm `bad` at first. */
  readonly alarm?: AlarmState;
  readonly shift?: (percent: number) => Promise<void>;
  readonly callHook?: () => Promise<void>;
}

const begin = ({ alarm = 'OK', shift, callHook, ...given }: Given = {}) => {
  const clock = new VirtualClock();
  const alarms = new Map<string, AlarmState>([['bad', alarm]]);
  const done: string[] = [];
  let seen = 0;
  let execution = '';
  let outcome: Outcome | undefined;
  const deployment = new Deployment({
    id: 'd-TEST00001',
    steps: canarySteps(5, 5),
    hooks: { BeforeAllowTraffic: 'before', AfterAllowTraffic: 'after' },
    alarms: ['bad'],
    ignorePollFailure: false,
    clock,
    ...given,
    ports: {
      alarmState: (name) => alarms.get(name),
      shift: async (percent) => {
        done.push(`shift ${percent}`);
        await shift?.(percent);
      },
      callHook: async (name, event) => {
        done.push(`call ${name}`);
        expect(event.DeploymentId).toBe('d-TEST00001');
        execution = event.LifecycleEventHookExecutionId;
        await callHook?.();
      },
      onPhase: (phase) => done.push(wordsOf(phase)),
    },
  });
  void deployment.run().then((end) => {
    outcome = end;
  });
  return {
    deployment,
    alarms,
    done,
    /** Lets time go by, and everything that it sets off. */
    pass: async (ms: number): Promise<void> => {
      await settled();
      await clock.advance(ms);
      await settled();
    },
    /** What was done since this was last asked. */
    since: (): readonly string[] => {
      const news = done.slice(seen);
      seen = done.length;
      return news;
    },
    /** As the hook that was called last. */
    answer: (status: 'Succeeded' | 'Failed') => deployment.answer(execution, status),
    outcome: () => outcome,
  };
};

const wordsOf = (phase: Phase): string => {
  if (phase.name === 'exposed') return `exposed ${phase.percent}`;
  return phase.name === 'ended' ? `ended ${phase.outcome.state}` : phase.name;
};
