/** How a region's backups are: what there is, how old it is, and what of it breaks an objective. Pure, but for the asking. */
import { TABLES } from '../../functions/contract/names.ts';
import type { Config } from '../../infra/config.ts';
import { messageOf } from '../errors.ts';
import { asText } from '../print.ts';
import { table } from '../table.ts';
import { tandem } from '../tandem.ts';
import type { BackupTarget, PointInTime, RegionBackups } from '../targets/backups.ts';

const HOUR_MS = 3_600_000;
/** DynamoDB keeps to about five minutes. */
const BEHIND_MS_MAX = HOUR_MS;

export interface TableBackups {
  readonly table: string;
  /** Complete recovery points in the region's vault. */
  readonly points: number;
  readonly newest: { readonly arn: string; readonly at: string; readonly ageHours: number } | null;
  readonly oldest: string | null;
  /** Any time between these can be restored; null while it is off. */
  readonly pointInTime: { readonly earliest: string; readonly latest: string } | null;
}

export interface BackupStatus {
  readonly region: string;
  readonly tables: readonly TableBackups[];
  /** Objectives that are broken, each in words that say what to do. */
  readonly problems: readonly string[];
}

/** What the configuration wants of backups. */
export type BackupObjectives = Pick<Config['objectives'], 'recoveryPointHours'>;

/** Of every region that was named; one that does not answer is a problem of its own. */
export const backupStatus = (
  target: BackupTarget,
  regions: readonly string[],
  objectives: BackupObjectives,
  nowMs: number,
): Promise<readonly BackupStatus[]> =>
  Promise.all(
    regions.map(async (region) => {
      try {
        return judge(await target.backups(region), objectives, nowMs);
      } catch (error) {
        return { region, tables: [], problems: [`its backups cannot be seen: ${messageOf(error)}`] };
      }
    }),
  );

export const judge = (backups: RegionBackups, { recoveryPointHours }: BackupObjectives, nowMs: number): BackupStatus => {
  const tables = Object.values(TABLES).map((name) => tableOf(name, backups, nowMs));
  return {
    region: backups.region,
    tables,
    problems: [
      ...backups.missing.map(({ what, command }) => `not opted in: ${what}; set it with \`${command}\``),
      ...(backups.points === undefined
        ? ['there is no vault; deploy the cell']
        : tables.flatMap((each) => pointProblems(each, recoveryPointHours))),
      ...tables.flatMap((each) => pointInTimeProblems(each, nowMs)),
    ],
  };
};

const tableOf = (name: string, { points = [], pointInTime }: RegionBackups, nowMs: number): TableBackups => {
  const complete = points
    .filter((point) => point.table === name && point.state === 'complete')
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
  const [newest, oldest] = [complete[0], complete.at(-1)];
  return {
    table: name,
    points: complete.length,
    newest: newest ? { arn: newest.arn, at: instant(newest.createdAtMs), ageHours: (nowMs - newest.createdAtMs) / HOUR_MS } : null,
    oldest: oldest ? instant(oldest.createdAtMs) : null,
    pointInTime: windowOf(pointInTime.get(name)),
  };
};

const windowOf = (found: PointInTime | undefined): TableBackups['pointInTime'] =>
  found?.enabled && found.earliestMs !== undefined && found.latestMs !== undefined
    ? { earliest: instant(found.earliestMs), latest: instant(found.latestMs) }
    : null;

const pointProblems = ({ table: name, newest }: TableBackups, allowedHours: number): readonly string[] => {
  if (newest === null) return [`${name} has no recovery point; take one with \`${tandem('backup', 'now', '--yes')}\``];
  if (newest.ageHours <= allowedHours) return [];
  return [
    `the newest recovery point of ${name} is ${hours(newest.ageHours)} old; allowed: ${allowedHours} h; see the jobs of AWS Backup, and take one with \`${tandem('backup', 'now', '--yes')}\``,
  ];
};

const pointInTimeProblems = ({ table: name, pointInTime }: TableBackups, nowMs: number): readonly string[] => {
  if (pointInTime === null) return [`${name} has no point-in-time recovery; deploy the tables, which turns it on`];
  const behindMs = nowMs - Date.parse(pointInTime.latest);
  if (behindMs <= BEHIND_MS_MAX) return [];
  return [
    `${name} can be restored as of ${pointInTime.latest} at the latest, ${hours(behindMs / HOUR_MS)} ago; allowed: ${hours(BEHIND_MS_MAX / HOUR_MS)}`,
  ];
};

/** A line a table and region, then what is wrong. */
export const describeBackups = (statuses: readonly BackupStatus[]): string => {
  const rows = statuses.flatMap(({ region, tables }) =>
    tables.map((each) => [
      region,
      each.table,
      String(each.points),
      each.newest === null ? '-' : `${hours(each.newest.ageHours)} old`,
      each.oldest ?? '-',
      each.pointInTime === null ? 'off' : `${each.pointInTime.earliest} to ${each.pointInTime.latest}`,
    ]),
  );
  const problems = statuses.flatMap(({ region, problems: found }) => found.map((problem) => `${region}: ${problem}`));
  return asText([...table([['region', 'table', 'recovery points', 'newest', 'oldest', 'any time'], ...rows]), ...problems]);
};

const hours = (count: number): string => `${count.toFixed(1)} h`;

const instant = (ms: number): string => new Date(ms).toISOString();
