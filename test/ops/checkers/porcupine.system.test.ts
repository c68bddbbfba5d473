/** The real checker, on histories that are right and on histories that are not. */
import { describe, expect, it } from 'vitest';
import { check, readCourse } from '../../../ops/checkers/check.ts';
import { noticed } from '../../../ops/checkers/spoiled.ts';
import { versionOf } from '../../../ops/checkers/versions.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { A, B, CourseMaker } from './course.ts';

const ORDER = 'an order is linearizable within a region';
const RECORD = 'a record is linearizable within a region';
const KEPT = 'no append is lost';

describe('the checker finds right', () => {
  it.each<readonly [string, CourseMaker]>([
    [
      'an order that is read where it was placed, and arrives elsewhere later',
      make().place(A, 'o').look(A, 'o', []).look(B, 'o').look(B, 'o', []),
    ],
    [
      'payments of two regions that meet',
      make().place(A, 'o').pay(A, 'o', 'p').pay(B, 'o', 'q').look(A, 'o', ['p']).look(B, 'o', ['q', 'p']).look(A, 'o', ['p', 'q']),
    ],
    [
      'a payment without an answer that is seen later',
      make().place(A, 'o').pay(A, 'o', 'p', 'silence').look(A, 'o', []).look(A, 'o', ['p']).look(B, 'o', ['p']),
    ],
    ['a payment without an answer that is never seen', make().place(A, 'o').pay(A, 'o', 'p', 'silence').look(A, 'o', [])],
    ['a payment refused where the order is not yet', make().place(A, 'o').pay(B, 'o', 'p', { status: 404 }).look(B, 'o', [])],
    ['a read that overlaps a payment and misses it', make().place(A, 'o').pay(A, 'o', 'p').look(A, 'o', [], true)],
    ['edits one after the other', make().edit(A, 'v1', []).lookAtRecord(A, ['v1']).edit(A, 'v2', ['v1']).lookAtRecord(A, ['v2'])],
    ['an edit sent twice', make().edit(A, 'v1', []).edit(A, 'v2', ['v1']).edit(A, 'v1', []).lookAtRecord(A, ['v2'])],
    ['an edit refused because another came first', make().edit(A, 'v1', []).edit(A, 'v2', ['v1']).edit(A, 'v3', ['v1'], { status: 412 })],
    [
      'edits of two regions that are both kept, and one that names both',
      make()
        .edit(A, 'v1', [])
        .edit(B, 'w1', [])
        .lookAtRecord(A, ['v1'])
        .lookAtRecord(A, ['v1', 'w1'])
        .edit(A, 'v2', ['v1', 'w1'])
        .lookAtRecord(B, ['v2']),
    ],
    [
      'a version that arrives before the one it was made from',
      make().edit(A, 'v1', []).edit(A, 'v2', ['v1']).edit(B, 'w1', []).lookAtRecord(B, ['w1', 'v2']),
    ],
  ])('%s', async (_what, made) => expect(await brokenOf(made)).toEqual([]));

  it('an edit without an answer that is seen later, under the name that the rule gives it', async () => {
    const unanswered = make().edit(A, 'v1', []).edit(A, 'key', ['v1'], 'silence');
    const version = versionOf({
      operation: 'putRecord',
      key: 'key',
      value: { record: 'r', parents: ['v1'] },
      region: A,
      callMs: 0,
      returnMs: 0,
      end: 'unknown',
      status: null,
      id: null,
      saw: undefined,
    });
    expect(await brokenOf(unanswered.lookAtRecord(A, [version]).lookAtRecord(B, ['v1']).lookAtRecord(B, [version]))).toEqual([]);
  });

  it('what every region holds in the end', async () => {
    const { judgements } = await check(settled().course());
    expect(judgements).toMatchObject([
      { promise: ORDER, reads: 0, refused: [], undecided: [] },
      { promise: RECORD, reads: 0, refused: [], undecided: [] },
      { promise: KEPT, histories: 3, reads: 6, refused: [], undecided: [] },
    ]);
  });

  it('the loss of what only a region acknowledged that lost its items, and counts it', async () => {
    const made = make().place(A, 'o');
    const lossMs = made.nowMs;
    made.place(B, 'p').look(A, 'o').holds(A, 'order o').holds(B, 'order o').holds(A, 'order p', 'placed').holds(B, 'order p', 'placed');
    const { judgements, excused } = await check(made.course([{ region: A, atMs: lossMs }]));
    expect([judgements.flatMap(({ refused }) => refused), excused]).toEqual([[], 1]);
  });
});

