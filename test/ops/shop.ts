/** A shop on a running system of two regions: what its callers do there, and the target by which its operator reaches it. */
import { DeleteItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { TABLES } from '../../functions/contract/names.ts';
import { LocalTarget } from '../../ops/targets/local.ts';
import { type Answer, EU, startTestSystem, type TestSystem, US } from '../local/local-system.ts';
import { eventually } from '../support/eventually.ts';

/** Replication takes a moment on an idle machine. */
const KNOWN_MS_MAX = 120_000;

export interface Shop {
  readonly system: TestSystem;
  readonly target: LocalTarget;
  /** Tea, for a region to sell. */
  receive(region: string, quantity: number): Promise<Answer>;
  /** Of tea. The same note in the same region is the same order. */
  order(region: string, note: string, quantity?: number): Promise<Answer>;
  /** The same, for which there is stock. @returns its id */
  placed(region: string, note: string): Promise<string>;
  read(region: string, id: string): Promise<Answer>;
  stock(region: string): Promise<Answer['body']>;
  /** Until the order can be read in both regions. */
  known(id: string): Promise<void>;
  /** Takes an item out of the table of users, as no caller could. */
  remove(region: string, pk: string, sk: string): Promise<void>;
  tables(region: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export const openShop = async (): Promise<Shop> => {
  const system = await startTestSystem();
  return shopOn(system).catch(async (error: unknown) => {
    await system.stop();
    throw error;
  });
};

const shopOn = async (system: TestSystem): Promise<Shop> => {
  const token = await system.token();
  const target = new LocalTarget(system.control, await system.control.system());
  const order: Shop['order'] = (region, note, quantity = 1) =>
    system.send(region, '/orders', { token, body: { lines: [{ sku: 'tea', quantity }], note: `${region} ${note}` } });
  const read: Shop['read'] = (region, id) => system.send(region, `/orders/${id}`, { token });
  return {
    system,
    target,
    receive: (region, quantity) => system.send(region, `/stock/tea/regions/${region}/receipts`, { token, body: { quantity } }),
    order,
    placed: async (region, note) => {
      const answer = await order(region, note);
      expect(answer).toMatchObject({ status: 201 });
      return String(answer.body['id']);
    },
    read,
    stock: async (region) => (await system.send(region, '/stock/tea', { token })).body,
    known: async (id) => {
      for (const region of [EU, US])
        await eventually(
          async () => (await read(region, id)).status,
          (status) => status === 200,
          KNOWN_MS_MAX,
        );
    },
    remove: async (region, pk, sk) => {
      const Key = { pk: { S: pk }, sk: { S: sk } };
      await (await system.dynamo(region)).send(new DeleteItemCommand({ TableName: TABLES.data, Key }));
    },
    tables: async (region) => {
      const { TableNames } = await (await system.dynamo(region)).send(new ListTablesCommand({}));
      if (TableNames === undefined) throw new Error(`no list of tables in ${region}`);
      return TableNames;
    },
    close: async () => {
      target.close();
      await system.stop();
    },
  };
};
