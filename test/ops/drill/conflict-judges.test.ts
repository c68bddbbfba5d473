import { describe, expect, test } from 'vitest';
import { HEADERS } from '../../../functions/contract/names.ts';
import type { Item } from '../../../functions/core/store.ts';
import {
  type Healed,
  type Judge,
  judgeCancelledAndShipped,
  judgeEditedTwice,
  judgeLastUnits,
  judgeOtherOrder,
  judgePayment,
  judgeReceiptElsewhere,
  judgeSameOrder,
  judgeTold,
  type Made,
} from '../../../ops/drill/conflict-judges.ts';
import type { OperationRecord } from '../../../ops/drill/operations.ts';
import type { Asked } from '../../../ops/drill/region-caller.ts';
import { readFacts } from '../../../sim/facts.ts';
import { ended, placed } from './items.ts';
import { recordOf } from './records.ts';

const REGIONS = ['a', 'b'];
const done = (near: string, more: Partial<OperationRecord> = {}): OperationRecord =>
  recordOf(1, { near, kind: 'region', operation: 'placeOrder', status: 201, id: 'o1', ...more });
const made = (first: Partial<OperationRecord> = {}, second: Partial<OperationRecord> = {}): Made => ({
  regions: REGIONS,
  records: [done('a', first), done('b', second)],
});
const asked = (body: object | undefined, headers: Readonly<Record<string, string>> = {}, more: Partial<OperationRecord> = {}): Asked => ({
  record: recordOf(1, more),
  header: (name) => headers[name] ?? null,
  body,
});
/** Bodies by region. */
const healed = (items: readonly Item[], a: object | undefined = {}, b: object | undefined = a): Healed => ({
  facts: readFacts(items),
  look: async (region) => asked(region === 'a' ? a : b),
});
const wrongOf = async (judge: Judge, world: Healed): Promise<string | null> => (await judge(world)).wrong;

type World = readonly [what: string, wrong: string | RegExp | null, judge: Judge, healed: Healed];
const judges = (what: string, worlds: readonly World[]) =>
  describe(what, () => {
    test.each(worlds)('%s: %s', async (_, wrong, judge, world) => {
      const found = await wrongOf(judge, world);
      if (wrong instanceof RegExp) expect(found ?? 'nothing').toMatch(wrong);
      else expect(found).toBe(wrong);
    });
  });

const KEPT = [placed('a'), placed('b'), ended('b', 'superseded')];
const shown = { id: 'o1', conflicts: [] };
const same = judgeSameOrder(made(), 'o1');
judges('of the same order in two regions, the end', [
  ['that is right', null, same, healed(KEPT, shown)],
  ['that was never a conflict', /^placeOrder in b/, judgeSameOrder(made({}, { status: 503 }), 'o1'), healed(KEPT, shown)],
  ['that was not even answered', /^placeOrder in a/, judgeSameOrder(made({ status: null }), 'o1'), healed(KEPT, shown)],
  ['that was redirected', /^placeOrder in a/, judgeSameOrder(made({ status: 300 }), 'o1'), healed(KEPT, shown)],
  ['with two ids', 'two ids for one key', judgeSameOrder(made({}, { id: 'o2' }), 'o1'), healed(KEPT, shown)],
  ['without the order', 'the order is not there', same, healed([], shown)],
  ['accepted by one', 'accepted by a', same, healed([placed('a')], shown)],
  ['kept by the other', /^kept by b, not by a/, same, healed([placed('a'), ended('b', 'shipped'), placed('b')], shown)],
  ['whose second reservation is open', 'b has not ended its reservation', same, healed(KEPT.slice(0, 2), shown)],
  [
    'whose second reservation ended otherwise',
    'b has not ended its reservation',
    same,
    healed([placed('a'), ended('b', 'cancelled')], shown),
  ],
  [
    'whose second reservation ended twice',
    'b has not ended its reservation',
    same,
    healed([...KEPT, { ...ended('b', 'superseded'), sk: 'END#b#b.2' }], shown),
  ],
  ['that regions show differently', 'the regions answer differently', same, healed(KEPT, shown, { ...shown, id: 'o2' })],
  ['that no region shows', 'the regions answer differently', same, { ...healed(KEPT), look: async () => asked(undefined) }],
  ['that calls equal bodies a conflict', 'equal bodies are called a conflict', same, healed(KEPT, { ...shown, conflicts: [{}] })],
]);

