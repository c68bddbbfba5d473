/** The items of an order: how they are keyed, built and read. */
import type { Context } from './context.ts';
import { hashOf } from './hash.ts';
import { Hlc } from './hlc.ts';
import { ITEM_VERSION, numberOf, textOf } from './item.ts';
import { type EndKind, foldOrder, type Line, type OrderView, type Reservation } from './order-fold.ts';
import { heldKey } from './stock-fold.ts';
import { Damaged, type Item, isWritable, type Value, type Write } from './store.ts';
import { EXPIRES, expiring } from './synthetic.ts';

export const orderKey = (id: string): string => `ORDER#${id}`;

/** The same request has the same id in every region. */
export const orderIdOf = (subject: string, key: string): string => hashOf('order', subject, key);

/** The fold, and what it was made of: a later release may have written more into it. */
export interface OrderRead extends OrderView {
  readonly items: readonly Item[];
}

export const readOrder = async (context: Context, id: string): Promise<OrderRead | undefined> => {
  const items = await context.store.query(orderKey(id));
  for (const item of items) context.hlc.observe(textOf(item, 'listed')?.split('#')[0] ?? '', context.clock.now());
  const order = foldOrder(items);
  return order && { ...order, items };
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

/** Attributes of an item that are of that item alone, and not of the order that it carries. */
const OF_THE_ITEM: readonly string[] = ['pk', 'sk', 'v', 'owner', 'listed', EXPIRES, 'reput', 'kind', 'at', 'request', 'carrier'];

/** All that an acceptance says of its order, with what a later release says in it. */
const saidBy = (item: Item): Readonly<Record<string, Value | undefined>> =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !OF_THE_ITEM.includes(name)));

/**
 * `END#P#W` carries the order, so that it can stand in for a PLACED that never arrives: word for word, and under the version
 * that it was written in, because what a later release put into it is not this one's to drop.
 *
 * @throws {Damaged} where the acceptance holds what nobody can write
 */
export const endItem = (
  context: Context,
  id: string,
  { order, reservation }: { readonly order: OrderRead; readonly reservation: Reservation },
  end: {
    readonly kind: EndKind;
    readonly atMs: number;
    readonly request?: string;
    readonly carrier?: string | undefined;
  },
): Item => {
  const accepted = order.items.find(({ sk }) => sk === reservation.sk);
  if (accepted && !Object.values(accepted).every(isWritable)) throw new Damaged(accepted, 'holds a number that cannot be written again');
  return {
    ...content(reservation),
    ...(accepted && saidBy(accepted)),
    pk: orderKey(id),
    sk: `END#${reservation.writer}#${context.writer}`,
    v: Math.max(ITEM_VERSION, accepted?.v ?? ITEM_VERSION),
    kind: end.kind,
    at: end.atMs,
    ...expiring(reservation.subject, 'end', end.atMs),
    ...(end.request === undefined ? {} : { request: end.request }),
    ...(end.carrier === undefined ? {} : { carrier: end.carrier }),
  };
};

/** The `PLACED` that an END stands in for, in its owner's list by the time that it was placed; undefined where the END does not carry it. */
export const acceptanceOf = (end: Item, writer: string): Item | undefined => {
  const [owner, placedAtMs] = [textOf(end, 'subject'), numberOf(end, 'placedAt')];
  if (owner === undefined || placedAtMs === undefined) return undefined;
  const id = end.pk.slice(orderKey('').length);
  return { ...saidBy(end), pk: end.pk, sk: `PLACED#${writer}`, v: end.v, owner, listed: `${new Hlc().next(placedAtMs)}#${id}` };
};

/** What an acceptance says, as this release writes it. */
export const content = (order: Pick<Reservation, 'subject' | 'lines' | 'note' | 'body' | 'placedAtMs'>) => ({
  subject: order.subject,
  lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
  body: order.body,
  placedAt: order.placedAtMs,
  ...(order.note === undefined ? {} : { note: order.note }),
});
