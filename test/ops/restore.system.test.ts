import { setTimeout as sleep } from 'node:timers/promises';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLES } from '../../functions/contract/names.ts';
import { plainProgress } from '../../ops/progress.ts';
import { backupStatus } from '../../ops/restore/backup-status.ts';
import { copyName } from '../../ops/restore/past.ts';
import { restoreReportSchema, restoreText } from '../../ops/restore/report.ts';
import { type RestoreProps, restoreTables } from '../../ops/restore/restore.ts';
import { EU, US } from '../local/local-system.ts';
import { eventually } from '../support/eventually.ts';
import { openShop, type Shop } from './shop.ts';

const OBJECTIVES = { recoveryPointHours: 36 };

describe('restoring what a faulty client destroyed', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
  });

  afterAll(() => shop?.close());

  it('shows backups of each region, and that one is missing until it was taken', async () => {
    const problems = async () => (await backupStatus(shop.target, [EU, US], OBJECTIVES, Date.now())).map((each) => each.problems.length);
    expect(await problems()).toEqual([2, 2]);
    for (const region of [EU, US]) for (const table of Object.values(TABLES)) await shop.target.backUp(region, table);
    expect(await problems()).toEqual([0, 0]);
    const [status] = await backupStatus(shop.target, [EU], OBJECTIVES, Date.now());
    expect(status?.tables).toMatchObject([
      { table: 'tandem-data', points: 1, pointInTime: { earliest: expect.any(String) } },
      { table: 'tandem-control', points: 1 },
    ]);
  });

  it('puts back what is gone or changed in every region while callers go on, keeps what is newer, and makes the stock add up', async () => {
    // given stock and orders of both regions, known in both
    for (const region of [EU, US]) expect(await shop.receive(region, 50)).toMatchObject({ status: 201 });
    const orders: string[] = [];
    for (let n = 0; n < 4; n += 1) for (const region of [EU, US]) orders.push(await shop.placed(region, `before-${n}`));
    for (const id of orders) await shop.known(id);
    await sleep(1_000);
    const atMs = Date.now();
    await sleep(20);
    const later = await shop.placed(EU, 'after');
    // when a faulty client deletes, changes and miscounts, also through a region that does not own the key
    const [gone = '', foreign = '', changed = ''] = orders;
    await shop.remove(EU, `ORDER#${gone}`, `PLACED#${EU}`);
    await shop.remove(EU, `ORDER#${foreign}`, `PLACED#${US}`);
    await spoil(US, `ORDER#${changed}`, `PLACED#${EU}`, 'subject', { S: 'thief' });
    await spoil(EU, 'STOCK#tea', `HELD#${EU}`, 'available', { N: '100000' });
    await eventually(
      async () => (await shop.read(US, gone)).status,
      (status) => status === 404,
    );
    await sleep(1_000);
    // then a look finds it and changes nothing
    const look = await restoreTables({ ...propsOf(atMs), apply: false });
    expect(look.resources).toMatchObject([
      { resource: 'orders', missing: 2, changed: 1, extra: 1 },
      { resource: 'stock' },
      { resource: 'records' },
    ]);
    expect((await shop.read(EU, gone)).status).toBe(404);
    // and a repair that was killed after the facts, before the stock, is finished by another, while orders are placed
    await expect(restoreTables({ ...propsOf(atMs), progress: DYING })).rejects.toThrow('killed');
    let running = true;
    const load = (async () => {
      for (let n = 0; running; n += 1) await shop.order(n % 2 === 0 ? EU : US, `during-${n}`);
    })();
    const report = await restoreTables(propsOf(atMs));
    running = false;
    await load;
    expect(report, restoreText(report)).toMatchObject({ whole: true, repaired: { facts: { orders: 0 }, left: [] } });
    expect(report.repaired?.rows.length).toBeGreaterThan(0);
    expect(restoreReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    for (const region of [EU, US])
      for (const id of [...orders, later]) expect((await shop.read(region, id)).status, `${id} in ${region}`).toBe(200);
    await eventually(
      () => shop.stock(US),
      ({ received: units, available, sold, moving }) => units === 100 && Number(available) + Number(sold) + Number(moving) === 100,
    );
    // and nothing of it is left
    expect(await shop.tables(EU)).not.toContain(copyName({ kind: 'time', atMs }));
  });

  it('refuses a time that is not there, and says which are', async () => {
    await expect(restoreTables(propsOf(Date.now() + 60_000))).rejects.toThrow(/in the future; allowed in eu-central-1: from .* to /);
    await expect(restoreTables(propsOf(Date.now() - 86_400_000))).rejects.toThrow(/allowed in eu-central-1: from /);
    await expect(restoreTables({ ...propsOf(Date.now()), region: 'mars' })).rejects.toThrow(
      'given region "mars"; allowed: eu-central-1, us-east-2',
    );
  });

  const propsOf = (atMs: number): RestoreProps => ({
    target: shop.target,
    past: { kind: 'time', atMs },
    apply: true,
    progress: plainProgress(() => undefined),
  });

  const spoil = async (region: string, pk: string, sk: string, name: string, value: { readonly S: string } | { readonly N: string }) =>
    (await shop.system.dynamo(region)).send(
      new UpdateItemCommand({
        TableName: TABLES.data,
        Key: { pk: { S: pk }, sk: { S: sk } },
        UpdateExpression: 'SET #name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': value },
      }),
    );
});

/** Ends the repair at the first thing it says, as a kill would: nothing is cleaned up. */
const DYING: RestoreProps['progress'] = {
  line: () => undefined,
  step: (title, work) =>
    work((line) => {
      if (title.startsWith('repair')) throw new Error(`killed at ${line}`);
    }),
};
