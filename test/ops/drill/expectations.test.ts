import { describe, expect, test } from 'vitest';
import { Expectations } from '../../../ops/drill/expectations.ts';
import type { Action } from '../../../ops/drill/operations.ts';
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

const placed = { id: ID, lines: LINES, note: 'gift', placedAt: AT, placedBy: 'a' };
const payment = { id: 'p', amount: 500, at: AT, by: 'a', conflicts: [] };
const order = { ...placed, state: 'placed', payments: [], paid: 0, shipments: [], conflicts: [] };
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
    ['with the stock', { operation: 'getStock', sku: 'x' }, 200, stock, null],
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

/** The order was acknowledged by region a. */
const known = (): Expectations => {
  const expectations = new Expectations('scarce');
  expectations.learn(recordOf(0, { operation: 'placeOrder', region: 'a', id: ID, status: 201, value: { lines: LINES, note: 'gift' } }));
  return expectations;
};
