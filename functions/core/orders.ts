/**
 * What callers do with orders. Every write is one local transaction on keys that this region alone writes; a caller who
 * repeats a request, here or in another region, meets the facts of the first one and is answered from them: with the same
 * order, and where two regions had accepted it, by the one that keeps it, whose name and time may be others than were told
 * first. A placement that is repeated after the order was cancelled is refused (409).
 * Placing and reading stand here, what happens to an order afterwards in `order-events.ts`.
 */
import { type Context, instant, type Outcome, read, refused, written } from './context.ts';
import { canonical, hashOf } from './hash.ts';
import { ITEM_VERSION, textOf, writerOf } from './item.ts';
import { keyReused, maySee, noSuchOrder } from './order-access.ts';
import { cancelledBy, foldOrder, type Line, type OrderView, type Reservation } from './order-fold.ts';
import { content, orderIdOf, orderKey, readOrder } from './order-items.ts';
import { isKnownShort, outOfStock } from './out-of-stock.ts';
import { sell } from './selling.ts';
import type { Item } from './store.ts';
import { expiring, mayName } from './synthetic.ts';
import { compareWriters } from './writer.ts';

/** Largest quantity of a merged line. */
const QUANTITY_MAX = 1_000_000;
/** Orders whose acceptances a list reads at a time. */
const LIST_READS_AT_ONCE = 20;

export interface OrderRequest {
  readonly lines: readonly Line[];
  readonly note?: string | undefined;
}

export interface PlacedOrder {
  readonly id: string;
  readonly lines: Line[];
  readonly note?: string;
  readonly placedAt: string;
  readonly placedBy: string;
}

export const placeOrder = async (
  context: Context,
  given: { readonly subject: string; readonly key: string; readonly request: OrderRequest },
): Promise<Outcome<PlacedOrder>> => {
  const id = orderIdOf(given.subject, given.key);
  const lines = mergeLines(given.request.lines);
  const excessive = lines.find((line) => line.quantity > QUANTITY_MAX);
  if (excessive)
    return refused('bad-request', `given ${excessive.quantity} of ${excessive.sku} in all lines, allowed: up to ${QUANTITY_MAX}`);
  const strange = lines.find((line) => !mayName(given.subject, line.sku));
  if (strange) return refused('bad-request', `given the sku ${strange.sku}, which this caller may not order`);
  const body = hashOf(lines, given.request.note ?? null);

  const before = await readOrder(context, id);
  if (before) return replay(id, before, body);

  const nowMs = context.clock.now();
  const placed: Item = {
    pk: orderKey(id),
    sk: `PLACED#${context.writer}`,
    v: ITEM_VERSION,
    ...content({ subject: given.subject, lines, note: given.request.note, body, placedAtMs: nowMs }),
    owner: given.subject,
    listed: `${context.hlc.next(nowMs)}#${id}`,
    ...expiring(given.subject, 'fact', nowMs),
  };
  if (!(await isKnownShort(context, lines)) && (await sell(context, placed, lines)))
    return written(placedOrder(id, { lines, note: given.request.note, placedAtMs: nowMs, writer: context.writer }), placed);

  // A request with the same key overtook this one, or a line is short. The facts tell which.
  const after = await readOrder(context, id);
  return after ? replay(id, after, body) : outOfStock(context, lines);
};

export const getOrder = async (
  context: Context,
  { subject, id }: { readonly subject: string; readonly id: string },
): Promise<Outcome<OrderAnswer>> => {
  const order = await readOrder(context, id);
  return order && maySee(order, subject) ? read(orderAnswer(id, order)) : noSuchOrder(id);
};

export interface OrderListAnswer {
  readonly orders: PlacedOrder[];
  readonly cursor?: string;
}

/**
 * The caller's orders, newest first, from the index of `PLACED` facts. An order that two regions accepted has a row of each:
 * whichever a page finds, it shows the smallest writer's acceptance, read from the table, because the index may lack that
 * one's row. So no acceptance hides an order, and a page shows each order once; a walk may show one on two pages.
 * The cursor is a place in time and valid in any region; an order that arrives late from another region and sorts before it
 * is missed.
 */
