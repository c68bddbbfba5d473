/** A DynamoDB of this machine, with the tables as the templates declare them. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Limits, REQUEST_LIMITS } from '../../functions/aws/attempts.ts';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { PATIENT } from '../support/emulator.ts';

export { createTables } from '../../bench/tables.ts';

/** As many as the functions' own clients. */
const SOCKETS_MAX = 64;
const PATIENT_STORE: Limits = { ...REQUEST_LIMITS, attemptMs: PATIENT.requestMs };

/** Where it answers. */
export interface Database {
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const clientOf = (database: Database): DynamoDBClient =>
  dynamoClient(clientOptions({ ...database, name: database.region }, { ...PATIENT, attemptsMax: 1, socketsMax: SOCKETS_MAX }));

/** What prepares a test, or looks at what came of it: it waits longer than the functions' own. */
export const patientStore = (client: DynamoDBClient, table: string): DynamoStore =>
  new DynamoStore({ client, table, limits: PATIENT_STORE });
