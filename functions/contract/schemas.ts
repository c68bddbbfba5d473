/** Shapes of requests. `z.strictObject` refuses unknown fields: strict at the API's edge, and only there. */
import * as z from 'zod/mini';

export const LIMITS = {
  /** Bytes of a request body. */
  bodyBytes: 16_384,
  /** Lines of an order, after equal skus are merged: a transaction holds 100 actions. */
  lines: 50,
  /** Units in one line, receipt or after merging. */
  quantity: 1_000_000,
  /** Minor units (cents) of one payment. */
  amount: 1_000_000_000,
  /** Objects and arrays in each other, in a body that is kept as it came. */
  depth: 64,
  /** Rows of a page of a list. */
  page: 100,
  /** Tokens that a request may carry: the core's `TOKENS_MAX`, and a test compares. */
  tokens: 8,
} as const;

const integer = (minimum: number, maximum: number) => z.int().check(z.minimum(minimum), z.maximum(maximum));
export const pattern = (regex: RegExp, description: string) => z.string().check(z.regex(regex), z.meta({ description }));

export const sku = pattern(/^[A-Za-z0-9._-]{1,64}$/, 'Stock keeping unit.');
export const region = pattern(/^[a-z]{2}(-[a-z]+)+-\d$/, 'An AWS region of this system.');
export const orderId = pattern(/^[0-9a-f]{32}$/, 'Order id: a hash of the subject and the Idempotency-Key.');
export const recordId = pattern(/^[A-Za-z0-9._-]{1,64}$/, "Id of a record among its owner's.");
export const versionId = pattern(/^[0-9a-f]{32}$/, 'A version: a hash of the record, what it was made from, its value and who made it.');
/** A strong ETag that names up to 64 heads: one for each writer that there ever was, and more while a region catches up. */
export const RECORD_TAG = /^"[0-9a-f]{32}(\.[0-9a-f]{32}){0,63}"$/;
export const recordValue = z.record(z.string(), z.unknown());
export const idempotencyKey = pattern(/^[\x21-\x7e]{8,128}$/, 'Made once per operation by the caller and kept on retries.');
export const cursor = pattern(/^[A-Za-z0-9_-]{1,256}$/, 'Continues a list; valid in any region.');
export const note = z.string().check(z.maxLength(500));

export const line = z.strictObject({ sku, quantity: integer(1, LIMITS.quantity) });
export const lines = z.array(line).check(z.minLength(1), z.maxLength(LIMITS.lines));

export const orderRequest = z.strictObject({ lines, note: z.optional(note) });
export const paymentRequest = z.strictObject({ amount: integer(1, LIMITS.amount) });
export const shipmentRequest = z.strictObject({ carrier: z.optional(z.string().check(z.maxLength(100))) });
export const cancellationRequest = z.strictObject({});
/** JSON that comes back as it was sent: what would not (numbers beyond a double, equal names) is refused. */
export const recordRequest = z.strictObject({ value: recordValue });
export const receiptRequest = z.strictObject({ quantity: integer(1, LIMITS.quantity) });
export const listQuery = z.strictObject({
  cursor: z.optional(cursor),
  limit: z.optional(pattern(/^([1-9]\d?|100)$/, 'Rows of the page, 1 to 100; 20 when absent.')),
});

export type Line = z.infer<typeof line>;
export type OrderRequest = z.infer<typeof orderRequest>;
