import { describe, expect, it } from 'vitest';
import { bakedItem, bakingItem, endedItem, foldDeployments, movedItem, triedItem } from '../../../functions/core/deployments.ts';
import type { Item } from '../../../functions/core/store.ts';
import { describe as shown } from '../../../ops/commands/deployments.ts';
import { readTarget } from '../../../ops/delivery/code-deploy.ts';
import { driftOf, failedVersions, phaseOf, type RegionDeployments, runningOf } from '../../../ops/delivery/deployments.ts';

const MINUTE = 60_000;
const about = (minute: number) => ({ region: 'eu-central-1', writer: 'eu-central-1', atMs: minute * MINUTE });
const tried = (minute: number, candidate: string, verdict: 'pass' | 'fail' | 'dependency' = 'pass') =>
  triedItem(about(minute), `d${candidate}`, { verdict, detail: 'said the trial', candidate });
const ended = (minute: number, candidate: string, state: 'succeeded' | 'failed') =>
  endedItem(about(minute), `d${candidate}`, { state, reason: `${state} it has` });
const moved = (minute: number, from: string, to: string) => movedItem(about(minute), { by: 'ann@desk', from, to, reason: 'slow' });
const DELIVERY = { exposeMinutes: 5, bakeMinutes: 10 };

describe('drift', () => {
  it.each<[string, readonly Item[], string, string]>([
    ['none, when nobody moved the alias', [ended(1, '7', 'succeeded')], '7', 'none'],
    ['moved, when somebody did after the last good deployment', [ended(1, '7', 'succeeded'), moved(2, '7', '6')], '6', 'moved'],
    ['none, when a deployment ended well since', [moved(2, '7', '6'), ended(3, '8', 'succeeded')], '8', 'none'],
    ['moved still, when the deployment since has failed', [moved(2, '7', '6'), ended(3, '8', 'failed')], '6', 'moved'],
    ['only recorded, when the alias is where it was', [moved(2, '7', '6')], '7', 'recorded'],
    ['moved, when the second of two moves did not happen', [moved(2, '7', '6'), moved(3, '6', '5')], '6', 'moved'],
    ['only recorded, when it was moved back by hand', [moved(2, '7', '6'), moved(3, '6', '7')], '7', 'recorded'],
  ])('is %s', (_, items, live, kind) => {
    expect(driftOf(foldDeployments(items), live).kind).toBe(kind);
  });
});

describe('a deployment', () => {
  it('runs from its first fact to its end, and not for ever when the end is never told', () => {
    const view = foldDeployments([tried(100, '8')]);
    expect(runningOf(view, DELIVERY, 110 * MINUTE)?.id).toBe('d8');
    expect(runningOf(view, DELIVERY, (100 + 136) * MINUTE)).toBeUndefined();
    expect(runningOf(foldDeployments([tried(100, '8'), ended(101, '8', 'failed')]), DELIVERY, 110 * MINUTE)).toBeUndefined();
  });

  const baking = bakingItem(about(6), 'd8', { untilMs: 16 * MINUTE, execution: 'e', candidate: '8' });
  it.each<[readonly Item[], string, string]>([
    [[tried(1, '8')], 'exposed', 'said the trial'],
    [[tried(1, '8', 'dependency')], 'tried: dependency', 'trial: dependency: said the trial'],
    [[tried(1, '8'), baking], 'watched until 1970-01-01T00:16:00Z', 'said the trial'],
    [[tried(1, '8'), baking, bakedItem(about(9), 'd8', { verdict: 'fail', detail: 'errors' })], 'watched: fail', 'watch: fail: errors'],
    [[tried(1, '8', 'fail'), ended(2, '8', 'failed')], 'failed', 'trial: fail: said the trial'],
    [[tried(1, '8'), ended(2, '8', 'succeeded')], 'succeeded', 'succeeded it has'],
  ])('stands where its facts say, with the most telling reason', (items, phase, why) => {
    const [deployment] = foldDeployments(items).deployments;
    expect(deployment && phaseOf(deployment)).toEqual({ phase, why });
  });

  it('makes a version a failed one until another of it ends well', () => {
    const items = [tried(1, '7'), ended(2, '7', 'failed'), tried(3, '8', 'fail'), ended(4, '8', 'failed')];
    expect([...failedVersions(foldDeployments(items))].sort()).toEqual(['7', '8']);
    const again = [
      triedItem(about(5), 'again', { verdict: 'pass', detail: '', candidate: '7' }),
      endedItem(about(6), 'again', { state: 'succeeded', reason: '' }),
    ];
    expect([...failedVersions(foldDeployments([...items, ...again]))]).toEqual(['8']);
  });
});

describe('what is shown of a region', () => {
  const view = foldDeployments([tried(1, '7'), ended(2, '7', 'succeeded'), moved(3, '7', '6')]);
  const region: RegionDeployments = {
    region: 'eu-central-1',
    troubles: [],
    versions: {
      live: '6',
      revisionId: 'r',
      weights: new Map([['8', 5]]),
      versions: ['8', '7', '6'].map((number) => ({ number, publishedAt: '2026-01-01' })),
    },
    view,
    drift: driftOf(view, '6'),
    deploying: undefined,
    audit: [{ atMs: 0, who: 'ann@desk', what: 'moves', why: 'slow' }],
  };

  it('are versions with exposure, deployments with reasons, moves and drift', () => {
    expect(shown(region, false).split('\n')).toEqual([
      'eu-central-1: version 6 is live, DRIFTED: moved by hand from 7 (ann@desk, 1970-01-01T00:03:00Z: slow)',
      '  version  published',
      '  8        2026-01-01  exposed, 5 %',
      '  7        2026-01-01  -',
      '  6        2026-01-01  live, 95 %',
      '  deployment  began                 version  stands     why',
      '  d7          1970-01-01T00:01:00Z  7        succeeded  succeeded it has',
      '  moved by hand         by        from  to  why',
      '  1970-01-01T00:03:00Z  ann@desk  7     6   slow',
    ]);
  });

  it('is the audit trail as well when it is asked for, and what could not be read always', () => {
    expect(shown(region, true)).toMatch(/audit +who +what +why\n +1970-01-01T00:00:00Z +ann@desk +moves +slow$/);
    const silent = { ...region, versions: undefined, drift: { kind: 'none' as const }, troubles: ['versions: no answer'] };
    expect(shown(silent, false)).toMatch(/^eu-central-1: its versions are not known\n {2}could not be read: versions: no answer\n/);
  });
});

describe('what CodeDeploy tells of a function', () => {
  const target = (events: Readonly<Record<string, string>>, weight: number) => ({
    lambdaTarget: {
      lifecycleEvents: Object.entries(events).map(([lifecycleEventName, status]) => ({
        lifecycleEventName,
        status: status === 'InProgress' ? ('InProgress' as const) : ('Succeeded' as const),
      })),
      lambdaFunctionInfo: { currentVersion: '7', targetVersion: '8', targetVersionWeight: weight },
    },
  });
  it.each([
    [{ BeforeAllowTraffic: 'InProgress' }, 0, 'before-traffic', 0],
    [{ BeforeAllowTraffic: 'Succeeded', AllowTraffic: 'InProgress' }, 0.05, 'exposed', 5],
    [{ AllowTraffic: 'Succeeded', AfterAllowTraffic: 'InProgress' }, 1, 'after-traffic', 100],
  ])('is its phase and its share', (events, weight, state, percent) => {
    expect(readTarget(target(events, weight))).toEqual({ state, percent, from: '7', to: '8' });
  });
  it('is nothing before it has come to the function', () => {
    expect(readTarget({})).toBeUndefined();
  });
});
