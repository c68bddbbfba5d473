/**
 * The past that a live table is held against: as of a time, in a recovery point, or in a table that somebody has restored.
 * The first two are restored into a table whose name they give, so that an interrupted run finds it again.
 */
import { DescribeTableCommand, ResourceNotFoundException, type TableDescription } from '@aws-sdk/client-dynamodb';
import { tableOf } from '../../functions/aws/table-arn.ts';
import { BACKUPS, KEYS, TABLES } from '../../functions/contract/names.ts';
import { resourceOf } from '../../functions/core/restore-compare.ts';
import type { Item } from '../../functions/core/store.ts';
import { UserError } from '../errors.ts';
import type { Say } from '../progress.ts';
import { tandem } from '../tandem.ts';
import type { BackupTarget, PointInTime, RegionBackups } from '../targets/backups.ts';

export type Past =
  /** Milliseconds since 1970: what was written until then. */
  | { readonly kind: 'time'; readonly atMs: number }
  /** `role`: under which AWS Backup restores. @default the role that AWS Backup makes for itself */
  | { readonly kind: 'point'; readonly arn: string; readonly role?: string }
  | { readonly kind: 'table'; readonly name: string };

/** A past that is there. */
export interface FoundPast {
  /** Undefined: nobody knows. */
  readonly atMs: number | undefined;
  /** What is done to have it, for people. */
  readonly title: string;
}

const TABLE_NAME = /^[a-zA-Z0-9_.-]{3,255}$/;
const POINT_ARN = /^arn:aws[a-z-]*:(?:backup|dynamodb):([a-z0-9-]+):\d{12}:.*[:/]([^:/]+)$/;

/** Undefined: no ARN of a recovery point. */
const partsOfPoint = (arn: string): { readonly region: string; readonly id: string } | undefined => {
  const [, region, id] = POINT_ARN.exec(arn) ?? [];
  return region === undefined || id === undefined ? undefined : { region, id };
};

export const isPointArn = (given: string): boolean => partsOfPoint(given) !== undefined;

/** The region that a past lies in; undefined: in any. */
export const regionOfPast = (past: Past): string | undefined => (past.kind === 'point' ? partsOfPoint(past.arn)?.region : undefined);

/** The table that holds it, which is there or will be. */
export const copyName = (past: Past): string => {
  switch (past.kind) {
    case 'time':
      return `${TABLES.data}-at-${new Date(past.atMs).toISOString().replace(/[-:]|\.000/g, '')}`;
    case 'point':
      return `${TABLES.data}-from-${(partsOfPoint(past.arn)?.id ?? '').replace(/[^a-zA-Z0-9_.-]/g, '-')}`;
    case 'table':
      return past.name;
  }
};

/** The option that asks for it again. */
export const optionOf = (past: Past): string => {
  switch (past.kind) {
    case 'time':
      return `--at ${new Date(past.atMs).toISOString()}`;
    case 'point':
      return `--from ${past.arn}${past.role === undefined ? '' : ` --role ${past.role}`}`;
    case 'table':
      return `--table ${past.name}`;
  }
};

/** Before anything is made. @throws {UserError} when the region does not have it, with what it has */
export const findPast = async (target: BackupTarget, region: string, past: Past): Promise<FoundPast> => {
  switch (past.kind) {
    case 'time': {
      checkTime(past.atMs, (await target.backups(region)).pointInTime.get(TABLES.data), region);
      const at = new Date(past.atMs).toISOString();
      return { atMs: past.atMs, title: `restore ${TABLES.data} of ${region} as of ${at} into ${copyName(past)}` };
    }
    case 'point': {
      const atMs = pointTime(past.arn, await target.backups(region), region);
      const taken = new Date(atMs).toISOString();
      return { atMs, title: `restore the recovery point of ${TABLES.data} that ${region} took at ${taken} into ${copyName(past)}` };
    }
    case 'table': {
      const { RestoreSummary } = await checkedTable(target, region, past.name);
      return { atMs: RestoreSummary?.RestoreDateTime?.getTime(), title: `read ${past.name} of ${region}` };
    }
  }
};

/** Resolves when it can be read. @throws {UserError} when it cannot be restored, or is none of these tables */
export const restorePast = async (target: BackupTarget, region: string, past: Past, say: Say): Promise<void> => {
  if (past.kind === 'table') return;
  const into = copyName(past);
  if (past.kind === 'time') await target.restore(region, { table: TABLES.data, atMs: past.atMs, into });
  else await target.restorePoint(region, { arn: past.arn, into, say, ...(past.role === undefined ? {} : { role: past.role }) });
  await checkedTable(target, region, into);
};

