/** What callers ask for, and the use case of the core that serves it. */
import type { Context, Outcome } from '../functions/core/context.ts';
import { cancelOrder, payOrder, shipOrder } from '../functions/core/order-events.ts';
import type { Line } from '../functions/core/order-fold.ts';
import { orderIdOf as idOf } from '../functions/core/order-items.ts';
import { getOrder, listOrders, placeOrder } from '../functions/core/orders.ts';
import { editRecord, getHistory, getRecord, type RecordName, recordKey } from '../functions/core/records.ts';
import { getStock, receiveStock } from '../functions/core/stock.ts';

/** An order, by the request that places it: callers know the id from the answer, which is the same in every region. */
export interface OrderName {
  readonly subject: string;
  readonly key: string;
}

export type Request =
  | { readonly kind: 'place'; readonly order: OrderName; readonly lines: readonly Line[]; readonly note: string | undefined }
  | { readonly kind: 'pay'; readonly order: OrderName; readonly key: string; readonly amount: number }
  | { readonly kind: 'ship'; readonly order: OrderName; readonly key: string; readonly carrier: string }
  | { readonly kind: 'cancel'; readonly order: OrderName; readonly key: string }
  | { readonly kind: 'receive'; readonly sku: string; readonly region: string; readonly key: string; readonly quantity: number }
  | {
      readonly kind: 'edit';
      readonly record: RecordName;
      readonly key: string;
      readonly parents: readonly string[];
      readonly value: string;
    }
  | { readonly kind: 'order'; readonly order: OrderName }
  | { readonly kind: 'orders'; readonly subject: string }
  | { readonly kind: 'stock'; readonly sku: string }
  | { readonly kind: 'record' | 'history'; readonly record: RecordName };

/** Who ships, and who receives stock. */
const CLERK = 'clerk';
/** Rows of a list. */
const ROWS = 20;

const ids = new Map<string, string>();

export const orderIdOf = ({ subject, key }: OrderName): string => {
  const name = `${subject}\n${key}`;
  const known = ids.get(name) ?? idOf(subject, key);
  ids.set(name, known);
  return known;
};

const records = new Map<string, RecordName>();

/** The partition of a record, of which `recordOf` then knows the name. */
export const recordKeyOf = (record: RecordName): string => {
  const name = `record\n${record.subject}\n${record.id}`;
  const key = ids.get(name) ?? recordKey(record.subject, record.id);
  ids.set(name, key);
  records.set(key, record);
  return key;
};

export const recordOf = (pk: string): RecordName => {
  const record = records.get(pk);
  if (record === undefined) throw new RangeError(`given ${pk}, allowed: the partition of a record that somebody asked for`);
  return record;
};

const READS: readonly Request['kind'][] = ['order', 'orders', 'stock', 'record', 'history'];

export const isWrite = ({ kind }: Request): boolean => !READS.includes(kind);

export const perform = (context: Context, request: Request): Promise<Outcome<unknown>> => {
  switch (request.kind) {
    case 'place':
      return placeOrder(context, { ...request.order, request: { lines: request.lines, note: request.note } });
    case 'pay':
      return payOrder(context, { ...request, subject: request.order.subject, id: orderIdOf(request.order) });
    case 'ship':
      return shipOrder(context, { ...request, subject: CLERK, id: orderIdOf(request.order) });
    case 'cancel':
      return cancelOrder(context, { ...request, subject: request.order.subject, id: orderIdOf(request.order) });
    case 'receive':
      return receiveStock(context, { ...request, subject: CLERK });
    case 'edit':
      return editRecord(context, { ...request.record, key: request.key, parents: request.parents, value: request.value });
    case 'order':
      return getOrder(context, { subject: request.order.subject, id: orderIdOf(request.order) });
    case 'orders':
      return listOrders(context, { subject: request.subject, limit: ROWS });
    case 'stock':
      return getStock(context, { subject: CLERK, sku: request.sku });
    case 'record':
      return getRecord(context, request.record);
    case 'history':
      return getHistory(context, { ...request.record, limit: ROWS });
  }
};

/** Requests with the same identity ask for the same effect: the second is a replay of the first. */
export const identityOf = (request: Request): string => {
  switch (request.kind) {
    case 'place':
      return `place ${request.order.subject} ${request.order.key} ${linesText(request.lines)} ${request.note}`;
    case 'pay':
      return `pay ${request.order.subject} ${request.order.key} ${request.key} ${request.amount}`;
    case 'ship':
      return `ship ${request.order.subject} ${request.order.key} ${request.key} ${request.carrier}`;
    case 'cancel':
      return `cancel ${request.order.subject} ${request.order.key} ${request.key}`;
    case 'receive':
      return `receive ${request.sku} ${request.region} ${request.key} ${request.quantity}`;
    case 'edit':
      return `edit ${recordKeyOf(request.record)} ${request.key} ${request.parents.join(' ')} ${request.value}`;
    case 'order':
    case 'orders':
    case 'stock':
    case 'record':
    case 'history':
      return request.kind;
  }
};

export const linesText = (lines: readonly Line[]): string =>
  lines
    .map(({ sku, quantity }) => `${quantity} ${sku}`)
    .sort()
    .join(' + ');

export const describe = (request: Request): string => {
  switch (request.kind) {
    case 'place':
      return `${request.order.subject} places ${request.order.key}: ${linesText(request.lines)}${request.note === undefined ? '' : `, ${request.note}`}`;
    case 'pay':
      return `${request.order.subject} pays ${request.amount} for ${request.order.key} under ${request.key}`;
    case 'ship':
      return `the clerk ships ${request.order.key} under ${request.key}`;
    case 'cancel':
      return `${request.order.subject} cancels ${request.order.key} under ${request.key}`;
    case 'receive':
      return `the clerk receives ${request.quantity} ${request.sku} for region ${request.region} under ${request.key}`;
    case 'edit':
      return `${recordText(request.record)} becomes ${request.value}, from ${request.parents.join(' and ') || 'nothing'}, under ${request.key}`;
    case 'order':
      return `${request.order.subject} reads ${request.order.key}`;
    case 'orders':
      return `${request.subject} lists orders`;
    case 'stock':
      return `somebody reads the stock of ${request.sku}`;
    case 'record':
    case 'history':
      return `${request.record.subject} reads the ${request.kind} ${request.record.id}`;
  }
};

const recordText = ({ subject, id }: RecordName): string => `${subject}'s record ${id}`;
