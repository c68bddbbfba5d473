/**
 * What the adapters take for granted of DynamoDB itself, where a stand-in could differ from the manual unseen. Each test
 * works on keys of its own. How a stand-in is known to differ is tested too, so
 * that nobody goes on believing it after it was mended.
 */
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  GetItemCommand,
  IdempotentParameterMismatchException,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { KEYS, TABLES } from '../../functions/contract/names.ts';

type Attributes = Record<string, AttributeValue>;
type Send = (client: DynamoDBClient, key: Attributes) => Promise<unknown>;

const TableName = TABLES.data;
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

type Refused = keyof typeof REFUSED;

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
      const error = await refusal(clash);
      expect(error).toBeInstanceOf(ConditionalCheckFailedException);
      expect(error).toMatchObject({ Item: item });
      const nothing = client().send(
        new UpdateItemCommand({ ...shared, Key: key(), ...setOne, ConditionExpression: 'attribute_exists(pk)' }),
      );
      const none = await refusal(nothing);
      expect(none).toBeInstanceOf(ConditionalCheckFailedException);
      expect(none).not.toHaveProperty('Item', expect.anything());
    });

    it('show no item when not asked for it', async () => {
      const item = key();
      await put(client(), item);
      const error = await refusal(client().send(new PutItemCommand({ TableName, Item: item, ConditionExpression: condition })));
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
        expect([attribute, operator, await refusal(client().send(write))]).toEqual([
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
      const error = await refusal(cancelled);
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
      expect(await refusal(other)).toBeInstanceOf(IdempotentParameterMismatchException);
      expect(await get(client(), second)).toBeUndefined();
    });

    it('that were cancelled may be sent again under their token, and are judged anew', async () => {
      const item = { ...key(), word: { S: 'x' } };
      const check = { ...absent(key()), ConditionExpression: 'attribute_exists(pk)' };
      const command = new TransactWriteItemsCommand({
        ClientRequestToken: randomUUID(),
        TransactItems: [guarded(item), { ConditionCheck: check }],
      });
      expect(await refusal(client().send(command))).toBeInstanceOf(TransactionCanceledException);
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

  describe(`${name}, queries`, () => {
    it('sort by the bytes of UTF-8, which is not the order of JavaScript', async () => {
      const pk = { S: randomUUID() };
      for (const sk of ['\u{1F600}', '\uFFFD', 'z', 'Z']) await put(client(), { pk, sk: { S: sk } });
      const { Items = [] } = await query(client(), { KeyConditionExpression: 'pk = :pk', ...values(pk.S) });
      expect(Items.map((item) => item['sk']?.S)).toEqual(['Z', 'z', '\uFFFD', '\u{1F600}']);
    });

    it('go on behind a key, whether or not an item has it', async () => {
      const pk = { S: randomUUID() };
      for (const sk of ['a', 'b', 'd']) await put(client(), { pk, sk: { S: sk } });
      const from = async (sk: string) => {
        const { Items = [] } = await query(client(), {
          KeyConditionExpression: 'pk = :pk',
          ExclusiveStartKey: { pk, sk: { S: sk } },
          ...values(pk.S),
        });
        return Items.map((item) => item['sk']?.S);
      };
      expect([await from('a'), await from('c'), await from('d')]).toEqual([['b', 'd'], ['d'], []]);
    });

    it('give every item once, page by page, and an end', async () => {
      const pk = { S: randomUUID() };
      for (let n = 0; n < 7; n += 1) await put(client(), { pk, sk: { S: `${n}` } });
      expect(await pages(client(), { KeyConditionExpression: 'pk = :pk', Limit: 2, ...values(pk.S) })).toEqual([
        '0',
        '1',
        '2',
        '3',
        '4',
        '5',
        '6',
      ]);
      const backwards = { KeyConditionExpression: 'pk = :pk', Limit: 3, ScanIndexForward: false, ...values(pk.S) };
      expect(await pages(client(), backwards)).toEqual(['6', '5', '4', '3', '2', '1', '0']);
    });

    it("give every row of the owner's index once, rows of one sort key included, and only items that have both of its keys", async () => {
      const owner = randomUUID();
      for (const [sk, listed] of [
        ['a', '2'],
        ['b', '1'],
        ['c', '2'],
        ['d', '3'],
        ['e', undefined],
      ] as const) {
        await put(client(), { ...key(sk), owner: { S: owner }, ...(listed === undefined ? {} : { listed: { S: listed } }) });
      }
      const listed = { IndexName: KEYS.ownerIndex.name, KeyConditionExpression: '#owner = :pk', ScanIndexForward: false, ...asked(owner) };
      for (const Limit of [1, 2, 5]) {
        const found = await pages(client(), { ...listed, Limit });
        expect([Limit, found[0], found.slice(1, 3).sort(), found.slice(3)]).toEqual([Limit, 'd', ['a', 'c'], ['b']]);
      }
    });

    it("move an item in the owner's index when its index key changes, and out of it when that is removed", async () => {
      const [owner, next] = [randomUUID(), randomUUID()];
      const item = { ...key('a'), owner: { S: owner }, listed: { S: '1' } };
      await put(client(), item);
      const rows = async (of: string) =>
        pages(client(), { IndexName: KEYS.ownerIndex.name, KeyConditionExpression: '#owner = :pk', ...asked(of) });
      await put(client(), { ...item, owner: { S: next } });
      expect([await rows(owner), await rows(next)]).toEqual([[], ['a']]);
      await put(client(), keyOf(item));
      expect(await rows(next)).toEqual([]);
    });
  });

  describe(`${name} refuses`, () => {
    it.each(
      Object.keys(REFUSED)
        .filter(isRefused)
        .filter((each) => !accepts.includes(each)),
    )('%s', async (each) => {
      expect(await refusal(REFUSED[each](client(), key()))).toMatchObject({ name: 'ValidationException' });
    });
  });

  describe.runIf(accepts.length > 0)(`${name} is laxer than AWS, and accepts`, () => {
    it.each(accepts)('%s', async (each) => {
      expect(await refusal(REFUSED[each](client(), key()))).toBeUndefined();
    });
  });
};

const isRefused = (text: string): text is Refused => Object.hasOwn(REFUSED, text);
const key = (sk = 'A#w'): Attributes => ({ pk: { S: `TABLE#${randomUUID()}` }, sk: { S: sk } });
const keyOf = ({ pk, sk }: Attributes): Attributes => ({ ...(pk ? { pk } : {}), ...(sk ? { sk } : {}) });
const one = { ':one': { N: '1' } } as const;
const setOne = { UpdateExpression: 'SET a = :one', ExpressionAttributeValues: { ...one } };
const absent = (Key: Attributes) => ({ TableName, Key, ConditionExpression: 'attribute_not_exists(pk)' });
const values = (pk: string) => ({ ExpressionAttributeValues: { ':pk': { S: pk } } });
const asked = (owner: string) => ({ ...values(owner), ExpressionAttributeNames: { '#owner': KEYS.ownerIndex.partition } });

const put = (client: DynamoDBClient, Item: Attributes) => client.send(new PutItemCommand({ TableName, Item }));
const get = async (client: DynamoDBClient, item: Attributes) =>
  (await client.send(new GetItemCommand({ TableName, Key: keyOf(item), ConsistentRead: true }))).Item;
const update = (client: DynamoDBClient, Key: Attributes, UpdateExpression: string, more: Attributes = {}) =>
  client.send(new UpdateItemCommand({ TableName, Key, UpdateExpression, ExpressionAttributeValues: { ...one, ...more } }));
const query = (client: DynamoDBClient, input: Omit<QueryCommandInput, 'TableName'>) =>
  client.send(new QueryCommand({ TableName, ...input }));

const PAGES_MAX = 20;

/** The sort keys of all pages. */
const pages = async (client: DynamoDBClient, input: Omit<QueryCommandInput, 'TableName'>): Promise<readonly (string | undefined)[]> => {
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

/** What a request was refused with; undefined when it was not. */
const refusal = (request: Promise<unknown>): Promise<unknown> =>
  request.then(
    () => undefined,
    (error: unknown) => error,
  );
