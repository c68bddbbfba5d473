import { describe, expect, it } from 'vitest';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { marshalAll } from '../../functions/aws/marshal.ts';
import { readParts } from '../../functions/aws/restored-table.ts';
import { KEYS } from '../../functions/contract/names.ts';
import type { Item, Write } from '../../functions/core/store.ts';
import { DynamoWire, type Reply, success } from './dynamo-wire.ts';

const KEY = { pk: 'STOCK#tea', sk: 'HELD#a' };
const ITEM: Item = { ...KEY, v: 1, available: 5 };
const storeOn = (wire: DynamoWire): DynamoStore => new DynamoStore({ client: wire.client, table: 'data' });
const page = (items: readonly Item[], last?: Item): Reply =>
  success({
    Items: items.map(marshalAll),
    ...(last === undefined ? {} : { LastEvaluatedKey: marshalAll({ pk: last.pk, sk: last.sk }) }),
  });

/** What of requests decides how they are read; with each read, why it is as it is. */
const readingOf = ({ asked }: DynamoWire) =>
  asked.map(({ operation, input }) => [operation, input['ConsistentRead'] ?? false, input['IndexName']]);

describe('what the DynamoDB store reads', () => {
  it('of one item is read consistently: its caller acts on what is not there', async () => {
    await using wire = await DynamoWire.answering(success({ Item: marshalAll(ITEM) }));
    expect(await storeOn(wire).get(KEY)).toEqual(ITEM);
    expect(wire.asked).toEqual([
      { operation: 'GetItem', input: { TableName: 'data', Key: { pk: { S: KEY.pk }, sk: { S: KEY.sk } }, ConsistentRead: true } },
    ]);
  });

  it('of a partition is read consistently, page by page to its end: a fold of some facts is another order', async () => {
    const rows = [1, 2, 3].map((n): Item => ({ pk: 'ORDER#1', sk: `E#${n}`, v: 1 }));
    await using wire = await DynamoWire.answering(page(rows.slice(0, 1), rows[0]), page([], rows[1]), page(rows.slice(1)));
    expect(await storeOn(wire).query('ORDER#1', 'E#')).toEqual(rows);
    expect(readingOf(wire)).toEqual(Array(3).fill(['Query', true, undefined]));
    expect(wire.asked.map(({ input }) => input['ExclusiveStartKey'])).toEqual([
      undefined,
      ...[rows[0], rows[1]].map((row) => ({ pk: { S: row?.pk }, sk: { S: row?.sk } })),
    ]);
    expect(wire.asked[0]?.input).toMatchObject({
      TableName: 'data',
      KeyConditionExpression: '#n0 = :v0 AND begins_with(#n1, :v1)',
      ExpressionAttributeNames: { '#n0': 'pk', '#n1': 'sk' },
      ExpressionAttributeValues: { ':v0': { S: 'ORDER#1' }, ':v1': { S: 'E#' } },
    });
    await storeOn(wire).query('ORDER#1');
    expect(wire.asked.at(-1)?.input).toMatchObject({
      KeyConditionExpression: '#n0 = :v0',
      ExpressionAttributeValues: { ':v0': { S: 'ORDER#1' } },
    });
  });

  it('of an owner comes from the index, which cannot be read consistently: newest first, and one row more than asked for', async () => {
    const rows = [1, 2, 3].map((n): Item => ({ pk: `ORDER#${n}`, sk: 'PLACED#a', v: 1, owner: 'ann', listed: String(n) }));
    await using wire = await DynamoWire.answering(page(rows.slice(0, 1), rows[0]), page(rows.slice(1)));
    expect(await storeOn(wire).listByOwner('ann', { limit: 2, before: '9' })).toEqual({ items: rows.slice(0, 2), more: true });
    expect(readingOf(wire)).toEqual(Array(2).fill(['Query', false, KEYS.ownerIndex.name]));
    expect(wire.asked.map(({ input }) => [input['Limit'], input['ScanIndexForward']])).toEqual([
      [3, false],
      [2, false],
    ]);
    expect(wire.asked[0]?.input).toMatchObject({
      KeyConditionExpression: '#n0 = :v0 AND #n1 < :v1',
      ExpressionAttributeNames: { '#n0': KEYS.ownerIndex.partition, '#n1': KEYS.ownerIndex.sort },
      ExpressionAttributeValues: { ':v0': { S: 'ann' }, ':v1': { S: '9' } },
    });
    expect(await storeOn(wire).listByOwner('ann', { limit: 2, before: '' })).toEqual({ items: [], more: false });
    expect(wire.asked).toHaveLength(2);
  });

  it('has a bound: a partition without end does not fill the memory', async () => {
    await using wire = await DynamoWire.answering(page([ITEM], ITEM));
    await expect(storeOn(wire).query(KEY.pk)).rejects.toThrow('more than 32 pages of 1 MB');
    expect(wire.asked).toHaveLength(32);
  });

  it('of a whole table is read consistently where it is written meanwhile, and at half the price where nobody writes', async () => {
    for (const consistent of [true, false, undefined]) {
      await using wire = await DynamoWire.answering(page([ITEM], ITEM), page([{ ...ITEM, sk: 'HELD#b' }]));
      const seen: (readonly Item[])[] = [];
      const reading = { table: 'data', parts: 1, first: 0, hasTime: () => true, ...(consistent === undefined ? {} : { consistent }) };
      expect(await readParts(wire.client, reading, (items) => seen.push(items))).toBe(1);
      expect(readingOf(wire)).toEqual(Array(2).fill(['Scan', consistent ?? false, undefined]));
      expect(wire.asked.map(({ input }) => [input['Segment'], input['TotalSegments'], input['ExclusiveStartKey'] !== undefined])).toEqual([
        [0, 1, false],
        [0, 1, true],
      ]);
      expect(seen.map((items) => items.map(({ sk }) => sk))).toEqual([['HELD#a', 'HELD#b']]);
    }
  });
});

