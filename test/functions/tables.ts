/** A DynamoDB of this machine, with the tables as the templates declare them. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../functions/aws/clients.ts';

export { createTables } from '../../bench/tables.ts';

/** Where it answers. */
export interface Database {
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
}

export const clientOf = ({ endpoint, region, accessKeyId }: Database): DynamoDBClient =>
  dynamoClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey: 'test' } });
