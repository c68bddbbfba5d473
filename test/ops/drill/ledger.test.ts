import { describe, expect, test } from 'vitest';
import type { Item } from '../../../functions/core/store.ts';
import { acknowledged, type CompareProps, compareLedger, has, oversoldUnits, type Write } from '../../../ops/drill/ledger.ts';
import type { OperationRecord } from '../../../ops/drill/operations.ts';
import { ledgerOf, settle } from '../../../ops/drill/settle.ts';
import { ended, placed } from './items.ts';
import { recordOf } from './records.ts';

const order: Write = { operation: 'placeOrder', id: 'o1', key: 'key-0001', region: 'a', ackMs: 90_000, lines: [{ sku: 'x', quantity: 2 }] };
const payment: Write = { operation: 'payOrder', id: 'p1', key: 'key-0002', region: 'a', ackMs: 95_000, order: 'o1', amount: 500 };
const receipt: Write = { operation: 'receiveStock', id: 'r1', key: 'key-0003', region: 'b', ackMs: 80_000, sku: 'x', quantity: 7 };

const EDIT = 'key-0004';
const edit: Write = { operation: 'putRecord', id: 'v2', key: EDIT, region: 'a', ackMs: 70_000, record: 'x', parents: ['v1', 'v0'] };
const version = (parents: readonly string[], key = EDIT): Item => ({
  pk: 'RECORD#r',
  sk: 'V#v2#a',
  v: 1,
  parents,
  value: `{"edit":"${key}"}`,
});

const paid = (amount = 500): Item => ({ pk: 'ORDER#o1', sk: 'E#paid#p1#a', v: 1, amount, at: 3 });
const received = (type: 'RECEIPT' | 'BOOKED', quantity = 7): Item => ({ pk: 'STOCK#x', sk: `${type}#r1#b`, v: 1, quantity, at: 1 });
const held = (writer: string, available: number, sold: number): Item => ({ pk: 'STOCK#x', sk: `HELD#${writer}`, v: 1, available, sold });

describe('acknowledged', () => {
  const done: Partial<OperationRecord> = {
    operation: 'placeOrder',
    key: 'key-0001',
    status: 201,
    id: 'o1',
    value: { lines: [{ sku: 'x', quantity: 2 }] },
  };

  test('is what was answered with success, with the time of the answer', () => {
    expect(acknowledged([recordOf(89_990, done)])).toEqual([order]);
  });

  test('is not what was refused, unknown, or only read', () => {
    expect(
      acknowledged([
        recordOf(1, { ...done, status: 409, id: null }),
        recordOf(1, { ...done, outcome: 'unknown', status: null, id: null }),
        recordOf(1),
      ]),
    ).toEqual([]);
  });

  test('counts a replay once', () => {
    expect(acknowledged([recordOf(1, done), recordOf(2, { ...done, status: 200 })])).toHaveLength(1);
  });
});

describe('a partition has', () => {
  test.each<[string, Write, readonly Item[], boolean]>([
    ['an order that some writer placed with these lines', order, [placed('b')], true],
    ['an order by its end, which stands in for its beginning', order, [ended('a', 'superseded')], true],
    ['no order with other lines', order, [placed('a', 3)], false],
    ['no order in nothing', order, [paid()], false],
    ['a payment, its order lost or not', payment, [paid()], true],
    ['no payment of another amount', payment, [placed('a'), paid(400)], false],
    ['a receipt', receipt, [received('RECEIPT')], true],
    ['a receipt by its booking', receipt, [received('BOOKED')], true],
    ['no receipt of another quantity', receipt, [received('RECEIPT', 6)], false],
    ['an edit, made from what its caller had seen', edit, [version(['v0', 'v1'])], true],
    ['no edit made from something else', edit, [version(['v0'])], false],
    ['no edit that says something else', edit, [version(['v0', 'v1'], 'key-0005')], false],
    ['a shipment by the region that acknowledged it', { ...edit, operation: 'shipOrder', order: 'o1' }, [ended('a', 'shipped')], true],
    ['no shipment of another region', { ...edit, operation: 'shipOrder', order: 'o1' }, [ended('b', 'shipped')], false],
    ['no cancellation that was not asked for', { ...edit, operation: 'cancelOrder', order: 'o1' }, [ended('a', 'cancelled')], false],
  ])('%s', (_, write, items, expected) => {
    expect(has(write, items)).toBe(expected);
  });
});

