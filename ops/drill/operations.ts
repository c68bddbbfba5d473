/** What callers do, and the record of each request: the shape of `operations.jsonl`. */
import * as z from 'zod';

export const CALLER_KINDS = ['dns', 'client'] as const;
/** `dns`: follows the shared name with its TTL. `client`: uses the failover client. */
export type CallerKind = (typeof CALLER_KINDS)[number];
/** `region`: a drill's own hand, which asks one region and no other. What callers notice is not measured by it. */
const RECORD_KINDS = [...CALLER_KINDS, 'region'] as const;

export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

/** One request of a caller. Every write has a key of its own. */
export type Action =
  | { readonly operation: 'placeOrder'; readonly key: string; readonly lines: readonly Line[]; readonly note?: string }
  | { readonly operation: 'getOrder'; readonly order: string }
  | { readonly operation: 'payOrder'; readonly key: string; readonly order: string; readonly amount: number }
  | { readonly operation: 'getStock'; readonly sku: string }
  | { readonly operation: 'receiveStock'; readonly key: string; readonly sku: string; readonly region: string; readonly quantity: number }
  | { readonly operation: 'shipOrder'; readonly key: string; readonly order: string }
  | { readonly operation: 'cancelOrder'; readonly key: string; readonly order: string }
  | { readonly operation: 'getRecord'; readonly record: string }
  /** The key is also what it writes, `{"edit": KEY}`. No parents: the record is to be new. */
  | { readonly operation: 'putRecord'; readonly key: string; readonly record: string; readonly parents: readonly string[] };

const OPERATIONS = [
  'placeOrder',
  'getOrder',
  'payOrder',
  'getStock',
  'receiveStock',
  'shipOrder',
  'cancelOrder',
  'getRecord',
  'putRecord',
] as const satisfies readonly Action['operation'][];

const line = z.strictObject({ sku: z.string(), quantity: z.int() });
const count = z.int().min(0);

/** One request that was sent for an operation. A version that answers badly is known by it, also where another region helped out. */
export const sentRequest = z.strictObject({
  region: z.string().nullable().describe('the region that it was sent to; null: not known'),
  version: z.string().nullable().describe('what the answer called its version; null: it named none, or there was no answer'),
  status: z.int().nullable(),
  startMs: z.number(),
  endMs: z.number(),
  end: z
    .enum(['answered', 'failed', 'overtaken'])
    .describe('answered: definitely; failed: no answer, or a 5xx; overtaken: another region was asked as well, and answered first'),
  wrong: z.string().nullable().describe('how the answer contradicts what was asked for, or acknowledged before by that region'),
});
export type SentRequest = z.infer<typeof sentRequest>;

/** A read's answer as far as a checker of histories needs it. */
export const seen = z.strictObject({
  payments: z
    .array(z.string())
    .optional()
    .describe("of getOrder: ids of the payments that it showed, as payments' acknowledgements give them"),
  state: z.string().optional().describe('of getOrder: placed, shipped, cancelling, cancelled'),
  heads: z
    .array(z.string())
    .optional()
    .describe("of getRecord: versions of the heads, the winner first, as edits' acknowledgements give them"),
  received: z.int().optional().describe('of getStock: units, and so are the next three'),
  available: z.int().optional(),
  sold: z.int().optional(),
  moving: z.int().optional(),
});
export type Seen = z.infer<typeof seen>;

/** Times are `Date.now()` of the drill's machine: one clock, the same as that of the report's events. */
export const operationRecord = z.strictObject({
  caller: z.string(),
  kind: z.enum(RECORD_KINDS),
  near: z.string().describe('the region that the caller is near'),
  operation: z.enum(OPERATIONS),
  key: z.string().nullable().describe('Idempotency-Key, which is also what putRecord wrote; null on reads'),
  value: z
    .strictObject({
      lines: z.array(line).optional(),
      note: z.string().optional(),
      order: z.string().optional(),
      amount: z.int().optional(),
      sku: z.string().optional(),
      region: z.string().optional(),
      quantity: z.int().optional(),
      record: z.string().optional(),
      parents: z.array(z.string()).optional().describe('versions that an edit was made from; none: it makes the record'),
    })
    .describe('what was asked for'),
  region: z.string().nullable().describe('the region that answered; null: none did'),
  startMs: z.number().describe('when the request was due, whether or not it could be sent then: no coordinated omission'),
  endMs: z.number(),
  outcome: z
    .enum(['ok', 'failed', 'unknown'])
    .describe(
      'ok: a definite answer that fits the request, refusals for want of stock, of the thing itself, or of what an edit was made from included; unknown: a write that may or may not have been executed; failed: the rest',
    ),
  status: z.int().nullable(),
  id: z.string().nullable().describe('id in the acknowledgement of a write; of an edit its version, of a shipment its order'),
  saw: seen.optional().describe('what a read showed; absent on writes, and where nothing was shown'),
  missed: z.boolean().describe('something acknowledged before was not found (404): late or lost, the ledger tells which'),
  attempts: count.describe('requests that were sent for it'),
  wrong: z.string().nullable().describe("of the answer that counted: see `sent`'s"),
  sent: z.array(sentRequest),
  detail: z.string(),
});
export type OperationRecord = z.infer<typeof operationRecord>;

/** What one request came to. */
export type Result = Pick<
  OperationRecord,
  'region' | 'outcome' | 'status' | 'id' | 'saw' | 'missed' | 'attempts' | 'detail' | 'wrong' | 'sent'
>;

/** The `value` of an action's record. */
export const askedFor = (action: Action): OperationRecord['value'] => {
  switch (action.operation) {
    case 'placeOrder':
      return { lines: action.lines.map((each) => ({ ...each })), ...(action.note === undefined ? {} : { note: action.note }) };
    case 'getOrder':
      return { order: action.order };
    case 'payOrder':
      return { order: action.order, amount: action.amount };
    case 'getStock':
      return { sku: action.sku };
    case 'receiveStock':
      return { sku: action.sku, region: action.region, quantity: action.quantity };
    case 'shipOrder':
    case 'cancelOrder':
      return { order: action.order };
    case 'getRecord':
      return { record: action.record };
    case 'putRecord':
      return { record: action.record, parents: [...action.parents] };
  }
};

export const isWrite = (action: Action): action is Extract<Action, { key: string }> => 'key' in action;

/** 409 and 412 say that the rules were followed; 404 that the thing is not (yet) here. Everything else that is not 2xx is a failure. */
export const servedStatus = (status: number): boolean =>
  (status >= 200 && status < 300) || status === 404 || status === 409 || status === 412;
