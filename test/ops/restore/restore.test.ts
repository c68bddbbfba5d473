import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeBackups, judge } from '../../../ops/restore/backup-status.ts';
import { copyName, isPointArn, optionOf, regionOfPast } from '../../../ops/restore/past.ts';
import { RESTORE_FORMAT, type RestoreReport, restoreReportSchema, restoreText, writeRestoreReport } from '../../../ops/restore/report.ts';
import { parseTime } from '../../../ops/restore/time.ts';
import type { PointInTime, RecoveryPoint, RegionBackups } from '../../../ops/targets/backups.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NOW_MS = Date.parse('2026-11-25T12:00:00Z');
const HOUR_MS = 3_600_000;
const OBJECTIVES = { recoveryPointHours: 36 };

const point = (table: string, hoursOld: number): RecoveryPoint => ({
  arn: `arn:${table}`,
  table,
  createdAtMs: NOW_MS - hoursOld * HOUR_MS,
  state: 'complete',
});

const OFF: PointInTime = { enabled: false, earliestMs: undefined, latestMs: undefined };

const ON: PointInTime = { enabled: true, earliestMs: NOW_MS - 24 * HOUR_MS, latestMs: NOW_MS - 300_000 };

describe('the status of backups', () => {
  it('is fine with a recovery point of each table within the objective, and point-in-time recovery', () => {
    const status = judge(backups(), OBJECTIVES, NOW_MS);
    expect(status.problems).toEqual([]);
    expect(describeBackups([status])).toMatch(/eu-central-1 +tandem-data +1 +2\.0 h old +2026-11-25T10:00:00\.000Z/);
  });

  it.each<[string, Partial<RegionBackups>, RegExp]>([
    [
      'an old recovery point',
      { points: [point('tandem-data', 40), point('tandem-control', 1)] },
      /newest recovery point of tandem-data is 40\.0 h old; allowed: 36 h/,
    ],
    ['none', { points: [point('tandem-data', 1)] }, /tandem-control has no recovery point; take one with `bin\/tandem backup now --yes`/],
    [
      'one that is not complete',
      { points: [point('tandem-data', 1), { ...point('tandem-control', 1), state: 'partial' }] },
      /tandem-control has no recovery point/,
    ],
    ['no vault', { points: undefined }, /there is no vault; deploy the cell/],
    [
      'no point-in-time recovery',
      {
        pointInTime: new Map([
          ['tandem-data', OFF],
          ['tandem-control', ON],
        ]),
      },
      /tandem-data has no point-in-time recovery/,
    ],
    [
      'one that is far behind',
      {
        pointInTime: new Map([
          ['tandem-data', { ...ON, latestMs: NOW_MS - 3 * HOUR_MS }],
          ['tandem-control', ON],
        ]),
      },
      /at the latest, 3\.0 h ago; allowed: 1\.0 h/,
    ],
    ['a missing opt-in', { missing: [{ what: 'it', command: 'aws backup x' }] }, /not opted in: it; set it with `aws backup x`/],
  ])('is broken by %s, and says what to do', (_, change, problem) => {
    const { problems } = judge({ ...backups(), ...change }, OBJECTIVES, NOW_MS);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });
});

describe('a time on the command line', () => {
  const parse = parseTime(NOW_MS);
  const nameAt = (atMs: number) => copyName({ kind: 'time', atMs });

  it.each([
    ['2026-11-25T10:00:00Z', '2026-11-25T10:00:00.000Z'],
    ['2026-11-25T10:00:00.250+01:00', '2026-11-25T09:00:00.250Z'],
    ['5 minutes ago', '2026-11-25T11:55:00.000Z'],
    ['1 hour ago', '2026-11-25T11:00:00.000Z'],
  ])('%s is %s', (given, expected) => expect(new Date(parse(given)).toISOString()).toBe(expected));

  it.each(['2026-11-25T10:00:00', '2026-13-25T10:00:00Z', 'yesterday', '-5 minutes ago', ''])('"%s" is none', (given) =>
    expect(() => parse(given)).toThrow(/allowed: a time with its zone/),
  );

  it('names the restored table, the same for the same time, within what DynamoDB allows', () => {
    expect(nameAt(NOW_MS)).toBe('tandem-data-at-20261125T120000Z');
    expect(nameAt(NOW_MS + 250)).toMatch(/^[a-zA-Z0-9_.-]{3,255}$/);
    expect(nameAt(NOW_MS + 250)).not.toBe(nameAt(NOW_MS));
  });
});

describe('a past', () => {
  const POINT = 'arn:aws:backup:us-east-2:123456789012:recovery-point:1EB3B5E7-9EB0-435A-A80B-108B488B0D45';
  const OLD_POINT = 'arn:aws:dynamodb:us-east-2:123456789012:table/tandem-data/backup/01489602797149-73d8d5bc';

  it('that is a recovery point, of AWS Backup or of DynamoDB, says its region, and names its table within what DynamoDB allows', () => {
    expect([POINT, OLD_POINT].map((arn) => [regionOfPast({ kind: 'point', arn }), copyName({ kind: 'point', arn })])).toEqual([
      ['us-east-2', 'tandem-data-from-1EB3B5E7-9EB0-435A-A80B-108B488B0D45'],
      ['us-east-2', 'tandem-data-from-01489602797149-73d8d5bc'],
    ]);
  });

  it.each(['', 'tandem-data', 'arn:aws:s3:::bucket', 'arn:aws:backup:us-east-2:1:recovery-point:x', `${POINT}:`])(
    '"%s" is no recovery point',
    (given) => expect(isPointArn(given)).toBe(false),
  );

  it('is asked for again by the option that gave it', () => {
    expect(optionOf({ kind: 'time', atMs: NOW_MS })).toBe('--at 2026-11-25T12:00:00.000Z');
    expect(optionOf({ kind: 'point', arn: POINT, role: 'r' })).toBe(`--from ${POINT} --role r`);
    expect(optionOf({ kind: 'table', name: 'copy' })).toBe('--table copy');
  });
});

