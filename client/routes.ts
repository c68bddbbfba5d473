/**
 * The routes that callers use, typed by the contract: the contract's code stays out of the caller's bundle, and a path
 * that differs from it does not compile.
 */
import type { ANSWERS } from '../functions/contract/answers.ts';
import type { ROUTES, RouteName } from '../functions/contract/routes.ts';
import type { Request, RequestName } from '../functions/contract/schemas.ts';

/** Routes that are no caller's business: the client reads `/health` and `/regions` by itself. */
export type ClientRoute = Exclude<RouteName, 'health' | 'switchState' | 'regions' | 'openapi'>;

type Contract = typeof ROUTES;
/** `POST /orders`, as the contract has it. */
type Signature<N extends RouteName> = `${Contract[N]['method']} ${Contract[N]['path']}`;

export const SIGNATURES = {
  placeOrder: 'POST /orders',
  listOrders: 'GET /orders',
  getOrder: 'GET /orders/{id}',
  payOrder: 'POST /orders/{id}/payments',
  shipOrder: 'POST /orders/{id}/shipments',
  cancelOrder: 'POST /orders/{id}/cancellations',
  getStock: 'GET /stock/{sku}',
  receiveStock: 'POST /stock/{sku}/regions/{region}/receipts',
  getRecord: 'GET /records/{id}',
  putRecord: 'PUT /records/{id}',
  getHistory: 'GET /records/{id}/history',
} as const satisfies { readonly [N in ClientRoute]: Signature<N> };

export const HEALTH_PATH = '/health' satisfies Contract['health']['path'];
export const REGIONS_PATH = '/regions' satisfies Contract['regions']['path'];

/** The request body of a route. */
export type Body<N extends ClientRoute> = Contract[N] extends { readonly body: infer Name extends RequestName } ? Request<Name> : undefined;
/** The query of a route. */
export type Query<N extends ClientRoute> = Contract[N] extends { readonly query: infer Name extends RequestName }
  ? Request<Name>
  : undefined;
/** What a route answers on success. */
export type Answer<N extends ClientRoute> = (typeof ANSWERS)[N]['_zod']['output'];

/** Path with its parameters and query filled in, escaped. */
export const pathOf = (
  signature: string,
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string | undefined>>,
): string => {
  const [, template = ''] = signature.split(' ');
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return given.length === 0 ? path : `${path}?${given.join('&')}`;
};