const LINES = [{ sku: 'x', quantity: 2 }];
const OTHERS = [{ sku: 'y', quantity: 3 }];
const otherPlaced: Item = { ...placed('b'), lines: OTHERS };
const TWO = [placed('a'), otherPlaced, { ...ended('b', 'superseded'), lines: OTHERS }];
const both = { lines: LINES, conflicts: [{ lines: OTHERS }] };
const other = judgeOtherOrder(made(), 'o1', { lines: LINES, others: OTHERS });
judges('of two orders under one key, the end', [
  ['that is right', null, other, healed(TWO, both)],
  ['kept by nobody', 'b has not ended its reservation', other, healed(TWO.slice(0, 2), both)],
  [
    'with the body of the one and the stock of the other',
    'body and keeper are of two regions',
    other,
    healed([{ ...placed('a'), lines: OTHERS }, ...TWO.slice(1)], both),
  ],
  ['that regions show differently', 'the regions answer differently', other, healed(TWO, both, { ...both, lines: OTHERS })],
  ['that shows the other body', 'the body shown is not the keeper’s', other, healed(TWO, { ...both, lines: OTHERS })],
  ['that hides the other body', 'the other body is not shown', other, healed(TWO, { ...both, conflicts: [] })],
  ['that shows the other body wrong', 'the other body is not shown', other, healed(TWO, { ...both, conflicts: [{ lines: LINES }] })],
  [
    'that shows it twice',
    'the other body is not shown',
    other,
    healed(TWO, { ...both, conflicts: [{ lines: OTHERS }, { lines: OTHERS }] }),
  ],
]);

const row = (writer: string, available: number, sold: number): Item => ({ pk: 'STOCK#x', sk: `HELD#${writer}`, v: 1, available, sold });
const sale = (near: string, status = 201): OperationRecord => done(near, { status, id: status === 201 ? 'o' : null });
const SALES = [...['a', 'a', 'b', 'b'].map((near) => sale(near)), sale('a', 409), sale('b', 409)];
const last = (records: readonly OperationRecord[]): Judge => judgeLastUnits({ regions: REGIONS, records }, 'x', 2);
judges('of the last units, the end', [
  ['that is right', null, last(SALES), healed([row('a', 0, 2), row('b', 0, 2)])],
  [
    'with an order that nobody answered',
    'an order was neither taken nor refused',
    last([...SALES, done('a', { outcome: 'unknown', status: null })]),
    healed([row('a', 0, 2), row('b', 0, 2)]),
  ],
  [
    'with too few sold in one region',
    'of 2 units in each region, 1 and 2 were sold',
    last(SALES.slice(1)),
    healed([row('a', 0, 2), row('b', 0, 2)]),
  ],
  [
    'with too many sold',
    'of 2 units in each region, 3 and 2 were sold',
    last([...SALES, sale('a')]),
    healed([row('a', 0, 2), row('b', 0, 2)]),
  ],
  ['with other numbers on the table', '5 sold on the table', last(SALES), healed([row('a', 0, 3), row('b', 0, 2)])],
  ['with a row below nothing', 'a region sold more than it held', last(SALES), healed([row('a', -1, 3), row('b', 1, 1)])],
]);

const paidItem = (by: string, amount: number): Item => ({ pk: 'ORDER#o1', sk: `E#paid#p#${by}`, v: 1, amount, at: 3 });
const PAID = [placed('a'), paidItem('a', 700), paidItem('b', 300)];
const paidBody = { paid: 700, payments: [{ amount: 700, conflicts: [{ amount: 300 }] }] };
const pay = judgePayment(made(), 'o1', { id: 'p', amounts: [700, 300] });
judges('of a payment with two amounts, the end', [
  ['that is right', null, pay, healed(PAID, paidBody)],
  ['that forgot the smaller region’s', 'amounts on the table: 300', pay, healed([placed('a'), paidItem('b', 300)], paidBody)],
  ['that forgot the other’s', 'amounts on the table: 700', pay, healed(PAID.slice(0, 2), paidBody)],
  [
    'that changed them over',
    'amounts on the table: 300, 700',
    pay,
    healed([placed('a'), paidItem('a', 300), paidItem('b', 700)], paidBody),
  ],
  ['that regions show differently', 'the regions answer differently', pay, healed(PAID, paidBody, { ...paidBody, paid: 300 })],
  ['counted twice', 'paid is 1000', pay, healed(PAID, { ...paidBody, paid: 1_000 })],
  [
    'shown as two payments',
    'the other amount is not shown',
    pay,
    healed(PAID, { ...paidBody, payments: [...paidBody.payments, { amount: 300 }] }),
  ],
  [
    'that hides the other amount',
    'the other amount is not shown',
    pay,
    healed(PAID, { ...paidBody, payments: [{ amount: 700, conflicts: [] }] }),
  ],
]);

