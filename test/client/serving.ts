/** What a region of the API answers to each of the client's requests, by method and path; it keeps nothing. */
import type { ClientRoute } from '../../client/routes.ts';
import { answer, type Behaviour, type Received } from './front-door.ts';

const AT = '2026-01-01T00:00:00.000Z';
const LINES = [{ sku: 'a', quantity: 1 }];
const VERSION = { version: 'f'.repeat(32), value: { name: 'Ann' }, editedAt: AT, editedBy: 'a' };
/** Of the order that each `POST /orders` makes here. */
export const ORDER_ID = '1'.repeat(32);

interface Told {
  readonly route: ClientRoute | 'health' | 'regions';
  readonly status: number;
  readonly body: object;
}

const ROUTES: readonly (readonly [pattern: RegExp, told: (body: object, ...parts: readonly string[]) => Told])[] = [
  [/^POST \/orders$/, (body) => ({ route: 'placeOrder', status: 201, body: { id: ORDER_ID, ...body, placedAt: AT, placedBy: 'a' } })],
  [/^GET \/orders$/, () => ({ route: 'listOrders', status: 200, body: { orders: [] } })],
  [/^GET \/orders\/([^/]+)$/, (_, id) => ({ route: 'getOrder', status: 200, body: orderOf(id) })],
  [
    /^POST \/orders\/([^/]+)\/payments$/,
    (body, order) => ({ route: 'payOrder', status: 201, body: { id: 'p', order, ...body, at: AT, by: 'a' } }),
  ],
  [
    /^POST \/orders\/([^/]+)\/shipments$/,
    (body, order) => ({ route: 'shipOrder', status: 201, body: { order, ...body, at: AT, by: 'a' } }),
  ],
  [
    /^POST \/orders\/([^/]+)\/cancellations$/,
    (_, order) => ({ route: 'cancelOrder', status: 202, body: { id: 'c', order, at: AT, by: 'a' } }),
  ],
  [
    /^GET \/stock\/([^/]+)$/,
    (_, sku) => ({ route: 'getStock', status: 200, body: { sku, received: 1, available: 1, sold: 0, moving: 0, regions: [] } }),
  ],
  [
    /^POST \/stock\/([^/]+)\/regions\/([^/]+)\/receipts$/,
    (body, sku, region) => ({ route: 'receiveStock', status: 201, body: { id: 'r', sku, region, ...body, at: AT, by: 'a' } }),
  ],
  [/^GET \/records\/([^/]+)$/, (_, id) => ({ route: 'getRecord', status: 200, body: { id, ...VERSION, conflicts: [] } })],
  [/^PUT \/records\/([^/]+)$/, (body, id) => ({ route: 'putRecord', status: 200, body: { id, ...VERSION, ...body, conflicts: [] } })],
  [
    /^GET \/records\/([^/]+)\/history$/,
    (_, id) => ({ route: 'getHistory', status: 200, body: { id, versions: [{ ...VERSION, parents: [], head: true }] } }),
  ],
  [/^GET \/health$/, () => ({ route: 'health', status: 200, body: { verdict: 'pass' } })],
  [/^GET \/regions$/, () => ({ route: 'regions', status: 200, body: { regions: [] } })],
];

const orderOf = (id = '') => ({
  id,
  state: 'placed',
  lines: LINES,
  placedAt: AT,
  placedBy: 'a',
  payments: [],
  paid: 0,
  shipments: [],
  cancellations: [],
  conflicts: [],
});

/** @throws {Error} for what is no route of the API */
export const toldOf = ({ method, path, body }: Pick<Received, 'method' | 'path' | 'body'>): Told => {
  const [bare = ''] = path.split('?');
  for (const [pattern, told] of ROUTES) {
    const parts = pattern.exec(`${method} ${bare}`)?.slice(1).map(decodeURIComponent);
    if (parts) return told(body === '' ? {} : JSON.parse(body), ...parts);
  }
  throw new Error(`no route of the API: ${method} ${path}`);
};

/** Answers everything as the API does. @param more headers besides, by what was asked */
export const serving =
  (more: (received: Received) => Readonly<Record<string, string>> = () => ({})): Behaviour =>
  (received, response, request) => {
    const { status, body } = toldOf(received);
    answer(status, body, more(received))(received, response, request);
  };
