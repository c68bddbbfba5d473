import { describe, expect, test } from 'vitest';
import type { OperationRecord, SentRequest } from '../../../ops/drill/operations.ts';
import { exposureOf, measureSpoil, type SpoilProps, slowAbove } from '../../../ops/drill/spoil.ts';
import type { TargetEvent } from '../../../ops/targets/target.ts';
import { recordOf } from './records.ts';

const DELIVERED = 100_000;

describe('what the new version spoiled', () => {
  test('is what failed, was wrong, or slow, of its own answers only', () => {
    const found = measure([
      answered(110_000, { version: 'r+2' }),
      answered(110_100, { version: 'r+2', end: 'failed', status: 500 }, { outcome: 'failed' }),
      answered(110_200, { version: 'r+2', wrong: 'other lines' }, { wrong: 'other lines' }),
      answered(110_300, { version: 'r+2', endMs: 112_000 }, { endMs: 112_000 }),
      answered(110_400, { version: 'r+1', end: 'failed', status: 500 }, { outcome: 'failed' }),
      answered(110_500, { version: 'r+1', endMs: 115_000 }, { endMs: 115_000 }),
    ]);
    expect(found).toMatchObject({
      answers: 4,
      spoiled: { requests: { dns: 0, client: 3 }, hidden: 0, failed: 1, wrong: 1, slow: 1 },
      besides: { failed: { dns: 0, client: 1 }, wrong: { dns: 0, client: 0 } },
    });
  });

  test('counts attempts that the failover client made good, though its caller noticed nothing', () => {
    const helped = recordOf(110_000, {
      sent: [sent(110_000, { version: 'r+2', end: 'failed', status: 500 }), sent(110_010, { region: 'b', version: 'r+1' })],
    });
    const overtaken = recordOf(110_100, {
      sent: [sent(110_100, { version: null, status: null, end: 'overtaken' }), sent(110_600, { region: 'b', version: 'r+1' })],
    });
    expect(measure([helped, overtaken]).spoiled).toMatchObject({ requests: { dns: 0, client: 0 }, hidden: 2, failed: 1, slow: 1 });
  });

  test.each([
    ['while it is exposed there: a crash names no version', 'a', 110_000, 1],
    ['not before it is', 'a', 104_000, 0],
    ['not in another region', 'b', 110_000, 0],
  ])('counts a failure without a version %s', (_, region, atMs, failed) => {
    const found = measure([answered(atMs, { region, version: null, status: 502, end: 'failed' }, { outcome: 'failed' })]);
    expect(found.spoiled.failed).toBe(failed);
    expect(found.besides.failed.client).toBe(1 - failed);
  });

  test('is told by the number that it has in its region: other regions count on their own', () => {
    const other = answered(110_000, { region: 'b', version: 'old+2', end: 'failed', status: 500 }, { outcome: 'failed' });
    expect(measure([other])).toMatchObject({ answers: 0, spoiled: { failed: 0 } });
  });

  test('counts an answer of it even when nobody told of its exposure, and then as all there was', () => {
    const found = measure([answered(110_000, { version: 'r+2', end: 'failed', status: 500 }, { outcome: 'failed' })], null);
    expect(found.spoiled).toMatchObject({ failed: 1, percent: 100 });
  });

  test('is a part of all requests that were due while it was exposed, and lasts from the first to the last', () => {
    const good = Array.from({ length: 95 }, (_, index) => answered(106_000 + index, { region: 'b', version: 'r+1' }));
    const bad = Array.from({ length: 5 }, (_, index) =>
      answered(110_000 + index * 1_000, { version: 'r+2', end: 'failed', status: 500 }, { outcome: 'failed' }),
    );
    const late = answered(130_000, { version: 'r+1' });
    expect(measure([...good, ...bad, late]).spoiled).toMatchObject({ percent: 5, seconds: 4 });
  });
});

test('a version is exposed from the event that gives it calls until the one that takes them', () => {
  const event = (atMs: number, region: string, percent: number): TargetEvent => ({
    kind: 'delivery',
    state: 'exposed',
    detail: '',
    atMs,
    region,
    percent,
  });
  const events = [event(1, 'a', 0), event(2, 'b', 5), event(3, 'a', 5), event(4, 'a', 100), event(5, 'a', 0)];
  expect(exposureOf(events, 'a', { fromMs: 0, toMs: 9 })).toEqual({ fromMs: 3, toMs: 5 });
  expect(exposureOf(events, 'b', { fromMs: 0, toMs: 9 })).toEqual({ fromMs: 2, toMs: 9 });
  expect(exposureOf(events, 'c', { fromMs: 0, toMs: 9 })).toBeNull();
  // What an earlier delivery exposed is not this one's.
  expect(exposureOf([...events, event(7, 'a', 5), event(8, 'a', 0)], 'a', { fromMs: 6, toMs: 9 })).toEqual({ fromMs: 7, toMs: 8 });
});

test('slow is longer than the slowest of the baseline and the allowance, and unknown without one', () => {
  const records = [recordOf(90_000, { endMs: 90_300 }), recordOf(99_900, { endMs: 103_000 }), recordOf(80_000, { endMs: 84_000 })];
  expect(slowAbove(records, { fromMs: 88_000, toMs: DELIVERED }, 1_000)).toEqual({ dns: null, client: 1_300 });
});

const sent = (startMs: number, more: Partial<SentRequest> = {}): SentRequest => ({
  region: 'a',
  version: 'r+1',
  status: 200,
  startMs,
  endMs: startMs + 10,
  end: 'answered',
  wrong: null,
  ...more,
});

const answered = (startMs: number, one: Partial<SentRequest>, more: Partial<OperationRecord> = {}): OperationRecord =>
  recordOf(startMs, { sent: [sent(startMs, one)], ...more });

const measure = (
  records: readonly OperationRecord[],
  exposed: SpoilProps['candidates'][number]['exposed'] = { fromMs: 105_000, toMs: 120_000 },
) =>
  measureSpoil({
    records,
    candidates: [
      { region: 'a', version: '2', exposed },
      { region: 'b', version: null, exposed: null },
    ],
    deliveredMs: DELIVERED,
    slowAboveMs: { dns: 1_200, client: 1_200 },
  });
