/**
 * Replicas of the global tables on AWS: what DynamoDB says of them, and the commands by which an operator removes and adds
 * them. Nothing here changes a replica.
 */
import { DescribeTableCommand, type DynamoDBClient, DynamoDBServiceException, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { messageOf, UserError } from '../errors.ts';
import { words } from '../tandem.ts';

/** One look at a table, the SDK's own repetitions included: a region that is gone must not hang its survivors' operator. */
const LOOK_MS_MAX = 10_000;

/** `silent`: the region's DynamoDB does not answer. `none`: it answers, and has no such table. */
export type TableState = 'silent' | 'none' | 'there' | 'changing';

export interface TableLook {
  readonly state: TableState;
  /** `ReplicaStatus` of each other region that the table replicates with. */
  readonly replicas: ReadonlyMap<string, string>;
}

/** How one region sees another's replica of a table. */
export interface Sighting {
  readonly by: string;
  readonly table: string;
  /** `ReplicaStatus`; undefined: they do not replicate. */
  readonly status: string | undefined;
}

/**
 * Statuses of a replica that holds everything and takes part:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ReplicaDescription.html
 */
export const isWhole = (status: string | undefined): boolean => status === 'ACTIVE' || status === 'UPDATING';

/** @throws {UserError} when the region answers and refuses, as it does without permission: such a region is not silent */
export const lookAt = async (client: DynamoDBClient, region: string, table: string): Promise<TableLook> => {
  try {
    const command = new DescribeTableCommand({ TableName: table });
    const { Table } = await client.send(command, { abortSignal: AbortSignal.timeout(LOOK_MS_MAX) });
    const replicas = (Table?.Replicas ?? []).flatMap(({ RegionName, ReplicaStatus = 'unknown' }) =>
      RegionName === undefined ? [] : [[RegionName, ReplicaStatus] as const],
    );
    return { state: isWhole(Table?.TableStatus) ? 'there' : 'changing', replicas: new Map(replicas) };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return { state: 'none', replicas: new Map() };
    if (error instanceof DynamoDBServiceException && error.$fault === 'client')
      throw new UserError(`${region} answers, and does not tell of ${table}: ${messageOf(error)}; see credentials and permissions`, {
        cause: error,
      });
    return { state: 'silent', replicas: new Map() };
  }
};

/** Sent to a region that is left: `through`. */
export const removeCommand = (through: string, table: string, region: string): string =>
  updateTable(through, table, { Delete: { RegionName: region } });

/** @param keyArn of the replica, where keys are the customer's own */
export const addCommand = (through: string, table: string, region: string, keyArn: string | undefined): string =>
  updateTable(through, table, { Create: { RegionName: region, ...(keyArn === undefined ? {} : { KMSMasterKeyId: keyArn }) } });

const updateTable = (through: string, table: string, update: Readonly<Record<string, Readonly<Record<string, string>>>>): string =>
  words('aws', 'dynamodb', 'update-table', '--region', through, '--table-name', table, '--replica-updates', JSON.stringify([update]));

/** Protection is a setting of each replica: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-bestpractices.html */
export const protectionCommand = (region: string, table: string, on: boolean): string =>
  words('aws', 'dynamodb', 'update-table', '--region', region, '--table-name', table, `--${on ? '' : 'no-'}deletion-protection-enabled`);

/** As deletion protection, a setting of each replica, which a new one does not have. */
export const pointInTimeCommand = (region: string, table: string, days: number): string =>
  words(
    ...['aws', 'dynamodb', 'update-continuous-backups', '--region', region, '--table-name', table],
    ...['--point-in-time-recovery-specification', `PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=${days}`],
  );
