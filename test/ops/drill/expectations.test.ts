import { describe, expect, test } from 'vitest';
import { Expectations } from '../../../ops/drill/expectations.ts';
import type { Action, OperationRecord } from '../../../ops/drill/operations.ts';
import { recordOf } from './records.ts';

const ID = '0123456789abcdef0123456789abcdef';
const AT = '2026-01-01T00:00:00.000Z';
const LINES = [{ sku: 'x', quantity: 2 }];
const PLACE: Action = { operation: 'placeOrder', key: 'key-0001', lines: LINES, note: 'gift' };
const READ: Action = { operation: 'getOrder', order: ID };
const PAY: Action = { operation: 'payOrder', key: 'key-0002', order: ID, amount: 500 };

const EDIT: Action = { operation: 'putRecord', key: 'key-0003', record: 'r', parents: [] };
const LOOK: Action = { operation: 'getRecord', record: 'r' };
const head = (edit: string) => ({ version: ID, value: { edit }, editedAt: AT, editedBy: 'a' });
const record = { id: 'r', ...head('key-0003'), conflicts: [] };

const RECEIVE: Action = { operation: 'receiveStock', key: 'key-0006', sku: 'x', region: 'eu-west-1', quantity: 7 };
const receipt = { id: 'r', sku: 'x', region: 'eu-west-1', quantity: 7, at: AT, by: 'a' };
const placed = { id: ID, lines: LINES, note: 'gift', placedAt: AT, placedBy: 'a' };
const payment = { id: 'p', amount: 500, at: AT, by: 'a', conflicts: [] };
const order = { ...placed, state: 'placed', payments: [], paid: 0, shipments: [], cancellations: [], conflicts: [] };
const shownOrder = order;
const paid = { ...order, payments: [payment], paid: 500 };
const stock = { sku: 'x', received: 9, available: 6, sold: 2, moving: 1, regions: [{ region: 'a', writer: 'a', available: 6, sold: 2 }] };

