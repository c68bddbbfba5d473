import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEYS } from '../../functions/contract/names.ts';
import { FORMS } from '../../functions/contract/values.ts';
import { isKid } from '../../functions/core/keys.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { cancelOrder, payOrder, shipOrder } from '../../functions/core/order-events.ts';
import { foldOrder, isOpen } from '../../functions/core/order-fold.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { getOrder, listOrders, placeOrder } from '../../functions/core/orders.ts';
import { planRebuild, reput } from '../../functions/core/rebuild.ts';
import { reconcileOrder } from '../../functions/core/reconcile.ts';
import { getStock, receiveStock } from '../../functions/core/stock.ts';
import type { Item } from '../../functions/core/store.ts';
import { canaryKid, canarySku, canarySubject, EXPIRES } from '../../functions/core/synthetic.ts';
import { wishOf } from '../../functions/core/wishes.ts';
import { type Place, valueOf, World } from './world.ts';

const SUBJECT = canarySubject('a');
const SKU = canarySku('a');
const RECEIVED = 5;

describe('what a synthetic caller leaves', () => {
  it('expires by the attribute that the table expires items by', () => expect(EXPIRES).toBe(KEYS.ttl));

  it('has names that the contract allows', () => {
    expect(canarySku('ap-southeast-2')).toMatch(FORMS.sku.pattern);
    expect(isKid(canaryKid('ap-southeast-2', 'arn:aws:kms:ap-southeast-2:123456789012:key/1'))).toBe(true);
    expect(canaryKid('a', 'key-1')).not.toBe(canaryKid('a', 'key-2'));
  });

  it('expires whole, and each end at least two weeks after every fact that it ends', async () => {
    const { world, id } = await journeyed();
    const items = await world.at('a').store.query(`ORDER#${id}`);
    const expiries = (ends: boolean) => items.filter((item) => item.sk.startsWith('END#') === ends).map((item) => Number(item[EXPIRES]));
    expect([expiries(false).length, expiries(true).length]).toEqual([4, 2]);
    const latestFact = Math.max(...expiries(false));
    expect(latestFact).toBeGreaterThan(world.nowMs / 1_000);
    for (const end of expiries(true)) expect(end - latestFact).toBeGreaterThanOrEqual(14 * 86_400 - 60);
  });

  it('expires also where a rebuilt region ends what it had placed under its earlier name', async () => {
    const { world, id } = await placedTwice();
    await cancelOrder(world.at('b'), { subject: SUBJECT, id });
    world.replicate();
    const { place } = rebuilt(world.at('b'), 'a');
    expect(await reconcileOrder(place, id)).toEqual({
      order: id,
      ended: 1,
      doubleShipped: false,
      shippedAfterCancelled: false,
      synthetic: true,
    });
    const end = place.store.peek({ pk: `ORDER#${id}`, sk: 'END#a#a.2' });
    expect(end).toMatchObject({ kind: 'cancelled', [EXPIRES]: expect.any(Number) });
    const [fact] = await place.store.query(`ORDER#${id}`, 'PLACED#a');
    expect(fact && reput(fact, 2)[EXPIRES]).toBe(fact?.[EXPIRES]);
  });

  it('never expires of stock', async () => {
    const { world } = await journeyed();
    for (const place of world.places)
      for (const item of place.store.items()) if (item.pk.startsWith('STOCK#')) expect(item).not.toHaveProperty(EXPIRES);
  });
});

describe("what users' requests write", () => {
  it('never expires, but for wishes, whatever they do, alone or in two regions', async () => {
    const action = fc.record({
      kind: fc.constantFrom('place', 'pay', 'cancel', 'ship', 'receive', 'settle'),
      region: fc.constantFrom('a', 'b'),
      subject: fc.constantFrom('ann', 'canary', 'canary-', 'Canary:a', ' canary:a', 'anonymous'),
      key: fc.constantFrom('key-1', 'key-2'),
      quantity: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
        const world = new World();
        for (const { kind, region, subject, key, quantity } of actions) {
          const place = world.at(region);
          const given = { subject, id: orderIdOf(subject, key), key };
          world.nowMs += 1_000;
          if (kind === 'receive') await receiveStock(place, { subject, sku: 'tea', region, key, quantity });
          if (kind === 'place') await placeOrder(place, { subject, key, request: { lines: [{ sku: 'tea', quantity }] } });
          if (kind === 'pay') await payOrder(place, { ...given, amount: quantity });
          if (kind === 'cancel') await cancelOrder(place, given);
          if (kind === 'ship') await shipOrder(place, given);
          if (kind === 'settle') await world.settle();
        }
        await world.settle();
        for (const place of world.places)
          for (const item of place.store.items()) if (!wishOf(item)) expect(item).not.toHaveProperty(EXPIRES);
      }),
    );
  });
});

