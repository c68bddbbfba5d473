import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { StoreUnavailable } from '../../functions/core/store.ts';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';
import { LossyWire } from './lossy-wire.ts';
import { storeContract } from './store-contract.ts';
import { clientOf, createTables } from './tables.ts';

let emulator: TestEmulator;
let client: DynamoDBClient;
let store: DynamoStore;

beforeAll(async () => {
  emulator = await startEmulator('eu-central-1');
  client = clientOf(emulator);
  await createTables(client);
  store = new DynamoStore({ client, table: TABLES.data });
});

afterAll(async () => {
  client?.destroy();
  await emulator?.stop();
});

storeContract('the DynamoDB store', () => store);

describe('the DynamoDB store, when answers get lost on the way', () => {
  const lossy = async (work: (given: { readonly store: DynamoStore; readonly wire: LossyWire }) => Promise<void>) => {
    const wire = await LossyWire.to(emulator.endpoint);
    const through = dynamoClient({
      endpoint: wire.endpoint,
      region: emulator.region,
      credentials: { accessKeyId: emulator.accessKeyId, secretAccessKey: 'test' },
    });
    try {
      await work({
        store: new DynamoStore({ client: through, table: TABLES.data, limits: { attempts: 3, attemptMs: 300, backoffMs: 1 } }),
        wire,
      });
    } finally {
      through.destroy();
      await wire.close();
    }
  };
  const key = (name: string) => ({ pk: `LOST#${name}`, sk: 'A#w' });

  it('applies a transaction once', () =>
    lossy(async ({ store, wire }) => {
      wire.loseAnswers(2);
      expect(await store.transact([{ action: 'update', key: key('added'), add: { count: 1 } }])).toEqual({ ok: true });
      expect(wire.requests).toBe(3);
      expect(await store.get(key('added'))).toMatchObject({ count: 1 });
    }));

  it('tells its own fact from one that was there before', () =>
    lossy(async ({ store, wire }) => {
      const put = (n: number) => store.transact([{ action: 'put', item: { ...key('fact'), v: 1, n }, guards: [{ is: 'absent' }] }]);
      wire.loseAnswers(1);
      expect(await put(1)).toEqual({ ok: true });
      wire.loseAnswers(1);
      expect(await put(2)).toEqual({ ok: false, failed: 0, item: { ...key('fact'), v: 1, n: 1 } });
    }));

  it('says that the outcome is unknown when no answer comes, within its attempts', () =>
    lossy(async ({ store, wire }) => {
      wire.loseAnswers(Infinity);
      const started = performance.now();
      const error: unknown = await store.get(key('never')).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(String(error)).toContain('outcome is unknown');
      expect(wire.requests).toBe(3);
      expect(performance.now() - started).toBeLessThan(10_000);
    }));

  it('gives up a body that stops in the middle', () =>
    lossy(async ({ store, wire }) => {
      wire.cutBodies(Infinity);
      await expect(store.get(key('half'))).rejects.toBeInstanceOf(StoreUnavailable);
    }));
});

describe('the DynamoDB store, when the table is out of reach', () => {
  const short = { attempts: 2, attemptMs: 300, backoffMs: 1 };

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
    const nobody = dynamoClient({
      endpoint: 'http://127.0.0.1:1',
      region: 'eu-central-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    });
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
