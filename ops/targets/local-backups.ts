/**
 * Backups of the laptop's regions. AWS Backup there makes jobs without content, so the emulators' own backups of DynamoDB,
 * which are real, stand for what is in the vault; what stands for point-in-time recovery is local/backup.
 */
import {
  type BackupSummary,
  CreateBackupCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  type DynamoDBClient,
  ListBackupsCommand,
  ResourceNotFoundException,
  RestoreTableFromBackupCommand,
  TableAlreadyExistsException,
} from '@aws-sdk/client-dynamodb';
import { TABLES } from '../../functions/contract/names.ts';
import { restorable, restoreToPointInTime } from '../../local/backup/point-in-time.ts';
import type { LocalRegion } from '../../local/control/api.ts';
import type { BackupTarget, PointInTime, PointRestore, RecoveryPoint, RegionBackups } from './backups.ts';

/** Pages of a list, 100 backups each. */
const PAGES_MAX = 100;

type Place = Pick<LocalRegion, 'name' | 'endpoint' | 'accessKeyId' | 'secretAccessKey'>;

export const localBackups = async (region: Place, client: DynamoDBClient): Promise<RegionBackups> => {
  const pointInTime = await Promise.all(
    Object.values(TABLES).map(async (table) => [table, await pointInTimeOf(region, client, table)] as const),
  );
  return { region: region.name, points: await pointsOf(client), pointInTime: new Map(pointInTime), missing: [] };
};

export const localBackUp = async (client: DynamoDBClient, table: string): Promise<void> => {
  await client.send(new CreateBackupCommand({ TableName: table, BackupName: `tandem-${Date.now()}` }));
};

/** @throws {PointInTimeError} */
export const localRestore = (region: Place, given: Parameters<BackupTarget['restore']>[1]): Promise<void> =>
  restoreToPointInTime(region, given);

export const localRestorePoint = async (client: DynamoDBClient, { arn, into }: PointRestore): Promise<void> => {
  try {
    await client.send(new RestoreTableFromBackupCommand({ BackupArn: arn, TargetTableName: into }));
  } catch (error) {
    if (!(error instanceof TableAlreadyExistsException)) throw error;
  }
};

export const localDeleteTable = async (client: DynamoDBClient, table: string): Promise<void> => {
  try {
    await client.send(new DeleteTableCommand({ TableName: table }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
};

const pointInTimeOf = async (region: Place, client: DynamoDBClient, table: string): Promise<PointInTime> => {
  const { ContinuousBackupsDescription: found } = await client.send(new DescribeContinuousBackupsCommand({ TableName: table }));
  const enabled = found?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
  const window = enabled ? await restorable(region, table) : undefined;
  return { enabled, earliestMs: window?.earliestMs, latestMs: window?.latestMs };
};

const pointsOf = async (client: DynamoDBClient): Promise<readonly RecoveryPoint[]> => {
  const found: BackupSummary[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer: { readonly BackupSummaries?: BackupSummary[] | undefined; readonly LastEvaluatedBackupArn?: string | undefined } =
      await client.send(new ListBackupsCommand(after === undefined ? {} : { ExclusiveStartBackupArn: after }));
    found.push(...(answer.BackupSummaries ?? []));
    after = answer.LastEvaluatedBackupArn;
    if (after === undefined) break;
  }
  return found
    .map(
      ({ BackupArn = '', TableName = '', BackupCreationDateTime }): RecoveryPoint => ({
        arn: BackupArn,
        table: TableName,
        createdAtMs: BackupCreationDateTime?.getTime() ?? 0,
        state: 'complete',
      }),
    )
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
};
