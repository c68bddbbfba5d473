/** A DynamoDB of this machine, with the tables as the templates declare them. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { clientOptions } from '../../local/deployment/client-options.ts';

export { createTables } from '../../bench/tables.ts';

/** Those of the functions' own clients. */
const FUNCTIONS_LIMITS = { attemptsMax: 1, connectMs: 500, requestMs: 2_000, socketsMax: 64 } as const;

/** Where it answers. */
export interface Database {
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
}

export const clientOf = ({ endpoint, region, accessKeyId }: Database): DynamoDBClient =>
  dynamoClient(clientOptions({ name: region, endpoint, accessKeyId }, FUNCTIONS_LIMITS));
