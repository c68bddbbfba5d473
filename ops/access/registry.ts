/** Public keys in the control table: what every region's API trusts. Written in one region, replicated to all. */
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { itemOf } from '../../functions/aws/marshal.ts';
import { KEYS, TABLES, TOKEN } from '../../functions/contract/names.ts';
import { foldKey, keyItem, keyKey, keyRemovalItem, type RegisteredKey } from '../../functions/core/keys.ts';
import type { Item } from '../../functions/core/store.ts';
import { OPERATOR_LIMITS } from '../limits.ts';
import { type KeyFile, publicHalf } from './key-file.ts';

/** Pages of 1 MB of the control table, of which keys are the least part: deployments and the audit trail pass by, and are not kept. */
const PAGES_MAX = 1_024;
/** Items of keys that are kept, removed ones among them. */
const ITEMS_MAX = 100_000;

/** A region's replica, to which an operator speaks. */
export interface Replica {
  readonly region: string;
  readonly client: DynamoDBClient;
}

const storeOf = ({ client }: Replica) => new DynamoStore({ client, table: TABLES.control, limits: OPERATOR_LIMITS });

/** Makes the key known, through one region. Repeating it changes nothing. */
export const registerKey = async (replica: Replica, key: KeyFile, nowMs: number): Promise<void> => {
  const registered: RegisteredKey = {
    kid: key.kid,
    publicJwk: JSON.stringify({ ...publicHalf(key), kid: key.kid, alg: TOKEN.algorithm, use: 'sig' }),
    algorithm: TOKEN.algorithm,
    issuer: TOKEN.issuer,
    audience: TOKEN.audience,
    scopes: key.scopes,
    subjects: key.subjects,
    expiresAtMs: Date.parse(key.expiresAt),
  };
  await storeOf(replica).transact([{ action: 'put', item: keyItem(registered, { by: replica.region, atMs: nowMs }) }]);
};

/** Takes the key back for ever, through one region. */
export const revokeKey = async (replica: Replica, kid: string, nowMs: number): Promise<void> => {
  await storeOf(replica).transact([{ action: 'put', item: keyRemovalItem(kid, { by: replica.region, atMs: nowMs }) }]);
};

/** The key as the region knows it; undefined: it does not, or it was removed. */
export const knownKey = async (replica: Replica, kid: string): Promise<RegisteredKey | undefined> =>
  foldKey(await storeOf(replica).query(keyKey(kid)));

/** Every key that the region knows, removed ones left out. @throws Error when the table holds more than 1 GB, or too many keys */
export const knownKeys = async ({ client, region }: Replica): Promise<readonly RegisteredKey[]> => {
  const items: Item[] = [];
  let pages = 0;
  const scan = {
    TableName: TABLES.control,
    ConsistentRead: true,
    FilterExpression: 'begins_with(#pk, :key)',
    ExpressionAttributeNames: { '#pk': KEYS.partition },
    ExpressionAttributeValues: { ':key': { S: keyKey('') } },
  };
  for await (const page of paginateScan({ client }, scan)) {
    pages += 1;
    if (pages > PAGES_MAX)
      throw new Error(`the table ${TABLES.control} in ${region} has more than ${PAGES_MAX} pages of 1 MB, allowed: up to that`);
    items.push(...(page.Items ?? []).map(itemOf));
    if (items.length > ITEMS_MAX)
      throw new Error(`the table ${TABLES.control} in ${region} has more than ${ITEMS_MAX} items of keys, allowed: up to that`);
  }
  return [...Map.groupBy(items, (item) => item.pk).values()].flatMap((each) => foldKey(each) ?? []);
};
