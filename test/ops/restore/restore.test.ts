import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeBackups, judge } from '../../../ops/restore/backup-status.ts';
import { RESTORE_FORMAT, type RestoreReport, restoreReportSchema, restoreText, writeRestoreReport } from '../../../ops/restore/report.ts';
import { restoredName } from '../../../ops/restore/restore.ts';
import { parseTime } from '../../../ops/restore/time.ts';
import type { PointInTime, RecoveryPoint, RegionBackups } from '../../../ops/targets/backups.ts';

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
    ['none', { points: [point('tandem-data', 1)] }, /tandem-control has no recovery point; take one with `tandem backup now`/],
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
    expect(restoredName(NOW_MS)).toBe('tandem-data-at-20261125T120000Z');
    expect(restoredName(NOW_MS + 250)).toMatch(/^[a-zA-Z0-9_.-]{3,255}$/);
    expect(restoredName(NOW_MS + 250)).not.toBe(restoredName(NOW_MS));
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
    expect(text).toContain('a lacks 1; run it again');
  });

  it('is written as JSON that its schema takes, and as text', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-restore-'));
    try {
      const written = await writeRestoreReport(folder, REPORT);
      expect(restoreReportSchema.parse(JSON.parse(await readFile(join(written, 'restore.json'), 'utf8')))).toEqual(REPORT);
      expect(await readFile(join(written, 'restore.txt'), 'utf8')).toBe(`${restoreText(REPORT)}\n`);
    } finally {
      await rm(folder, { recursive: true });
    }
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
  at: '2026-11-25T10:00:00.000Z',
  region: 'eu-central-1',
  table: 'tandem-data-at-20261125T100000Z',
  startedAt: '2026-11-25T12:00:00.000Z',
  seconds: { repaired: 1, all: 2 },
  items: 10,
  applied: false,
  absent: [],
  resources: [
    { ...nothing, resource: 'orders', missing: 2, changed: 1, extra: 3 },
    { ...nothing, resource: 'stock' },
    { ...nothing, resource: 'records' },
  ],
  remaining: [{ region: 'eu-central-1', facts: 3 }],
  whole: false,
};