describe('the checker refuses', () => {
  it.each<readonly [string, string, CourseMaker]>([
    ['an order that its region acknowledged and does not show', ORDER, make().place(A, 'o').look(A, 'o')],
    ['a payment that its region acknowledged and does not show', ORDER, make().place(A, 'o').pay(A, 'o', 'p').look(A, 'o', [])],
    ['a payment that was seen and is gone', ORDER, make().place(A, 'o').pay(B, 'o', 'p').look(A, 'o', ['p']).look(A, 'o', [])],
    [
      'a payment without an answer that was seen and is gone',
      ORDER,
      make().place(A, 'o').pay(A, 'o', 'p', 'silence').look(A, 'o', ['p']).look(A, 'o', []),
    ],
    ['a payment that is seen before anybody asked for it', ORDER, make().place(A, 'o').look(A, 'o', ['p']).pay(A, 'o', 'p')],
    ['a payment that nobody made', ORDER, make().place(A, 'o').look(A, 'o', ['x'])],
    ['a payment refused for want of an order that is there', ORDER, make().place(A, 'o').pay(A, 'o', 'p', { status: 404 })],
    ['a payment of an order that is not there', ORDER, make().pay(A, 'o', 'p').look(A, 'o').place(A, 'o')],
    [
      'two edits of one version, of which one overwrote the other',
      RECORD,
      make().edit(A, 'v1', []).edit(A, 'v2', ['v1']).edit(A, 'v3', ['v1']),
    ],
    ['an edit refused though nothing had changed', RECORD, make().edit(A, 'v1', []).edit(A, 'v2', ['v1'], { status: 412 })],
    [
      'an edit that its region acknowledged and does not show',
      RECORD,
      make().edit(A, 'v1', []).edit(A, 'v2', ['v1']).lookAtRecord(A, ['v1']),
    ],
    [
      'a conflict that was shown and went away without an edit',
      RECORD,
      make().edit(A, 'v1', []).edit(B, 'w1', []).lookAtRecord(A, ['v1', 'w1']).lookAtRecord(A, ['v1']),
    ],
    ['a version that nobody wrote', RECORD, make().edit(A, 'v1', []).lookAtRecord(A, ['x'])],
  ])('%s', async (_what, promise, made) => expect(await brokenOf(made)).toEqual([promise]));

  it.each([
    ['order o', 'placed'],
    ['order o', 'paid p'],
    ['stock tea', 'receipt c'],
    ['record r', 'version v1'],
    ['record r', 'version v2'],
  ])('the loss of one write in one region: of %s, %s', async (thing, name) => {
    const { readings, ...course } = settled().course();
    const without = readings.map((each) =>
      each.region === B && each.thing === thing ? { ...each, holds: each.holds.filter((held) => held !== name) } : each,
    );
    const { judgements } = await check({ ...course, readings: without });
    expect(judgements.filter(({ refused }) => refused.length > 0)).toMatchObject([
      { promise: KEPT, refused: [{ name: expect.stringContaining(thing), unexplained: [expect.stringContaining(`${B} read`)] }] },
    ]);
  });

  it('a loss that only the region which lost its items could excuse, when another had acknowledged it too', async () => {
    const made = make().place(A, 'o').place(B, 'o');
    const { judgements } = await check(
      made
        .holds(A, 'order o')
        .holds(B, 'order o')
        .course([{ region: A, atMs: made.nowMs }]),
    );
    expect(judgements.filter(({ refused }) => refused.length > 0).map(({ promise }) => promise)).toEqual([KEPT]);
  });
});

describe('a right history that is spoiled', () => {
  it('is refused, in whatever way', async () => {
    const made = settled().pay(A, 'o', 'q').look(A, 'o', ['q']).lookAtRecord(A, ['v2']);
    expect(await noticed(made.course(), 3)).toEqual([
      { name: expect.stringContaining('missing'), spoiled: 3, refused: 3 },
      { name: expect.stringContaining('misses a payment'), spoiled: 1, refused: 1 },
      { name: expect.stringContaining('replaced'), spoiled: 1, refused: 1 },
      { name: expect.stringContaining('same version'), spoiled: 1, refused: 1 },
    ]);
  });

  it('loses only what a promise was given for: not what a region took with it, though it is there by chance', async () => {
    const made = make().place(A, 'o');
    const lossMs = made.nowMs;
    made.place(B, 'p');
    for (const order of ['o', 'p']) for (const region of [A, B]) made.holds(region, `order ${order}`, 'placed');
    const [missing] = await noticed(made.course([{ region: A, atMs: lossMs }]), 9);
    expect(missing).toMatchObject({ spoiled: 2, refused: 2 });
  });
});

describe('a folder', () => {
  it('without a history is a mistake of the user, and no success', async () => {
    await expect(readCourse(temporaryFolder())).rejects.toThrow(/has no report\.json; allowed: the folder of a drill's report/);
  });
});

/** Promises that do not hold; an undecided one neither holds nor is broken, and fails. */
const brokenOf = async (made: CourseMaker): Promise<readonly string[]> => {
  const { judgements } = await check(made.course());
  expect(judgements.flatMap(({ undecided }) => undecided)).toEqual([]);
  return judgements.filter(({ refused }) => refused.length > 0).map(({ promise }) => promise);
};

function make(): CourseMaker {
  return new CourseMaker();
}

/** Writes of every kind, and both regions holding them. */
const settled = (): CourseMaker => {
  const made = make()
    .place(A, 'o')
    .pay(B, 'o', 'p')
    .request('receiveStock', A, { sku: 'tea', region: A, quantity: 1 }, { status: 201, id: 'c' }, 'receive c')
    .edit(A, 'v1', [])
    .edit(A, 'v2', ['v1']);
  for (const region of [A, B]) {
    made.holds(region, 'order o', 'paid p', 'placed').holds(region, 'stock tea', 'receipt c', 'receipt first');
    made.holds(region, 'record r', 'version v1', 'version v2');
  }
  return made;
};
