/** The same contracts on a second DynamoDB, by the people who make the first. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import type { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { type DynamoDbLocal, startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { storeContract } from './store-contract.ts';
import { storeLosses } from './store-losses.ts';
import { tableContract } from './table-contract.ts';
import { clientOf, createTables, patientStore } from './tables.ts';

let database: DynamoDbLocal;
let client: DynamoDBClient;
let store: DynamoStore;

beforeAll(async () => {
  database = await startDynamoDbLocal('eu-central-1');
  client = clientOf(database);
  await createTables(client);
  store = patientStore(client, TABLES.data);
});

afterAll(async () => {
  client?.destroy();
  await database?.stop();
});

storeContract('the DynamoDB store on DynamoDB Local', () => store);
storeLosses('the DynamoDB store on DynamoDB Local', () => database);
tableContract('DynamoDB Local', () => client);
