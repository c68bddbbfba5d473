/** What a client's tokens cost: a day with one order, over a store that counts. */
import { expect, test } from 'vitest';
import { TandemClient } from '../../client/client.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { ApiWorld, REGIONS } from '../functions/api-world.ts';

/** Places an order, pays eight times and reads it a hundred times, in two regions one after the other. */
const day = async (carries: boolean) => {
  const data = new MemoryStore();
  const state = { reads: 0, requests: 0, lost: '' };
  const counting = new Proxy(data, {
    get: (store, name) => {
      const value: unknown = Reflect.get(store, name);
      if (typeof value !== 'function') return value;
      return (...given: readonly unknown[]) => {
        if (name === 'get' || name === 'query') state.reads += 1;
        return Reflect.apply(value, store, given);
      };
    },
  });
  const first = await new ApiWorld({ data: counting }).start();
  const worlds = new Map(
    [first, new ApiWorld({ data: counting, control: first.control, region: REGIONS[1] })].map((each) => [each.region, each]),
  );
  await first.post(`/stock/tea/regions/${first.region}/receipts`, { quantity: 9 });
  state.reads = 0;
  const client = new TandemClient({
    endpoints: REGIONS.map((region) => ({ region, url: `https://${region}.example` })),
    token: first.key.token(),
    settings: { refreshMs: 0, operation: { hedgeAfterMs: 60_000, attemptTimeoutMs: 60_000, deadlineMs: 60_000 } },
    fetch: async (url, { method, headers, body }) => {
      const { hostname, pathname } = new URL(url);
      const world = worlds.get(hostname.split('.')[0] ?? '');
      if (!world || state.lost === world.region) throw Object.assign(new Error('connect'), { syscall: 'connect' });
      state.requests += 1;
      const { 'tandem-token': token, 'content-type': _, ...others } = headers;
      const sent = carries && token !== undefined ? { ...others, 'tandem-token': token } : others;
      const answer = await world.call(method, pathname, {
        ...(body === undefined ? {} : { rawBody: body }),
        key: null,
        token: null,
        headers: sent,
      });
      return { status: answer.status, headers: new Headers(answer.headers), text: async () => answer.text };
    },
  });
  const placed = await client.placeOrder({ lines: [{ sku: 'tea', quantity: 1 }] });
  if (placed.kind !== 'ok') throw new Error(`not placed: ${JSON.stringify(placed)}`);
  for (let payment = 0; payment < 8; payment += 1) await client.payOrder(placed.value.id, { amount: 1 });
  for (let read = 0; read < 100; read += 1) {
    if (read === 50) state.lost = first.region;
    expect(await client.getOrder(placed.value.id)).toMatchObject({ kind: 'ok' });
  }
  return state;
};

test('a day with tokens costs at most a fifth more reads and requests than one without', async () => {
  const [without, carried] = [await day(false), await day(true)];
  expect(carried.requests).toBeLessThanOrEqual(without.requests * 1.2);
  expect(carried.reads).toBeLessThanOrEqual(without.reads * 1.2);
  // They were asked for where the order was not placed.
  expect(carried.reads).toBeGreaterThan(without.reads);
});