describe('an answer', () => {
  test.each<[string, Action, number, object, string | null]>([
    ['that repeats the order', PLACE, 201, placed, null],
    ['with other lines', PLACE, 201, { ...placed, lines: [{ sku: 'x', quantity: 3 }] }, 'other lines than were ordered'],
    ['without its note', PLACE, 201, { ...placed, note: undefined }, 'another note than was sent'],
    ['of no order at all', PLACE, 201, { ok: true }, 'not the shape of an order'],
    ['that has no stock of what there is plenty', PLACE, 409, {}, 'no stock where there is plenty'],
    ['that has no more of what is scarce', { ...PLACE, lines: [{ sku: 'scarce', quantity: 1 }] }, 409, {}, null],
    ['that takes the payment', PAY, 201, { id: 'p', order: ID, amount: 500, at: AT, by: 'a' }, null],
    ['that takes another amount', PAY, 201, { id: 'p', order: ID, amount: 5, at: AT, by: 'a' }, 'another amount than was paid'],
    [
      'of a payment for another order',
      PAY,
      201,
      { id: 'p', order: ID.replace('0', 'f'), amount: 500, at: AT, by: 'a' },
      'a payment of another order',
    ],
    ['of no payment at all', PAY, 201, { ok: true }, 'not the shape of a payment'],
    ['that refuses a payment', PAY, 409, {}, 'a payment was refused that nothing stands against'],
    ['that does not find the order to pay', PAY, 404, {}, 'an order that this region acknowledged is not there'],
    [
      'that has no stock of one thing of which there is plenty',
      { ...PLACE, lines: [...LINES, { sku: 'scarce', quantity: 1 }] },
      409,
      {},
      null,
    ],
    ['that books the receipt', RECEIVE, 201, receipt, null],
    ['that calls its key used', RECEIVE, 409, {}, 'a key of its own was called used'],
    ['of no receipt at all', RECEIVE, 201, { ok: true }, 'not the shape of a receipt'],
    ['of a receipt for another sku', RECEIVE, 201, { ...receipt, sku: 'y' }, 'a receipt of something else'],
    ['of a receipt for another region', RECEIVE, 201, { ...receipt, region: 'us-east-1' }, 'a receipt of something else'],
    ['of a receipt of fewer units', RECEIVE, 201, { ...receipt, quantity: 6 }, 'another quantity than was received'],
    ['that ships it', { operation: 'shipOrder', key: 'key-0007', order: ID }, 201, {}, null],
    ['that will not ship it', { operation: 'shipOrder', key: 'key-0007', order: ID }, 409, {}, null],
    ['that cancels it', { operation: 'cancelOrder', key: 'key-0008', order: ID }, 409, {}, null],
    ['with the stock', { operation: 'getStock', sku: 'x' }, 200, stock, null],
    ['with the stock of another sku', { operation: 'getStock', sku: 'x' }, 200, { ...stock, sku: 'y' }, 'the stock of another sku'],
    ['of no stock at all', { operation: 'getStock', sku: 'x' }, 200, { ok: true }, 'not the shape of stock'],
    ['that there is no stock', { operation: 'getStock', sku: 'x' }, 404, {}, 'no stock where there is plenty'],
    [
      'whose sold units are not those of the regions',
      { operation: 'getStock', sku: 'x' },
      200,
      { ...stock, sold: 3 },
      'sums that are not those of the regions',
    ],
    ['whose sums are off', { operation: 'getStock', sku: 'x' }, 200, { ...stock, available: 7 }, 'sums that are not those of the regions'],
    [
      'that loses units',
      { operation: 'getStock', sku: 'x' },
      200,
      { ...stock, received: 10 },
      'units received that are neither there nor sold nor moving',
    ],
  ])('%s', (_, action, status, body, wrong) => {
    expect(known().of(action)({ region: 'a', status, body })).toBe(wrong);
  });

  test.each<[string, object, string | null]>([
    ['as it was placed', order, null],
    ['with its payment, which may have arrived', paid, null],
    ['without its note', { ...order, note: undefined }, 'another note than was sent'],
    ['with a payment of another amount', { ...paid, payments: [{ ...payment, amount: 1 }] }, 'a payment that nobody made'],
    ['with a sum that is not that of its payments', { ...paid, paid: 400 }, 'paid is not the sum of the payments'],
    ['with other lines', { ...order, lines: [{ sku: 'x', quantity: 3 }] }, 'other lines than were ordered'],
    ['in no shape', { ...order, state: 'lost' }, 'not the shape of an order'],
    [
      'with one payment that is its own and one that is not',
      { ...paid, payments: [payment, { ...payment, id: 'q', amount: 1 }], paid: 501 },
      'a payment that nobody made',
    ],
    ['of somebody else', { ...order, id: ID.replace('0', 'f') }, 'another order than was asked for'],
  ])('that shows an order %s', (_, body, wrong) => {
    const expectations = known();
    expectations.of(PAY);
    expect(expectations.of(READ)({ region: 'a', status: 200, body })).toBe(wrong);
  });
});

describe('of a record, an answer', () => {
  test.each<[string, Action, number, object, string | null]>([
    ['with the edit', EDIT, 201, record, null],
    ['that it is not what was read', EDIT, 412, {}, null],
    ['that there is none', EDIT, 404, {}, 'an edit was refused that nothing stands against'],
    ['with another edit', EDIT, 200, { ...record, ...head('key-0009') }, 'another edit than was sent'],
    ['that refuses the edit', EDIT, 409, {}, 'an edit was refused that nothing stands against'],
    ['of no record at all', EDIT, 200, { ok: true }, 'not the shape of a record'],
    ['of another record', EDIT, 200, { ...record, id: 'q' }, 'another record than was edited'],
    ['that shows no record at all', LOOK, 200, { ok: true }, 'not the shape of a record'],
    ['that shows another record', LOOK, 200, { ...record, id: 'q' }, 'another record than was asked for'],
    [
      'that shows another winner than anybody wrote',
      LOOK,
      200,
      { ...record, ...head('key-0009'), conflicts: [head('key-0003')] },
      'an edit that nobody made',
    ],
    ['that shows what somebody wrote', LOOK, 200, record, null],
    ['that shows what nobody wrote', LOOK, 200, { ...record, conflicts: [head('key-0009')] }, 'an edit that nobody made'],
  ])('%s', (_, action, status, body, wrong) => {
    const expectations = known();
    expectations.of(EDIT);
    expect(expectations.of(action)({ region: 'a', status, body })).toBe(wrong);
  });

  test('may not lack what the same region acknowledged', () => {
    const expectations = known();
    expectations.learn(recordOf(1, { operation: 'putRecord', region: 'a', id: ID, status: 201, value: { record: 'r' } }));
    expect(expectations.of(LOOK)({ region: 'a', status: 404, body: {} })).toBe('a record that this region acknowledged is not there');
    expect(expectations.of(LOOK)({ region: 'b', status: 404, body: {} })).toBeNull();
  });
});

