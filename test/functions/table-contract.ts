/**
 * What the adapters take for granted of DynamoDB itself, where a stand-in could differ from the manual unseen. Each test
 * works on keys of its own. How a stand-in is known to differ is tested too, so that nobody goes on believing it after it
 * was mended.
 */
import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  IdempotentParameterMismatchException,
  PutItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { KEYS } from '../../functions/contract/names.ts';
import { failureOf } from '../support/failure-of.ts';
import { queryContract } from './table-queries.ts';
import { type Refused, refusalContract } from './table-refusals.ts';
import { type Attributes, absent, get, key, keyOf, one, put, setOne, TableName, update } from './table-requests.ts';

/** Where a stand-in is laxer than the manual, or less exact. */
export interface Differences {
  readonly accepts: readonly Refused[];
  /** Digits up to which additions are exact; the manual says 38. */
  readonly exactDigits: number;
}

const NONE: Differences = { accepts: [], exactDigits: 38 };

export const tableContract = (name: string, client: () => DynamoDBClient, { accepts, exactDigits }: Differences = NONE): void => {
  describe(`${name}, conditions`, () => {
    const condition = 'attribute_not_exists(pk)';

    it('show the whole item that made them fail, when asked for it, and nothing of an item that is not there', async () => {
      const item = { ...key(), word: { S: 'x' }, count: { N: '3' } };
      await put(client(), item);
      const shared = { TableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
      const clash = client().send(new PutItemCommand({ ...shared, Item: { ...item, word: { S: 'y' } }, ConditionExpression: condition }));
      const error = await failureOf(clash);
      expect(error).toBeInstanceOf(ConditionalCheckFailedException);
      expect(error).toMatchObject({ Item: item });
      const nothing = client().send(
        new UpdateItemCommand({ ...shared, Key: key(), ...setOne, ConditionExpression: 'attribute_exists(pk)' }),
      );
      const none = await failureOf(nothing);
      expect(none).toBeInstanceOf(ConditionalCheckFailedException);
      expect(none).not.toHaveProperty('Item', expect.anything());
    });

    it('show no item when not asked for it', async () => {
      const item = key();
      await put(client(), item);
      const error = await failureOf(client().send(new PutItemCommand({ TableName, Item: item, ConditionExpression: condition })));
      expect(error).toBeInstanceOf(ConditionalCheckFailedException);
      expect(error).not.toHaveProperty('Item', expect.anything());
    });

    it('never hold between values of two types', async () => {
      const item = { ...key(), count: { N: '5' }, word: { S: '5' } };
      await put(client(), item);
      for (const [attribute, operator, value] of [
        ['count', '=', { S: '5' }],
        ['word', '=', { N: '5' }],
        ['count', '>=', { S: '' }],
        ['word', '>=', { N: '0' }],
        ['elsewhere', '=', { NULL: true }],
      ] as const) {
        const write = new PutItemCommand({
          TableName,
          Item: item,
          ConditionExpression: `#name ${operator} :v`,
          ExpressionAttributeNames: { '#name': attribute },
          ExpressionAttributeValues: { ':v': value },
        });
        expect([attribute, operator, await failureOf(client().send(write))]).toEqual([
          attribute,
          operator,
          expect.any(ConditionalCheckFailedException),
        ]);
      }
    });
  });

  describe(`${name}, transactions`, () => {
    const guarded = (item: Attributes): TransactWriteItem => ({
      Put: { TableName, Item: item, ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    });

    it('that are cancelled give a reason for each write, in order, with its item where one failed', async () => {
      const item = { ...key(), word: { S: 'x' } };
      await put(client(), item);
      const cancelled = client().send(
        new TransactWriteItemsCommand({ TransactItems: [guarded(key()), guarded(item), { ConditionCheck: absent(key()) }] }),
      );
      const error = await failureOf(cancelled);
      expect(error).toBeInstanceOf(TransactionCanceledException);
      expect(error).toMatchObject({
        CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: item }, { Code: 'None' }],
      });
    });

    it('under one token are applied once, however often they are sent', async () => {
      const Key = key();
      const add = new TransactWriteItemsCommand({
        ClientRequestToken: randomUUID(),
        TransactItems: [{ Update: { TableName, Key, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: one } }],
      });
      for (let n = 0; n < 3; n += 1) await client().send(add);
      expect(await get(client(), Key)).toMatchObject({ n: { N: '1' } });
    });

    it('under one token with another content are refused, and change nothing', async () => {
      const ClientRequestToken = randomUUID();
      const [first, second] = [key(), key()];
      await client().send(new TransactWriteItemsCommand({ ClientRequestToken, TransactItems: [guarded(first)] }));
      const other = client().send(new TransactWriteItemsCommand({ ClientRequestToken, TransactItems: [guarded(second)] }));
      expect(await failureOf(other)).toBeInstanceOf(IdempotentParameterMismatchException);
      expect(await get(client(), second)).toBeUndefined();
    });

    it('that were cancelled may be sent again under their token, and are judged anew', async () => {
      const item = { ...key(), word: { S: 'x' } };
      const check = { ...absent(key()), ConditionExpression: 'attribute_exists(pk)' };
      const command = new TransactWriteItemsCommand({
        ClientRequestToken: randomUUID(),
        TransactItems: [guarded(item), { ConditionCheck: check }],
      });
      expect(await failureOf(client().send(command))).toBeInstanceOf(TransactionCanceledException);
      await put(client(), check.Key);
      await client().send(command);
      expect(await get(client(), item)).toEqual(item);
    });

    it('see a deletion and a put of one key in two transactions in their order', async () => {
      const item = key();
      await put(client(), item);
      await client().send(new TransactWriteItemsCommand({ TransactItems: [{ Delete: { TableName, Key: item } }] }));
      expect(await get(client(), item)).toBeUndefined();
      await client().send(new TransactWriteItemsCommand({ TransactItems: [guarded(item)] }));
      expect(await get(client(), item)).toEqual(item);
    });
  });

  describe(`${name}, values`, () => {
    it('keep numbers of 38 digits exactly', async () => {
      const item = { ...key(), n: { N: '12345678901234567890123456789012345678' }, small: { N: '0.1' } };
      await put(client(), item);
      expect(await get(client(), item)).toEqual(item);
    });

    it(`count exactly in ${exactDigits} digits`, async () => {
      const sumOf = async (digits: number) => {
        const item = { ...key(), n: { N: `${'1'.repeat(digits - 1)}2` } };
        await put(client(), item);
        await update(client(), keyOf(item), 'ADD n :one');
        return (await get(client(), item))?.['n']?.N;
      };
      expect(await sumOf(exactDigits)).toBe(`${'1'.repeat(exactDigits - 1)}3`);
      if (exactDigits < 38) expect(await sumOf(exactDigits + 1)).not.toBe(`${'1'.repeat(exactDigits)}3`);
    });

    it('give one number one form', async () => {
      const item = { ...key(), a: { N: '1.0' }, b: { N: '-0' }, c: { N: '1e3' }, d: { N: '007' } };
      await put(client(), item);
      expect(await get(client(), item)).toEqual({ ...keyOf(item), a: { N: '1' }, b: { N: '0' }, c: { N: '1000' }, d: { N: '7' } });
    });

    it('keep empty text and empty containers, at any depth', async () => {
      const item = { ...key(), text: { S: '' }, list: { L: [{ S: '' }, { L: [] }] }, map: { M: { text: { S: '' }, empty: { M: {} } } } };
      await put(client(), item);
      expect(await get(client(), item)).toEqual(item);
    });

    it('leave an item whose time to live lies ahead where it is', async () => {
      const Enabled = true;
      await client().send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled, AttributeName: KEYS.ttl } }));
      const { TimeToLiveDescription } = await client().send(new DescribeTimeToLiveCommand({ TableName }));
      expect(TimeToLiveDescription).toMatchObject({ AttributeName: KEYS.ttl, TimeToLiveStatus: expect.stringMatching(/^ENABL/) });
      const item = { ...key(), [KEYS.ttl]: { N: `${Math.floor(Date.now() / 1_000) + 86_400}` } };
      await put(client(), item);
      expect(await get(client(), item)).toEqual(item);
    });
  });

  queryContract(name, client);
  refusalContract(name, client, accepts);
};
