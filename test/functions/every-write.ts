/** A request to each route that writes, which a region that may write does: what holds for writes is held over all of them. */
import { randomUUID } from 'node:crypto';
import { ROUTES, type Route, type RouteName } from '../../functions/contract/routes.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { type Answered, ApiWorld, type ApiWorldProps, type Sent } from './api-world.ts';

type WriteRoute = { [R in RouteName]: (typeof ROUTES)[R]['method'] extends 'GET' ? never : R }[RouteName];

/** It may be sent again: it is then the same request. */
export interface WriteRequest {
  readonly path: string;
  readonly sent: Sent;
}

type Prepare = (world: ApiWorld) => Promise<WriteRequest>;

const asked = (path: string, body: object): WriteRequest => ({ path, sent: { body, key: `key-${randomUUID()}` } });
const edit = (path: string, value: object, condition: Readonly<Record<string, string>>): WriteRequest => ({
  path,
  sent: { body: { value }, key: `key-${randomUUID()}`, headers: condition },
});

const stocked = async (world: ApiWorld): Promise<string> => {
  const sku = `sku-${randomUUID()}`;
  await world.post(`/stock/${sku}/regions/${world.region}/receipts`, { quantity: 9 });
  return sku;
};
const placed = async (world: ApiWorld): Promise<string> => {
  const { body } = await world.post('/orders', { lines: [{ sku: await stocked(world), quantity: 1 }] });
  return String(body['id']);
};

/** A route that is new in the contract does not compile until it is here. */
const PREPARED: Readonly<Record<WriteRoute, Prepare>> = {
  placeOrder: async (world) => asked('/orders', { lines: [{ sku: await stocked(world), quantity: 2 }], note: 'soon' }),
  payOrder: async (world) => asked(`/orders/${await placed(world)}/payments`, { amount: 250 }),
  shipOrder: async (world) => asked(`/orders/${await placed(world)}/shipments`, { carrier: 'post' }),
  cancelOrder: async (world) => asked(`/orders/${await placed(world)}/cancellations`, {}),
  receiveStock: async (world) => asked(`/stock/sku-${randomUUID()}/regions/${world.region}/receipts`, { quantity: 3 }),
  putRecord: async () => edit(`/records/record-${randomUUID()}`, { n: 1 }, { 'If-None-Match': '*' }),
};

/** An edit of what is there is another path through the same route. */
const editing: Prepare = async (world) => {
  const path = `/records/record-${randomUUID()}`;
  const made = await world.put(path, { n: 1 });
  return edit(path, { n: 2 }, { 'If-Match': made.headers['etag'] ?? '' });
};

export interface EveryWrite {
  readonly what: string;
  readonly name: RouteName;
  readonly route: Route;
  readonly prepare: Prepare;
  /** Of a success. */
  readonly status: number;
}

const isWrite = (name: string): name is WriteRoute => Object.hasOwn(PREPARED, name);

export const EVERY_WRITE: readonly EveryWrite[] = Object.entries(ROUTES).flatMap(([name, route]: readonly [string, Route]) => {
  if (route.method === 'GET') return [];
  if (!isWrite(name)) throw new Error(`no request is prepared for the route ${name}`);
  const { success } = route;
  const one = { what: name, name, route, prepare: PREPARED[name], status: success.created ?? success.status };
  return success.created === undefined
    ? [one]
    : [one, { ...one, what: `${name}, of what is there`, prepare: editing, status: success.status }];
});

export const sendWrite = (world: ApiWorld, { route }: EveryWrite, { path, sent }: WriteRequest, more: Sent = {}): Promise<Answered> =>
  world.call(route.method, path, { ...sent, ...more, headers: { ...sent.headers, ...more.headers } });

export const openWorld = async (props: ApiWorldProps = {}, data = new MemoryStore()) => ({
  data,
  world: await new ApiWorld({ ...props, data }).start(),
});

/** What callers' requests left in a replica; not what the regions say of each other. */
export const leftIn = (data: MemoryStore): readonly Item[] =>
  data
    .items()
    .filter(({ pk }) => pk !== REGIONS_KEY)
    .toSorted((a, b) => (`${a.pk}\n${a.sk}` < `${b.pk}\n${b.sk}` ? -1 : 1));

/** The view of the regions is taken anew after five seconds. */
export const lookAgain = (world: ApiWorld): void => {
  world.aheadMs += 5_001;
};