/**
 * Keys alike do not make a table a copy of this one: nothing is missing of a copy without users' items.
 * @throws {UserError}
 */
export const checkContent = (table: string, items: readonly Item[]): void => {
  if (items.some((item) => resourceOf(item) !== undefined)) return;
  throw new UserError(
    `${table} holds ${items.length} items, and no order, stock or record among them, so nothing can be put back from it; allowed: a copy of ${TABLES.data} from a time when it held some`,
  );
};

const checkTime = (atMs: number, window: PointInTime | undefined, region: string): void => {
  if (window === undefined || !window.enabled || window.earliestMs === undefined || window.latestMs === undefined)
    throw new UserError(
      `${TABLES.data} of ${region} has no point-in-time recovery, so no time can be restored there; see \`${tandem('backup', 'status')}\`, or restore a recovery point with --from`,
    );
  if (atMs >= window.earliestMs && atMs <= window.latestMs) return;
  const [earliest, latest] = [window.earliestMs, window.latestMs].map((ms) => new Date(ms).toISOString());
  throw new UserError(
    `given the time ${new Date(atMs).toISOString()}${atMs > Date.now() ? ', which is in the future' : ''}; allowed in ${region}: from ${earliest} to ${latest}`,
  );
};

/** When it was taken. */
const pointTime = (arn: string, { points }: RegionBackups, region: string): number => {
  const found = points?.find((point) => point.arn === arn);
  if (found?.table === TABLES.data && found.state === 'complete') return found.createdAtMs;
  const newest = points?.find((point) => point.table === TABLES.data && point.state === 'complete');
  const what =
    found === undefined
      ? `which is not in the vault ${BACKUPS.vault(region)}`
      : `which is ${found.table === TABLES.data ? found.state : `of ${found.table}`}`;
  const allowed =
    newest === undefined
      ? `there is none; take one with \`${tandem('backup', 'now', '--yes')}\``
      : `a complete one of ${TABLES.data}, such as ${newest.arn}; \`${tandem('backup', 'list')}\` shows them`;
  throw new UserError(
    `given the recovery point ${arn}, ${what}; allowed in ${region}: ${allowed}; one of another account is copied into the vault first: docs/backup.md`,
  );
};

/** @throws {UserError} when it cannot be a restored copy of the users' table, or is not ready */
const checkedTable = async (target: BackupTarget, region: string, name: string): Promise<TableDescription> => {
  const allowed = `allowed: a table in ${region} that was restored from ${TABLES.data}`;
  if (!TABLE_NAME.test(name)) throw new UserError(`given the table "${name}", which is no name of a table; ${allowed}`);
  if (Object.values(TABLES).some((live) => live === name))
    throw new UserError(`given the table ${name}, which is the live one; ${allowed}`);
  const found = await described(target, region, name);
  if (found === undefined) throw new UserError(`there is no table ${name} in ${region}; ${allowed}; --region names the region it is in`);
  const source = tableOf(found.RestoreSummary?.SourceTableArn);
  if (source !== undefined && source !== TABLES.data) throw new UserError(`the table ${name} was restored from ${source}; ${allowed}`);
  if (keysOf(found) !== KEYS_TEXT) throw new UserError(`the table ${name} has the keys ${keysOf(found)}; ${allowed}, with ${KEYS_TEXT}`);
  if (found.TableStatus !== 'ACTIVE' || found.RestoreSummary?.RestoreInProgress === true)
    throw new UserError(
      `the table ${name} in ${region} is ${found.TableStatus}${found.TableStatus === 'ACTIVE' ? ' and still being restored' : ''}; run it again when it is ready`,
    );
  return found;
};

const KEYS_TEXT = `${KEYS.partition} HASH S, ${KEYS.sort} RANGE S`;

const keysOf = ({ KeySchema = [], AttributeDefinitions = [] }: TableDescription): string =>
  KeySchema.map(({ AttributeName, KeyType }) => {
    const type = AttributeDefinitions.find((each) => each.AttributeName === AttributeName)?.AttributeType;
    return `${AttributeName} ${KeyType} ${type}`;
  }).join(', ');

const described = async (target: BackupTarget, region: string, name: string): Promise<TableDescription | undefined> => {
  try {
    return (await target.dynamo(region).send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
};
