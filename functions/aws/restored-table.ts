/** Reads a table of any size, as much of it as time allows, in parts that each hold whole partitions. */
import { DescribeTableCommand, DynamoDBClient, type DynamoDBClientConfig, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../core/store.ts';
import { clientLimits } from './client-limits.ts';
import { type Attributes, itemOf } from './marshal.ts';

/** Milliseconds to the head of an answer: a page is 1 MB. */
const PAGE_MS = 10_000;
/** A table that was restored a moment ago is cold, and refuses some calls until it has been divided. */
const ATTEMPTS = 8;
/** Bytes of a part: some of them are in memory at once. */
const PART_BYTES = 8 * 1_048_576;
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html */
const PARTS_MAX = 1_000_000;
/** Parts that are read side by side. */
const AT_ONCE = 4;
/** Items that one part may have before it would fill the memory: a partition of a million facts is such a part. */
const PART_ITEMS_MAX = 300_000;

export const scanClient = (config: DynamoDBClientConfig = {}): DynamoDBClient =>
  new DynamoDBClient({ ...clientLimits(PAGE_MS, ATTEMPTS), ...config });

export interface TableSize {
  readonly items: number;
  readonly bytes: number;
}

/** As DynamoDB last counted, which it does about every six hours. */
export const sizeOf = async (client: DynamoDBClient, table: string): Promise<TableSize> => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  return { items: Table?.ItemCount ?? 0, bytes: Table?.TableSizeBytes ?? 0 };
};

export const partsFor = (bytes: number): number => Math.min(PARTS_MAX, Math.max(AT_ONCE, Math.ceil(bytes / PART_BYTES)));

export interface Reading {
  readonly table: string;
  readonly parts: number;
  /** The part to begin with: another one each time, so that a table too large for one reading is seen all over in time. */
  readonly first: number;
  readonly hasTime: () => boolean;
  /** Reads strongly, at twice the price: for a table that is written. @default false */
  readonly consistent?: boolean;
}

/**
 * Segments of a scan divide a table by the hash of the partition key, so that every partition lies whole in one.
 *
 * @returns the number of parts that were read to their ends; only these were handed on
 */
export const readParts = async (
  client: DynamoDBClient,
  reading: Reading,
  onPartition: (items: readonly Item[]) => void,
): Promise<number> => {
  let begun = 0;
  let read = 0;
  const work = async (): Promise<void> => {
    while (begun < reading.parts && reading.hasTime()) {
      const part = (reading.first + begun) % reading.parts;
      begun += 1;
      const items = await readPart(client, reading, part);
      if (items === undefined) continue;
      for (const partition of Map.groupBy(items, ({ pk }) => pk).values()) onPartition(partition);
      read += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return read;
};

/** Undefined when time is over, or it is too large. */
const readPart = async (
  client: DynamoDBClient,
  { table, parts, hasTime, consistent = false }: Reading,
  part: number,
): Promise<readonly Item[] | undefined> => {
  const items: Item[] = [];
  let start: Attributes | undefined;
  do {
    if (!hasTime() || items.length > PART_ITEMS_MAX) return undefined;
    const page = new ScanCommand({
      TableName: table,
      Segment: part,
      TotalSegments: parts,
      ExclusiveStartKey: start,
      ConsistentRead: consistent,
    });
    const { Items = [], LastEvaluatedKey } = await client.send(page);
    for (const each of Items) items.push(itemOf(each));
    start = LastEvaluatedKey;
  } while (start !== undefined);
  return items;
};
