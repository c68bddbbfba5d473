/** Each user route: read the request by the contract, call the use case. Reads get a context at once; writes pass the gate. */
import { ROUTES, type RouteName } from '../contract/routes.ts';
import { LIMITS } from '../contract/values.ts';
import type { Context, Outcome } from '../core/context.ts';
import { canonical } from '../core/hash.ts';
import { cancelOrder, payOrder, shipOrder } from '../core/order-events.ts';
import { getOrder, listOrders, placeOrder } from '../core/orders.ts';
import { editRecord, getHistory, getRecord } from '../core/records.ts';
import { getStock, receiveStock } from '../core/stock.ts';
import type { Input } from './input.ts';
import { parentsOf } from './preconditions.ts';
import { Refusal } from './refusal.ts';

/** Rows of a page of a list, where the caller does not say. */
const PAGE_DEFAULT = 20;

/** Checks the whole input, and only then gives the work: nothing is done for a request that does not fit. */
type UserRoute = (given: { readonly subject: string; readonly input: Input }) => Promise<Work>;
type Work = (context: Context) => Promise<Outcome<unknown>>;

type UserRouteName = { [R in RouteName]: (typeof ROUTES)[R]['access'] extends { readonly kind: 'user' } ? R : never }[RouteName];

export const USER_ROUTES: Readonly<Record<UserRouteName, UserRoute>> = {
  placeOrder: async ({ subject, input }) => {
    const given = { subject, key: input.key(), request: await input.body(ROUTES.placeOrder.body) };
    return (context) => placeOrder(context, given);
  },
  listOrders: async ({ subject, input }) => {
    const { cursor, limit } = await input.query(ROUTES.listOrders.query);
    return (context) => listOrders(context, { subject, cursor, limit: limit === undefined ? PAGE_DEFAULT : Number(limit) });
  },
  getOrder: async ({ subject, input }) => {
    const id = input.param('id', ROUTES.getOrder.params.id);
    return (context) => getOrder(context, { subject, id });
  },
  payOrder: async ({ subject, input }) => {
    const given = {
      subject,
      id: input.param('id', ROUTES.payOrder.params.id),
      key: input.key(),
      ...(await input.body(ROUTES.payOrder.body)),
    };
    return (context) => payOrder(context, given);
  },
  shipOrder: async ({ subject, input }) => {
    const given = {
      subject,
      id: input.param('id', ROUTES.shipOrder.params.id),
      key: input.key(),
      ...(await input.body(ROUTES.shipOrder.body)),
    };
    return (context) => shipOrder(context, given);
  },
  cancelOrder: async ({ subject, input }) => {
    const given = {
      subject,
      id: input.param('id', ROUTES.cancelOrder.params.id),
      key: input.key(),
      ...(await input.body(ROUTES.cancelOrder.body)),
    };
    return (context) => cancelOrder(context, given);
  },
  getRecord: async ({ subject, input }) => {
    const id = input.param('id', ROUTES.getRecord.params.id);
    return (context) => getRecord(context, { subject, id });
  },
  putRecord: async ({ subject, input }) => {
    const id = input.param('id', ROUTES.putRecord.params.id);
    const key = input.keyIfGiven() ?? keyOfNobody();
    const given = { subject, id, key, parents: parentsOf(input.preconditions()), value: await recordValueOf(input) };
    return (context) => editRecord(context, given);
  },
  getHistory: async ({ subject, input }) => {
    const id = input.param('id', ROUTES.getHistory.params.id);
    const { cursor, limit } = await input.query(ROUTES.getHistory.query);
    return (context) => getHistory(context, { subject, id, cursor, limit: limit === undefined ? PAGE_DEFAULT : Number(limit) });
  },
  getStock: async ({ subject, input }) => {
    const sku = input.param('sku', ROUTES.getStock.params.sku);
    return (context) => getStock(context, { subject, sku });
  },
  receiveStock: async ({ subject, input }) => {
    const { sku, region } = ROUTES.receiveStock.params;
    const given = {
      subject,
      sku: input.param('sku', sku),
      region: input.param('region', region),
      key: input.key(),
      ...(await input.body(ROUTES.receiveStock.body)),
    };
    return (context) => receiveStock(context, given);
  },
};

/** Two equal edits without a key are two edits. Nobody can repeat such a one: sent again, it meets the precondition as any other. */
const keyOfNobody = (): string => crypto.randomUUID();

/** Its text may be longer than it came, `1e20` for one: a page of a hundred must fit into an answer (6 MB). */
const recordValueOf = async (input: Input): Promise<string> => {
  const value = canonical((await input.body(ROUTES.putRecord.body)).value);
  const bytes = Buffer.byteLength(value);
  if (bytes > LIMITS.bodyBytes)
    throw new Refusal('too-large', `given a value of ${bytes} bytes when written out, allowed: ${LIMITS.bodyBytes}`);
  return value;
};
