import { describe, expect, it } from 'vitest';
import { findingsText, isRefused, preflight, type Situation } from '../../../ops/delivery/preflight.ts';
import type { RegionStatus } from '../../../ops/region-status.ts';

const [EU, US] = ['eu-central-1', 'us-east-2'] as const;

describe('the pre-flight', () => {
  it('lets a whole, quiet system through, and says what it looked at', () => {
    const findings = preflight(situation());
    expect(findings.filter((each) => each.level !== 'ok')).toEqual([]);
    expect(findingsText(findings).split('\n')[0]).toBe('ok      regions: waves: eu-central-1, then us-east-2');
  });

  it.each<[string, Partial<Situation>, RegExp]>([
    [
      'a region does not answer',
      { statuses: [status(EU), { ...status(US), state: 'silent', reasons: ['no answer'] }] },
      /health of us-east-2: silent: no answer\n\s+-> .*--skip us-east-2/,
    ],
    ['replication is late', { statuses: [status(EU), status(US, 181_000)] }, /us-east-2 heard of eu-central-1 181 s ago/],
    ['a heartbeat was never seen', { statuses: [status(EU), status(US, null)] }, /heard of eu-central-1 never/],
    [
      'a drill runs or has left something broken',
      { drill: { drill: 'bad-deploy', fault: 'rare', pid: 7, phase: 'fault', startedAt: 'today' } },
      /drill: bad-deploy of a delivery \(process 7.*\n.*tandem drill --abort/,
    ],
    [
      'a deployment runs',
      { deployments: [deployments(EU), { ...deployments(US), deploying: 'delivery 7, exposed' }] },
      /deployments of us-east-2: delivery 7, exposed/,
    ],
    [
      'the survivors cannot carry everything',
      {
        capacity: [
          { region: EU, allowed: 1_000, used: 700 },
          { region: US, allowed: 900, used: 300 },
        ],
      },
      /without eu-central-1 the others do not hold the 1000 environments that all used/,
    ],
    ['every region is skipped', { skip: [EU, US] }, /every region is skipped/],
  ])('refuses when %s', (_, more, text) => {
    const findings = preflight(situation(more));
    expect(isRefused(findings)).toBe(true);
    expect(findingsText(findings)).toMatch(text);
  });

  it.each<[string, Partial<Situation>, RegExp]>([
    [
      'drift',
      { deployments: [{ ...deployments(EU), drift: { kind: 'moved', since: move, last: move } }, deployments(US)] },
      /drift of eu-central-1: .* from 7 to 6 by ann: slow/,
    ],
    ['an alarm that fires', { firing: new Map([[EU, ['Errors']]]) }, /alarms of eu-central-1: Errors fires\n.*--ignore-alarms/],
    ['alarms that are ignored', { firing: new Map([[EU, ['Errors']]]), ignoreAlarms: true }, /goes on all the same/],
    ['alarms that nobody knows of', { firing: new Map([[EU, { unknown: 'timeout' }]]) }, /alarms of eu-central-1: not known: timeout/],
    ['a quota that nobody knows of', { capacity: { unknown: 'access denied' } }, /capacity of the survivors: not known: access denied/],
    [
      'that no survivor is left',
      { skip: [US], capacity: [{ region: EU, allowed: 1_000, used: 700 }] },
      /without us-east-2 there is no survivor/,
    ],
    ['a healthy region that is skipped', { skip: [US] }, /us-east-2 is healthy/],
    [
      'what the canary does not try, once for all stacks that change alike',
      { changes: [EU, US].map((region) => ({ stack: region, isNew: false, changes: [change] })) },
      /not tried by the canary: IAM: 1 changed \(Role\): rights \(eu-central-1, us-east-2\)/,
    ],
  ])('warns of %s, and goes on', (_, more, text) => {
    const findings = preflight(situation(more));
    expect(isRefused(findings)).toBe(false);
    expect(findingsText(findings)).toMatch(text);
  });

  it('asks nothing of a region that is skipped, nor of what others heard of it', () => {
    const silent: RegionStatus = { ...status(US), state: 'silent', reasons: ['no answer'], peers: [] };
    const findings = preflight(
      situation({
        skip: [US],
        statuses: [status(EU, null), silent],
        deployments: [deployments(EU), { ...deployments(US), deploying: 'x' }],
      }),
    );
    expect(isRefused(findings)).toBe(false);
    expect(findingsText(findings)).toContain('us-east-2 stays at its version');
  });

  it('says nothing of stacks that are new: nobody calls them', () => {
    expect(findingsText(preflight(situation({ changes: [{ stack: EU, isNew: true, changes: [change] }] })))).not.toContain('Role');
  });
});

const move = { atMs: 1, by: 'ann', from: '7', to: '6', reason: 'slow' };
const change = { area: 'IAM', means: 'rights', added: [], changed: ['Role'], removed: [] };

const status = (region: string, ageMs: number | null = 1_000): RegionStatus => ({
  region,
  url: '',
  state: 'healthy',
  reasons: [],
  version: '1',
  writer: region,
  writable: true,
  aloneSeconds: null,
  peers: [{ region: region === EU ? US : EU, heartbeatAgeMs: ageMs, evacuate: false }],
});

const deployments = (region: string): Situation['deployments'][number] => ({
  region,
  troubles: [],
  versions: undefined,
  view: undefined,
  drift: { kind: 'none' },
  deploying: undefined,
  audit: [],
});

const situation = (more: Partial<Situation> = {}): Situation => ({
  regions: [EU, US],
  skip: [],
  ignoreAlarms: false,
  statuses: [status(EU), status(US)],
  deployments: [deployments(EU), deployments(US)],
  firing: new Map([
    [EU, []],
    [US, []],
  ]),
  drill: undefined,
  capacity: [
    { region: EU, allowed: 1_000, used: 300 },
    { region: US, allowed: 1_000, used: 300 },
  ],
  changes: [],
  ...more,
});
