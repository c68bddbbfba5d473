/** Shapes of requests. `z.strictObject` refuses unknown fields: strict at the API's edge, and only there. */
import * as z from 'zod/mini';
import { FORMS, type Form, LIMITS } from './values.ts';

const integer = (minimum: number, maximum: number) => z.int().check(z.minimum(minimum), z.maximum(maximum));
export const text = ({ pattern, description }: Form) => z.string().check(z.regex(pattern), z.meta({ description }));

/** Counted as JSON Schema counts, in characters, of which some are two of JavaScript's. */
const upTo = (maximum: number) =>
  z.string().check(
    z.check<string>(({ value, issues }) => {
      if (value.length > maximum && [...value].length > maximum)
        issues.push({ code: 'too_big', origin: 'string', maximum, inclusive: true, input: value });
    }),
    z.meta({ maxLength: maximum }),
  );

export const recordValue = z.record(z.string(), z.unknown());
export const note = upTo(500);
export const line = z.strictObject({ sku: text(FORMS.sku), quantity: integer(1, LIMITS.quantity) });
export const lines = z
  .array(line)
  .check(
    z.minLength(1),
    z.maxLength(LIMITS.lines),
    z.meta({ description: `Lines of one sku are added up, to ${LIMITS.quantity} units at most.` }),
  );

const SHAPES = {
  order: z.strictObject({ lines, note: z.optional(note) }),
  payment: z.strictObject({ amount: integer(1, LIMITS.amount) }),
  shipment: z.strictObject({ carrier: z.optional(upTo(100)) }),
  cancellation: z.strictObject({}),
  /** JSON that comes back as it was sent: what would not (numbers beyond a double, equal names) is refused. */
  record: z.strictObject({ value: recordValue }),
  receipt: z.strictObject({ quantity: integer(1, LIMITS.quantity) }),
  page: z.strictObject({ cursor: z.optional(text(FORMS.cursor)), limit: z.optional(text(FORMS.limit)) }),
} as const;

export type RequestName = keyof typeof SHAPES;
/** What a body or query of this name holds. */
export type Request<N extends RequestName> = z.output<(typeof SHAPES)[N]>;
/** Bodies and queries, by the names that routes call them. */
export const REQUESTS: { readonly [N in RequestName]: z.ZodMiniType<Request<N>> } = SHAPES;
