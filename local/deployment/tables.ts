/** Sets what the template says about tables and the emulator drops: TTL, point-in-time recovery, protection from deletion. */
import {
  DescribeContinuousBackupsCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { TABLES } from '../../functions/contract/names.ts';
import { clientOptions, type EmulatorAddress } from '../emulator-access.ts';
import { isJson, type Json } from './template.ts';

export interface TableSettings {
  readonly name: string;
  /** Attribute that holds the time of expiry; undefined without TTL. */
  readonly ttl: string | undefined;
  readonly pointInTimeRecovery: boolean;
  readonly deletionProtection: boolean;
}

/** Of the replica in a region. Pure. */
export const tableSettings = (template: Json, region: string): readonly TableSettings[] =>
  Object.values(isJson(template['Resources']) ? template['Resources'] : {}).flatMap((resource) => {
    if (!isJson(resource) || resource['Type'] !== 'AWS::DynamoDB::GlobalTable' || !isJson(resource['Properties'])) return [];
    const { TableName: name, TimeToLiveSpecification: ttl, Replicas: replicas } = resource['Properties'];
    const replica = (Array.isArray(replicas) ? replicas : []).filter(isJson).find((each) => each['Region'] === region);
    const recovery = replica?.['PointInTimeRecoverySpecification'];
    if (typeof name !== 'string') return [];
    return [
      {
        name,
        ttl: isJson(ttl) && ttl['Enabled'] === true && typeof ttl['AttributeName'] === 'string' ? ttl['AttributeName'] : undefined,
        pointInTimeRecovery: isJson(recovery) && recovery['PointInTimeRecoveryEnabled'] === true,
        deletionProtection: replica?.['DeletionProtectionEnabled'] === true,
      },
    ];
  });

/** Runs `work` with a client of a region's tables. */
const withClient = async <T>(region: EmulatorAddress, work: (client: DynamoDBClient) => Promise<T>): Promise<T> => {
  const client = new DynamoDBClient(clientOptions(region));
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
};

/** Makes each table what the template says. May be called again: what is so already is left alone. */
export const applyTableSettings = async (region: EmulatorAddress, tables: readonly TableSettings[]): Promise<void> => {
  await withClient(region, async (client) => {
    for (const { name: TableName, ttl, pointInTimeRecovery, deletionProtection } of tables) {
      if (ttl !== undefined && !(await hasTtl(client, TableName))) {
        await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: ttl, Enabled: true } }));
      }
      if (pointInTimeRecovery && !(await hasRecovery(client, TableName))) {
        await client.send(
          new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }),
        );
      }
      if (deletionProtection) await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
    }
  });
};

/** Puts items into a region's control table: the fence of a region that comes back, before its functions do. */
export const putControlItems = async (region: EmulatorAddress, items: readonly Json[]): Promise<void> => {
  await withClient(region, async (client) => {
    for (const item of items) await client.send(new PutItemCommand({ TableName: TABLES.control, Item: marshall(item) }));
  });
};

const hasTtl = async (client: DynamoDBClient, TableName: string): Promise<boolean> => {
  const { TimeToLiveDescription: ttl } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  return ttl?.TimeToLiveStatus === 'ENABLED' || ttl?.TimeToLiveStatus === 'ENABLING';
};

const hasRecovery = async (client: DynamoDBClient, TableName: string): Promise<boolean> => {
  const { ContinuousBackupsDescription: backups } = await client.send(new DescribeContinuousBackupsCommand({ TableName }));
  return backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
};
