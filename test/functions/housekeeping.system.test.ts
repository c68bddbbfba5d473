import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { marshalAll } from '../../functions/aws/marshal.ts';
import type { StreamRecord } from '../../functions/aws/stream-work.ts';
import { METRICS, TABLES } from '../../functions/contract/names.ts';
import { Hlc } from '../../functions/core/hlc.ts';
import { placeOrder } from '../../functions/core/orders.ts';
import { receiveStock } from '../../functions/core/stock.ts';
import type { Item } from '../../functions/core/store.ts';
import { tillKey } from '../../functions/core/tills.ts';
import { wishItem } from '../../functions/core/wishes.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { CHECKS, Roles } from '../infra/roles.ts';
import { PATIENT } from '../support/emulator.ts';
import { REGIONS } from './api-world.ts';
import { HERE, invocation, type Lab, logged, PEER, startLab } from './lab.ts';

const FENCE = { pk: 'REGIONS', sk: `FENCED#${HERE}#2#${PEER}`, v: 1, at: 1 };
/** Together more than a query reads. */
const [LONG_ITEMS, ITEM_BYTES] = [90, 390_000];
const roles = new Roles(HERE);
roles.holdAtTheEnd({ Housekeeping: [CHECKS] });
let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab?.stop());

describe('the housekeeping handler', () => {
  const load = async () => ({ handler: roles.guard('Housekeeping', (await import('../../functions/housekeeping.handler.ts')).handler) });

  beforeEach(async () => {
    vi.resetModules();
    // A region that has been there for long, and may write.
    await lab.data.transact([{ action: 'put', item: { pk: 'REGIONS', sk: `BEAT#${HERE}`, v: 1, at: Date.now() - 10_000, rev: 1 } }]);
    await lab.control.transact([{ action: 'delete', key: FENCE }]);
  });

  /** The same rules under the peer's name, on the same table: what replication would have brought. */
  const contextOf = (region: string) => ({
    store: lab.data,
    clock: { now: () => Date.now() },
    hlc: new Hlc(),
    region,
    writer: region,
    regions: REGIONS,
  });

  it('has nothing to do for the clock, which an earlier release asked for', async () => {
    const { handler } = await load();
    expect(await handler({}, invocation)).toEqual({ batchItemFailures: [] });
  });

  it('ends what another region keeps, books what was received for this one, and moves what is wanted', async () => {
    const { handler } = await load();
    const [here, there] = [contextOf(HERE), contextOf(PEER)];
    for (const [context, region] of [
      [here, HERE],
      [there, PEER],
    ] as const)
      await receiveStock(context, { subject: 's', sku: 'both', region, key: `k-${region}`, quantity: region === HERE ? 10 : 4 });
    await receiveStock(there, { subject: 's', sku: 'sent', region: HERE, key: 'k-sent', quantity: 4 });
    const request = { subject: 's', key: 'order-key-1', request: { lines: [{ sku: 'both', quantity: 3 }] } };
    const placed = await placeOrder(there, request);
    const id = placed.kind === 'done' ? placed.value.id : '';
    // The same order as if this region had taken it before it heard of the peer's.
    const [twin] = await lab.data.query(`ORDER#${id}`);
    if (!twin) throw new Error('no order was placed');
    await lab.data.transact([
      { action: 'put', item: { ...twin, sk: `PLACED#${HERE}` } },
      { action: 'update', key: { pk: 'STOCK#both', sk: `HELD#${HERE}` }, add: { available: -3, sold: 3 } },
    ]);
    await lab.data.transact([{ action: 'put', item: wishItem('both', PEER, 16, Date.now()) }]);

    const { value, lines } = await logged(async () => handler({ Records: await streamRecords() }, invocation));
    expect([value, lines.filter((line) => line['level'] === 'ERROR')]).toEqual([{ batchItemFailures: [] }, []]);
    // The smallest region keeps an order; this one is it, so the peer's housekeeping would end the other.
    expect((await lab.data.query(`ORDER#${id}`)).map((item) => item.sk)).toEqual([`PLACED#${HERE}`, `PLACED#${PEER}`]);
    expect(await lab.data.get({ pk: 'STOCK#sent', sk: `HELD#${HERE}` })).toMatchObject({ available: 4 });
    expect(await lab.data.get({ pk: 'STOCK#both', sk: `HELD#${HERE}` })).toMatchObject({ [`granted_${PEER}`]: expect.any(Number) });

    await lab.data.transact([{ action: 'put', item: { pk: `ORDER#${id}`, sk: `E#cancel#h#${PEER}`, v: 1, at: Date.now() } }]);
    const after = await logged(async () => handler({ Records: await streamRecords() }, invocation));
    expect((await lab.data.get({ pk: `ORDER#${id}`, sk: `END#${HERE}#${HERE}` }))?.['kind']).toBe('cancelled');
    expect(after.lines).toContainEqual(expect.objectContaining({ message: 'reconciled', [METRICS.reconciled]: 1 }));
  });

  it("has nothing to do with this region's own ordinary writes: it does not even read", async () => {
    const { handler } = await load();
    const own: readonly Item[] = [
      { pk: 'ORDER#1', sk: `E#paid#h#${HERE}`, v: 1 },
      { pk: 'STOCK#x', sk: `HELD#${HERE}`, v: 1, available: 1 },
      { pk: 'STOCK#x', sk: `BOOKED#h#${HERE}`, v: 1 },
      { pk: 'REGIONS', sk: `BEAT#${PEER}`, v: 1 },
    ];
    const Records: readonly StreamRecord[] = own.map((item, n) => ({
      dynamodb: { SequenceNumber: String(n), NewImage: marshalAll(item) },
    }));
    await lab.frozen(async () => {
      expect(await handler({ Records }, invocation)).toEqual({ batchItemFailures: [] });
    });
  });

  it('gives back the records it could not work on: a table that fails, too little time, or a region that may not write', async () => {
    const { handler } = await load();
    const record = (n: number): StreamRecord => ({
      dynamodb: { SequenceNumber: `00${n}`, NewImage: marshalAll({ pk: `ORDER#${n}`, sk: `PLACED#${PEER}`, v: 1 }) },
    });
    const all = { batchItemFailures: [{ itemIdentifier: '001' }, { itemIdentifier: '002' }] };
    const event = { Records: [record(1), record(2), { ...record(2), dynamodb: { ...record(2).dynamodb, SequenceNumber: '003' } }] };
    expect((await logged(() => handler(event, { getRemainingTimeInMillis: () => 1_000 }))).value).toEqual(all);
    await lab.frozen(async () => {
      expect((await logged(() => handler(event, invocation))).value).toEqual(all);
    });
    await lab.control.transact([{ action: 'put', item: FENCE }]);
    vi.resetModules();
    const { handler: fenced } = await load();
    expect((await logged(() => fenced(event, invocation))).value).toEqual(all);
    await lab.control.transact([{ action: 'delete', key: FENCE }]);
    vi.resetModules();
    expect((await logged(async () => (await load()).handler(event, invocation))).value).toEqual({ batchItemFailures: [] });
  });

  it('sets aside an order that is longer than can be read, tells so, and goes on with what comes after it; an operator is told', async () => {
    const { handler } = await load();
    const [pk, sku] = ['ORDER#long', 'behind'];
    for (let n = 0; n < LONG_ITEMS; n += 1)
      await lab.data.transact([{ action: 'put', item: { pk, sk: `NOTED#${n}#${PEER}`, v: 1, text: 'x'.repeat(ITEM_BYTES) } }]);
    await receiveStock(contextOf(PEER), { subject: 's', sku, region: HERE, key: 'k-behind', quantity: 4 });
    const [receipt] = await lab.data.query(`STOCK#${sku}`, 'RECEIPT#');
    const images: readonly Item[] = [{ pk, sk: `PLACED#${PEER}`, v: 1 }, ...(receipt ? [receipt] : [])];
    const Records = images.map((item, n) => ({ dynamodb: { SequenceNumber: String(n), NewImage: marshalAll(item) } }));
    const { value, lines } = await logged(() => handler({ Records }, invocation));
    expect(value).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(expect.objectContaining({ level: 'ERROR', message: 'task set aside', [METRICS.tasksSetAside]: 1 }));
    expect(await lab.data.get({ pk: `STOCK#${sku}`, sk: `HELD#${HERE}` })).toMatchObject({ available: 4 });
    const task = { kind: 'reconcile', order: 'long' };
    expect((await logged(() => handler({ tasks: [task] }, invocation))).value).toEqual({
      done: 0,
      failed: [{ task, detail: expect.stringMatching(/more than 32 pages/) }],
    });
  });

  describe('asked by an operator', () => {
    it('does the tasks, tells how many, and does nothing the second time', async () => {
      const { handler } = await load();
      const [here, there] = [contextOf(HERE), contextOf(PEER)];
      const received = await receiveStock(there, { subject: 's', sku: 'asked', region: HERE, key: 'k-asked', quantity: 4 });
      // Half of what is left is granted, and half of 8 is half of 9: the order may be given back before or after.
      await receiveStock(here, { subject: 's', sku: 'other', region: HERE, key: 'k-other', quantity: 9 });
      await lab.data.transact([{ action: 'put', item: wishItem('other', PEER, 4, Date.now()) }]);
      const placed = await placeOrder(here, {
        subject: 's',
        key: 'asked-key-1',
        request: { lines: [{ sku: 'other', quantity: 1 }] },
      });
      const id = placed.kind === 'done' ? placed.value.id : '';
      await lab.data.transact([{ action: 'put', item: { pk: `ORDER#${id}`, sk: `E#cancel#h#${PEER}`, v: 1, at: Date.now() } }]);
      const tasks = [
        { kind: 'reconcile', order: id },
        { kind: 'book', sku: 'asked', hash: received.kind === 'done' ? received.value.id : '' },
        { kind: 'rebalance', sku: 'other' },
      ];
      for (let time = 0; time < 2; time += 1) {
        expect((await logged(() => handler({ tasks }, invocation))).value).toEqual({ done: 3, failed: [] });
        expect((await lab.data.get({ pk: `ORDER#${id}`, sk: `END#${HERE}#${HERE}` }))?.['kind']).toBe('cancelled');
        expect(await lab.data.get({ pk: 'STOCK#asked', sk: `HELD#${HERE}` })).toMatchObject({ available: 4 });
        expect(await lab.data.get({ pk: 'STOCK#other', sk: `HELD#${HERE}` })).toMatchObject({ [`granted_${PEER}`]: 4 });
      }
    });

    it('folds the tills of a sku that nobody draws to any more, as its role may', async () => {
      const { handler } = await load();
      const row = { pk: 'STOCK#calm', sk: `HELD#${HERE}`, v: 1, available: 1, sold: 5, tills: 2, drawnAt: 1, rev: 1 };
      const till = (number: number) => ({ ...tillKey('calm', number, HERE), v: 1, available: 2, rev: 1 });
      await lab.data.transact([row, till(0), till(1)].map((item) => ({ action: 'put', item })));
      const { value } = await logged(() => handler({ tasks: [{ kind: 'rebalance', sku: 'calm' }] }, invocation));
      expect(value).toEqual({ done: 1, failed: [] });
      expect(await lab.data.get({ pk: row.pk, sk: row.sk })).toMatchObject({ available: 5, sold: 1, tills: 0 });
    });

    it('tells which failed: of a table that fails, and where too little time is left', async () => {
      const { handler } = await load();
      const task = { kind: 'rebalance', sku: 'x' };
      expect((await logged(() => handler({ tasks: [task] }, { getRemainingTimeInMillis: () => 1_000 }))).value).toEqual({
        done: 0,
        failed: [{ task, detail: 'no time was left for it' }],
      });
      await lab.frozen(async () => {
        expect((await logged(() => handler({ tasks: [task] }, invocation))).value).toEqual({
          done: 0,
          failed: [{ task, detail: expect.stringMatching(/./) }],
        });
      });
    });

    it.each([
      ['no list', { kind: 'rebalance' }, /no list; allowed: up to 100/],
      ['an unknown kind', [{ kind: 'drop', sku: 'x' }], /given the task {"kind":"drop","sku":"x"}; allowed: reconcile, book, rebalance/],
      ['an id too few', [{ kind: 'book', sku: 'x' }], /given the task/],
      ['an id that is none', [{ kind: 'reconcile', order: 7 }], /given the task/],
      ['too many', Array.from({ length: 101 }, () => ({ kind: 'rebalance', sku: 'x' })), /given 101 tasks; allowed: up to 100 in a call/],
    ])('refuses %s, and begins nothing', async (_, tasks, why) => {
      const { handler } = await load();
      await lab.frozen(async () => {
        expect(await handler({ tasks }, invocation)).toEqual({ refused: expect.stringMatching(why) });
      });
    });

    it('refuses in a region that may not write, with the reason', async () => {
      await lab.control.transact([{ action: 'put', item: FENCE }]);
      const { handler } = await load();
      const { value } = await logged(() => handler({ tasks: [{ kind: 'rebalance', sku: 'x' }] }, invocation));
      expect(value).toEqual({ refused: expect.stringMatching(/^fenced: .*is being rebuilt as incarnation/) });
    });
  });
});

/** Everything that the table's stream holds, as Lambda hands it over. */
const streamRecords = async (): Promise<readonly StreamRecord[]> => {
  const streams = new DynamoDBStreamsClient(clientOptions({ ...lab.emulator, name: HERE }, PATIENT));
  try {
    const { Table } = await lab.client.send(new DescribeTableCommand({ TableName: TABLES.data }));
    const StreamArn = Table?.LatestStreamArn;
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    const found = await Promise.all(
      (StreamDescription?.Shards ?? []).map(async ({ ShardId }) => {
        let { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }));
        const records = [];
        // A page is 1 MB: other tests may have written many.
        while (ShardIterator !== undefined) {
          const page = await streams.send(new GetRecordsCommand({ ShardIterator }));
          if ((page.Records ?? []).length === 0) break;
          records.push(...(page.Records ?? []));
          ShardIterator = page.NextShardIterator;
        }
        return records;
      }),
    );
    const records: readonly StreamRecord[] = JSON.parse(JSON.stringify(found.flat()));
    return records;
  } finally {
    streams.destroy();
  }
};
