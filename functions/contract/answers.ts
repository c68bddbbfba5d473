/** Shapes of answers. Only types and the OpenAPI document need them: a function that starts does not build them. */
import type { ZodMiniType } from 'zod/mini';
import * as z from 'zod/mini';
import type { RouteName } from './routes.ts';
import { lines, note, recordValue, text } from './schemas.ts';
import { FORMS } from './values.ts';

const orderId = text(FORMS.orderId);
const recordId = text(FORMS.recordId);
const versionId = text(FORMS.versionId);
const sku = text(FORMS.sku);
const region = text(FORMS.region);
const cursor = text(FORMS.cursor);

const instant = z.iso.datetime();

/**
 * What was agreed when the order was placed. On every replay the same lines and note; `placedBy` and `placedAt` are of the
 * acceptance that counts here now, and where two regions accepted the order, that may become the other one.
 */
export const placedOrder = z.object({
  id: orderId,
  lines,
  note: z.optional(note),
  placedAt: instant,
  /** Writer that holds the reservation: a region, with its incarnation after a rebuild (`eu-west-1.2`). */
  placedBy: z.string(),
});

const orderState = z.enum(['placed', 'shipped', 'cancelling', 'cancelled']);

export const payment = z.object({
  id: z.string(),
  amount: z.int(),
  at: instant,
  by: z.string(),
  /** Other amounts that other regions accepted under the same key. Counted once, shown all. */
  conflicts: z.array(z.object({ amount: z.int(), by: z.string() })),
});

export const order = z.object({
  id: orderId,
  state: orderState,
  lines,
  note: z.optional(note),
  placedAt: instant,
  placedBy: z.string(),
  payments: z.array(payment),
  /** Minor units, each payment key counted once. */
  paid: z.int(),
  /** More than one entry: goods left from two regions, and a person must look. */
  shipments: z.array(z.object({ by: z.string(), at: instant, carrier: z.optional(z.string()) })),
  /** The first one first. Beside shipments: one region had not heard of what another knew; compare their times, and look. */
  cancellations: z.array(z.object({ by: z.string(), at: instant })),
  /** Other bodies that other regions accepted under the same Idempotency-Key. */
  conflicts: z.array(z.object({ lines, note: z.optional(note), placedBy: z.string() })),
});

export const orderList = z.object({
  orders: z.array(placedOrder),
  /**
   * Absent on the last page. A late arrival from another region may sort before it and be missed. An order that two regions
   * accepted may be on two pages: equal ids are one order.
   */
  cursor: z.optional(cursor),
});

export const acceptedPayment = z.object({ id: z.string(), order: orderId, amount: z.int(), at: instant, by: z.string() });
export const acceptedShipment = z.object({ order: orderId, at: instant, by: z.string(), carrier: z.optional(z.string()) });
export const requestedCancellation = z.object({ id: z.string(), order: orderId, at: instant, by: z.string() });

export const receipt = z.object({
  id: z.string(),
  sku,
  /** The region that books the units. */
  region,
  quantity: z.int(),
  at: instant,
  by: z.string(),
});

export const stock = z.object({
  sku,
  /** Units received and booked anywhere. */
  received: z.int(),
  /** Units that can be sold somewhere. Never negative in sum unless a region was lost for good. */
  available: z.int(),
  /** Units in open or shipped orders. */
  sold: z.int(),
  /** Units granted by one region and not yet credited by the other. */
  moving: z.int(),
  /** Units of receipts that the request's tokens name and that their region has not booked, as far as this one knows. Absent: none. */
  pending: z.optional(z.int()),
  regions: z.array(z.object({ region: z.string(), writer: z.string(), available: z.int(), sold: z.int() })),
});

const version = {
  version: versionId,
  value: recordValue,
  editedAt: instant,
  /** The writer: a region, with its incarnation after a rebuild. */
  editedBy: z.string(),
};

export const record = z.object({
  id: recordId,
  ...version,
  /** Other heads, newest first, of edits that did not know of each other. The next edit names all of them. */
  conflicts: z.array(z.object(version)),
  /** Versions that these were made from have not arrived in this region: a conflict may be one that was superseded. */
  incomplete: z.optional(z.literal(true)),
});

export const history = z.object({
  id: recordId,
  versions: z.array(z.object({ ...version, parents: z.array(versionId), head: z.boolean() })),
  /** Absent on the last page. */
  cursor: z.optional(cursor),
});

/** Why a region's verdict is what it is. */
const reason = z.object({ code: z.string(), detail: z.string() });

export const health = z.object({
  verdict: z.enum(['pass', 'fail']),
  region: z.string(),
  version: z.string(),
  writer: z.string(),
  reasons: z.array(reason),
  checkedAt: instant,
});

export const switchState = z.object({
  evacuate: z.boolean(),
  region: z.string(),
  /** Why `evacuate` is what it is: no switch, switch on, or this region may not speak for another. */
  reason: z.string(),
});

export const regions = z.object({
  /** The region that answers. */
  region: z.string(),
  at: instant,
  regions: z.array(
    z.object({
      region: z.string(),
      writer: z.string(),
      /** Milliseconds since its last heartbeat, as seen in the answering region's replica; null: never seen. */
      heartbeatAgeMs: z.nullable(z.int()),
      version: z.nullable(z.string()),
      verdict: z.nullable(z.enum(['pass', 'fail'])),
      evacuate: z.boolean(),
      /** Takes writes: not behind, not fenced, not being rebuilt. Known of the answering region alone, else null. */
      writable: z.nullable(z.boolean()),
      /** Base URL of the region's own front door, when a domain is configured. */
      url: z.nullable(z.string()),
    }),
  ),
});

export const openapi = z.record(z.string(), z.unknown());

/** RFC 9457. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.optional(z.string()),
  correlationId: z.string(),
  /** The region that must be asked instead (`wrong-region`). */
  region: z.optional(z.string()),
  /** What is wrong with the input, by place. */
  errors: z.optional(z.array(z.object({ at: z.string(), message: z.string() }))),
});

/** Body of each route's success. */
export const ANSWERS = {
  placeOrder: placedOrder,
  listOrders: orderList,
  getOrder: order,
  payOrder: acceptedPayment,
  shipOrder: acceptedShipment,
  cancelOrder: requestedCancellation,
  getStock: stock,
  receiveStock: receipt,
  getRecord: record,
  putRecord: record,
  getHistory: history,
  health: health,
  switchState: switchState,
  regions: regions,
  openapi: openapi,
} as const satisfies Record<RouteName, ZodMiniType>;

export type PlacedOrder = z.infer<typeof placedOrder>;
export type Order = z.infer<typeof order>;
export type OrderList = z.infer<typeof orderList>;
export type AcceptedPayment = z.infer<typeof acceptedPayment>;
export type AcceptedShipment = z.infer<typeof acceptedShipment>;
export type RequestedCancellation = z.infer<typeof requestedCancellation>;
export type Receipt = z.infer<typeof receipt>;
export type Stock = z.infer<typeof stock>;
export type TandemRecord = z.infer<typeof record>;
export type History = z.infer<typeof history>;
export type Health = z.infer<typeof health>;
export type SwitchState = z.infer<typeof switchState>;
export type Regions = z.infer<typeof regions>;
export type Problem = z.infer<typeof problem>;