test('oversold is sold above booked, or a row below zero', () => {
  expect(oversoldUnits([received('BOOKED'), held('a', 3, 2), held('b', 0, 2)])).toBe(0);
  expect(oversoldUnits([received('BOOKED'), held('a', 0, 5), held('b', 0, 4)])).toBe(2);
  expect(oversoldUnits([received('BOOKED'), held('a', -3, 1)])).toBe(3);
});

describe('comparing', () => {
  test('tells what one region lacks from what is lost everywhere', async () => {
    const found = await compareLedger(world({ a: [placed('a')], b: [placed('a'), received('RECEIPT')] }));
    expect(found.missing.get('a')).toEqual([payment, receipt]);
    expect(found.missing.get('b')).toEqual([payment]);
    expect(found.lost).toEqual([payment]);
  });

  test('finds an order that holds stock twice, until one of both ends', async () => {
    expect((await compareLedger(world({ a: [placed('a'), placed('b')], b: [] }))).duplicates).toEqual(['ORDER#o1']);
    expect((await compareLedger(world({ a: [placed('a'), placed('b'), ended('b', 'superseded')], b: [] }))).duplicates).toEqual([]);
  });

  test('finds a key that was acknowledged under two ids', async () => {
    const found = await compareLedger({ ...world({ a: [], b: [] }), writes: [order, { ...order, id: 'o2' }] });
    expect(found.duplicates).toEqual(['placeOrder key-0001']);
  });

  test('takes the worst view of what is oversold', async () => {
    const found = await compareLedger(world({ a: [received('BOOKED'), held('a', 0, 8)], b: [received('BOOKED'), held('a', 0, 9)] }));
    expect([...found.oversold]).toEqual([['x', 2]]);
  });
});

describe('settling', () => {
  const all = [placed('a'), paid(), received('RECEIPT')];
  const limits = { withinMs: 20_000, signal: new AbortController().signal };

  test('waits for what is on its way', async () => {
    const views = { a: all, b: all.slice(0, 1) };
    const props = world(views);
    setTimeout(() => Object.assign(views, { b: all }), 300);
    const { comparison, seconds } = await settle({ ...props, ...limits });
    expect(seconds).toBeGreaterThan(0.5);
    expect(ledgerOf(3, { comparison, seconds }, 100_000)).toMatchObject({ missing: 0, lost: [], missingByRegion: { a: 0, b: 0 } });
  });

  test('reads everything twice at most, and in between only what was not in order', async () => {
    const views = { a: all, b: all.slice(0, 2) };
    const props = world(views);
    const read: string[] = [];
    setTimeout(() => Object.assign(views, { b: all }), 1_500);
    await settle({
      ...props,
      ...limits,
      read: (region, pk) => {
        read.push(pk);
        return props.read(region, pk);
      },
    });
    expect(read.filter((pk) => pk === 'ORDER#o1')).toHaveLength(4);
  });

  test('ends at its bound, and says what is still missing', async () => {
    const settled = await settle({ ...world({ a: all, b: [] }), ...limits, withinMs: 100 });
    expect(settled.seconds).toBeNull();
    expect(ledgerOf(3, settled, 100_000)).toMatchObject({ missing: 3, lost: [], missingByRegion: { a: 0, b: 3 } });
  });

  test('names what is lost, with its age at the fault', async () => {
    const settled = await settle({ ...world({ a: all.slice(1), b: all.slice(1) }), ...limits, withinMs: 100 });
    expect(ledgerOf(3, settled, 100_000)).toMatchObject({
      missing: 0,
      lost: [{ operation: 'placeOrder', id: 'o1', region: 'a', ageMs: 10_000 }],
    });
  });
});

const world = (views: Readonly<Record<string, readonly Item[]>>): CompareProps => ({
  writes: [order, payment, receipt],
  regions: ['a', 'b'],
  skus: ['x'],
  read: async (region, pk) => (views[region] ?? []).filter((item) => item.pk === pk),
  readsAtOnce: 2,
});
