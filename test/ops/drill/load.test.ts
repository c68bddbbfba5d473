import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../ops/drill/callers.ts';
import { type LoadProps, runLoad } from '../../../ops/drill/load.ts';
import { assortment, Mix } from '../../../ops/drill/mix.ts';
import type { OperationRecord, Result } from '../../../ops/drill/operations.ts';
import { recordOf } from './records.ts';

const OK: Result = { outcome: 'ok', region: 'a', status: 200, id: null, missed: false, attempts: 1, detail: '', wrong: null, sent: [] };

describe('the load', () => {
  test('goes on while answers hang, and counts their time from when they were due', async () => {
    const { records } = await loadOf({ perform: () => answerIn(600), ratePerSecond: 50, secondsMax: 0.4 });
    expect(records).toHaveLength(20);
    const [first] = records;
    // Due 20 ms apart although each answer took 600 ms.
    expect(records.map((record) => Math.round(record.startMs - (first?.startMs ?? 0)))).toEqual(
      Array.from({ length: 20 }, (_, index) => index * 20),
    );
    expect(Math.min(...records.map((record) => record.endMs - record.startMs))).toBeGreaterThanOrEqual(590);
  });

  test('lets a caller that blocks everything pay for it: what was due meanwhile is late, not left out', async () => {
    let blocked = false;
    const perform = async (): Promise<Result> => {
      if (!blocked) {
        blocked = true;
        const endMs = Date.now() + 300;
        while (Date.now() < endMs);
      }
      return OK;
    };
    const { records } = await loadOf({ perform, ratePerSecond: 50, secondsMax: 0.4 });
    expect(records).toHaveLength(20);
    expect(records.filter((record) => record.endMs - record.startMs > 100).length).toBeGreaterThan(8);
  });

  test('takes turns', async () => {
    const { records } = await loadOf({ ratePerSecond: 100, secondsMax: 0.1 });
    expect(records.map((record) => record.caller)).toEqual(Array.from({ length: 10 }, (_, index) => `caller-${index % 2}`));
  });

  test('is bounded: above the limit requests are not sent, and count as failed', async () => {
    const { records, sent } = await loadOf({ perform: () => answerIn(300), ratePerSecond: 100, secondsMax: 0.2, inFlightMax: 5 });
    expect(sent).toBe(5);
    expect(records.filter((record) => record.outcome === 'failed')).toHaveLength(15);
  });

  test('ends at the signal, after the answers that are due', async () => {
    const ended = new AbortController();
    setTimeout(() => ended.abort(), 100);
    const { records, sent } = await loadOf({ perform: () => answerIn(200), ratePerSecond: 50, secondsMax: 60, signal: ended.signal });
    expect(sent).toBeLessThan(50);
    expect(records).toHaveLength(sent);
  });
});

