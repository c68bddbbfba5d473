import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../ops/drill/callers.ts';
import { allSkus, assortment } from '../../../ops/drill/mix.ts';
import type { Action, OperationRecord, Result } from '../../../ops/drill/operations.ts';
import { receiveFirst } from '../../../ops/drill/warm-up.ts';
import { UserError } from '../../../ops/errors.ts';

const BOOKED: Result = { outcome: 'ok', region: 'a', status: 201, id: null, missed: false, attempts: 1, detail: '', wrong: null, sent: [] };
const LATE: Result = { ...BOOKED, outcome: 'unknown', region: null, status: null, detail: 'no answer in time' };
const STOCK = assortment('test');

describe('the first receipts of a drill', () => {
  test('are asked for again, as the same receipts, while a machine that is busy answers late', async () => {
    const asked: Action[] = [];
    const records = await receive((action) => {
      asked.push(action);
      return asked.length <= 2 ? LATE : BOOKED;
    });
    expect(records.map(({ status }) => status)).toEqual(allSkus(STOCK).map(() => 201));
    expect(asked.slice(0, 3)).toEqual([asked[0], asked[0], asked[0]]);
    expect(asked).toHaveLength(allSkus(STOCK).length + 2);
  });

  test('that a region refuses end the drill at once, and those that it never answers after some tries', async () => {
    let refused = 0;
    const refusing = receive(() => {
      refused += 1;
      return { ...BOOKED, status: 409, detail: 'no' };
    });
    await expect(refusing).rejects.toThrow(UserError);
    expect(refused).toBe(1);
    await expect(receive(() => LATE)).rejects.toThrow("a does not take the drill's stock (no answer in time); see `bin/tandem status`");
  });
});

const receive = async (answer: (action: Action) => Result): Promise<readonly OperationRecord[]> => {
  const records: OperationRecord[] = [];
  const perform = async (action: Action) => answer(action);
  const caller: Caller = { name: 'client-a', kind: 'client', near: 'a', perform, close: async () => undefined };
  await receiveFirst([caller], STOCK, 24, (each) => records.push(each));
  return records;
};