describe('synthetic callers and users', () => {
  const stocked = async () => {
    const world = new World();
    await receiveStock(world.at('a'), { subject: SUBJECT, sku: SKU, region: 'a', key: 'receipt-1', quantity: RECEIVED });
    await receiveStock(world.at('a'), { subject: 'ann', sku: 'tea', region: 'a', key: 'receipt-2', quantity: RECEIVED });
    return world.at('a');
  };

  it.each([
    ['a user', 'ann', SKU],
    ['a synthetic caller', SUBJECT, 'tea'],
  ])("%s may not name the other's skus", async (_who, subject, sku) => {
    const place = await stocked();
    const lines = [{ sku, quantity: 1 }];
    expect(await placeOrder(place, { subject, key: 'key-1', request: { lines } })).toMatchObject({ code: 'bad-request' });
    expect(await receiveStock(place, { subject, sku, region: 'a', key: 'key-2', quantity: 1 })).toMatchObject({ code: 'bad-request' });
    expect(await getStock(place, { subject, sku })).toMatchObject({ code: 'not-found' });
    expect(valueOf(await getStock(place, { subject: subject === 'ann' ? SUBJECT : 'ann', sku }))).toMatchObject({ available: RECEIVED });
  });

  it("a synthetic caller reads the other regions' canaries' orders and changes none; it never meets a user's", async () => {
    const place = await stocked();
    const placed = async (subject: string, sku: string) =>
      valueOf(await placeOrder(place, { subject, key: 'key-1', request: { lines: [{ sku, quantity: 1 }] } })).id;
    const [synthetic, users] = [await placed(SUBJECT, SKU), await placed('ann', 'tea')];
    const other = { subject: canarySubject('b') };
    expect(valueOf(await getOrder(place, { ...other, id: synthetic })).id).toBe(synthetic);
    for (const id of [synthetic, users]) {
      for (const change of [payOrder(place, { ...other, id, key: 'pay-1', amount: 1 }), cancelOrder(place, { ...other, id })])
        expect(await change).toMatchObject({ code: 'not-found' });
      expect(await shipOrder(place, { ...other, id, key: 'ship-1' })).toMatchObject({ code: 'not-found' });
    }
    expect(await getOrder(place, { ...other, id: users })).toMatchObject({ code: 'not-found' });
    expect(await getOrder(place, { subject: 'ann', id: synthetic })).toMatchObject({ code: 'not-found' });
    expect(await shipOrder(place, { subject: 'store', id: synthetic, key: 'ship-2' })).toMatchObject({ code: 'not-found' });
    expect(valueOf(await listOrders(place, { subject: 'ann', limit: 20 })).orders.map(({ id }) => id)).toEqual([users]);
  });
});

