/** Requests that carry Tandem-Tokens, answers that hold them, and the writes that they name. */
import { randomUUID } from 'node:crypto';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import type { Item, Key } from '../../functions/core/store.ts';
import { namedIn, tokenOf } from '../../functions/core/token.ts';
import { type Answered, ApiWorld, type ApiWorldProps, REGIONS, SECRET, type Sent } from './api-world.ts';

export const [HERE, PEER] = REGIONS;
/** Whose token test keys make when nothing else is said. */
const SUBJECT = 'ann';
export const REPLICATED = { 'tandem-durability': 'replicated' };

export const start = (props: ApiWorldProps = {}) => new ApiWorld(props).start();
export const carrying = (...tokens: readonly string[]): Sent => ({ headers: { 'Tandem-Token': tokens.join(', ') } });
export const tokenFor = (...keys: readonly Key[]) => tokenOf(keys, SUBJECT, SECRET) ?? '';
export const tokenIn = ({ headers }: Answered) => headers['tandem-token'] ?? '';
export const keysIn = (answer: Answered) => namedIn(tokenIn(answer));
export const receive = (world: ApiWorld, sku: string, sent: Sent = {}) =>
  world.post(`/stock/${sku}/regions/${HERE}/receipts`, { quantity: 9 }, sent);
export const order = async (world: ApiWorld, sent: Sent = {}) => {
  const sku = `sku-${randomUUID()}`;
  await receive(world, sku);
  return world.post('/orders', { lines: [{ sku, quantity: 1 }] }, sent);
};
export const elsewhere = (): Key => ({ pk: `ORDER#${randomUUID().replaceAll('-', '')}`, sk: `PLACED#${PEER}` });

export const storeOf = (...items: readonly Item[]): MemoryStore => {
  const store = new MemoryStore();
  for (const item of items) store.place(item);
  return store;
};
