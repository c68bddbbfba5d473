/**
 * Event source mappings of DynamoDB streams: the properties that are interpreted, as the template writes them and as the
 * emulator has stored them. Whatever else is there is refused. Pure.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
 */
import * as z from 'zod';
import { filterCriteria, type Pattern } from './filter.ts';

/** How a function gets the records of a stream. */
export interface Mapping {
  readonly id: string;
  readonly streamArn: string;
  /** Of the alias or version that is asked. */
  readonly functionArn: string;
  /** A queue for what is given up; undefined: it is given up without a word. */
  readonly destinationArn: string | undefined;
  /** None: all records. Else those that one of them lets through. */
  readonly patterns: readonly Pattern[];
  readonly batchSize: number;
  readonly windowMs: number;
  readonly bisects: boolean;
  /** The function answers which records it could not do. */
  readonly reports: boolean;
  /** After the first attempt; undefined: without end. */
  readonly retriesMax: number | undefined;
  /** Undefined: as long as the stream keeps it. */
  readonly ageMsMax: number | undefined;
}

/** A mapping says something that is not interpreted here. */
class UnsupportedMappingError extends Error {
  override readonly name = 'UnsupportedMappingError';
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
const supporting = (supported: string) => ({
  error: (issue: { readonly input?: unknown }) => `given ${show(issue.input)}; supported: ${supported}`,
});
const whole = (min: number, max: number) => {
  const rule = supporting(`a whole number, ${min} to ${max}`);
  return z.int(rule).min(min, rule).max(max, rule);
};
const only = <const T extends string | number | boolean>(value: T) => z.literal(value, supporting(show(value)));
const flag = z.boolean(supporting('true or false')).default(false);

const rules = {
  BatchSize: whole(1, 10_000).default(100),
  BisectBatchOnFunctionError: flag,
  FilterCriteria: filterCriteria.optional(),
  FunctionResponseTypes: z.array(only('ReportBatchItemFailures')).default([]),
  MaximumBatchingWindowInSeconds: whole(0, 300).default(0),
  MaximumRecordAgeInSeconds: whole(-1, 604_800).default(-1),
  MaximumRetryAttempts: whole(-1, 10_000).default(-1),
  // Where it begins after its first start is not remembered across a restart of the region's process.
  StartingPosition: only('TRIM_HORIZON'),
  ParallelizationFactor: only(1).optional(),
  TumblingWindowInSeconds: only(0).optional(),
};

/** What the template does not say in so many words is known when it is deployed. */
const written = z.strictObject(
  {
    ...rules,
    DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.unknown() }).optional() }).optional(),
    // The copy that is deployed says false of all of them: a disabled one could not be told from the others.
    Enabled: only(true).optional(),
    EventSourceArn: z.unknown(),
    FunctionName: z.unknown(),
    Tags: z.unknown().optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `given ${issue.keys.join(', ')}; supported: ${Object.keys(rules).join(', ')}` : undefined,
  },
);

/** As Lambda's API tells it, with more that is not looked at. */
const stored = z.object({
  ...rules,
  UUID: z.string(),
  EventSourceArn: z
    .string()
    .regex(/^arn:[^:]+:dynamodb:[^:]+:[^:]+:table\/[^/]+\/stream\//, supporting('the ARN of a stream of a DynamoDB table')),
  FunctionArn: z.string(),
  DestinationConfig: z
    .object({
      OnFailure: z
        .object({
          Destination: z
            .string()
            .regex(/^arn:[^:]+:sqs:/, supporting('the ARN of an SQS queue'))
            .optional(),
        })
        .optional(),
    })
    .optional(),
});

/** @throws {UnsupportedMappingError} for properties of a template that are not interpreted here */
export const checkMapping = (logicalId: string, properties: unknown): void => {
  parseAs(written, logicalId, properties);
};

/** @throws {UnsupportedMappingError} */
export const mappingOf = (given: unknown): Mapping => {
  const found = parseAs(stored, 'event source mapping', given);
  return {
    id: found.UUID,
    streamArn: found.EventSourceArn,
    functionArn: found.FunctionArn,
    destinationArn: found.DestinationConfig?.OnFailure?.Destination,
    patterns: (found.FilterCriteria?.Filters ?? []).map(({ Pattern }) => Pattern),
    batchSize: found.BatchSize,
    windowMs: found.MaximumBatchingWindowInSeconds * 1_000,
    bisects: found.BisectBatchOnFunctionError,
    reports: found.FunctionResponseTypes.length > 0,
    retriesMax: found.MaximumRetryAttempts < 0 ? undefined : found.MaximumRetryAttempts,
    ageMsMax: found.MaximumRecordAgeInSeconds < 0 ? undefined : found.MaximumRecordAgeInSeconds * 1_000,
  };
};

const parseAs = <T extends z.ZodType>(schema: T, name: string, given: unknown): z.output<T> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${[name, ...path].join('.')}: ${message}`);
  throw new UnsupportedMappingError(`this cannot be run on this machine: ${problems.join('; ')}`);
};
