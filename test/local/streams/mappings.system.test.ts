/** A function on a table's stream in a real emulator: what it could not do comes again, and nothing is lost silently. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { Lab } from './lab.ts';

/** More than it takes until a changed mapping is noticed. */
const TAKEN_MS = 8_000;
/** Longer than a call for records waits. */
const FROZEN_MS = 4_000;

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(() => lab?.stop());

describe('a function on the stream of a table', () => {
  it('gets the records again from the first that it could not do, in their order, and then goes on', async () => {
    await lab.deploy({ BatchSize: 10, MaximumBatchingWindowInSeconds: 1 });
    await lab.put('a', 'once', 'b');
    lab.follow();
    await eventually(
      () => lab.ids(),
      (ids) => ids.length >= 2,
    );
    await lab.put('c');

    await eventually(
      () => lab.ids(),
      (ids) => ids.flat().at(-1) === 'c',
    );
    expect(await lab.ids()).toEqual([['a', 'once', 'b'], ['once', 'b'], ['c']]);
  });

  it('gets halves of a batch that it fails, until one record fails alone and is given up', async () => {
    await lab.deploy({ BatchSize: 10, MaximumBatchingWindowInSeconds: 1, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 });
    await lab.put('a', 'throws', 'b');
    lab.follow();

    await eventually(
      () => lab.ids(),
      (ids) => ids.length >= 6,
    );
    expect(await lab.ids()).toEqual([['a', 'throws', 'b'], ['a', 'throws'], ['a'], ['throws'], ['throws'], ['b']]);
    const [, , , [poisoned] = []] = await lab.batches();
    expect(await lab.letters()).toMatchObject([
      {
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 4 },
        responseContext: { functionError: 'Unhandled' },
        DDBStreamBatchInfo: { startSequenceNumber: poisoned?.dynamodb.SequenceNumber, batchSize: 1 },
      },
    ]);
  });

  it('gets what an update of its stack says, and goes on where it was', async () => {
    await lab.deploy({ BatchSize: 10 });
    lab.follow();
    await lab.put('a');
    await eventually(
      () => lab.ids(),
      (ids) => ids.length === 1,
    );

    await lab.update({ BatchSize: 1, FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT","MODIFY"]}' }] } });
    await sleep(TAKEN_MS);
    await lab.remove('a');
    await lab.put('b', 'b', 'c');

    await eventually(
      () => lab.ids(),
      (ids) => ids.flat().at(-1) === 'c',
    );
    expect(await lab.ids()).toEqual([['a'], ['b'], ['b'], ['c']]);
    expect((await lab.batches()).flat().map(({ eventName }) => eventName)).toEqual(['INSERT', 'INSERT', 'MODIFY', 'INSERT']);
    expect(lab.ages.map(({ functionName }) => functionName)).toEqual(['lab-fn', 'lab-fn', 'lab-fn', 'lab-fn']);
    expect(lab.broken).toEqual([]);
  });

  it('gets what was written while its region was frozen or did not answer', async () => {
    await lab.deploy({});
    lab.follow();
    await lab.put('a');
    await eventually(
      () => lab.ids(),
      (ids) => ids.length === 1,
    );
    lab.emulator.freeze();
    await sleep(FROZEN_MS);
    lab.emulator.thaw();
    await lab.put('b');

    await eventually(
      () => lab.ids(),
      (ids) => ids.flat().at(-1) === 'b',
    );
  });

  it('is not asked again for ever: a record that is too old ends in the queue, with the place where to find it', async () => {
    await lab.deploy({ BatchSize: 1, MaximumRecordAgeInSeconds: 10 });
    lab.follow();
    await lab.put('always');
    const letters = await eventually(
      () => lab.letters(),
      ({ length }) => length > 0,
    );
    await eventually(
      async () => {
        await lab.put('a');
        return lab.ids();
      },
      (ids) => ids.flat().includes('a'),
    );

    const [first = []] = await lab.batches();
    expect(letters).toMatchObject([
      {
        version: '1.0',
        requestContext: { condition: 'RecordAgeExceeded', functionArn: expect.stringMatching(/:function:lab-fn:live$/) },
        responseContext: { statusCode: 200, executedVersion: '1' },
        DDBStreamBatchInfo: {
          shardId: expect.stringMatching(/^shardId-/),
          startSequenceNumber: first[0]?.dynamodb.SequenceNumber,
          endSequenceNumber: first[0]?.dynamodb.SequenceNumber,
          approximateArrivalOfFirstRecord: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/),
          approximateArrivalOfLastRecord: expect.any(String),
          batchSize: 1,
          streamArn: expect.stringContaining(':table/lab-table/stream/'),
        },
      },
    ]);
    const times = (await lab.ids()).filter(([id]) => id === 'always').length;
    expect(times).toBeGreaterThan(1);
    expect(letters[0]?.requestContext.approximateInvokeCount).toBe(times);
  });
});