describe('a region', () => {
  test('must show what it acknowledged before it was asked, and another may not have heard of it yet', () => {
    const expectations = known();
    const before = expectations.of(READ);
    expectations.of(PAY);
    expectations.learn(recordOf(1, { operation: 'payOrder', region: 'a', id: 'p', status: 201, value: { order: ID, amount: 500 } }));
    expect(expectations.of(READ)({ region: 'a', status: 200, body: order })).toBe('a payment that this region acknowledged is not there');
    expect(expectations.of(READ)({ region: 'b', status: 200, body: order })).toBeNull();
    expect(before({ region: 'a', status: 200, body: order })).toBeNull();
    expect(expectations.of(READ)({ region: 'a', status: 404, body: {} })).toBe('an order that this region acknowledged is not there');
    expect(expectations.of(READ)({ region: 'b', status: 404, body: {} })).toBeNull();
  });
});

describe('what a region said before', () => {
  const gone = 'an order that this region acknowledged is not there';
  const order = { operation: 'placeOrder', region: 'b', id: ID, status: 201, value: { lines: LINES, note: 'gift' } } as const;

  test.each<[string, Partial<OperationRecord>, string | null]>([
    ['an acknowledgement', {}, gone],
    ['a replayed one', { status: 200 }, gone],
    ['a refusal', { status: 409 }, null],
    ['what was redirected', { status: 300 }, null],
    ['an answer that nobody got', { status: null }, null],
    ['what may or may not have been done', { outcome: 'unknown' }, null],
    ['what failed', { outcome: 'failed' }, null],
    ['an answer of nobody knows whom', { region: null }, null],
    ['an acknowledgement without an id', { id: null }, null],
    ['a read of stock', { operation: 'getStock' }, null],
  ])('is held against it where it was %s', (_, more, wrong) => {
    const expectations = known();
    expectations.learn(recordOf(1, { ...order, ...more }));
    expect(expectations.of(READ)({ region: 'b', status: 404, body: {} })).toBe(wrong);
    expect(expectations.of(PAY)({ region: 'b', status: 404, body: {} })).toBe(wrong);
    expect(expectations.of(READ)({ region: null, status: 404, body: {} })).toBeNull();
    expect(expectations.of(PAY)({ region: null, status: 404, body: {} })).toBeNull();
  });

  test('of an order that nobody acknowledged is nothing', () => {
    expect(new Expectations('scarce').of(READ)({ region: 'a', status: 200, body: { anything: 'goes' } })).toBeNull();
  });

  test.each(['putRecord', 'getRecord'] as const)('of a record, by %s, is that it is there', (operation) => {
    const expectations = known();
    const asked = expectations.of(LOOK);
    expectations.learn(recordOf(1, { operation, region: 'a', id: ID, value: { record: 'r' } }));
    expectations.learn(recordOf(1, { operation, region: 'b', status: 404, value: { record: 'r' } }));
    expect(expectations.of(LOOK)({ region: 'a', status: 404, body: {} })).toBe('a record that this region acknowledged is not there');
    expect(expectations.of(LOOK)({ region: 'b', status: 404, body: {} })).toBeNull();
    expect(expectations.of(LOOK)({ region: null, status: 404, body: {} })).toBeNull();
    // What is acknowledged while a read is under way may or may not be in its answer.
    expect(asked({ region: 'a', status: 404, body: {} })).toBeNull();
  });

  test('of a payment is held against it from then on, and against nobody whose name is not known', () => {
    const expectations = known();
    expectations.of(PAY);
    const asked = expectations.of(READ);
    expectations.learn(recordOf(1, { operation: 'payOrder', region: 'a', id: 'p', status: 201, value: { order: ID, amount: 500 } }));
    expect(expectations.of(READ)({ region: null, status: 200, body: shownOrder })).toBeNull();
    expect(asked({ region: 'a', status: 200, body: shownOrder })).toBeNull();
    expect(expectations.of(READ)({ region: 'a', status: 200, body: paid })).toBeNull();
  });
});

/** The order was acknowledged by region a. */
const known = (): Expectations => {
  const expectations = new Expectations('scarce');
  expectations.learn(recordOf(0, { operation: 'placeOrder', region: 'a', id: ID, status: 201, value: { lines: LINES, note: 'gift' } }));
  return expectations;
};
