/**
 * What becomes of a batch of a stream's records, as Lambda rules it. Pure.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
import * as z from 'zod';
import type { Mapping } from './mapping.ts';

export interface BatchRecord {
  readonly sequence: string;
  /** Since 1970, in whole seconds, as the stream tells it. */
  readonly createdMs: number;
  /** As the function gets it. */
  readonly event: object;
}

/** Records that are handed over together, and how often they were. */
export interface Part {
  readonly records: readonly BatchRecord[];
  readonly invocations: number;
  /** Failures that count against the retries. */
  readonly failures: number;
}

/** What is given up. */
export interface Discarded extends Part {
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
}

/** The batch's parts in the order of their records; the first is the next one to be handed over. */
export interface Step {
  readonly parts: readonly Part[];
  readonly discarded?: Discarded;
}

export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  /** The records before this one are done. */
  | { readonly kind: 'checkpoint'; readonly at: number };

/** Of a function's answer, or of its error. */
export interface Answer {
  /** It threw, timed out or died. */
  readonly failed: boolean;
  /** JSON. */
  readonly payload: string;
}

export const whole = (records: readonly BatchRecord[]): readonly Part[] =>
  records.length === 0 ? [] : [{ records, invocations: 0, failures: 0 }];

/** Takes records that are too old from the front. A stream is in the order of time. */
export const dropAged = (parts: readonly Part[], { ageMsMax }: Pick<Mapping, 'ageMsMax'>, nowMs: number): Step => {
  const [head, ...rest] = parts;
  if (head === undefined || ageMsMax === undefined) return { parts };
  const young = head.records.findIndex(({ createdMs }) => nowMs - createdMs <= ageMsMax);
  if (young === 0) return { parts };
  const count = young < 0 ? head.records.length : young;
  return {
    parts: [...partFrom(head, count), ...rest],
    discarded: { ...head, records: head.records.slice(0, count), condition: 'RecordAgeExceeded' },
  };
};

const failuresSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish(),
});

/** An answer that says nothing of failures is a success; one that says it wrongly fails the whole batch. */
export const outcomeOf = (answer: Answer, records: readonly BatchRecord[], { reports }: Pick<Mapping, 'reports'>): Outcome => {
  if (answer.failed) return { kind: 'failed' };
  if (!reports) return { kind: 'done' };
  const given = parsed(answer.payload);
  if (given === null || given === '') return { kind: 'done' };
  const failures = failuresSchema.safeParse(given);
  if (!failures.success) return { kind: 'failed' };
  const places = (failures.data.batchItemFailures ?? []).map(({ itemIdentifier }) =>
    records.findIndex(({ sequence }) => sequence === itemIdentifier),
  );
  if (places.length === 0) return { kind: 'done' };
  const at = Math.min(...places);
  return at < 0 ? { kind: 'failed' } : { kind: 'checkpoint', at };
};

/** After the first part was handed over. */
export const afterOutcome = (
  parts: readonly Part[],
  outcome: Outcome,
  { bisects, retriesMax }: Pick<Mapping, 'bisects' | 'retriesMax'>,
): Step => {
  const [first, ...rest] = parts;
  if (first === undefined || outcome.kind === 'done') return { parts: rest };
  const head = { ...first, invocations: first.invocations + 1 };
  const half = Math.ceil(head.records.length / 2);
  // Splitting does not count against the retries.
  if (outcome.kind === 'failed' && bisects && head.records.length > 1)
    return { parts: [{ ...head, records: head.records.slice(0, half) }, ...partFrom(head, half), ...rest] };
  const at = outcome.kind === 'checkpoint' ? outcome.at : 0;
  const split = bisects && at > 0;
  const failed = { ...head, records: head.records.slice(at), failures: head.failures + (split ? 0 : 1) };
  return retriesMax !== undefined && failed.failures > retriesMax
    ? { parts: rest, discarded: { ...failed, condition: 'RetryAttemptsExhausted' } }
    : { parts: [failed, ...rest] };
};

const partFrom = (part: Part, start: number): readonly Part[] =>
  start < part.records.length ? [{ ...part, records: part.records.slice(start) }] : [];

/** Undefined for what is no JSON; a function that returns nothing answers with nothing or `null`. */
const parsed = (payload: string): unknown => {
  if (payload === '') return null;
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
};
