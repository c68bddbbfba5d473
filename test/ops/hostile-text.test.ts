import { describe, expect, it } from 'vitest';
import { describe as deploymentsText } from '../../ops/commands/deployments.ts';
import { describe as statusText } from '../../ops/commands/status.ts';
import { welcome } from '../../ops/commands/welcome.ts';
import { findingsText } from '../../ops/delivery/preflight.ts';
import { mendable, messageOf, OperatorStep, UserError } from '../../ops/errors.ts';
import { tellReclaim, toldRebuilt } from '../../ops/recovery/tell.ts';
import { tellAfterwards, tellSightings } from '../../ops/recovery/tell-aws.ts';
import { describeBackups } from '../../ops/restore/backup-status.ts';
import { describePoints } from '../../ops/restore/points.ts';
import { restoreText } from '../../ops/restore/report.ts';
import { tellLook, tellSwept } from '../../ops/sweep/tell.ts';
import { standInsText } from '../../ops/targets/local-stand-ins.ts';

/** Begins a line, sets a title, turns the direction, and is a command of a workflow. */
const EVIL = '\n::add-mask::x\r\u001b]0;t\u0007\u009b2J\u202e\u2028##[error]x\u200b';
const AT = 0;

/** What each command shows, with that text in every field that others fill. */
const shown = (N: string): readonly (readonly [what: string, show: () => string])[] => [
  [
    'status',
    () =>
      statusText([
        {
          ...{ region: N, url: N, state: 'unhealthy', reasons: [N], version: N, writer: N, writable: true },
          aloneSeconds: null,
          peers: [{ region: N, heartbeatAgeMs: 1, evacuate: false }],
        },
      ]),
  ],
  [
    'deployments',
    () =>
      deploymentsText(
        {
          ...{ region: N, troubles: [N], deploying: N },
          versions: { live: N, versions: [{ number: N, publishedAt: N }], weights: new Map([[N, 5]]), revisionId: N },
          view: {
            deployments: [
              {
                id: N,
                trial: { verdict: 'fail', detail: N, candidate: N, atMs: AT },
                bake: undefined,
                ended: { state: 'failed', reason: N, atMs: AT },
              },
            ],
            moves: [{ atMs: AT, by: N, from: N, to: N, reason: N }],
          },
          drift: {
            kind: 'moved',
            since: { atMs: AT, by: N, from: N, to: N, reason: N },
            last: { atMs: AT, by: N, from: N, to: N, reason: N },
          },
          audit: [{ atMs: AT, who: N, what: N, why: N }],
        },
        true,
      ),
  ],
  [
    'backup status',
    () =>
      describeBackups([
        {
          region: N,
          tables: [{ table: N, points: 1, newest: { arn: N, at: N, ageHours: 1 }, oldest: N, pointInTime: { earliest: N, latest: N } }],
          problems: [N],
        },
      ]),
  ],
  ['backup list', () => describePoints([{ region: N, table: N, at: N, state: 'complete', arn: N }])],
  ['deploy', () => findingsText([{ check: N, level: 'warning', detail: N, todo: N }])],
  [
    'sweep',
    () =>
      tellLook(
        { region: N, letters: 1, survey: { due: [{ task: { kind: 'rebalance', sku: N }, sinceMs: 1 }], more: 0, items: 1, whole: true } },
        2,
      ),
  ],
  ['sweep --yes', () => tellSwept({ region: N, done: 1, left: [], fresh: 0, problems: [N], letters: 0, removed: 0 }, 2)],
  ['rebuild, done', () => toldRebuilt({ region: N, incarnation: 2, negative: [N], rows: 0 })],
  [
    'stock reclaim',
    () =>
      tellReclaim({
        ...{ writer: { region: N, incarnation: 1 }, heir: N, granted: [{ sku: N, units: 1 }], negative: [{ sku: N, units: 1 }] },
        ...{ openOrders: [N], untaken: [], rows: [] },
      }),
  ],
  [
    'rebuild on AWS',
    () =>
      tellSightings(N, [
        { by: N, table: N, status: N },
        { by: N, table: N, status: undefined },
      ]),
  ],
  ['rebuild on AWS, afterwards', () => tellAfterwards(N, 35)],
  [
    'restore',
    () =>
      restoreText({
        ...{ format: 'tandem-restore-1', past: N, at: N, region: N, table: N, kept: true, startedAt: N, seconds: { repaired: 0, all: 0 } },
        ...{ items: 1, applied: true, toldAnew: [], absent: [N], whole: false, remaining: [{ region: N, facts: 1 }] },
        resources: [{ resource: 'orders', missing: 1, changed: 1, extra: 1, moved: 1, listed: { missing: [], changed: [], extra: [] } }],
        repaired: {
          ...{ facts: { orders: 1, stock: 1, records: 1 }, spread: 1 },
          rows: [{ region: N, sku: N, what: N }],
          left: [{ pk: N, sk: N, why: N }],
        },
      }),
  ],
  ['status --stand-ins', () => standInsText([{ type: N, count: 1, suppliedBy: N }])],
  ['the welcome', () => welcome({ regions: [{ name: N, url: N, host: N }], dns: undefined }, true)],
  ['a mistake', () => new UserError(`given ${N}`).message],
  ['a step of the operator', () => new OperatorStep([`given ${N}`, `  ${N}`]).message],
  ['an error of AWS', () => messageOf(Object.assign(new Error(N), { name: 'AccessDeniedException' }))],
  ['an error of credentials', () => messageOf(mendable(Object.assign(new Error(N), { name: 'AccessDeniedException' })))],
  ['an error behind an error', () => messageOf(new Error('fetch failed', { cause: new Error(N) }))],
];

describe('hostile text in every field of what is shown is shown, and does nothing:', () => {
  it.each(shown(`name${EVIL}`))('%s', (what, show) => {
    const text = show();
    const plain = shown('name').find(([each]) => each === what)?.[1]() ?? '';
    expect(text).toMatch(/\\u000a|\\012/);
    expect(text.split('\n')).toHaveLength(plain.split('\n').length);
    for (const line of text.split('\n')) {
      expect(line).toMatch(/^[\u0020-\u007e]*$/);
      expect(line).not.toMatch(/^\s*::|##\[/);
    }
  });
});

describe('an error', () => {
  it.each([
    [new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1'), new Error('connect ECONNREFUSED ::1:1')]), /ECONNREFUSED .*::1/],
    [
      new AggregateError([new Error('a is held'), new Error('b is held')], 'not everything ended'),
      /^not everything ended: a is held: b is held$/,
    ],
    [new TypeError('fetch failed', { cause: new Error('bad port') }), /^bad port$/],
    [new Error('', { cause: new Error('Error', { cause: new Error('the disk is full') }) }), /^the disk is full$/],
    [Object.assign(new Error(''), { code: 'EMFILE' }), /^EMFILE$/],
    [new Error('Error'), /without a reason/],
    ['thrown as text', /^thrown as text$/],
    [{ reason: 'an object' }, /an object/],
    [undefined, /undefined/],
  ] as const)('%# is told by its cause, and never by its class alone', (error, text) => {
    expect(messageOf(error)).toMatch(text);
    expect(messageOf(error)).not.toMatch(/^(Error|AggregateError|TypeError|fetch failed|\[object Object\])$/);
  });
});
