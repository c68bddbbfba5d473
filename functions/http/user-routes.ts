/** Each user route: read the request by the contract, call the use case. Reads get a context at once; writes pass the gate. */
import { ROUTES, type RouteName } from '../contract/routes.ts';
import { LIMITS } from '../contract/schemas.ts';
import type { Context, Outcome } from '../core/context.ts';
import { canonical } from '../core/hash.ts';
import { cancelOrder, getOrder, listOrders, payOrder, placeOrder, shipOrder } from '../core/orders.ts';
import { editRecord, getHistory, getRecord } from '../core/records.ts';
import { getStock, receiveStock } from '../core/stock.ts';
import type { Input } from './input.ts';
import { parentsOf } from './preconditions.ts';
import { Refusal } from './refusal.ts';

/** Rows of a page of a list, where the caller does not say. */
const PAGE_DEFAULT = 20;

/** Checks the whole input, and only then gives the work: nothing is done for a request that does not fit. */
type UserRoute = (given: { readonly subject: string; readonly input: Input }) => (context: Context) => Promise<Outcome<unknown>>;

type UserRouteName = { [R in RouteName]: (typeof ROUTES)[R]['access'] extends { readonly kind: 'user' } ? R : never }[RouteName];

export const USER_ROUTES: Readonly<Record<UserRouteName, UserRoute>> = {
  placeOrder: ({ subject, input }) => {
    const given = { subject, key: input.key(), request: input.body(ROUTES.placeOrder.body) };
    return (context) => placeOrder(context, given);
  },
  listOrders: ({ subject, input }) => {
    const { cursor, limit } = input.query(ROUTES.listOrders.query);
    return (context) => listOrders(context, { subject, cursor, limit: limit === undefined ? PAGE_DEFAULT : Number(limit) });
  },
  getOrder: ({ subject, input }) => {
    const id = input.param('id', ROUTES.getOrder.params.id);
    return (context) => getOrder(context, { subject, id });
  },
  payOrder: ({ subject, input }) => {
    const given = { subject, id: input.param('id', ROUTES.payOrder.params.id), key: input.key(), ...input.body(ROUTES.payOrder.body) };
    return (context) => payOrder(context, given);
  },
  shipOrder: ({ subject, input }) => {
    const given = { subject, id: input.param('id', ROUTES.shipOrder.params.id), key: input.key(), ...input.body(ROUTES.shipOrder.body) };
    return (context) => shipOrder(context, given);
  },
  cancelOrder: ({ subject, input }) => {
    const given = {
      subject,
      id: input.param('id', ROUTES.cancelOrder.params.id),
      key: input.key(),
      ...input.body(ROUTES.cancelOrder.body),
    };
    return (context) => cancelOrder(context, given);
  },
  getRecord: ({ subject, input }) => {
    const id = input.param('id', ROUTES.getRecord.params.id);
    return (context) => getRecord(context, { subject, id });
  },
  putRecord: ({ subject, input }) => {
    const id = input.param('id', ROUTES.putRecord.params.id);
    const given = { subject, id, parents: parentsOf(input.preconditions()), value: recordValueOf(input) };
    return (context) => editRecord(context, given);
  },
  getHistory: ({ subject, input }) => {
    const id = input.param('id', ROUTES.getHistory.params.id);
    const { cursor, limit } = input.query(ROUTES.getHistory.query);
    return (context) => getHistory(context, { subject, id, cursor, limit: limit === undefined ? PAGE_DEFAULT : Number(limit) });
  },
  getStock: ({ subject, input }) => {
    const sku = input.param('sku', ROUTES.getStock.params.sku);
    return (context) => getStock(context, { subject, sku });
  },
  receiveStock: ({ subject, input }) => {
    const { sku, region } = ROUTES.receiveStock.params;
    const given = {
      subject,
      sku: input.param('sku', sku),
      region: input.param('region', region),
      key: input.key(),
      ...input.body(ROUTES.receiveStock.body),
    };
    return (context) => receiveStock(context, given);
  },
};

/** Its text may be longer than it came, `1e20` for one: a page of a hundred must fit into an answer (6 MB). */
const recordValueOf = (input: Input): string => {
  const value = canonical(input.keptBody(ROUTES.putRecord.body).value);
  const bytes = Buffer.byteLength(value);
  if (bytes > LIMITS.bodyBytes)
    throw new Refusal('too-large', `given a value of ${bytes} bytes when written out, allowed: ${LIMITS.bodyBytes}`);
  return value;
};
