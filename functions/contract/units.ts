/**
 * What a request of each route may cost of the data table, at most, in DynamoDB's read and write units of its own region,
 * by what the request has. No run time loads it: a test holds every route to it, whatever callers send, and docs/costs.md
 * shows it. Others who write the same rows at the same time make a request try again, a bounded number of times
 * (functions/aws/attempts.ts), and each attempt costs as much once more.
 *
 * The view of the regions is in none of them: an execution environment takes it each few seconds, however many ask.
 */
import type { ROUTES, RouteName } from './routes.ts';

/**
 * - `one`: of the request itself.
 * - `part`: each 4 KB that are stored of the order or record.
 * - `size`: each 1 KB of what is written.
 * - `line`: each sku of an order. `row`: each row of a page. `key`: each thing that the request's tokens name.
 */
export const TERMS = ['one', 'part', 'size', 'line', 'row', 'key'] as const;
export type Term = (typeof TERMS)[number];
type Terms = Readonly<Partial<Record<Term, number>>>;

export interface Units {
  readonly read: Terms;
  readonly write: Terms;
}

type UserRouteName = { [R in RouteName]: (typeof ROUTES)[R]['access'] extends { readonly kind: 'user' } ? R : never }[RouteName];

/**
 * Of any user route, for its tokens: four looks in the time that a request waits, and two reads where what a token names
 * leads to more than itself.
 */
export const TOKEN_UNITS: Terms = { key: 8 };

export const UNITS: Readonly<Record<UserRouteName, Units>> = {
  // The order before and after; of each line whether it is short, who has it, and who wished for it.
  placeOrder: { read: { part: 2, line: 3 }, write: { size: 2, line: 3 } },
  // A page of the index, at half a unit for 4 KB, and one row more; the acceptances of each.
  listOrders: { read: { one: 1, row: 2, key: 2 }, write: {} },
  getOrder: { read: { part: 1 }, write: {} },
  // Once more where an equal request came first.
  payOrder: { read: { part: 2 }, write: { size: 2 } },
  shipOrder: { read: { part: 2 }, write: { size: 2 } },
  cancelOrder: { read: { part: 1 }, write: { size: 1 } },
  getStock: { read: { one: 1, key: 2 }, write: {} },
  // Receipt, booking and row in one transaction; whether they are there, before and after.
  receiveStock: { read: { one: 4 }, write: { one: 6 } },
  getRecord: { read: { part: 1 }, write: {} },
  // The version and the region's head, in one transaction.
  putRecord: { read: { part: 1 }, write: { one: 2, size: 2 } },
  getHistory: { read: { part: 1 }, write: {} },
};
