/**
 * The routes that callers use, typed by the contract: the contract's code stays out of the caller's bundle, and a path
 * that differs from it does not compile.
 */
import type { ANSWERS } from '../functions/contract/answers.ts';
import type { PROBLEMS, ProblemName } from '../functions/contract/problems.ts';
import type { BODY_PROBLEMS, COMMON_PROBLEMS, ROUTES, RouteName, USER_PROBLEMS } from '../functions/contract/routes.ts';
import type { Request, RequestName } from '../functions/contract/schemas.ts';
import { sendableSegment, sendableValue } from './sendable.ts';

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

type Successes<S> = S extends { readonly status: infer A; readonly created: infer B }
  ? readonly [A, B]
  : S extends { readonly status: infer A }
    ? readonly [A]
    : never;

/** Statuses of success. */
export const SUCCESSES: { readonly [N in ClientRoute]: Successes<Contract[N]['success']> } = {
  placeOrder: [201],
  listOrders: [200],
  getOrder: [200],
  payOrder: [201],
  shipOrder: [201],
  cancelOrder: [202],
  getStock: [200],
  receiveStock: [201],
  getRecord: [200],
  putRecord: [200, 201],
  getHistory: [200],
};

/** Refusals of each route, besides those that any may give. */
const REFUSALS: { readonly [N in ClientRoute]: Contract[N]['problems'] } = {
  placeOrder: ['out-of-stock', 'order-cancelled', 'order-full', 'key-reused', 'damaged'],
  listOrders: [],
  getOrder: ['not-found', 'order-full'],
  payOrder: ['not-found', 'key-reused', 'order-cancelled', 'order-full', 'damaged'],
  shipOrder: ['not-found', 'wrong-region', 'order-cancelled', 'order-shipped', 'order-full', 'key-reused', 'damaged'],
  cancelOrder: ['not-found', 'order-shipped', 'order-full', 'damaged'],
  getStock: ['not-found'],
  receiveStock: ['key-reused', 'not-found', 'damaged'],
  getRecord: ['not-found', 'precondition-failed'],
  putRecord: ['precondition-required', 'precondition-failed', 'unknown-version', 'record-full', 'damaged'],
  getHistory: ['not-found'],
};
const COMMON: typeof COMMON_PROBLEMS = ['bad-request', 'too-many-requests', 'internal', 'bad-gateway', 'unavailable', 'gateway-timeout'];
const OF_USERS: typeof USER_PROBLEMS = ['unauthorized', 'forbidden', 'busy'];
const OF_BODIES: typeof BODY_PROBLEMS = ['too-large', 'unsupported-media-type'];

const STATUSES: { readonly [P in ProblemName]: (typeof PROBLEMS)[P]['status'] } = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'order-cancelled': 409,
  'order-shipped': 409,
  'order-full': 409,
  'out-of-stock': 409,
  damaged: 409,
  'record-full': 409,
  'wrong-region': 409,
  'precondition-failed': 412,
  'unknown-version': 412,
  'too-large': 413,
  'unsupported-media-type': 415,
  'key-reused': 422,
  'precondition-required': 428,
  busy: 429,
  'too-many-requests': 429,
  internal: 500,
  'bad-gateway': 502,
  unavailable: 503,
  'gateway-timeout': 504,
};
const KNOWN: ReadonlyMap<string, number> = new Map(Object.entries(STATUSES));

/** Whether a route refuses so: by a problem of its own and its status, or by one of a later release, a 4xx that is new here. */
export const isProblemOf = (route: ClientRoute, name: string, status: number): boolean => {
  const known = KNOWN.get(name);
  if (known === undefined) return status >= 400 && status < 500;
  const problems: readonly string[] = [
    ...REFUSALS[route],
    ...COMMON,
    ...OF_USERS,
    ...(SIGNATURES[route].startsWith('GET') ? [] : OF_BODIES),
  ];
  return known === status && problems.includes(name);
};

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

/**
 * Path with its parameters and query filled in, escaped.
 *
 * @throws {Unsendable} of a part that would name something else on its way
 */
export const pathOf = (
  signature: string,
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string | undefined>>,
): string => {
  const [, template = ''] = signature.split(' ');
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => sendableSegment(name, params[name]));
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${sendableValue(name, value)}`]));
  return given.length === 0 ? path : `${path}?${given.join('&')}`;
};
