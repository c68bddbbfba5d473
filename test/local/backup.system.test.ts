import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { PointInTimeError, restorable, restoreToPointInTime } from '../../local/backup/point-in-time.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { PATIENT } from '../support/emulator.ts';
import { eventually } from '../support/eventually.ts';
import { withPair } from './replication-pair.ts';
import type { TestRegion } from './replication-regions.ts';

const TABLE = 'tandem-data';

describe('the point-in-time recovery of a region on this machine', () => {
  it('gives a table as it was at a time: puts, updates and deletes since are undone, those of other regions too', async () => {
    await withPair(async (a, b) => {
      // given items of both regions, in both
      for (let n = 0; n < 30; n += 1) await a.put(`a${n}`, 'first');
      await b.put('b', 'first');
      await a.put('twice', 'first');
      await a.put('twice', 'second');
      await a.remove('a0');
      await eventually(
        () => a.contents(),
        (items) => items.length === 31,
      );
      const atMs = await moment();
      const then = await valuesOf(a);
      // when each kind of write follows, also of keys that come and go
      await a.put('a1', 'later');
      await a.put('a1', 'last');
      await a.remove('a2');
      await a.put('a0', 'again');
      await a.put('new', 'later');
      await a.put('short', 'later');
      await a.remove('short');
      await b.put('b', 'later');
      await b.remove('a3');
      await eventually(
        async () => [await a.get('b'), await a.get('a3')],
        ([changed, removed]) => changed === 'later' && removed === undefined,
      );
      // then the copy holds what was there, and the table is left as it is
      await restoreToPointInTime(placeOf(a), { table: TABLE, atMs, into: 'copy' });
      expect(await valuesOf(a, 'copy')).toEqual(then);
      expect(await a.get('a1')).toBe('last');
      // and again, after more writes and with an interrupted copy there
      await a.put('a4', 'later');
      await spoil(a, 'copy', 'a1');
      await restoreToPointInTime(placeOf(a), { table: TABLE, atMs, into: 'copy' });
      const again = await valuesOf(a, 'copy');
      expect(again.get('a1')).toBe('first');
      expect(again.get('a4')).toBe('first');
    });
  });

  it('has no past before the table, no future, and none of what a lost region held', async () => {
    await withPair(async (a) => {
      await a.put('kept', 'first');
      const atMs = await moment();
      const restore = (whenMs: number) => restoreToPointInTime(placeOf(a), { table: TABLE, atMs: whenMs, into: 'copy' });
      await expect(restore(atMs - 3_600_000)).rejects.toThrow(PointInTimeError);
      await expect(restore(Date.now() + 60_000)).rejects.toThrow(/allowed: from .* to /);
      await sleep(1_000);
      await a.emulator.kill();
      await a.emulator.restart();
      expect(await restorable(placeOf(a), TABLE)).toBeUndefined();
      await a.createTables();
      await expect(restore(atMs)).rejects.toThrow(PointInTimeError);
    });
  });
});

/** A time after everything before the call and before everything after it. */
const moment = async (): Promise<number> => {
  await sleep(20);
  const atMs = Date.now();
  await sleep(20);
  return atMs;
};

const placeOf = ({ name, emulator }: TestRegion) => ({ ...emulator, name });

const valuesOf = (region: TestRegion, table: string = TABLE): Promise<ReadonlyMap<string, string>> =>
  withClient(region, async (client) => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
    return new Map(Items.map((item): [string, string] => [item['pk']?.S ?? '', item['value']?.S ?? '']).sort());
  });

/** Takes an item out of a copy, as one that was never finished lacks it. */
const spoil = (region: TestRegion, table: string, pk: string): Promise<unknown> =>
  withClient(region, (client) => client.send(new DeleteItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: 'x' } } })));

const withClient = async <T>(region: TestRegion, work: (client: DynamoDBClient) => Promise<T>): Promise<T> => {
  const client = new DynamoDBClient(clientOptions(placeOf(region), PATIENT));
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
};
