import { describe, expect, it } from 'vitest';
import type { Context, Outcome } from '../../functions/core/context.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { cancelOrder, PAYMENTS_MAX, payOrder, shipOrder } from '../../functions/core/order-events.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { getOrder, listOrders, placeOrder } from '../../functions/core/orders.ts';
import { reconcileOrder } from '../../functions/core/reconcile.ts';
import type { Committed, Item, Key, Write } from '../../functions/core/store.ts';
import { order, receive, valueOf, World } from './world.ts';

const SUBJECT = 'ann';
const LIMIT_MS = 300_000;
const id = orderIdOf(SUBJECT, 'order-1');

/** What callers and housekeeping do with one order. */
const ROUTES: Readonly<Record<string, (context: Context) => Promise<unknown>>> = {
  'place again': (context) => placeOrder(context, { subject: SUBJECT, key: 'order-1', request: { lines: [{ sku: 'tea', quantity: 1 }] } }),
  get: (context) => getOrder(context, { subject: SUBJECT, id }),
  list: (context) => listOrders(context, { subject: SUBJECT, limit: 20 }),
  'pay again': (context) => payOrder(context, { subject: SUBJECT, id, key: 'pay-0', amount: 5 }),
  'pay once more': (context) => payOrder(context, { subject: SUBJECT, id, key: 'one more', amount: 5 }),
  'ship elsewhere': (context) => shipOrder(context, { subject: 'store', id, key: 'ship-1' }),
  reconcile: (context) => reconcileOrder(context, id),
};
/** Read units of any of them: the order, its payments, and what crosses. */
const READ_UNITS_MAX = 6;
/** Of the order as it is answered. */
const ANSWER_BYTES_MAX = 40_000;

describe('an order to which callers do something again and again', () => {
  it.each([10, 1_000, 10_000])(
    'costs each route the same after %i payments and cancellations, or what its limit bounds',
    async (events) => {
      const stores = new Map([
        ['a', new CountingStore()],
        ['b', new CountingStore()],
      ]);
      const world = new World(['a', 'b'], (region) => stores.get(region) ?? new CountingStore());
      const [here, there] = [world.at('a'), world.at('b')];
      await receive(here, 'stock', 10);
      await order(here, 'order-1');
      for (let n = 0; n < events; n += 1) await payOrder(here, { subject: SUBJECT, id, key: `pay-${n}`, amount: 5 });
      // A request beyond the limit leaves nothing, so any number of them costs what these do.
      const writes = stores.get('a')?.written ?? 0;
      await payOrder(here, { subject: SUBJECT, id, key: 'beyond', amount: 5 });
      expect((stores.get('a')?.written ?? 0) - writes).toBe(events < PAYMENTS_MAX ? 1 : 0);
      world.replicate();
      const used: Record<string, number> = {};
      for (const [name, route] of Object.entries(ROUTES)) {
        const counted = stores.get('b');
        if (counted) counted.units = 0;
        await route(there);
        used[name] = counted?.units ?? 0;
      }
      expect(Object.entries(used).filter(([, units]) => units > READ_UNITS_MAX)).toEqual([]);
      expect(JSON.stringify(await getOrder(there, { subject: SUBJECT, id })).length).toBeLessThan(ANSWER_BYTES_MAX);
      const payments = here.store.find(`ORDER#${id}`, 'E#paid#');
      expect(payments).toHaveLength(Math.min(events + 1, PAYMENTS_MAX));

      // And cancellations: they are one fact, and one task.
      const written = stores.get('a')?.written ?? 0;
      const answers = new Set<string>();
      for (let n = 0; n < Math.min(events, 1_000); n += 1) {
        const outcome = await cancelOrder(here, { subject: SUBJECT, id });
        answers.add(JSON.stringify(valueOf(outcome)));
      }
      expect([(stores.get('a')?.written ?? 0) - written, answers.size]).toEqual([1, 1]);
    },
    LIMIT_MS,
  );

  it('is refused a payment beyond its limit under a name of its own, in each region, and all that was accepted stays', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    await receive(a, 'stock', 10);
    await order(a, 'order-1');
    for (let n = 0; n < PAYMENTS_MAX; n += 1) valueOf(await payOrder(a, { subject: SUBJECT, id, key: `pay-${n}`, amount: 5 }));
    world.replicate();
    for (const place of world.places) {
      expect(await payOrder(place, { subject: SUBJECT, id, key: 'beyond', amount: 5 })).toMatchObject({
        kind: 'refused',
        code: 'order-full',
        detail: expect.stringContaining(`allowed: up to ${PAYMENTS_MAX}`),
      });
      expect(await payOrder(place, { subject: SUBJECT, id, key: 'pay-7', amount: 5 })).toMatchObject({ kind: 'done', replayed: true });
      expect(valueOf(await getOrder(place, { subject: SUBJECT, id })).paid).toBe(5 * PAYMENTS_MAX);
    }
    expect(await shipOrder(a, { subject: 'store', id, key: 'ship-1' })).toMatchObject({ kind: 'done' });
    expect(b.store.find(`ORDER#${id}`, 'E#paid#')).toHaveLength(PAYMENTS_MAX);
  });

  it('is cancelled once: requests that cross, of several callers and regions, leave a fact of each region', async () => {
    const world = new World();
    await receive(world.at('a'), 'stock', 10);
    await order(world.at('a'), 'order-1');
    world.replicate();
    const crossing = world.places.flatMap((place) => [0, 1, 2].map(() => cancelOrder(place, { subject: SUBJECT, id })));
    const told = (await Promise.all(crossing)).map((outcome: Outcome<unknown>) => outcome.kind);
    expect(told).toEqual(Array(6).fill('done'));
    await world.settle();
    for (const place of world.places)
      expect(place.store.find(`ORDER#${id}`, 'E#cancel#').map(({ sk }) => sk.slice(-2))).toEqual(['#a', '#b']);
    const [first, again] = [
      await cancelOrder(world.at('b'), { subject: SUBJECT, id }),
      await cancelOrder(world.at('a'), { subject: SUBJECT, id }),
    ];
    expect(first).toMatchObject({ kind: 'done', replayed: true });
    expect(again).toEqual(first);
  });
});

/** Counts what a table would: read units of 4 KB, and items that are written. */
class CountingStore extends MemoryStore {
  units = 0;
  written = 0;

  override async get(key: Key): Promise<Item | undefined> {
    return this.#counted(await super.get(key));
  }

  override async query(pk: string, prefix?: string): Promise<readonly Item[]> {
    return this.#counted(await super.query(pk, prefix));
  }

  override async transact(writes: readonly Write[]): Promise<Committed> {
    this.written += writes.length;
    return super.transact(writes);
  }

  #counted<T>(found: T): T {
    this.units += Math.max(1, Math.ceil(JSON.stringify(found ?? '').length / 4_096));
    return found;
  }
}