const wish: Item = { pk: 'ORDER#o1', sk: 'E#cancel#c#b', v: 1, at: 4 };
const SHIPPED = [placed('a'), ended('a', 'shipped'), wish];
const ship = judgeCancelledAndShipped(made(), 'o1');
judges('of an order shipped here and cancelled there, the end', [
  ['that is right', null, ship, healed(SHIPPED, { state: 'shipped' })],
  ['without the order', 'not shipped on the table', ship, healed([], { state: 'shipped' })],
  ['that is cancelled', 'not shipped on the table', ship, healed([placed('a'), ended('a', 'cancelled'), wish], { state: 'shipped' })],
  ['with a reservation that is open', 'a reservation has not ended once', ship, healed([...SHIPPED, placed('b')], { state: 'shipped' })],
  [
    'with a reservation that ended twice',
    'a reservation has not ended once',
    ship,
    healed([...SHIPPED, { ...ended('a', 'cancelled'), sk: 'END#a#b' }], { state: 'shipped' }),
  ],
  ['that forgot the wish', 'the wish to cancel is not there', ship, healed(SHIPPED.slice(0, 2), { state: 'shipped' })],
  ['that regions show differently', 'the regions answer differently', ship, healed(SHIPPED, { state: 'shipped' }, { state: 'cancelled' })],
  ['shown as cancelled', 'its state is cancelled', ship, healed(SHIPPED, { state: 'cancelled' })],
]);

const edits = made({ id: 'v1' }, { id: 'v2' });
const heads = { version: 'v2', conflicts: [{ version: 'v1' }] };
const edit = judgeEditedTwice(edits, 'r');
judges('of two edits of one version, the end', [
  ['that is right', null, edit, healed([], heads)],
  [
    'with another winner in each region',
    'the regions answer differently',
    edit,
    healed([], heads, { version: 'v1', conflicts: [{ version: 'v2' }] }),
  ],
  ['that dropped one', 'not exactly both edits are shown', edit, healed([], { version: 'v2', conflicts: [] })],
  [
    'that shows another besides',
    'not exactly both edits are shown',
    edit,
    healed([], { ...heads, conflicts: [{ version: 'v1' }, { version: 'v0' }] }),
  ],
]);

const bookedItem = (by: string, quantity = 7): Item => ({ pk: 'STOCK#x', sk: `BOOKED#r#${by}`, v: 1, quantity, at: 1 });
const received: Made = { regions: REGIONS, records: [done('a', { operation: 'receiveStock', id: 'r' })] };
const receipt = judgeReceiptElsewhere(received, { sku: 'x', region: 'b', quantity: 7 });
judges('of a receipt for another region, the end', [
  ['that is right', null, receipt, healed([bookedItem('b')])],
  ['booked by nobody', 'booked 0 times', receipt, healed([])],
  ['booked by two regions', 'booked 2 times', receipt, healed([bookedItem('b'), bookedItem('a')])],
  ['booked by the one that took it', 'booked by a', receipt, healed([bookedItem('a')])],
  ['booked with another quantity', '8 units booked', receipt, healed([bookedItem('b', 8)])],
  ['of another receipt', 'booked 0 times', receipt, healed([{ ...bookedItem('b'), sk: 'BOOKED#q#b' }])],
]);

const STALE = { [HEADERS.stale]: 'true' };
const askedWith = (during: Asked): Judge =>
  judgeTold(made(), { token: 't', region: 'b', look: { operation: 'getStock', sku: 'x' }, during });
const after = (answer: Asked): Healed => ({ facts: readFacts([]), look: async () => answer });
judges('of a token that a region cannot honour yet, the end', [
  ['that is right', null, askedWith(asked({}, STALE)), after(asked({}))],
  ['not called stale', 'not called stale while the regions did not hear of each other', askedWith(asked({})), after(asked({}))],
  [
    'called something else',
    'not called stale while the regions did not hear of each other',
    askedWith(asked({}, { [HEADERS.stale]: 'false' })),
    after(asked({})),
  ],
  ['not answered afterwards', 'not answered afterwards: ', askedWith(asked({}, STALE)), after(asked({}, {}, { outcome: 'failed' }))],
  ['stale for ever', 'still called stale', askedWith(asked({}, STALE)), after(asked({}, STALE))],
  ['that nobody could ask with', null, judgeTold(made(), undefined), after(asked({}))],
]);

describe('a judge', () => {
  test('asks with the token of the answer before', async () => {
    const seen: unknown[] = [];
    const look: Healed['look'] = async (region, action, headers) => {
      seen.push([region, action, headers]);
      return asked({});
    };
    await askedWith(asked({}, STALE))({ facts: readFacts([]), look });
    expect(seen).toEqual([['b', { operation: 'getStock', sku: 'x' }, { [HEADERS.token]: 't' }]]);
  });

  test('says that a conflict was not made, and that there was no token', async () => {
    expect((await judgeSameOrder(made({ status: null }), 'o1')(healed(KEPT, shown))).how).toBe('not made: a region did not take it');
    expect((await judgeTold(made(), undefined)(healed([]))).how).toBe('not offered: answers carry no token');
  });
});
