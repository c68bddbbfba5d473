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

  test('counts a replay once, with the time of the later answer, and under one id what has other contents as another write', () => {
    expect(acknowledged([recordOf(1, done), recordOf(2, { ...done, status: 200 })])).toMatchObject([{ ackMs: 12 }]);
    expect(acknowledged([recordOf(1, done), recordOf(2, { ...done, value: { lines: [{ sku: 'x', quantity: 3 }] } })])).toHaveLength(2);
  });

  const { id, key, region, ackMs } = order;
  const base = { id, key, region, ackMs };
  test.each<[OperationRecord['operation'], OperationRecord['value'], Write]>([
    [
      'placeOrder',
      { lines: [{ sku: 'x', quantity: 2 }], note: 'n' },
      { ...base, operation: 'placeOrder', lines: [{ sku: 'x', quantity: 2 }], note: 'n' },
    ],
    ['payOrder', { order: 'o', amount: 0 }, { ...base, operation: 'payOrder', order: 'o', amount: 0 }],
    ['receiveStock', { sku: 'x', quantity: 0 }, { ...base, operation: 'receiveStock', sku: 'x', quantity: 0 }],
    ['shipOrder', { order: 'o' }, { ...base, operation: 'shipOrder', order: 'o' }],
    ['cancelOrder', { order: 'o' }, { ...base, operation: 'cancelOrder', order: 'o' }],
    ['putRecord', { record: 'r', parents: [] }, { ...base, operation: 'putRecord', record: 'r', parents: [] }],
  ])('is %s, whether it was answered with 200, 201 or 202', (operation, value, write) => {
    for (const status of [200, 201, 202, 299])
      expect(acknowledged([recordOf(89_990, { ...done, operation, value, status })])).toEqual([write]);
    for (const more of [
      { status: 300 },
      { status: null },
      { outcome: 'unknown' },
      { outcome: 'failed' },
      { id: null },
      { key: null },
      { region: null },
    ] as const)
      expect(acknowledged([recordOf(89_990, { ...done, operation, value, ...more })])).toEqual([]);
  });

  test.each<[OperationRecord['operation'], OperationRecord['value']]>([
    ['placeOrder', {}],
    ['payOrder', { amount: 1 }],
    ['payOrder', { order: 'o' }],
    ['receiveStock', { quantity: 1 }],
    ['receiveStock', { sku: 'x' }],
    ['shipOrder', {}],
    ['cancelOrder', {}],
    ['putRecord', { parents: [] }],
    ['putRecord', { record: 'r' }],
    ['getOrder', { order: 'o' }],
    ['getRecord', { record: 'r' }],
  ])('is no %s of which nobody knows all that was asked for: %o', (operation, value) => {
    expect(acknowledged([recordOf(1, { ...done, operation, value })])).toEqual([]);
  });
});

describe('a partition has', () => {
  test.each<[string, Write, readonly Item[], boolean]>([
    ['an order that some writer placed with these lines', order, [placed('b')], true],
    ['an order by its end, which stands in for its beginning', order, [ended('a', 'superseded')], true],
    ['no order with other lines', order, [placed('a', 3)], false],
    ['no order in nothing', order, [paid()], false],
    ['no order without its note', { ...order, note: 'n' }, [placed('a')], false],
    ['an order with its note', { ...order, note: 'n' }, [{ ...placed('a'), note: 'n' }], true],
    ['no order with a note that nobody sent', order, [{ ...placed('a'), note: 'n' }], false],
    ['an order of which one of two writers has these lines', order, [placed('a', 3), placed('b')], true],
    [
      'an order whose lines are divided otherwise',
      order,
      [
        {
          ...placed('a'),
          lines: [
            { sku: 'x', quantity: 1 },
            { sku: 'x', quantity: 1 },
          ],
        },
      ],
      true,
    ],
    ['no payment of another id', payment, [{ ...paid(), sk: 'E#paid#p2#a' }], false],
    ['no receipt of another id', receipt, [{ ...received('RECEIPT'), sk: 'RECEIPT#r2#b' }], false],
    ['no edit of another version', edit, [{ ...version(['v0', 'v1']), sk: 'V#v3#a' }], false],
    ['a cancellation that was asked for', { ...edit, operation: 'cancelOrder', order: 'o1' }, [{ ...paid(), sk: 'E#cancel#v2#a' }], true],
    ['no cancellation under another key', { ...edit, operation: 'cancelOrder', order: 'o1' }, [{ ...paid(), sk: 'E#cancel#v3#a' }], false],
    ['no shipment that ended otherwise', { ...edit, operation: 'shipOrder', order: 'o1' }, [ended('a', 'cancelled')], false],
    ['no shipment of what is not there', { ...edit, operation: 'shipOrder', order: 'o1' }, [], false],
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
  // A receipt that two regions booked was received once; nothing booked is nothing received.
  expect(oversoldUnits([received('BOOKED'), { ...received('BOOKED'), sk: 'BOOKED#r1#a' }, held('a', 0, 9)])).toBe(2);
  expect(oversoldUnits([received('RECEIPT'), held('a', 0, 1)])).toBe(1);
  expect(oversoldUnits([received('BOOKED'), { ...received('BOOKED'), sk: 'BOOKED#r2#a' }, held('a', 0, 14)])).toBe(0);
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

  test('lets two writes have one key where they are of two kinds, and finds no key twice that was answered twice', async () => {
    const found = await compareLedger({ ...world({ a: [], b: [] }), writes: [order, order, { ...payment, key: order.key }] });
    expect(found.duplicates).toEqual([]);
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

  test('is not over while something is held twice, or lost', async () => {
    const twice = await settle({ ...world({ a: [...all, placed('b')], b: [...all, placed('b')] }), ...limits, withinMs: 50 });
    expect(twice.seconds).toBeNull();
    expect(ledgerOf(3, twice, 100_000)).toMatchObject({ duplicates: 1, oversold: 0, settledSeconds: null });
    const oversold = await settle({ ...world({ a: [...all, held('a', -2, 0), held('b', 0, 1)], b: all }), ...limits, withinMs: 50 });
    expect(ledgerOf(3, oversold, 100_000)).toMatchObject({ acknowledged: 3, missing: 0, oversold: 2, settledSeconds: expect.any(Number) });
  });

  test('waits for what is held twice until one of both has ended', async () => {
    const props = world({ a: all, b: all });
    let looks = 0;
    const read: CompareProps['read'] = async (region, pk) => {
      const items = await props.read(region, pk);
      if (pk !== 'ORDER#o1' || region !== 'a') return items;
      looks += 1;
      return looks <= 2 ? [...items, placed('b')] : items;
    };
    const settled = await settle({ ...props, ...limits, read });
    expect([settled.seconds, settled.comparison.duplicates]).toEqual([expect.any(Number), []]);
  });

  test('calls nothing lost that may still come: it looks again several times', async () => {
    const props = world({ a: all, b: all });
    let looks = 0;
    const read: CompareProps['read'] = async (region, pk) => {
      const items = await props.read(region, pk);
      if (pk !== 'STOCK#x') return items;
      looks += 1;
      // Both regions are looked at twice each time: for the receipt, and for the units.
      return looks <= 12 ? [] : items;
    };
    const { comparison } = await settle({ ...props, ...limits, read });
    expect(comparison.lost).toEqual([]);
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
