import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REQUEST_LIMITS } from '../../functions/aws/attempts.ts';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { StoreUnavailable } from '../../functions/core/store.ts';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';
import { storeContract } from './store-contract.ts';
import { storeLosses } from './store-losses.ts';
import { tableContract } from './table-contract.ts';
import { clientOf, createTables, patientStore } from './tables.ts';

let emulator: TestEmulator;
let client: DynamoDBClient;
let store: DynamoStore;

beforeAll(async () => {
  emulator = await startEmulator('eu-central-1');
  client = clientOf(emulator);
  await createTables(client);
  store = patientStore(client, TABLES.data);
});

afterAll(async () => {
  client?.destroy();
  await emulator?.stop();
});

storeContract('the DynamoDB store', () => store);

storeLosses('the DynamoDB store', () => emulator);
tableContract('MiniStack', () => client, {
  accepts: ['an empty name of an attribute, at any depth', 'an update that sets and adds one attribute'],
  exactDigits: 28,
});

describe('the DynamoDB store, when the table is out of reach', () => {
  const short = { ...REQUEST_LIMITS, attempts: 2, attemptMs: 300, backoffMs: 1 };

  it('is unavailable while the region is frozen, and serves again after', async () => {
    const impatient = new DynamoStore({ client, table: TABLES.data, limits: short });
    emulator.freeze();
    try {
      await expect(impatient.query('X#1')).rejects.toBeInstanceOf(StoreUnavailable);
    } finally {
      emulator.thaw();
    }
    expect(await store.query('X#1')).toEqual([]);
  });

  it('is unavailable without the table, or without anybody who listens, and nothing was applied', async () => {
    const elsewhere = new DynamoStore({ client, table: 'no-such-table', limits: short });
    await expect(elsewhere.get({ pk: 'X', sk: 'Y' })).rejects.toThrow(/after 1 of 2 attempts, nothing was applied/);
    const nobody = clientOf({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:1', accessKeyId: 'x', secretAccessKey: 'x' });
    const alone = new DynamoStore({ client: nobody, table: TABLES.data, limits: short });
    await expect(alone.transact([{ action: 'delete', key: { pk: 'X', sk: 'Y' } }])).rejects.toThrow(
      /after 2 of 2 attempts, nothing was applied/,
    );
    nobody.destroy();
  });

  it('calls an item that is too large a mistake, not an outage', async () => {
    const error: unknown = await store
      .transact([{ action: 'put', item: { pk: 'LARGE', sk: 'A', v: 1, filler: 'x'.repeat(410_000) } }])
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ValidationException' });
  });
});
