/**
 * The API. From this one table come: API Gateway's resources and throttles (infra), the router and its validation
 * (functions), the OpenAPI document, and the failover client's types.
 */
import type { ProblemName } from './problems.ts';
import type { RequestName } from './schemas.ts';
import { FORMS, type Form } from './values.ts';

/** Scopes a token may carry. */
export const SCOPES = ['orders:read', 'orders:write', 'orders:ship', 'stock:read', 'stock:write', 'records:read', 'records:write'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path with API Gateway's parameters. */
  readonly path: string;
  readonly summary: string;
  /** `user`: needs a token with this scope. `probe`: open, and throttled apart so that it cannot be flooded into a failover. */
  readonly access: { readonly kind: 'user'; readonly scope: Scope } | { readonly kind: 'probe' } | { readonly kind: 'open' };
  readonly params?: Readonly<Record<string, Form>>;
  /** Name of its shape in schemas.ts, which is loaded for those who need it. */
  readonly query?: RequestName;
  /** A POST with a body needs an Idempotency-Key; a PUT needs a precondition, and may bring a key. */
  readonly body?: RequestName;
  /** Its body is in answers.ts, which a cold start does not load. */
  readonly success: {
    readonly status: 200 | 201 | 202;
    /** Where a write may make a thing or change one: when it made one. */
    readonly created?: 201;
    /** The answer carries an ETag; a read may be asked for by it (If-None-Match) and answers 304. */
    readonly tagged?: true;
  };
  /** Refusals besides those that every route of its access kind may give. */
  readonly problems: readonly ProblemName[];
}

const user = (scope: Scope) => ({ kind: 'user', scope }) as const;

export const ROUTES = {
  placeOrder: {
    method: 'POST',
    path: '/orders',
    summary: 'Places an order and reserves its lines in this region, all or nothing.',
    access: user('orders:write'),
    body: 'order',
    success: { status: 201 },
    problems: ['out-of-stock', 'order-cancelled', 'order-full', 'key-reused', 'damaged'],
  },
  listOrders: {
    method: 'GET',
    path: '/orders',
    summary: "Lists the caller's orders, newest first.",
    access: user('orders:read'),
    query: 'page',
    success: { status: 200 },
    problems: [],
  },
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    summary: 'The order as the fold of all facts that this region holds.',
    access: user('orders:read'),
    params: { id: FORMS.orderId },
    success: { status: 200 },
    problems: ['not-found', 'order-full'],
  },
  payOrder: {
    method: 'POST',
    path: '/orders/{id}/payments',
    summary: 'Records a payment.',
    access: user('orders:write'),
    params: { id: FORMS.orderId },
    body: 'payment',
    success: { status: 201 },
    problems: ['not-found', 'key-reused', 'order-cancelled', 'order-full', 'damaged'],
  },
  shipOrder: {
    method: 'POST',
    path: '/orders/{id}/shipments',
    summary: 'Ships the order from the region that holds its reservation.',
    access: user('orders:ship'),
    params: { id: FORMS.orderId },
    body: 'shipment',
    success: { status: 201 },
    problems: ['not-found', 'wrong-region', 'order-cancelled', 'order-shipped', 'order-full', 'key-reused', 'damaged'],
  },
  cancelOrder: {
    method: 'POST',
    path: '/orders/{id}/cancellations',
    summary: 'Requests a cancellation; the first request stands for all. A shipment that nobody had heard of may still come after it.',
    access: user('orders:write'),
    params: { id: FORMS.orderId },
    body: 'cancellation',
    success: { status: 202 },
    problems: ['not-found', 'order-shipped', 'order-full', 'damaged'],
  },
  getStock: {
    method: 'GET',
    path: '/stock/{sku}',
    summary: 'The stock of a sku, as this region sees it.',
    access: user('stock:read'),
    params: { sku: FORMS.sku },
    success: { status: 200 },
    problems: ['not-found'],
  },
  receiveStock: {
    method: 'POST',
    path: '/stock/{sku}/regions/{region}/receipts',
    summary: 'Records units received; the named region books them and may sell them.',
    access: user('stock:write'),
    params: { sku: FORMS.sku, region: FORMS.region },
    body: 'receipt',
    success: { status: 201 },
    problems: ['key-reused', 'not-found', 'damaged'],
  },
  getRecord: {
    method: 'GET',
    path: '/records/{id}',
    summary: "A record of the caller's, with all of its heads. Its ETag names them.",
    access: user('records:read'),
    params: { id: FORMS.recordId },
    success: { status: 200, tagged: true },
    problems: ['not-found', 'precondition-failed'],
  },
  putRecord: {
    method: 'PUT',
    path: '/records/{id}',
    summary: 'Edits a record that is still what its ETag says (If-Match), or makes one (If-None-Match: *).',
    access: user('records:write'),
    params: { id: FORMS.recordId },
    body: 'record',
    success: { status: 200, created: 201, tagged: true },
    problems: ['precondition-required', 'precondition-failed', 'unknown-version', 'record-full', 'damaged'],
  },
  getHistory: {
    method: 'GET',
    path: '/records/{id}/history',
    summary: 'The versions of a record that this region holds, newest first.',
    access: user('records:read'),
    params: { id: FORMS.recordId },
    query: 'page',
    success: { status: 200 },
    problems: ['not-found'],
  },
  health: {
    method: 'GET',
    path: '/health',
    summary: 'Deep check: proves that this region can write and read. 503 when the verdict is fail.',
    access: { kind: 'probe' },
    success: { status: 200 },
    problems: [],
  },
  switchState: {
    method: 'GET',
    path: '/switch/{region}',
    summary: 'Whether an operator evacuates that region, told by this one.',
    access: { kind: 'probe' },
    params: { region: FORMS.region },
    success: { status: 200 },
    problems: ['not-found'],
  },
  regions: {
    method: 'GET',
    path: '/regions',
    summary: 'Heartbeat ages, versions and switches of all regions, as this one sees them.',
    access: { kind: 'open' },
    success: { status: 200 },
    problems: [],
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document.',
    access: { kind: 'open' },
    success: { status: 200 },
    problems: [],
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;

/** Methods of a path: HEAD is served wherever GET is (RFC 9110, 9.3.2). */
export const methodsAt = (path: string): readonly string[] =>
  Object.values<Route>(ROUTES).flatMap((route) => (route.path !== path ? [] : route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));

/** Refusals that any route may give. `unavailable`: no answer from the table, region fenced, behind or evacuated. */
export const COMMON_PROBLEMS = [
  'bad-request',
  'too-many-requests',
  'internal',
  'bad-gateway',
  'unavailable',
  'gateway-timeout',
] as const satisfies readonly ProblemName[];
/** Refusals that any user route may give. `busy`: others want the same rows; nothing was done, and a little later it will be. */
export const USER_PROBLEMS = ['unauthorized', 'forbidden', 'busy'] as const satisfies readonly ProblemName[];
/** Refusals that any route with a body may give. */
export const BODY_PROBLEMS = ['too-large', 'unsupported-media-type'] as const satisfies readonly ProblemName[];