describe('a canary order of which any part has expired', () => {
  it('is open nowhere again, gives its units back once, and is shown or is not there, in every subset that TTL permits', async () => {
    const { world, id } = await journeyed();
    const whole = new Map(world.places.map((place) => [place.region, place.store.items()]));
    const states = expired(await world.at('a').store.query(`ORDER#${id}`));
    expect(states.length).toBe(2 ** 4 + 2 ** 2 - 1);
    // The deletions replicate in no order, so two regions may be in any two of the states.
    for (const [here, there] of states.flatMap((a) => states.map((b) => [a, b] as const))) {
      const after = new World();
      after.nowMs = world.nowMs;
      for (const [region, gone] of [
        ['a', here],
        ['b', there],
      ] as const)
        for (const item of whole.get(region) ?? []) if (!gone.has(item.sk)) after.at(region).store.place(item);
      for (const place of after.places) {
        const before = heldRows(place);
        expect((await reconcileOrder(place, id)).ended).toBe(0);
        expect(heldRows(place)).toEqual(before);
        const order = foldOrder(await place.store.query(`ORDER#${id}`));
        expect(order?.reservations.some(isOpen) ?? false).toBe(false);
        const answer = await getOrder(place, { subject: SUBJECT, id });
        expect(answer.kind === 'done' || answer.code === 'not-found').toBe(true);
        expect((await listOrders(place, { subject: SUBJECT, limit: 20 })).kind).toBe('done');
        expect(valueOf(await getStock(place, { subject: SUBJECT, sku: SKU }))).toMatchObject({ available: 2 * RECEIVED, sold: 0 });
        const lost = rebuilt(place, place.region === 'a' ? 'b' : 'a');
        expect([lost.openOrders, lost.negative]).toEqual([[], []]);
        expect(heldRows(lost.place)).toContainEqual(
          expect.objectContaining({ sk: `HELD#${lost.place.writer}`, available: RECEIVED, sold: 0 }),
        );
      }
    }
  });

  it('gives its units back at most once where facts expire before they are acted on', async () => {
    // given an order in two regions whose cancellation nobody has acted on yet
    const first = await placedTwice();
    await cancelOrder(first.world.at('b'), { subject: SUBJECT, id: first.id });
    first.world.replicate();
    const whole = new Map(first.world.places.map((place) => [place.region, place.store.items()]));
    const facts = await first.world.at('a').store.query(`ORDER#${first.id}`);
    for (const gone of subsets(facts.map((item) => item.sk))) {
      const world = new World();
      world.nowMs = first.world.nowMs;
      for (const [region, items] of whole) for (const item of items) if (!gone.has(item.sk)) world.at(region).store.place(item);
      await world.settle();
      // when the facts that were left then expire as well
      const states = expired(await world.at('a').store.query(`ORDER#${first.id}`));
      for (const later of states) {
        for (const place of world.places) {
          const rest = new World();
          for (const item of place.store.items()) if (!later.has(item.sk)) rest.at(place.region).store.place(item);
          await reconcileOrder(rest.at(place.region), first.id);
          for (const row of heldRows(rest.at(place.region))) {
            expect(Number(row['available']) + Number(row['sold'])).toBe(RECEIVED);
            expect(row['sold']).toBeGreaterThanOrEqual(0);
          }
        }
      }
    }
  });
});

/** The same order taken by two regions that could not see each other. */
const placedTwice = async () => {
  const world = new World();
  for (const place of world.places)
    await receiveStock(place, { subject: SUBJECT, sku: SKU, region: place.region, key: `receipt-${place.region}`, quantity: RECEIVED });
  const request = { lines: [{ sku: SKU, quantity: 1 }] };
  for (const place of world.places) await placeOrder(place, { subject: SUBJECT, key: 'key-1', request });
  world.nowMs += 5_000;
  world.replicate();
  return { world, id: orderIdOf(SUBJECT, 'key-1') };
};

/** A whole journey in two regions: paid, cancelled, and both reservations ended. */
const journeyed = async () => {
  const { world, id } = await placedTwice();
  await payOrder(world.at('a'), { subject: SUBJECT, id, key: 'pay-1', amount: 100 });
  await cancelOrder(world.at('b'), { subject: SUBJECT, id });
  world.nowMs += 5_000;
  await world.settle();
  expect(world.places.flatMap(heldRows).filter((row) => row['sold'] !== 0)).toEqual([]);
  return { world, id };
};

/** Loses `region` for good and builds it anew from what `survivor` holds. */
const rebuilt = (survivor: Place, region: string) => {
  const items = survivor.store.items();
  const plan = planRebuild({ region, incarnation: 2 }, [items], 0);
  const place: Place = { ...survivor, region, writer: `${region}.2`, store: new MemoryStore() };
  for (const item of [...items, ...plan.items]) place.store.place(item);
  return { place, openOrders: plan.openOrders, negative: plan.negative };
};

const heldRows = (place: Place): readonly Item[] => place.store.items().filter((item) => item.sk.startsWith('HELD#'));

/** What may be gone of an order's items: any facts; and ends only when no fact is left. */
const expired = (items: readonly Item[]): readonly ReadonlySet<string>[] => {
  const keys = (ends: boolean) => items.map((item) => item.sk).filter((sk) => sk.startsWith('END#') === ends);
  const [facts, ends] = [keys(false), keys(true)];
  const whole = subsets(ends).filter((gone) => gone.size > 0);
  return [...subsets(facts), ...whole.map((gone) => new Set([...facts, ...gone]))];
};

const subsets = (keys: readonly string[]): readonly ReadonlySet<string>[] =>
  Array.from({ length: 2 ** keys.length }, (_, bits) => new Set(keys.filter((_key, index) => (bits & (1 << index)) !== 0)));