describe('the mix', () => {
  test('reads and pays only what was acknowledged to that caller, and pays once', () => {
    const mix = mixOf();
    for (let index = 0; index < 40; index += 1)
      mix.learn(recordOf(index, { caller: 'c1', operation: 'placeOrder', id: `o${index}`, status: 201 }));
    mix.learn(recordOf(0, { caller: 'c1', operation: 'placeOrder', id: 'unknown', outcome: 'unknown' }));
    mix.learn(recordOf(998_900, { caller: 'c1', operation: 'placeOrder', id: 'young', status: 201 }));
    const own = Array.from({ length: 500 }, () => mix.next('c1'));
    const paid = own.flatMap((action) => (action.operation === 'payOrder' ? [action.order] : []));
    expect(paid.length).toBeGreaterThan(10);
    expect(new Set(paid).size).toBe(paid.length);
    expect(paid).not.toContain('young');
    expect(own.some((action) => action.operation === 'getOrder' && action.order === 'unknown')).toBe(false);
    const others = Array.from({ length: 200 }, () => mix.next('c2').operation);
    expect(others).not.toContain('getOrder');
    expect(others).not.toContain('payOrder');
  });

  test('gives every write a key of its own, and each order lines of different skus', () => {
    const mix = mixOf();
    const actions = Array.from({ length: 500 }, () => mix.next('c1'));
    const keys = actions.flatMap((action) => ('key' in action ? [action.key] : []));
    expect(new Set(keys).size).toBe(keys.length);
    for (const action of actions) {
      if (action.operation === 'placeOrder') expect(new Set(action.lines.map((line) => line.sku)).size).toBe(action.lines.length);
    }
    const scarce = actions.filter((action) => action.operation === 'placeOrder' && action.lines.some((line) => line.sku === 'd-scarce'));
    expect(scarce.length).toBeGreaterThan(10);
  });

  test('edits a record from the heads that its caller saw last, and looks again when it is refused', () => {
    const mix = mixOf();
    const record = 'd-r';
    const edits = () => Array.from({ length: 500 }, () => mix.next('c1')).filter((each) => each.operation === 'putRecord');
    const seen = (more: Partial<OperationRecord>) => mix.learn(recordOf(0, { caller: 'c1', value: { record }, ...more }));
    expect(edits()).toEqual([]);
    seen({ operation: 'getRecord', status: 200, saw: { heads: ['v1', 'v2'] } });
    expect(edits()[0]).toMatchObject({ record, parents: ['v1', 'v2'] });
    seen({ operation: 'putRecord', status: 200, id: 'v3' });
    expect(edits()[0]).toMatchObject({ record, parents: ['v3'] });
    seen({ operation: 'putRecord', status: 412 });
    expect(edits()).toEqual([]);
    seen({ operation: 'getRecord', status: 404 });
    expect(edits()[0]).toMatchObject({ record, parents: [] });
  });

  test('edits no record in the moment in which its caller first saw the heads', () => {
    const mix = mixOf();
    const edits = () => Array.from({ length: 500 }, () => mix.next('c1')).filter((each) => each.operation === 'putRecord');
    mix.learn(recordOf(999_000, { caller: 'c1', value: { record: 'd-r' }, operation: 'getRecord', status: 200, saw: { heads: ['v1'] } }));
    expect(edits()).toEqual([]);
  });

  test('has a caller with a record of its own edit that one alone, and make one edit after the other', () => {
    const mix = mixOf(false);
    const next = (caller: string) => Array.from({ length: 500 }, () => mix.next(caller));
    const edits = (caller: string) => next(caller).flatMap((each) => (each.operation === 'putRecord' ? [each] : []));
    const [first, ...more] = edits('c1');
    expect([first?.parents, more]).toEqual([[], []]);
    expect(edits('c2').map(({ record }) => record)).not.toContain(first?.record);
    const value = { record: first?.record };
    mix.learn(recordOf(900_000, { caller: 'c1', value, operation: 'putRecord', status: 201, id: 'v1' }));
    expect(edits('c1').map(({ record, parents }) => [record, parents])).toEqual([[first?.record, ['v1']]]);
    // What became of an edit is not known: it looks before it makes another one.
    mix.learn(recordOf(900_000, { caller: 'c1', value, operation: 'putRecord', outcome: 'unknown', status: null, id: null }));
    const looks = next('c1').filter(
      (each) => each.operation === 'putRecord' || (each.operation === 'getRecord' && each.record === first?.record),
    );
    expect([looks.length > 0, looks.every(({ operation }) => operation === 'getRecord')]).toEqual([true, true]);
    mix.learn(recordOf(900_000, { caller: 'c1', value, operation: 'getRecord', status: 200, saw: { heads: ['v2'] } }));
    expect(edits('c1').map(({ parents }) => parents)).toEqual([['v2']]);
  });
});

const mixOf = (sharesRecords = true): Mix => {
  let key = 0;
  let seed = 1;
  // A small generator of its own, so that the test is the same each time.
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const newKey = () => {
    key += 1;
    return `key-${key}`;
  };
  return new Mix({ stock: assortment('d'), sharesRecords: () => sharesRecords, regions: ['a', 'b'], random, now: () => 1_000_000, newKey });
};

const answerIn = async (milliseconds: number): Promise<Result> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return OK;
};

const loadOf = async ({ perform = async () => OK, ...props }: Partial<LoadProps> & { readonly perform?: () => Promise<Result> }) => {
  const records: OperationRecord[] = [];
  let sent = 0;
  const caller = (name: string): Caller => ({
    name,
    kind: 'client',
    near: 'a',
    perform: async () => {
      sent += 1;
      return perform();
    },
    close: async () => {},
  });
  await runLoad({
    callers: [caller('caller-0'), caller('caller-1')],
    next: () => ({ operation: 'getStock', sku: 'x' }),
    ratePerSecond: 50,
    secondsMax: 1,
    inFlightMax: 1_000,
    record: (record) => records.push(record),
    signal: new AbortController().signal,
    ...props,
  });
  return { records: records.toSorted((a, b) => a.startMs - b.startMs), sent };
};
