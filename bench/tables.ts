/** The tables as the templates declare them, as far as one region's store needs them. */
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KEYS, TABLES } from '../functions/contract/names.ts';

export const createTables = async (client: DynamoDBClient): Promise<void> => {
  const { partition, sort, ownerIndex } = KEYS;
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' }) as const;
  const keys = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  const shared = {
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys(partition, sort),
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  } as const;
  await client.send(new CreateTableCommand({ ...shared, TableName: TABLES.control, AttributeDefinitions: [partition, sort].map(text) }));
  await client.send(
    new CreateTableCommand({
      ...shared,
      TableName: TABLES.data,
      AttributeDefinitions: [partition, sort, ownerIndex.partition, ownerIndex.sort].map(text),
      GlobalSecondaryIndexes: [
        { IndexName: ownerIndex.name, KeySchema: keys(ownerIndex.partition, ownerIndex.sort), Projection: { ProjectionType: 'ALL' } },
      ],
    }),
  );
};
