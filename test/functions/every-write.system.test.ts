/** Every write of the contract over a real table, when connections are reset after their requests were taken. */
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REQUEST_LIMITS } from '../../functions/aws/attempts.ts';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { itemOf } from '../../functions/aws/marshal.ts';
import { HEADERS, TABLES } from '../../functions/contract/names.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';
import { ApiWorld, REGIONS } from './api-world.ts';
import { EVERY_WRITE, type EveryWrite, sendWrite } from './every-write.ts';
import { LossyWire } from './lossy-wire.ts';
import { clientOf, createTables } from './tables.ts';

const ATTEMPTS = 3;
let emulator: TestEmulator;
let wire: LossyWire;
let direct: DynamoDBClient;
let through: DynamoDBClient;
let world: ApiWorld;

beforeAll(async () => {
  emulator = await startEmulator(REGIONS[0]);
  direct = clientOf(emulator);
  await createTables(direct);
  wire = await LossyWire.to(emulator);
  wire.loses = (operation) => /^(Put|Update|Delete|Transact)/.test(operation);
  through = clientOf({ ...emulator, endpoint: wire.endpoint });
  const limits = { ...REQUEST_LIMITS, attempts: ATTEMPTS, attemptMs: 20_000, backoffMs: 1 };
  world = await new ApiWorld({ data: new DynamoStore({ client: through, table: TABLES.data, limits }) }).start();
});
afterAll(async () => {
  for (const client of [direct, through]) client?.destroy();
  await wire?.close();
  await emulator?.stop();
});

const items = async (): Promise<readonly Item[]> => {
  const { Items = [] } = await direct.send(new ScanCommand({ TableName: TABLES.data, ConsistentRead: true }));
  return Items.map(itemOf).filter(({ pk }) => pk !== REGIONS_KEY);
};

/** What all items add up to: a write that is done twice adds twice. */
const books = (all: readonly Item[]) => {
  const sum = (name: string): number => all.reduce((total, item) => total + Number(item[name] ?? 0), 0);
  return [all.length, ...['available', 'sold', 'rev', 'quantity', 'amount'].map(sum)];
};

/** What a request adds to the books, with as many of its writes' answers lost; and when it is sent again afterwards. */
const added = async (write: EveryWrite, lost: number) => {
  const request = await write.prepare(world);
  const before = books(await items());
  wire.resetAnswers(lost);
  const answer = await sendWrite(world, write, request);
  wire.resetAnswers(0);
  const again = await sendWrite(world, write, request);
  const after = books(await items());
  return { answer, again, added: after.map((value, index) => value - (before[index] ?? 0)) };
};

describe.each(EVERY_WRITE)('$what, when connections are reset after the request was taken', (write) => {
  it('is done once, and its caller does not notice while an attempt is left', async () => {
    const undisturbed = await added(write, 0);
    const disturbed = await added(write, ATTEMPTS - 1);
    expect(undisturbed.added.some((value) => value !== 0)).toBe(true);
    expect(disturbed.added).toEqual(undisturbed.added);
    expect([disturbed.answer.status, disturbed.answer.headers[HEADERS.replayed]]).toEqual([write.status, undefined]);
    expect([disturbed.again.headers[HEADERS.replayed], disturbed.again.text]).toEqual(['true', disturbed.answer.text]);
  });

  it('is of unknown outcome when no attempt is answered, and done once when it is sent again', async () => {
    const undisturbed = await added(write, 0);
    const doubtful = await added(write, Number.POSITIVE_INFINITY);
    expect([doubtful.answer.status, doubtful.answer.body['type']]).toEqual([503, '/problems/unavailable']);
    expect(doubtful.again.status).toBe(write.status);
    expect(doubtful.added).toEqual(undisturbed.added);
  });
});
