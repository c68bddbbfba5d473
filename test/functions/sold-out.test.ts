/** What many callers of one sku are told, on every route, while nothing of it is left and new stock comes in. */
import { expect, it } from 'vitest';
import { ContendedStore } from '../../bench/contended-store.ts';
import type { Answered } from './api-world.ts';
import { ApiWorld } from './api-world.ts';

const CALLERS = 300;
/** Milliseconds. In the machine's own time: on a busy one more callers meet. */
const TIMES = { heldMs: 10, callMs: 3 } as const;
const chance = {
  random: Math.random,
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  elapsed: () => performance.now(),
};

const inTurn = async (times: number, act: () => Promise<Answered>): Promise<readonly Answered[]> => {
  const answers: Answered[] = [];
  for (let count = 0; count < times; count += 1) answers.push(await act());
  return answers;
};

it('300 callers of a sku that is sold out get no 5xx on any route, and new stock comes in and is sold meanwhile', async () => {
  const store = new ContendedStore({ ...TIMES, time: chance });
  const world = await new ApiWorld({ data: store }).start();
  const token = world.key.token();
  const place = (): Promise<Answered> => world.post('/orders', { lines: [{ sku: 'tea', quantity: 1 }] }, { token });
  const receive = (quantity: number): Promise<Answered> =>
    world.post(`/stock/tea/regions/${world.region}/receipts`, { quantity }, { token });
  await receive(3);
  const bought = [await place(), await place(), await place()];
  const path = `/orders/${String(bought[0]?.body['id'])}`;
  const routes: readonly (() => Promise<Answered>)[] = [
    place,
    place,
    place,
    () => world.get('/stock/tea', { token }),
    () => world.get(path, { token }),
    () => world.get('/orders', { token }),
    () => world.post(`${path}/payments`, { amount: 1 }, { token }),
    () => world.post(`/orders/${String(bought[1]?.body['id'])}/cancellations`, {}, { token }),
    () => world.post(`/orders/${String(bought[2]?.body['id'])}/shipments`, {}, { token }),
  ];
  const callers = Array.from({ length: CALLERS }, (_, caller) => routes[caller % routes.length] ?? place);
  const [answers, receipts] = await Promise.all([Promise.all(callers.map((call) => call())), inTurn(10, () => receive(2))]);
  expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
  expect(receipts.map(({ status }) => status)).toEqual(Array(10).fill(201));
  const sold = answers.filter(({ status, body }) => status === 201 && Array.isArray(body['lines'])).length;
  const stock = await world.get('/stock/tea', { token });
  expect(stock.body).toMatchObject({ received: 23, sold: 3 + sold, available: 20 - sold });
});