export const listOrders = async (
  context: Context,
  given: { readonly subject: string; readonly cursor?: string | undefined; readonly limit: number },
): Promise<Outcome<OrderListAnswer>> => {
  const before = given.cursor === undefined ? undefined : Buffer.from(given.cursor, 'base64url').toString();
  const page = await context.store.listByOwner(given.subject, { limit: given.limit, ...(before === undefined ? {} : { before }) });
  const found = [...new Map([...page.items].reverse().map((item) => [item.pk, item])).values()].reverse();
  const orders: PlacedOrder[] = [];
  for (let start = 0; start < found.length; start += LIST_READS_AT_ONCE) {
    const rows = await Promise.all(found.slice(start, start + LIST_READS_AT_ONCE).map((item) => listRow(context, item)));
    orders.push(...rows.flatMap((row) => row ?? []));
  }
  const last = page.items.at(-1);
  const cursor = page.more && last ? Buffer.from(textOf(last, 'listed') ?? '').toString('base64url') : undefined;
  return read(cursor === undefined ? { orders } : { orders, cursor });
};

const listRow = async (context: Context, item: Item): Promise<PlacedOrder | undefined> => {
  const mayBeSmaller = context.regions.some((region) => compareWriters(region, writerOf(item)) < 0);
  const others = mayBeSmaller ? await context.store.query(item.pk, 'PLACED#') : [];
  const [smallest] = foldOrder([item, ...others])?.reservations ?? [];
  return smallest && placedOrder(item.pk.slice(orderKey('').length), smallest);
};

const replay = (id: string, order: OrderView, body: string): Outcome<PlacedOrder> => {
  const same = order.keeper.body === body ? order.keeper : order.reservations.find((each) => each.body === body);
  if (!same) return keyReused();
  if (order.state === 'cancelled' || order.state === 'cancelling')
    return refused('order-cancelled', `order ${id} is ${order.state}; a new order needs a new key`);
  return written(placedOrder(id, same), { pk: orderKey(id), sk: same.sk }, true);
};

/** Equal skus are one line: a transaction may touch an item once. Sorted, so that equal requests are equal. */
const mergeLines = (lines: readonly Line[]): Line[] => {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
};

const placedOrder = (id: string, order: Pick<Reservation, 'lines' | 'note' | 'placedAtMs' | 'writer'>): PlacedOrder => ({
  id,
  lines: [...order.lines],
  ...(order.note === undefined ? {} : { note: order.note }),
  placedAt: instant(order.placedAtMs),
  placedBy: order.writer,
});

/** The order as callers read it. */
export const orderAnswer = (id: string, order: OrderView) => ({
  ...placedOrder(id, order.keeper),
  state: order.state,
  payments: order.payments.map(({ hash, amount, atMs, by, conflicts }) => ({
    id: hash,
    amount,
    at: instant(atMs),
    by,
    conflicts: [...conflicts],
  })),
  paid: order.payments.reduce((total, payment) => total + payment.amount, 0),
  shipments: order.reservations.flatMap((each) =>
    each.ends
      .filter((end) => end.kind === 'shipped')
      .map(({ by, atMs, carrier }) => ({ by, at: instant(atMs), ...(carrier === undefined ? {} : { carrier }) })),
  ),
  cancellations: cancelledBy(order).map(({ by, atMs }) => ({ by, at: instant(atMs) })),
  conflicts: order.reservations
    .filter((each) => each !== order.keeper && canonical([each.lines, each.note]) !== canonical([order.keeper.lines, order.keeper.note]))
    .map(({ lines, note, writer }) => ({ lines: [...lines], ...(note === undefined ? {} : { note }), placedBy: writer })),
});

export type OrderAnswer = ReturnType<typeof orderAnswer>;
