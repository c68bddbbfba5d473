/** What callers do, told by answers alone: run over every store. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { ANSWERS } from '../../functions/contract/answers.ts';
import { HEADERS } from '../../functions/contract/names.ts';
import type { ApiWorld } from './api-world.ts';

export const journeys = (name: string, start: () => Promise<ApiWorld>): void => {
  describe(`${name}: an order`, () => {
    let world: ApiWorld;
    beforeAll(async () => {
      world = await start();
    });

    const sku = () => `sku-${randomUUID().slice(0, 8)}`;
    const stocked = async (quantity: number) => {
      const name = sku();
      expect((await world.post(`/stock/${name}/regions/${world.region}/receipts`, { quantity })).status).toBe(201);
      return name;
    };
    const place = async (name: string, quantity = 1, key = randomUUID()) =>
      world.post('/orders', { lines: [{ sku: name, quantity }] }, { key });

    it('is placed, read, listed, paid and shipped, each answer as the contract says', async () => {
      const name = await stocked(5);
      const placed = await place(name, 2);
      expect(placed.status).toBe(201);
      const id = String(placed.body['id']);
      const paid = await world.post(`/orders/${id}/payments`, { amount: 250 });
      const shipped = await world.post(`/orders/${id}/shipments`, { carrier: 'post' });
      const [read, list, stock] = [await world.get(`/orders/${id}`), await world.get('/orders'), await world.get(`/stock/${name}`)];
      expect([paid.status, shipped.status, read.status, list.status, stock.status]).toEqual([201, 201, 200, 200, 200]);
      expect(read.body).toMatchObject({ id, state: 'shipped', paid: 250, shipments: [{ carrier: 'post', by: world.region }] });
      expect(list.body['orders']).toContainEqual(placed.body);
      expect(stock.body).toMatchObject({ received: 5, available: 3, sold: 2, moving: 0 });
      for (const [route, answer] of [
        ['placeOrder', placed],
        ['payOrder', paid],
        ['shipOrder', shipped],
        ['getOrder', read],
        ['listOrders', list],
        ['getStock', stock],
      ] as const) {
        expect(ANSWERS[route].safeParse(answer.body).error).toBeUndefined();
      }
    });

    it('is one for one key: a replay gets the first answer, another body a conflict', async () => {
      const name = await stocked(5);
      const key = randomUUID();
      const [first, again, other] = [await place(name, 1, key), await place(name, 1, key), await place(name, 2, key)];
      expect([first.status, again.status, other.status]).toEqual([201, 201, 422]);
      expect(again.body).toEqual(first.body);
      expect([first.headers[HEADERS.replayed], again.headers[HEADERS.replayed]]).toEqual([undefined, 'true']);
      expect(other.body['type']).toBe('/problems/key-reused');
      expect((await world.get(`/stock/${name}`)).body).toMatchObject({ available: 4 });
    });

    it('sent twice at once is placed once', async () => {
      const name = await stocked(5);
      const key = randomUUID();
      const answers = await Promise.all([1, 2, 3].map(() => place(name, 1, key)));
      expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201]);
      expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
      expect((await world.get(`/stock/${name}`)).body).toMatchObject({ available: 4, sold: 1 });
    });

    it('is refused where stock is short, and never sells more than there is', async () => {
      const name = await stocked(3);
      const answers = await Promise.all(Array.from({ length: 6 }, () => place(name, 1)));
      expect(answers.map((answer) => answer.status).sort()).toEqual([201, 201, 201, 409, 409, 409]);
      expect(answers.find((answer) => answer.status === 409)?.body['type']).toBe('/problems/out-of-stock');
      expect((await world.get(`/stock/${name}`)).body).toMatchObject({ available: 0, sold: 3 });
    });

    it("of somebody else does not exist, and is not in one's list", async () => {
      const name = await stocked(1);
      const id = String((await place(name)).body['id']);
      const token = world.key.token({ sub: `bob-${randomUUID()}` });
      const answers = [
        await world.get(`/orders/${id}`, { token }),
        await world.post(`/orders/${id}/payments`, { amount: 1 }, { token }),
        await world.post(`/orders/${id}/cancellations`, {}, { token }),
      ];
      expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404]);
      expect((await world.get('/orders', { token })).body).toEqual({ orders: [] });
    });

    it('can be cancelled, twice with one effect, and then be neither paid nor shipped', async () => {
      const id = String((await place(await stocked(1))).body['id']);
      const key = randomUUID();
      const [first, again] = [
        await world.post(`/orders/${id}/cancellations`, {}, { key }),
        await world.post(`/orders/${id}/cancellations`, {}, { key }),
      ];
      expect([first.status, again.status, again.headers[HEADERS.replayed]]).toEqual([202, 202, 'true']);
      expect(again.body).toEqual(first.body);
      expect(ANSWERS.cancelOrder.safeParse(first.body).error).toBeUndefined();
      const late = [await world.post(`/orders/${id}/payments`, { amount: 1 }), await world.post(`/orders/${id}/shipments`, {})];
      expect(late.map((answer) => [answer.status, answer.body['type']])).toEqual(Array(2).fill([409, '/problems/order-cancelled']));
    });

    it('that is shipped is not cancelled, and not shipped twice', async () => {
      const id = String((await place(await stocked(1))).body['id']);
      await world.post(`/orders/${id}/shipments`, {});
      const late = [await world.post(`/orders/${id}/cancellations`, {}), await world.post(`/orders/${id}/shipments`, {})];
      expect(late.map((answer) => [answer.status, answer.body['type']])).toEqual(Array(2).fill([409, '/problems/order-shipped']));
    });

    it('is found page by page, newest first', async () => {
      const name = await stocked(5);
      const token = world.key.token({ sub: `carl-${randomUUID()}` });
      const ids: unknown[] = [];
      for (let n = 0; n < 5; n += 1)
        ids.unshift((await world.post('/orders', { lines: [{ sku: name, quantity: 1 }] }, { token })).body['id']);
      const found: unknown[] = [];
      let cursor = '';
      for (let page = 0; page < 3; page += 1) {
        const { body } = await world.get(`/orders?limit=2${cursor}`, { token });
        const rows = Array.isArray(body['orders']) ? body['orders'] : [];
        found.push(...rows.map((row: Record<string, unknown>) => row['id']));
        cursor = `&cursor=${String(body['cursor'])}`;
        expect(body['cursor'] === undefined).toBe(page === 2);
      }
      expect(found).toEqual(ids);
    });

    it('of many lines is all or nothing', async () => {
      const [there, missing] = [await stocked(5), sku()];
      const lines = (names: readonly string[]) => ({ lines: names.map((each) => ({ sku: each, quantity: 2 })) });
      expect((await world.post('/orders', lines([there, missing]))).status).toBe(409);
      expect((await world.get(`/stock/${there}`)).body).toMatchObject({ available: 5 });
      expect((await world.post('/orders', lines([there, there]))).body).toMatchObject({ lines: [{ sku: there, quantity: 4 }] });
    });
  });

  describe(`${name}: a receipt`, () => {
    it('counts once for a key, and names a region of this system', async () => {
      const world = await start();
      const name = `sku-${randomUUID().slice(0, 8)}`;
      const send = (quantity: number, region: string, key: string) =>
        world.post(`/stock/${name}/regions/${region}/receipts`, { quantity }, { key });
      const key = randomUUID();
      const [first, again, other] = [await send(5, world.region, key), await send(5, world.region, key), await send(6, world.region, key)];
      expect([first.status, again.status, again.headers[HEADERS.replayed], other.status]).toEqual([201, 201, 'true', 422]);
      expect(again.body).toEqual(first.body);
      expect(ANSWERS.receiveStock.safeParse(first.body).error).toBeUndefined();
      expect((await send(5, 'eu-west-9', randomUUID())).status).toBe(404);
      expect((await world.get(`/stock/${name}`)).body).toMatchObject({ received: 5, available: 5 });
      expect((await world.get('/stock/unheard-of')).status).toBe(404);
    });
  });
};
