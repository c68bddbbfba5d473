/** The tables as the templates declare them, as far as one region's store needs them. */
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { KEYS, TABLES } from '../../functions/contract/names.ts';
import type { TestEmulator } from '../support/emulator.ts';

export const clientOf = (emulator: TestEmulator): DynamoDBClient =>
  dynamoClient({
    endpoint: emulator.endpoint,
    region: emulator.region,
    credentials: { accessKeyId: emulator.accessKeyId, secretAccessKey: 'test' },
  });

export const createTables = async (client: DynamoDBClient): Promise<void> => {
  const { partition, sort, ownerIndex } = KEYS;
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' }) as const;
  const keys = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  await client.send(
    new CreateTableCommand({
      TableName: TABLES.control,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [partition, sort].map(text),
      KeySchema: keys(partition, sort),
    }),
  );
  await client.send(
    new CreateTableCommand({
      TableName: TABLES.data,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [partition, sort, ownerIndex.partition, ownerIndex.sort].map(text),
      KeySchema: keys(partition, sort),
      GlobalSecondaryIndexes: [
        { IndexName: ownerIndex.name, KeySchema: keys(ownerIndex.partition, ownerIndex.sort), Projection: { ProjectionType: 'ALL' } },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
};
