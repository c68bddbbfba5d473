/** What the checker is given, whatever checks it. */
import { describe, expect, test } from 'vitest';
import { keptHistories, mustBeKept } from '../../../ops/checkers/kept.ts';
import { replicasOf, requestsOf } from '../../../ops/checkers/requests.ts';
import type { OperationRecord, SentRequest } from '../../../ops/drill/operations.ts';
import { recordOf } from '../drill/records.ts';
import { A, B, CourseMaker } from './course.ts';

const sent = (region: string | null, status: number | null, end: SentRequest['end'], startMs = 1): SentRequest => ({
  region,
  version: null,
  status,
  startMs,
  endMs: startMs + 0.5,
  end,
  wrong: null,
});
const placed = (requests: readonly SentRequest[], more: Partial<OperationRecord> = {}): OperationRecord =>
  recordOf(1, { operation: 'placeOrder', key: 'k', region: A, status: 201, id: 'o', value: { lines: [] }, sent: [...requests], ...more });

describe('a request', () => {
  test.each<[string, SentRequest, Partial<OperationRecord>, string]>([
    ['that was acknowledged is done', sent(A, 201, 'answered'), {}, 'done'],
    ['that another region acknowledged may be done', sent(B, 201, 'answered'), {}, 'unknown'],
    ['whose acknowledgement nobody was told may be done', sent(A, 201, 'answered'), { id: null }, 'unknown'],
    ['that was refused is not', sent(A, 409, 'answered'), { status: 409, id: null }, 'refused'],
    ['that was redirected is not', sent(A, 300, 'answered'), { status: 300, id: null }, 'refused'],
    ['that failed may be done', sent(A, 500, 'failed'), { status: 500, id: null }, 'unknown'],
    ['that was never answered may be done', sent(A, null, 'failed'), { status: null, id: null }, 'unknown'],
    ['that was overtaken may be done', sent(A, 201, 'overtaken'), {}, 'unknown'],
  ])('%s', (_, one, more, end) => expect(requestsOf(placed([one], more))).toMatchObject([{ end }]));

  test('of several is told by the last that was answered so, and is never narrower than it was', () => {
    const [first, second] = requestsOf(placed([sent(A, 201, 'answered', 1.4), sent(A, 201, 'answered', 5.4)]));
    expect([first?.id, second?.id]).toEqual([null, 'o']);
    expect([second?.callMs, second?.returnMs]).toEqual([5, 6]);
  });
});

test('a region that lost its items is another replica afterwards', () => {
  const [request] = requestsOf(placed([sent(A, 201, 'answered', 100)]));
  if (request === undefined) throw new Error('no request');
  const replicas = replicasOf(
    [A, B],
    [
      { region: A, atMs: 100 },
      { region: A, atMs: 200 },
    ],
  );
  expect(replicas.map(({ name }) => name)).toEqual([A, `${A}, after its loss 1`, `${A}, after its loss 2`, B]);
  const servedAt = (callMs: number) => replicas.map(({ served }) => served({ ...request, callMs }));
  expect(servedAt(99)).toEqual([true, false, false, false]);
  expect(servedAt(100)).toEqual([false, true, false, false]);
  expect(servedAt(200)).toEqual([false, false, true, false]);
});

describe('what must be kept', () => {
  const requests = new CourseMaker().place(A, 'o').pay(B, 'o', 'p').edit(A, 'v1', []).look(A, 'o').course().records.flatMap(requestsOf);
  const [begin = 0, paidMs = 0] = requests.map(({ callMs }) => callMs);

  test('is what was acknowledged, and no more', () => {
    expect([...mustBeKept(requests, [])].sort()).toEqual(['order o paid p', 'order o placed', 'record r version v1']);
    const refused = new CourseMaker().place(A, 'o').pay(A, 'o', 'p', { status: 409 }).edit(A, 'v1', [], 'silence').course().records;
    expect([...mustBeKept(refused.flatMap(requestsOf), [])]).toEqual(['order o placed']);
  });

  test('is not what only a region acknowledged that lost it, and that is counted', () => {
    const losses = [{ region: A, atMs: paidMs }];
    expect([...mustBeKept(requests, losses)].sort()).toEqual(['order o paid p', 'record r version v1']);
    expect(keptHistories(requests, [], losses).excused).toBe(1);
    expect(keptHistories(requests, [], [{ region: A, atMs: begin }]).excused).toBe(0);
    expect(keptHistories(requests, [], [{ region: B, atMs: paidMs }]).excused).toBe(0);
  });

  test('is nothing that was refused', () => {
    const { records, readings } = new CourseMaker()
      .edit(A, 'v1', [])
      .edit(B, 'v9', [], { status: 412 })
      .holds(A, 'record r', 'version v1')
      .course();
    const { histories } = keptHistories(records.flatMap(requestsOf), readings, []);
    expect(histories.flatMap(({ operations }) => operations.map(({ kind }) => kind))).toEqual(['add', 'read']);
  });

  test('is looked for in the readings of its own thing, and nobody else’s names are', () => {
    const readings = [
      { region: A, thing: 'order o', startMs: 1, endMs: 2, holds: ['placed', 'paid p', 'paid x'] },
      { region: A, thing: 'order q', startMs: 1, endMs: 2, holds: ['placed'] },
    ];
    const { histories } = keptHistories(requests, readings, []);
    const order = histories.find(({ name }) => name.endsWith('order o'));
    expect(order?.operations.filter(({ kind }) => kind === 'read').map(({ sees }) => sees)).toEqual([['placed', 'paid p']]);
    expect(order?.operations.filter(({ kind }) => kind === 'add').map(({ names }) => names)).toEqual([['placed'], ['paid p']]);
  });
});
