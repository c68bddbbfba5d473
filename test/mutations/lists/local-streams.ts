/** Mappings of streams, as Lambda runs them. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const batch = mutationsOf('local/streams/batch.ts', 'test/local/streams/batch.test.ts');
const filter = mutationsOf('local/streams/filter.ts', 'test/local/streams/filter.test.ts');
const follower = mutationsOf('local/streams/follower.ts', 'test/local/streams/follower.test.ts');
const mapping = mutationsOf('local/streams/mapping.ts', 'test/local/streams/mapping.test.ts');
const shapes = mutationsOf('local/streams/shapes.ts', 'test/local/streams/shapes.test.ts');

export const STREAMS: readonly TestedMutation[] = [
  batch('batch-splitting-counts', 'splitting a batch counts against its retries', 'head.failures + (split ? 0 : 1)', 'head.failures + 1'),
  batch(
    'batch-younger-half-first',
    'the younger half comes first',
    'parts: [{ ...head, records: head.records.slice(0, half) }, ...partFrom(head, half), ...rest]',
    'parts: [...partFrom(head, half), { ...head, records: head.records.slice(0, half) }, ...rest]',
  ),
  batch(
    'batch-one-retry-more',
    'a batch is tried once more than is allowed',
    'failed.failures > retriesMax',
    'failed.failures > retriesMax + 1',
  ),
  batch(
    'batch-gives-up-what-is-done',
    'what was done before the checkpoint is given up, too',
    'records: head.records.slice(at), failures',
    'records: head.records, failures',
  ),
  batch('batch-age-is-too-old', 'a record of exactly the age is given up', 'nowMs - createdMs <= ageMsMax', 'nowMs - createdMs < ageMsMax'),
  batch('batch-checkpoint-at-the-last', 'the checkpoint is the last failure', 'Math.min(...places)', 'Math.max(...places)'),
  batch(
    'batch-broken-answer-is-well',
    'an answer that is not understood is a success',
    "if (!failures.success) return { kind: 'failed' };",
    "if (!failures.success) return { kind: 'done' };",
  ),
  batch('batch-reports-unasked', 'failures count although the mapping does not ask for them', "if (!reports) return { kind: 'done' };", ''),
  filter('filter-prefix-within', 'a prefix is found anywhere in a key', 'value.startsWith(each.prefix)', 'value.includes(each.prefix)'),
  filter('filter-one-key-will-do', 'of two keys that are named one that fits is enough', '.every(([name, { S', '.some(([name, { S'),
  filter('filter-of-any-event', 'a key that fits lets any event through', '(eventName === undefined ||', '(dynamodb !== undefined ||'),
  filter('filter-all-at-once', 'a record must fit all filters', 'patterns.some(', 'patterns.every('),
  follower(
    'follower-counts-the-unreachable',
    'a function that nobody could ask has failed',
    '      await this.#sleep(this.#backOffMs());\n      return { parts };',
    "      await this.#sleep(this.#backOffMs());\n      return afterOutcome(parts, { kind: 'failed' }, this.#rules);",
  ),
  follower(
    'follower-starts-over',
    'after an expired position all records come again',
    'reader.open(streamArn, { after: this.#lastSequence })',
    'reader.open(streamArn, { after: undefined })',
  ),
  follower(
    'follower-stays-trimmed',
    'a stream that lost the position is asked for it again and again',
    'if (error instanceof PositionLost && error.trimmed) this.#lastSequence = undefined;',
    '',
  ),
  follower('follower-no-window', 'the window is not waited for', 'Math.max(0, sinceMs + windowMs - this.#clock.nowMs())', '0'),
  follower(
    'follower-full-batch-waits',
    'a batch that is full waits for its window',
    'this.#buffer.length >= batchSize ? 0 :',
    'this.#buffer.length > 1_000 ? 0 :',
  ),
  follower(
    'follower-gives-up-silently',
    'nobody hears what was given up',
    'if (discarded) await',
    'if (discarded && parts.length < 0) await',
  ),
  mapping(
    'mapping-seconds-are-ms',
    'a window of seconds is one of milliseconds',
    'found.MaximumBatchingWindowInSeconds * 1_000',
    'found.MaximumBatchingWindowInSeconds',
  ),
  mapping(
    'mapping-no-retries-is-endless',
    'no retries are retries without end',
    'found.MaximumRetryAttempts < 0',
    'found.MaximumRetryAttempts <= 0',
  ),
  mapping(
    'mapping-latest',
    'a mapping may begin with the newest record',
    "StartingPosition: only('TRIM_HORIZON')",
    "StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST'])",
  ),
  shapes(
    'shapes-wrong-end',
    'a letter names the first record as the last',
    'endSequenceNumber: final?.sequence',
    'endSequenceNumber: first?.sequence',
  ),
];
