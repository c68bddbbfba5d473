import { describe, expect, test } from 'vitest';
import type { DeploymentsView, DeploymentView } from '../../../functions/core/deployments.ts';
import { decisionOf } from '../../../ops/drill/assemble-delivery.ts';
import { activatedIn, nameIn } from '../../../ops/reports/activated.ts';
import type { TargetEvent } from '../../../ops/targets/target.ts';

const DELIVERED = 100_000;
const STOPPED = 'ALARM_ACTIVE: one or more alarms have been activated. Activated alarms: <tandem-a-AlarmsVersionErrorBurst1A2B-XYZ>';
const trial = (atMs: number, verdict: 'pass' | 'fail' | 'dependency' | 'limited') => ({
  atMs,
  verdict,
  detail: 'a journey failed',
  candidate: '2',
});
const bake = (atMs: number, verdict: 'pass' | 'fail' | 'dependency' | 'limited') => ({
  atMs: 110_000,
  untilMs: 150_000,
  execution: 'x',
  candidate: '2',
  ended: { atMs, verdict, detail: 'it was watched' },
});
const ended = (atMs: number, reason = STOPPED, state: 'failed' | 'stopped' | 'succeeded' = 'stopped') => ({ atMs, state, reason });
const turn = (atMs: number, alarm: string, state: 'OK' | 'ALARM' = 'ALARM', region = 'a'): TargetEvent => ({
  kind: 'alarm',
  atMs,
  region,
  alarm,
  state,
  detail: `alarm ${alarm} is ${state}`,
});
const decided = (view: Partial<DeploymentView>, events: readonly TargetEvent[] = [], others: DeploymentsView['deployments'] = []) =>
  decisionOf(
    { facts: { deployments: [...others, { id: 'd', trial: undefined, bake: undefined, ended: undefined, ...view }], moves: [] }, events },
    'a',
    DELIVERED,
  );

const BURST = turn(120_000, 'VersionErrorBurst');
const BEAT = turn(104_000, 'HeartbeatAge-us-east-2');

describe('what took a version back', () => {
  test.each<[string, Parameters<typeof decided>, object | null]>([
    ['nothing, where nothing was recorded', [{}], null],
    ['nothing, where it was not', [{ trial: trial(105_000, 'pass'), bake: bake(150_000, 'pass') }], null],
    ['nothing, where its deployment ended well', [{ ended: ended(150_000, 'all well', 'succeeded') }], null],
    ['nothing, before it was delivered', [{ trial: trial(90_000, 'fail'), ended: ended(99_999) }, [BURST]], null],
    [
      'the trial',
      [{ trial: trial(105_000, 'fail'), ended: ended(106_000, 'HOOK: failed', 'failed') }],
      { by: 'trial', alarm: null, atMs: 105_000 },
    ],
    [
      'the trial, for what both versions need',
      [{ trial: trial(105_000, 'dependency'), ended: ended(106_000, '', 'failed') }],
      { by: 'trial' },
    ],
    ['no trial of a region that may not write', [{ trial: trial(105_000, 'limited'), ended: ended(125_000) }, [BURST]], { by: 'alarm' }],
    [
      'the bake',
      [{ trial: trial(105_000, 'pass'), bake: bake(130_000, 'fail'), ended: ended(131_000, '', 'failed') }],
      { by: 'bake', atMs: 130_000, detail: 'it was watched' },
    ],
    ['no bake that ended well', [{ bake: bake(130_000, 'pass'), ended: ended(131_000) }, [BURST]], { by: 'alarm' }],
    [
      'the alarm that CodeDeploy names',
      [{ ended: ended(125_000) }, [BURST]],
      { by: 'alarm', alarm: 'VersionErrorBurst', atMs: 120_000, detail: 'alarm VersionErrorBurst is ALARM' },
    ],
    [
      'no alarm that fired before it and guards no deployment',
      [{ ended: ended(125_000) }, [BEAT, BURST]],
      { by: 'alarm', alarm: 'VersionErrorBurst' },
    ],
    [
      'no alarm at all, where none is named',
      [{ ended: ended(125_000, 'CodeDeploy does not say why') }, [BEAT, BURST]],
      { by: 'stopped', alarm: null, atMs: 125_000 },
    ],
    ['no alarm of another region', [{ ended: ended(125_000) }, [turn(120_000, 'VersionErrorBurst', 'ALARM', 'b')]], { by: 'stopped' }],
    ['no alarm that fired afterwards', [{ ended: ended(119_999) }, [BURST]], { by: 'stopped' }],
    ['no alarm that was only over', [{ ended: ended(125_000) }, [turn(120_000, 'VersionErrorBurst', 'OK')]], { by: 'stopped' }],
    [
      'an alarm that fired already, from the beginning on',
      [{ ended: ended(125_000) }, [turn(80_000, 'VersionErrorBurst')]],
      { by: 'alarm', atMs: DELIVERED },
    ],
    [
      'what was first: the alarm, while the trial ran',
      [{ trial: trial(121_000, 'fail'), ended: ended(125_000) }, [BURST]],
      { by: 'alarm', atMs: 120_000 },
    ],
    [
      'what was first: the trial, and then the alarm',
      [{ trial: trial(119_000, 'fail'), ended: ended(125_000) }, [BURST]],
      { by: 'trial', atMs: 119_000 },
    ],
    [
      'what was first: the alarm, before the bake ended',
      [{ bake: bake(121_000, 'fail'), ended: ended(125_000) }, [BURST]],
      { by: 'alarm' },
    ],
    ['a person', [{ ended: ended(125_000, 'MANUAL_STOP: by ann') }, [BEAT]], { by: 'stopped', detail: 'MANUAL_STOP: by ann' }],
    ['nobody knows what', [{ ended: ended(125_000, 'INTERNAL_ERROR', 'failed') }], { by: 'unknown', atMs: 125_000 }],
    ['nothing yet, while it goes on', [{ trial: trial(105_000, 'pass') }], null],
  ])('is %s', (_, given, expected) => {
    const found = decided(...given);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
  });

  test('is not told of the deployment that brings the version before back', () => {
    const back = { id: 'back', trial: undefined, bake: undefined, ended: ended(130_000, 'took back d', 'succeeded') };
    expect(decided({ ended: ended(125_000) }, [BURST], [back])).toMatchObject({ by: 'alarm' });
  });
});

test('an alarm is known by its id in the name that CloudFormation made of it, and by no other', () => {
  expect(nameIn('VersionErrorBurst', activatedIn(STOPPED))).toBe(true);
  expect(nameIn('HeartbeatAge-us-east-2', '<stack-AlarmsHeartbeatAgeuseast2F00-1>')).toBe(true);
  expect(nameIn('VersionErrors', activatedIn(STOPPED))).toBe(false);
  expect(nameIn('-', activatedIn(STOPPED))).toBe(false);
  expect([activatedIn('HOOK: VersionErrorBurst'), activatedIn('Activated alarms: x')]).toEqual(['', 'x']);
});
