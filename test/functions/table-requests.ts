/** Requests to Tandem's table of users, on keys of their own, as the contracts of the table send them. */
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { KEYS, TABLES } from '../../functions/contract/names.ts';

export const TableName = TABLES.data;
export type Attributes = Record<string, AttributeValue>;
const PAGES_MAX = 20;

export const key = (sk = 'A#w'): Attributes => ({ pk: { S: `TABLE#${randomUUID()}` }, sk: { S: sk } });
export const keyOf = ({ pk, sk }: Attributes): Attributes => ({ ...(pk ? { pk } : {}), ...(sk ? { sk } : {}) });
export const one = { ':one': { N: '1' } } as const;
export const setOne = { UpdateExpression: 'SET a = :one', ExpressionAttributeValues: { ...one } };
export const absent = (Key: Attributes) => ({ TableName, Key, ConditionExpression: 'attribute_not_exists(pk)' });
export const values = (pk: string) => ({ ExpressionAttributeValues: { ':pk': { S: pk } } });
export const asked = (owner: string) => ({ ...values(owner), ExpressionAttributeNames: { '#owner': KEYS.ownerIndex.partition } });

export const put = (client: DynamoDBClient, Item: Attributes) => client.send(new PutItemCommand({ TableName, Item }));
export const get = async (client: DynamoDBClient, item: Attributes) =>
  (await client.send(new GetItemCommand({ TableName, Key: keyOf(item), ConsistentRead: true }))).Item;
export const update = (client: DynamoDBClient, Key: Attributes, UpdateExpression: string, more: Attributes = {}) =>
  client.send(new UpdateItemCommand({ TableName, Key, UpdateExpression, ExpressionAttributeValues: { ...one, ...more } }));
export const query = (client: DynamoDBClient, input: Omit<QueryCommandInput, 'TableName'>) =>
  client.send(new QueryCommand({ TableName, ...input }));

/** The sort keys of all pages. */
export const pages = async (
  client: DynamoDBClient,
  input: Omit<QueryCommandInput, 'TableName'>,
): Promise<readonly (string | undefined)[]> => {
  const found: (string | undefined)[] = [];
  let start: Attributes | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { Items = [], LastEvaluatedKey } = await query(client, { ...input, ...(start ? { ExclusiveStartKey: start } : {}) });
    found.push(...Items.map((item) => item['sk']?.S));
    start = LastEvaluatedKey;
    if (!start) return found;
  }
  throw new Error(`no end within ${PAGES_MAX} pages`);
};
