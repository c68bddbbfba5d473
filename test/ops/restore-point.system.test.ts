import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLES } from '../../functions/contract/names.ts';
import { plainProgress } from '../../ops/progress.ts';
import { copyName, type Past } from '../../ops/restore/past.ts';
import { pointsOf } from '../../ops/restore/points.ts';
import { type RestoreProps, restoreTables } from '../../ops/restore/restore.ts';
import { EU, US } from '../local/local-system.ts';
import { eventually } from '../support/eventually.ts';
import { openShop, type Shop } from './shop.ts';

describe('restoring from a recovery point, and from a table that was restored already', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
  });

  afterAll(() => shop?.close());

  it('looks at what a recovery point holds and keeps the copy, from which another run repairs', async () => {
    const id = await placed('first');
    await shop.target.backUp(US, TABLES.data);
    const arn = await newestPoint(US);
    const later = await placed('later');
    await lose(id);
    const past: Past = { kind: 'point', arn };
    // when it is looked at, in the region of the recovery point, and a look that was killed is gone on with
    await expect(restoreTables({ ...propsOf(past), progress: DYING })).rejects.toThrow('killed');
    const look = await restoreTables({ ...propsOf(past), keepTable: true });
    expect(look).toMatchObject({ past: `--from ${arn}`, region: US, table: copyName(past), kept: true, applied: false });
    expect(look.resources).toMatchObject([{ resource: 'orders', missing: 1, extra: 1 }, {}, {}]);
    expect(await shop.tables(US)).toContain(copyName(past));
    expect((await shop.read(EU, id)).status).toBe(404);
    // then a repair from the table that is there now puts it back, and leaves that table and what came later
    const repair = await restoreTables({ ...propsOf({ kind: 'table', name: copyName(past) }), region: US, apply: true });
    expect(repair).toMatchObject({ at: null, whole: true, kept: true, repaired: { facts: { orders: 1 }, left: [] } });
    for (const region of [EU, US]) for (const each of [id, later]) expect((await shop.read(region, each)).status).toBe(200);
    expect(await shop.tables(US)).toContain(copyName(past));
    // and a run from the recovery point itself takes that copy, and deletes it
    expect(await restoreTables({ ...propsOf(past), apply: true })).toMatchObject({ whole: true, kept: false });
    expect(await shop.tables(US)).not.toContain(copyName(past));
  });

  it('refuses a recovery point that is none of the region’s, or of another table, and says which are', async () => {
    await shop.target.backUp(EU, TABLES.control);
    await shop.target.backUp(EU, TABLES.data);
    const arn = await newestPoint(EU);
    const gone = `${arn.slice(0, arn.lastIndexOf('/'))}/01489602797149-73d8d5bc`;
    await expect(restoreTables(propsOf({ kind: 'point', arn: gone }))).rejects.toThrow(
      /which is not in the vault tandem-eu-central-1; allowed in eu-central-1: a complete one of tandem-data, such as arn:/,
    );
    await expect(restoreTables(propsOf({ kind: 'point', arn: await newestPoint(EU, TABLES.control) }))).rejects.toThrow(
      /which is of tandem-control; allowed/,
    );
    await expect(restoreTables({ ...propsOf({ kind: 'point', arn }), region: US })).rejects.toThrow(
      `given --region ${US} with a recovery point of ${EU}; allowed: ${EU}`,
    );
  });

  it('refuses a table that is no copy of the users’ table, the live one first of all', async () => {
    const dynamo = await shop.system.dynamo(EU);
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: TABLES.data }));
    const create = (TableName: string, range: string) =>
      dynamo.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', range].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: range, KeyType: 'RANGE' },
          ],
        }),
      );
    await create('other-keys', 'sort');
    await create('without-users', 'sk');
    for (const [name, message] of [
      [
        TABLES.data,
        /given the table tandem-data, which is the live one; allowed: a table in eu-central-1 that was restored from tandem-data/,
      ],
      [TABLES.control, /which is the live one/],
      [Table?.TableArn ?? '', /which is no name of a table/],
      ['nowhere', /there is no table nowhere in eu-central-1; .*--region names the region it is in/],
      ['other-keys', /has the keys pk HASH S, sort RANGE S; allowed: .*, with pk HASH S, sk RANGE S/],
      ['without-users', /holds 0 items, and no order, stock or record among them/],
    ] as const)
      await expect(restoreTables({ ...propsOf({ kind: 'table', name }), apply: true })).rejects.toThrow(message);
  });

  const propsOf = (past: Past): RestoreProps => ({
    target: shop.target,
    past,
    apply: false,
    progress: plainProgress(() => undefined),
  });

  const newestPoint = async (region: string, table: string = TABLES.data): Promise<string> => {
    const found = (await pointsOf(shop.target, [region])).points.find((point) => point.table === table);
    if (found === undefined) throw new Error(`no recovery point of ${table} in ${region}`);
    return found.arn;
  };

  /** An order that both regions hold. */
  const placed = async (note: string): Promise<string> => {
    // The same receipt again is the same one.
    await shop.receive(EU, 9);
    const id = await shop.placed(EU, note);
    await shop.known(id);
    return id;
  };

  /** Everywhere. */
  const lose = async (id: string): Promise<void> => {
    await shop.remove(EU, `ORDER#${id}`, `PLACED#${EU}`);
    await eventually(
      async () => (await shop.read(US, id)).status,
      (status) => status === 404,
    );
  };
});

/** Ends the restore once the copy is made, as a kill would: nothing is cleaned up. */
const DYING: RestoreProps['progress'] = {
  line: () => undefined,
  step: async (title, work) => {
    if (title.startsWith('compare')) throw new Error('killed');
    return work(() => undefined);
  },
};
