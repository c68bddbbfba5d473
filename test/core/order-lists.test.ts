import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cancelOrder, shipOrder } from '../../functions/core/order-events.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { getOrder, listOrders } from '../../functions/core/orders.ts';
import { reconcileOrder } from '../../functions/core/reconcile.ts';
import { LaggingIndex } from './lagging-index.ts';
import { order, type Place, receive, valueOf, World } from './world.ts';

const SUBJECT = 'ann';
const X = orderIdOf(SUBJECT, 'X');

describe('an order that two regions accepted, in a list', () => {
  it.each(['a', 'b'])('is shown as the smaller region has it while the index lacks the acceptance of %s', async (lacking) => {
    const world = await twiceAccepted();
    for (const place of world.places) indexOf(place).lacks = ({ sk }) => sk === `PLACED#${lacking}`;
    for (const place of world.places)
      expect(valueOf(await listOrders(place, { subject: SUBJECT, limit: 20 })).orders.map(({ id, placedBy }) => [id, placedBy])).toEqual([
        [X, 'a'],
      ]);
  });

  it('is shown once on a page, at its newest place', async () => {
    const world = await twiceAccepted();
    world.nowMs += 10;
    await order(world.at('a'), 'later');
    world.replicate();
    const { orders } = valueOf(await listOrders(world.at('b'), { subject: SUBJECT, limit: 20 }));
    expect(orders.map(({ id }) => id)).toEqual([orderIdOf(SUBJECT, 'later'), X]);
  });
});

describe('a walk over pages', () => {
  it('shows every order that was there when it began, whichever acceptance arrives between its pages, once equal ids are dropped', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('a', 'b'),
        fc.array(fc.constantFrom('X of a', 'X of b', 'one more'), { minLength: 3, maxLength: 8 }),
        fc.nat({ max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (early, plan, afterPages, limit, indexed) => {
          const world = new World(['a', 'b'], () => new LaggingIndex());
          for (const place of world.places) await receive(place, `stock-${place.region}`, 50);
          for (const [index, what] of plan.entries()) {
            world.nowMs += 10;
            if (what === 'one more') await order(world.at(early), `more-${index}`);
            else await order(world.at(what === 'X of a' ? 'a' : 'b'), 'X');
          }
          // The walk is in one region, and what the other one did arrives while it goes on.
          const here = world.at(early);
          const before = new Set(here.store.items().flatMap(({ pk, sk }) => (sk.startsWith('PLACED#') ? [pk.slice('ORDER#'.length)] : [])));
          const arrives = (): void => {
            for (const item of world.places.flatMap(({ store }) => store.items()))
              if (item.sk.startsWith('PLACED#')) here.store.place(item);
          };
          const late = new Set(world.places.flatMap(({ store }) => store.items()).filter((item) => here.store.peek(item) === undefined));
          if (!indexed) indexOf(here).lacks = (item) => [...late].some(({ pk, sk }) => pk === item.pk && sk === item.sk);

          const seen: string[] = [];
          let cursor: string | undefined;
          for (let page = 0; page < 20; page += 1) {
            if (page === afterPages) arrives();
            const answer = valueOf(await listOrders(here, { subject: SUBJECT, limit, cursor }));
            const ids = answer.orders.map(({ id }) => id);
            expect(new Set(ids).size, 'once on a page').toBe(ids.length);
            seen.push(...ids);
            cursor = answer.cursor;
            if (cursor === undefined) break;
          }
          expect(
            [...before].filter((id) => !seen.includes(id)),
            'never shown',
          ).toEqual([]);
          // Twice only where two regions accepted it.
          expect(seen.filter((id, at) => seen.indexOf(id) !== at && id !== X)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    ));
});

describe('an order that was cancelled, and whose other acceptance was shipped late', () => {
  it('shows both with their times in every region, and is counted', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    for (const place of world.places) await receive(place, `stock-${place.region}`, 5);
    await order(a, 'X');
    await cancelOrder(a, { subject: SUBJECT, id: X });
    expect(await reconcileOrder(a, X)).toMatchObject({ ended: 1, shippedAfterCancelled: false });
    expect(valueOf(await getOrder(a, { subject: SUBJECT, id: X }))).toMatchObject({ state: 'cancelled', shipments: [] });
    // when a slow request for it comes to a region that has not heard
    world.nowMs += 1_000;
    await order(b, 'X');
    await shipOrder(b, { subject: 'store', id: X, key: 'ship-1' });
    await world.settle();
    for (const place of world.places) {
      expect(valueOf(await getOrder(place, { subject: SUBJECT, id: X }))).toMatchObject({
        state: 'shipped',
        cancellations: [{ by: 'a', at: new Date(world.nowMs - 1_000).toISOString() }],
        shipments: [{ by: 'b', at: new Date(world.nowMs).toISOString() }],
      });
      expect(await reconcileOrder(place, X)).toMatchObject({ shippedAfterCancelled: true, doubleShipped: false });
    }
  });

  it('is not counted where the shipment came first, or the wish found nothing to end', async () => {
    const world = new World();
    await receive(world.at('a'), 'stock-a', 5);
    await order(world.at('a'), 'X');
    world.replicate();
    await shipOrder(world.at('a'), { subject: 'store', id: X, key: 'ship-1' });
    await cancelOrder(world.at('b'), { subject: SUBJECT, id: X });
    await world.settle();
    expect(await reconcileOrder(world.at('a'), X)).toMatchObject({ shippedAfterCancelled: false });
  });
});

const indexOf = ({ store }: Place): LaggingIndex => {
  if (!(store instanceof LaggingIndex)) throw new Error('a store with another index');
  return store;
};

const twiceAccepted = async (): Promise<World> => {
  const world = new World(['a', 'b'], () => new LaggingIndex());
  for (const place of world.places) await receive(place, `stock-${place.region}`, 50);
  await order(world.at('b'), 'X');
  world.nowMs += 10;
  await order(world.at('a'), 'X');
  world.replicate();
  return world;
};
