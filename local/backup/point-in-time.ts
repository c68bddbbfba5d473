/**
 * Stands in for DynamoDB's point-in-time recovery: the emulators' own takes a time and copies the table as it is now. Its
 * stream tells the rest: each record holds the item that it replaced, so whatever came after the time is undone, key by
 * key, by the first record after it. What replication wrote is in the stream as any write is.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
 *
 * A run that was interrupted is simply run again: what it undoes is the same, whatever was written meanwhile.
 */
import {
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ResourceNotFoundException,
  RestoreTableToPointInTimeCommand,
} from '@aws-sdk/client-dynamodb';
import { clientOptions, type EmulatorAddress } from '../emulator-access.ts';
import { Emulator } from '../replication/emulator.ts';
import { type Image, keyIdOf, writeTimeMs } from '../replication/version.ts';

/** An emulator keeps records as long as AWS does. */
const STREAM_MS = 24 * 3_600_000;
/** Records that may fall out of the stream while it is read. */
const MARGIN_MS = 60_000;
/** Far more than a day of any drill has; each holds 1,000 records. */
const PAGES_MAX = 100_000;

/** Between these, the time included, a table can be restored. Milliseconds since 1970. */
export interface Window {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** The time is outside of what can be restored, or there is no such table. */
export class PointInTimeError extends Error {
  override readonly name = 'PointInTimeError';
}

/** Undefined: there is no such table. A region that came back empty has a table anew, and no past before that. */
export const restorable = (region: EmulatorAddress, table: string): Promise<Window | undefined> =>
  withClient(region, async (client) => {
    const created = await createdMs(client, table);
    const nowMs = Date.now();
    // A write of this very millisecond may still come.
    return created === undefined ? undefined : { earliestMs: Math.max(created, nowMs - STREAM_MS + MARGIN_MS), latestMs: nowMs - 1 };
  });

/**
 * Makes a table that holds what another held at the end of a millisecond; goes on with one that is there already.
 *
 * @throws {PointInTimeError}
 * @throws {Unreachable} when the emulator does not answer
 */
export const restoreToPointInTime = async (
  region: EmulatorAddress,
  { table, atMs, into }: { readonly table: string; readonly atMs: number; readonly into: string },
): Promise<void> => {
  const window = await restorable(region, table);
  if (window === undefined) throw new PointInTimeError(`${region.name} has no table ${table}`);
  if (atMs < window.earliestMs || atMs > window.latestMs)
    throw new PointInTimeError(
      `given ${new Date(atMs).toISOString()}; allowed: from ${new Date(window.earliestMs).toISOString()} to ${new Date(window.latestMs).toISOString()}`,
    );
  await withClient(region, async (client) => {
    if ((await createdMs(client, into)) === undefined)
      await client.send(
        new RestoreTableToPointInTimeCommand({ SourceTableName: table, TargetTableName: into, RestoreDateTime: new Date(atMs) }),
      );
    // Only now: what was written before the copy was made must not be missing in the stream.
    for (const { key, before } of await undone(region, table, atMs)) {
      if (before === null) await client.send(new DeleteItemCommand({ TableName: into, Key: { ...key } }));
      else await client.send(new PutItemCommand({ TableName: into, Item: { ...before } }));
    }
  });
};

/** Of every key that was written after the time: what it was before. */
const undone = async (
  region: EmulatorAddress,
  table: string,
  atMs: number,
): Promise<readonly { readonly key: Image; readonly before: Image | null }[]> => {
  const emulator = new Emulator(region);
  try {
    const stream = await emulator.tableStream(table);
    if (stream === undefined) throw new PointInTimeError(`${table} of ${region.name} has no stream, so nobody knows its past`);
    const first = new Map<string, { readonly key: Image; readonly before: Image | null }>();
    let next: string | undefined = await emulator.iterator(stream.arn, { after: undefined });
    let lastMs = 0;
    for (let page = 0; next !== undefined && page < PAGES_MAX; page += 1) {
      const { records, next: following } = await emulator.records(next);
      if (records.length === 0) return [...first.values()];
      for (const record of records) {
        lastMs = writeTimeMs(record, record.createdMs, lastMs);
        const keyId = keyIdOf(record.key);
        if (lastMs > atMs && !first.has(keyId)) first.set(keyId, { key: record.key, before: record.before });
      }
      next = following;
    }
    throw new PointInTimeError(`the stream of ${table} in ${region.name} has no end within ${PAGES_MAX} pages`);
  } finally {
    emulator.destroy();
  }
};

const createdMs = async (client: DynamoDBClient, table: string): Promise<number | undefined> => {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    return Table?.CreationDateTime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
};

const withClient = async <T>(region: EmulatorAddress, work: (client: DynamoDBClient) => Promise<T>): Promise<T> => {
  const client = new DynamoDBClient(clientOptions(region));
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
};
