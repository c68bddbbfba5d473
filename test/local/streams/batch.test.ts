import { describe, expect, it } from 'vitest';
import { afterOutcome, type BatchRecord, dropAged, type Outcome, outcomeOf, type Part, whole } from '../../../local/streams/batch.ts';

const record = (sequence: number, createdMs = 0): BatchRecord => ({ sequence: String(sequence), createdMs, event: {} });
const records = [1, 2, 3, 4, 5].map((sequence) => record(sequence));
const ENDLESS = { bisects: false, retriesMax: undefined };

/** Of each part, its records and the failures that count. */
const told = (parts: readonly Part[]): readonly string[] =>
  parts.map(({ records: each, failures }) => `${each.map(({ sequence }) => sequence).join('')} ${failures}`);

describe('the answer of a function that tells what it could not do', () => {
  const reporting = { reports: true };
  const outcome = (payload: unknown): Outcome => outcomeOf({ failed: false, payload: JSON.stringify(payload) }, records, reporting);

  it.each([
    ['no failures', { batchItemFailures: [] }],
    ['null for failures', { batchItemFailures: null }],
    ['nothing in it', {}],
    ['null', null],
    ['an empty text', ''],
  ])('is a success with %s', (_, payload) => {
    expect(outcome(payload)).toEqual({ kind: 'done' });
  });

  it('is a success when it is empty', () => {
    expect(outcomeOf({ failed: false, payload: '' }, records, reporting)).toEqual({ kind: 'done' });
  });

  it('moves the checkpoint to the lowest number, in whatever order they come', () => {
    const payload = { batchItemFailures: ['4', '2', '5'].map((itemIdentifier) => ({ itemIdentifier })) };
    expect(outcome(payload)).toEqual({ kind: 'checkpoint', at: 1 });
  });

  it.each([
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['null for an identifier', { batchItemFailures: [{ itemIdentifier: null }] }],
    ['another key', { batchItemFailures: [{ sequenceNumber: '3' }] }],
    [
      'an identifier that is not in the batch, beside one that is',
      { batchItemFailures: [{ itemIdentifier: '3' }, { itemIdentifier: '9' }] },
    ],
    ['a text', 'ok'],
    ['failures that are no list', { batchItemFailures: '3' }],
  ])('fails the whole batch with %s', (_, payload) => {
    expect(outcome(payload)).toEqual({ kind: 'failed' });
  });

  it('fails the whole batch when it is no JSON, and when the function ended with an error', () => {
    expect(outcomeOf({ failed: false, payload: '{' }, records, reporting)).toEqual({ kind: 'failed' });
    expect(outcomeOf({ failed: true, payload: '{"batchItemFailures":[]}' }, records, reporting)).toEqual({ kind: 'failed' });
  });

  it('counts for nothing where the mapping does not ask for it', () => {
    const payload = '{"batchItemFailures":[{"itemIdentifier":"3"}]}';
    expect(outcomeOf({ failed: false, payload }, records, { reports: false })).toEqual({ kind: 'done' });
    expect(outcomeOf({ failed: true, payload }, records, { reports: false })).toEqual({ kind: 'failed' });
  });
});

describe('a batch', () => {
  it('is over when it is done', () => {
    expect(afterOutcome(whole(records), { kind: 'done' }, ENDLESS)).toEqual({ parts: [] });
    expect(whole([])).toEqual([]);
  });

  it('comes again as a whole after an error, without end when no end is set', () => {
    let parts = whole(records);
    for (let attempt = 1; attempt <= 100; attempt += 1) parts = afterOutcome(parts, { kind: 'failed' }, ENDLESS).parts;
    expect(told(parts)).toEqual(['12345 100']);
  });

  it('comes again from the checkpoint on', () => {
    const { parts } = afterOutcome(whole(records), { kind: 'checkpoint', at: 2 }, ENDLESS);
    expect(told(parts)).toEqual(['345 1']);
    expect(told(afterOutcome(parts, { kind: 'checkpoint', at: 0 }, ENDLESS).parts)).toEqual(['345 2']);
  });

  it('is given up after its retries, with the number of its attempts and without what was done', () => {
    const rules = { ...ENDLESS, retriesMax: 1 };
    const { parts, discarded } = afterOutcome(whole(records), { kind: 'failed' }, rules);
    expect([told(parts), discarded]).toEqual([['12345 1'], undefined]);
    expect(afterOutcome(parts, { kind: 'checkpoint', at: 3 }, rules)).toEqual({
      parts: [],
      discarded: { records: records.slice(3), invocations: 2, failures: 2, condition: 'RetryAttemptsExhausted' },
    });
    expect(afterOutcome(whole(records), { kind: 'failed' }, { ...ENDLESS, retriesMax: 0 }).discarded).toMatchObject({ invocations: 1 });
  });
});

describe('a batch that may be split', () => {
  const rules = { bisects: true, retriesMax: 1 };

  it('is halved after an error, the older half first, until the record that fails is alone; splitting is no retry', () => {
    // given a record that fails whoever is with it
    const poisoned = '2';
    const handed: string[] = [];
    let parts = whole(records);
    const discarded: unknown[] = [];
    // when each part is handed over
    for (let head = parts[0]; head !== undefined; head = parts[0]) {
      handed.push(head.records.map(({ sequence }) => sequence).join(''));
      const failed = head.records.some(({ sequence }) => sequence === poisoned);
      const step = afterOutcome(parts, { kind: failed ? 'failed' : 'done' }, rules);
      parts = step.parts;
      if (step.discarded) discarded.push(step.discarded);
    }
    // then it is tried as often as is allowed, the others are done in their order, and only it is given up
    expect(handed).toEqual(['12345', '123', '12', '1', '2', '2', '3', '45']);
    expect(discarded).toEqual([{ records: [record(2)], invocations: 5, failures: 2, condition: 'RetryAttemptsExhausted' }]);
  });

  it('is split at the checkpoint, which is no retry, and comes again as it is when the first one failed', () => {
    const { parts } = afterOutcome(whole(records), { kind: 'checkpoint', at: 2 }, rules);
    expect(told(parts)).toEqual(['345 0']);
    expect(told(afterOutcome(parts, { kind: 'checkpoint', at: 0 }, rules).parts)).toEqual(['345 1']);
  });
});

describe('records that are too old', () => {
  const aged = [record(1, 1_000), record(2, 2_000), record(3, 9_000)];

  it('are given up before they are handed over, and the younger ones stay', () => {
    const step = dropAged(whole(aged), { ageMsMax: 5_000 }, 8_000);
    expect(told(step.parts)).toEqual(['3 0']);
    expect(step.discarded).toEqual({ records: aged.slice(0, 2), invocations: 0, failures: 0, condition: 'RecordAgeExceeded' });
  });

  it('are the whole part, and the parts after it stay', () => {
    const [first, ...others] = [whole(aged.slice(0, 2)), whole(aged.slice(2))].flat();
    const step = dropAged(first ? [first, ...others] : [], { ageMsMax: 1_000 }, 9_000);
    expect([told(step.parts), step.discarded?.records]).toEqual([['3 0'], aged.slice(0, 2)]);
  });

  it('are none at exactly that age, without an age, and of nothing', () => {
    expect(dropAged(whole(aged), { ageMsMax: 7_000 }, 8_000)).toEqual({ parts: whole(aged) });
    expect(dropAged(whole(aged), { ageMsMax: undefined }, 1e12)).toEqual({ parts: whole(aged) });
    expect(dropAged([], { ageMsMax: 1 }, 1e12)).toEqual({ parts: [] });
  });
});
