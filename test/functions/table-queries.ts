/** What DynamoDB finds under a partition key, in the table and in the owner's index, and in which order. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { KEYS } from '../../functions/contract/names.ts';
import { asked, key, keyOf, pages, put, query, values } from './table-requests.ts';

export const queryContract = (name: string, client: () => DynamoDBClient): void => {
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
};