describe('the report of a restore', () => {
  it('says by resource what was found, that nothing was done, and how to do it', () => {
    const text = restoreText(REPORT);
    expect(text).toMatch(/orders +2 +1 +3 +0/);
    expect(text).toContain('--apply repairs');
  });

  it('says what was put back, what was left and why, and to run it again', () => {
    const left = [{ pk: 'ORDER#1', sk: 'PLACED#b', why: 'its region b does not answer' }];
    const repaired = { facts: { orders: 2, stock: 0, records: 0 }, spread: 0, rows: [{ region: 'a', sku: 'tea', what: 'x -> y' }], left };
    const text = restoreText({ ...REPORT, applied: true, repaired, remaining: [{ region: 'a', facts: 1 }], whole: false });
    expect(text).toContain('put back: 2 of orders');
    expect(text).toContain('tea in a: x -> y');
    expect(text).toContain('left: ORDER#1 PLACED#b: its region b does not answer');
    expect(text).toContain('a lacks 1, 1 item was left, as said above; run it again with --at 2026-11-25T10:00:00.000Z');
  });

  it('says what is left when every fact is there, and not that a region lacks 0', () => {
    const left = [{ pk: 'STOCK#tea', sk: 'HELD#a', why: 'its rows never stood still' }];
    const repaired = { facts: { orders: 0, stock: 0, records: 0 }, spread: 0, rows: [], left };
    const text = restoreText({ ...REPORT, applied: true, repaired, remaining: [{ region: 'a', facts: 0 }] });
    expect(text).toContain('Not everything is repaired: 1 item was left, as said above; run it again');
    expect(text).not.toContain('lacks');
  });

  it('shows what was told anew beside what it was, and how the old one is put back', () => {
    const shared = { pk: 'ORDER#1', sk: 'PLACED#a', v: 1, body: 'x' };
    const [was, is] = [
      { ...shared, lines: [{ sku: 'tea', quantity: 1 }] },
      { ...shared, body: 'y', lines: [{ sku: 'tea', quantity: 5 }] },
    ];
    const text = restoreText({ ...REPORT, toldAnew: [{ pk: 'ORDER#1', sk: 'PLACED#a', was, is }] });
    expect(text).toContain('told anew since, and left as they are: 1');
    expect(text).toContain('ORDER#1 PLACED#a: was lines [{"sku":"tea","quantity":1}], is lines [{"sku":"tea","quantity":5}]');
    expect(text).toContain("restore --at 2026-11-25T10:00:00.000Z --apply --replace 'ORDER#1 PLACED#a'");
  });

  it('says that a copy is kept, and how to repair from it; and nothing of a time that nobody knows', () => {
    const text = restoreText({ ...REPORT, past: '--table copy', at: null, table: 'copy', kept: true });
    expect(text).toMatch(/^copy: 10 items of eu-central-1\n/);
    expect(text).toContain('copy is kept in eu-central-1; `bin/tandem restore --table copy --region eu-central-1 --apply` repairs from it');
  });

  it('is written as JSON that its schema takes, and as text', async () => {
    const written = await writeRestoreReport(temporaryFolder(), REPORT);
    expect(restoreReportSchema.parse(JSON.parse(await readFile(join(written, 'restore.json'), 'utf8')))).toEqual(REPORT);
    expect(await readFile(join(written, 'restore.txt'), 'utf8')).toBe(`${restoreText(REPORT)}\n`);
  });
});

const backups = (): RegionBackups => ({
  region: 'eu-central-1',
  points: [point('tandem-data', 2), point('tandem-control', 3)],
  pointInTime: new Map([
    ['tandem-data', ON],
    ['tandem-control', ON],
  ]),
  missing: [],
});

const nothing = { missing: 0, changed: 0, extra: 0, moved: 0, listed: { missing: [], changed: [], extra: [] } };

const REPORT: RestoreReport = {
  format: RESTORE_FORMAT,
  past: '--at 2026-11-25T10:00:00.000Z',
  at: '2026-11-25T10:00:00.000Z',
  region: 'eu-central-1',
  table: 'tandem-data-at-20261125T100000Z',
  kept: false,
  startedAt: '2026-11-25T12:00:00.000Z',
  seconds: { repaired: 1, all: 2 },
  items: 10,
  applied: false,
  toldAnew: [],
  absent: [],
  resources: [
    { ...nothing, resource: 'orders', missing: 2, changed: 1, extra: 3 },
    { ...nothing, resource: 'stock' },
    { ...nothing, resource: 'records' },
  ],
  remaining: [{ region: 'eu-central-1', facts: 3 }],
  whole: false,
};
