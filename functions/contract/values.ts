/** What single values of requests may be, without a schema library: a cold start that reads pays for none. */

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

/** A text of a certain form. */
export interface Form {
  readonly pattern: RegExp;
  readonly description: string;
}

/** A segment of a path. Those of only dots lead elsewhere, whoever resolves them (RFC 3986, 5.2.4). */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;

export const FORMS = {
  sku: { pattern: SEGMENT, description: 'Stock keeping unit.' },
  region: { pattern: /^[a-z]{2}(-[a-z]+)+-\d$/, description: 'An AWS region of this system.' },
  orderId: { pattern: /^[0-9a-f]{32}$/, description: 'Order id: a hash of the subject and the Idempotency-Key.' },
  recordId: { pattern: SEGMENT, description: "Id of a record among its owner's." },
  versionId: {
    pattern: /^[0-9a-f]{32}$/,
    description: 'A version: a hash of the record, what it was made from, its value, who made it and under which Idempotency-Key.',
  },
  /** A strong ETag that names up to 64 heads: of each writer that there ever was at most one. */
  recordTag: {
    pattern: /^"[0-9a-f]{32}(\.[0-9a-f]{32}){0,63}"$/,
    description: 'The ETag of a record, as an answer gave it: all of its heads.',
  },
  /** What a read may be asked for by (RFC 9110, 13.1). */
  tags: {
    pattern: /^(\*|[ \t,]*(W\/)?"[!#-~\x80-\xff]*"([ \t]*,[ \t,]*(W\/)?"[!#-~\x80-\xff]*")*[ \t,]*)$/,
    description: 'Any ETag, or these.',
  },
  idempotencyKey: { pattern: /^[\x21-\x7e]{8,128}$/, description: 'Made once per operation by the caller and kept on retries.' },
  cursor: { pattern: /^[A-Za-z0-9_-]{1,256}$/, description: 'Continues a list; valid in any region.' },
  limit: { pattern: /^([1-9]\d?|100)$/, description: 'Rows of the page, 1 to 100; 20 when absent.' },
} as const satisfies Record<string, Form>;