describe('what the DynamoDB store writes', () => {
  const CHECKED = { TableName: 'data', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
  const written = async (...writes: readonly Write[]) => {
    await using wire = await DynamoWire.answering(success());
    expect(await storeOn(wire).transact(writes)).toEqual({ ok: true });
    expect(wire.asked).toHaveLength(1);
    return wire.asked[0] ?? { operation: '', input: {} };
  };

  it('alone and without harm when it is applied twice is a plain call, with its condition', async () => {
    const absent = [{ is: 'absent' }] as const;
    expect(await written({ action: 'put', item: ITEM, guards: absent })).toEqual({
      operation: 'PutItem',
      input: {
        ...CHECKED,
        Item: marshalAll(ITEM),
        ConditionExpression: 'attribute_not_exists(#n0)',
        ExpressionAttributeNames: { '#n0': 'pk' },
      },
    });
    expect(await written({ action: 'put', item: ITEM })).toEqual({ operation: 'PutItem', input: { ...CHECKED, Item: marshalAll(ITEM) } });
    expect(await written({ action: 'delete', key: KEY })).toEqual({ operation: 'DeleteItem', input: { ...CHECKED, Key: marshalAll(KEY) } });
    expect(await written({ action: 'update', key: KEY, set: { at: 7 } })).toMatchObject({
      operation: 'UpdateItem',
      input: { ...CHECKED, Key: marshalAll(KEY), UpdateExpression: 'SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1)' },
    });
  });

  const guard = { is: 'equals', attribute: 'rev', value: 4 } as const;
  it.each<[string, Write]>([
    ['an addition', { action: 'update', key: KEY, add: { rev: 1 } }],
    ['an addition to what is set', { action: 'update', key: KEY, set: { at: 1 }, add: { rev: 1 } }],
    ['an update that is guarded', { action: 'update', key: KEY, set: { rev: 5 }, guards: [guard] }],
    ['a deletion that is guarded', { action: 'delete', key: KEY, guards: [guard] }],
    ['a mere check', { action: 'check', key: KEY, guards: [guard] }],
  ])('would do harm when it is applied twice is a transaction, which is applied once: %s', async (_, write) => {
    const { operation, input } = await written(write);
    expect([operation, input['ClientRequestToken']]).toEqual(['TransactWriteItems', expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(input['TransactItems']).toEqual([{ [NAMES[write.action]]: expect.objectContaining(CHECKED) }]);
  });

  it('together is one transaction with the condition of each, under a token of its own', async () => {
    const writes: readonly Write[] = [
      { action: 'put', item: ITEM, guards: [{ is: 'absent' }] },
      {
        action: 'update',
        key: { ...KEY, sk: 'B' },
        add: { n: -2 },
        guards: [{ is: 'present' }, { is: 'atLeast', attribute: 'n', value: 2 }],
      },
      { action: 'delete', key: { ...KEY, sk: 'C' }, guards: [{ is: 'missing', attribute: 'reput' }] },
      { action: 'check', key: { ...KEY, sk: 'D' }, guards: [guard] },
    ];
    const [first, second] = [await written(...writes), await written(...writes)];
    expect(first.input['ClientRequestToken']).not.toBe(second.input['ClientRequestToken']);
    expect(first.input['TransactItems']).toMatchObject([
      { Put: { Item: marshalAll(ITEM), ConditionExpression: 'attribute_not_exists(#n0)' } },
      {
        Update: {
          ConditionExpression: 'attribute_exists(#n0) AND #n1 >= :v0',
          UpdateExpression: 'SET #n2 = if_not_exists(#n2, :v1) ADD #n1 :v2',
          ExpressionAttributeNames: { '#n0': 'pk', '#n1': 'n', '#n2': 'v' },
          ExpressionAttributeValues: { ':v0': { N: '2' }, ':v1': { N: '1' }, ':v2': { N: '-2' } },
        },
      },
      { Delete: { ConditionExpression: 'attribute_not_exists(#n0)', ExpressionAttributeNames: { '#n0': 'reput' } } },
      { ConditionCheck: { ConditionExpression: '#n0 = :v0', ExpressionAttributeValues: { ':v0': { N: '4' } } } },
    ]);
    for (const each of [first.input['TransactItems']].flat())
      expect(Object.values(Object(each))).toEqual([expect.objectContaining(CHECKED)]);
  });
});

const NAMES = { put: 'Put', update: 'Update', delete: 'Delete', check: 'ConditionCheck' } as const;
