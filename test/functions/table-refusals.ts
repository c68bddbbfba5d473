/** What DynamoDB refuses, and a stand-in may be too lax to. */
import { type DynamoDBClient, PutItemCommand, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { KEYS } from '../../functions/contract/names.ts';
import { failureOf } from '../support/failure-of.ts';
import { type Attributes, asked, key, query, TableName, update, values } from './table-requests.ts';

type Send = (client: DynamoDBClient, key: Attributes) => Promise<unknown>;

const KB = 1_024;
const EACH_KB = 300;

/** Requests that the manual calls invalid. */
const REFUSED = {
  'an empty sort key': (client, key) => client.send(new PutItemCommand({ TableName, Item: { ...key, sk: { S: '' } } })),
  "an empty key of the owner's index": (client, key) =>
    client.send(new PutItemCommand({ TableName, Item: { ...key, owner: { S: '' }, listed: { S: '1' } } })),
  "a key of the owner's index that is a number": (client, key) =>
    client.send(new PutItemCommand({ TableName, Item: { ...key, owner: { N: '1' }, listed: { S: '1' } } })),
  'an empty name of an attribute, at any depth': (client, key) =>
    client.send(new PutItemCommand({ TableName, Item: { ...key, map: { M: { '': { N: '1' } } } } })),
  'a number of 39 digits': (client, key) => client.send(new PutItemCommand({ TableName, Item: { ...key, n: { N: '1'.repeat(39) } } })),
  'a sort key of more than 1,024 bytes': (client, key) =>
    client.send(new PutItemCommand({ TableName, Item: { ...key, sk: { S: 'x'.repeat(1_025) } } })),
  'an item of more than 400 KB': (client, key) =>
    client.send(new PutItemCommand({ TableName, Item: { ...key, filler: { S: 'x'.repeat(400 * KB) } } })),
  'a transaction of more than 4 MB': (client, key) => {
    const Item = (n: number) => ({ ...key, sk: { S: `${n}` }, filler: { S: 'x'.repeat(EACH_KB * KB) } });
    const TransactItems = Array.from({ length: 14 }, (_, n) => ({ Put: { TableName, Item: Item(n) } }));
    return client.send(new TransactWriteItemsCommand({ TransactItems }));
  },
  'a transaction with two writes of one item': (client, key) => {
    const put: TransactWriteItem = { Put: { TableName, Item: key } };
    return client.send(new TransactWriteItemsCommand({ TransactItems: [put, put] }));
  },
  'an update of overlapping paths': (client, key) => update(client, key, 'SET a = :one, a.b = :one'),
  'an update that sets and adds one attribute': (client, key) => update(client, key, 'SET a = :one ADD a :one'),
  'an update of a key': (client, key) => update(client, key, 'SET sk = :one'),
  'a value that the expression does not use': (client, key) => update(client, key, 'SET a = :one', { ':two': { N: '2' } }),
  'a reserved word without a placeholder': (client, key) => update(client, key, 'SET name = :one'),
  'a strongly consistent read of an index': (client) =>
    query(client, { IndexName: KEYS.ownerIndex.name, KeyConditionExpression: '#owner = :pk', ConsistentRead: true, ...asked('x') }),
  'an empty value of a key condition': (client) => query(client, { KeyConditionExpression: 'pk = :pk', ...values('') }),
} as const satisfies Readonly<Record<string, Send>>;

export type Refused = keyof typeof REFUSED;

/** @param accepts where the stand-in is laxer than the manual */
export const refusalContract = (name: string, client: () => DynamoDBClient, accepts: readonly Refused[]): void => {
  describe(`${name} refuses`, () => {
    it.each(
      Object.keys(REFUSED)
        .filter(isRefused)
        .filter((each) => !accepts.includes(each)),
    )('%s', async (each) => {
      expect(await failureOf(REFUSED[each](client(), key()))).toMatchObject({ name: 'ValidationException' });
    });
  });

  describe.runIf(accepts.length > 0)(`${name} is laxer than AWS, and accepts`, () => {
    it.each(accepts)('%s', async (each) => {
      expect(await failureOf(REFUSED[each](client(), key()))).toBeUndefined();
    });
  });
};

const isRefused = (text: string): text is Refused => Object.hasOwn(REFUSED, text);
