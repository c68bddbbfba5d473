/** Reads a region's replica with nothing between: the ledger does not trust the code that it judges. */
import { QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { KEYS, TABLES } from '../../functions/contract/names.ts';
import type { Item, Value } from '../../functions/core/store.ts';
import type { Target } from '../targets/target.ts';
import type { ReadPartition } from './ledger.ts';

/** Pages of 1 MB of a table: far more than a drill writes. */
const SCAN_PAGES_MAX = 1_000;
/** Pages of a partition: far more than any order has, and a stock partition of a drill. */
const PAGES_MAX = 100;

/** @param table @default the table of what users own */
export const replicaReader =
  (target: Pick<Target, 'dynamo'>, table: string = TABLES.data): ReadPartition =>
  async (region, pk) => {
    const client = target.dynamo(region);
    const items: Item[] = [];
    let start: QueryCommand['input']['ExclusiveStartKey'];
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const answer = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: '#pk = :pk',
          ExpressionAttributeNames: { '#pk': KEYS.partition },
          ExpressionAttributeValues: { ':pk': { S: pk } },
          ...(start ? { ExclusiveStartKey: start } : {}),
        }),
      );
      items.push(...(answer.Items ?? []).map((item) => readItem(unmarshall(item))));
      start = answer.LastEvaluatedKey;
      if (!start) return items;
    }
    throw new Error(`partition ${pk} of ${region} has more than ${PAGES_MAX} pages; use a shorter drill`);
  };

/** Strongly consistent read of all that a region's replica holds. */
export type ScanReplica = (region: string) => Promise<readonly Item[]>;

export const replicaScanner =
  (target: Pick<Target, 'dynamo'>): ScanReplica =>
  async (region) => {
    const client = target.dynamo(region);
    const items: Item[] = [];
    let start: ScanCommand['input']['ExclusiveStartKey'];
    for (let page = 0; page < SCAN_PAGES_MAX; page += 1) {
      const answer = await client.send(
        new ScanCommand({ TableName: TABLES.data, ConsistentRead: true, ...(start ? { ExclusiveStartKey: start } : {}) }),
      );
      items.push(...(answer.Items ?? []).map((item) => readItem(unmarshall(item))));
      start = answer.LastEvaluatedKey;
      if (!start) return items;
    }
    throw new Error(`${TABLES.data} of ${region} has more than ${SCAN_PAGES_MAX} pages; run this drill on a smaller system`);
  };

const readItem = (attributes: Readonly<Record<string, Value>>): Item => {
  const { pk, sk, v } = attributes;
  return { ...attributes, pk: String(pk), sk: String(sk), v: typeof v === 'number' ? v : 0 };
};
