/**
 * Which of a stream's records a function is handed: the subset of Lambda's patterns that is interpreted, and what they let
 * through. Names of events, and keys that are texts, by their whole value or by their beginning. Pure.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
 */
import * as z from 'zod';

const EVENT_NAMES = ['INSERT', 'MODIFY', 'REMOVE'] as const;
/** Of one mapping. AWS raises it to 10 for those who ask. */
const FILTERS_MAX = 5;
const PATTERN_LENGTH_MAX = 4_096;
const SUPPORTED = `{"eventName": [...], "dynamodb": {"Keys": {"NAME": {"S": [...]}}}}, of both or one, with ${EVENT_NAMES.join(', ')}, and texts or {"prefix": "..."}`;

const text = z.union([z.string(), z.strictObject({ prefix: z.string().min(1) })]);
const keys = z.record(z.string(), z.strictObject({ S: z.array(text).min(1) })).refine((given) => Object.keys(given).length > 0);
const patternSchema = z
  .strictObject({
    eventName: z.array(z.literal(EVENT_NAMES)).min(1).optional(),
    dynamodb: z.strictObject({ Keys: keys }).optional(),
  })
  // AWS has no pattern without a rule.
  .refine((given) => Object.keys(given).length > 0);

export type Pattern = z.output<typeof patternSchema>;

const pattern = z.string().transform((given, context): Pattern => {
  const parsed = given.length > PATTERN_LENGTH_MAX ? undefined : patternSchema.safeParse(parseJson(given));
  if (parsed?.success) return parsed.data;
  context.addIssue({ code: 'custom', message: `given ${given.slice(0, PATTERN_LENGTH_MAX)}; supported: ${SUPPORTED}`, input: given });
  return z.NEVER;
});

const parseJson = (given: string): unknown => {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
};

export const filterCriteria = z.strictObject({
  Filters: z
    .array(z.strictObject({ Pattern: pattern }))
    .max(FILTERS_MAX)
    .default([]),
});

/** Of a stream's record, what patterns look at. */
export interface Filtered {
  readonly eventName?: string | undefined;
  readonly dynamodb?: { readonly Keys?: Readonly<Record<string, { readonly S?: string | undefined }>> | undefined } | undefined;
}

/** Every rule of one pattern holds. None given: all pass. */
export const passes = (patterns: readonly Pattern[], record: Filtered): boolean =>
  patterns.length === 0 || patterns.some((each) => matches(each, record));

const matches = ({ eventName, dynamodb }: Pattern, record: Filtered): boolean =>
  (eventName === undefined || eventName.some((name) => name === record.eventName)) &&
  Object.entries(dynamodb?.Keys ?? {}).every(([name, { S: texts }]) => {
    const value = record.dynamodb?.Keys?.[name]?.S;
    return value !== undefined && texts.some((each) => (typeof each === 'string' ? each === value : value.startsWith(each.prefix)));
  });
