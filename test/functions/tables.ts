/** An emulator's tables. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../functions/aws/clients.ts';
import type { TestEmulator } from '../support/emulator.ts';

export { createTables } from '../../bench/tables.ts';

export const clientOf = (emulator: TestEmulator): DynamoDBClient =>
  dynamoClient({
    endpoint: emulator.endpoint,
    region: emulator.region,
    credentials: { accessKeyId: emulator.accessKeyId, secretAccessKey: 'test' },
  });
