/** The items of an order: how they are keyed, built and read. */
import type { Context } from './context.ts';
import { hashOf } from './hash.ts';
import { ITEM_VERSION, textOf } from './item.ts';
import { type EndKind, foldOrder, type Line, type OrderView, type Reservation } from './order-fold.ts';
import { heldKey } from './stock-fold.ts';
import type { Item, Write } from './store.ts';
import { expiring } from './synthetic.ts';

export const orderKey = (id: string): string => `ORDER#${id}`;

/** The same request has the same id in every region. */
export const orderIdOf = (subject: string, key: string): string => hashOf('order', subject, key);

export const readOrder = async (context: Context, id: string): Promise<OrderView | undefined> => {
  const items = await context.store.query(orderKey(id));
  for (const item of items) context.hlc.observe(textOf(item, 'listed')?.split('#')[0] ?? '', context.clock.now());
  return foldOrder(items);
};

export const reserve = (context: Context, line: Line): Write => ({
  action: 'update',
  key: heldKey(line.sku, context.writer),
  add: { available: -line.quantity, sold: line.quantity, rev: 1 },
  guards: [{ is: 'atLeast', attribute: 'available', value: line.quantity }],
});

export const giveBack = (context: Context, line: Line): Write => ({
  action: 'update',
  key: heldKey(line.sku, context.writer),
  add: { available: line.quantity, sold: -line.quantity, rev: 1 },
});

/** `END#P#W` carries the order, so that it can stand in for a PLACED that never arrives. */
export const endItem = (
  context: Context,
  id: string,
  reservation: Reservation,
  end: {
    readonly kind: EndKind;
    readonly atMs: number;
    readonly request?: string;
    readonly carrier?: string | undefined;
  },
): Item => ({
  pk: orderKey(id),
  sk: `END#${reservation.writer}#${context.writer}`,
  v: ITEM_VERSION,
  ...content(reservation),
  kind: end.kind,
  at: end.atMs,
  ...expiring(reservation.subject, 'end', end.atMs),
  ...(end.request === undefined ? {} : { request: end.request }),
  ...(end.carrier === undefined ? {} : { carrier: end.carrier }),
});

export const content = (order: Pick<Reservation, 'subject' | 'lines' | 'note' | 'body' | 'placedAtMs'>) => ({
  subject: order.subject,
  lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
  body: order.body,
  placedAt: order.placedAtMs,
  ...(order.note === undefined ? {} : { note: order.note }),
});
