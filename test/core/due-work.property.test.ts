/**
 * What is due, as a law: it is what doing changes something, in every state that two or three regions may be in; and a
 * system that lost any part of its streams ends, swept, as one that lost nothing.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { marshalAll } from '../../functions/aws/marshal.ts';
import { workOf } from '../../functions/aws/stream-work.ts';
import { dueWork } from '../../functions/core/due-work.ts';
import { numberOf, partsOf, textOf, writerOf } from '../../functions/core/item.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { cancelOrder, shipOrder } from '../../functions/core/order-events.ts';
import { foldOrder, holdsStock } from '../../functions/core/order-fold.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { reconcileOrder } from '../../functions/core/reconcile.ts';
import { bookReceipt, rebalanceStock } from '../../functions/core/stock.ts';
import { foldHeld, foldStock, stockKey, sum } from '../../functions/core/stock-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import type { Task } from '../../functions/core/tasks.ts';
import { order, type Place, receive, World } from './world.ts';

const RUNS = 100;
const ROUNDS_MAX = 20;
const SKUS = ['cup', 'tea'] as const;
const KEYS = ['k1', 'k2', 'k3'] as const;

test('a task is due when doing it changes something, and only then', () =>
  fc.assert(
    fc.asyncProperty(history, async (given) => {
      const { world } = await lived(given);
      for (const { region, store } of world.places) {
        const due = new Set(dueWork(store.items(), region, world.nowMs).map(({ task }) => JSON.stringify(task)));
        for (const task of everyTask(store.items())) {
          const copy = copyOf(world);
          const before = copy.fingerprint();
          await perform(copy.at(region), task);
          expect([region, task, copy.fingerprint() !== before]).toEqual([region, task, due.has(JSON.stringify(task))]);
        }
      }
    }),
    { numRuns: RUNS },
  ));

test('when all that is due was done, doing everything once more changes nothing, in any region', () =>
  fc.assert(
    fc.asyncProperty(history, async (given) => {
      const { world } = await lived(given);
      await sweep(world);
      const before = world.fingerprint();
      for (const place of world.places) for (const task of everyTask(place.store.items())) await perform(place, task);
      expect(world.fingerprint()).toBe(before);
    }),
    { numRuns: RUNS },
  ));

test('regions whose streams lost records end, once swept, as regions whose streams brought all of them', () =>
  fc.assert(
    fc.asyncProperty(history, async (given) => {
      const { world, lost } = await lived(given);
      const whole = await followed(world, lost);
      await sweep(world);
      for (const each of [whole, world]) expect(contradictions(each)).toEqual([]);
      expect(ordersIn(world)).toEqual(ordersIn(whole));
      expect(sumsIn(world)).toEqual(sumsIn(whole));
    }),
    { numRuns: RUNS / 2 },
  ));

describe('the age of what is due', () => {
  test('is that of the fact that asks for it: a receipt, a wish to cancel, the later of two acceptances', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    for (const place of [a, b]) await receive(place, `own-${place.region}`, 5);
    const beganMs = world.nowMs;
    const at = (place: Place): readonly (readonly [string, number | undefined])[] =>
      dueWork(place.store.items(), place.region, world.nowMs).map(({ task, sinceMs }) => [task.kind, sinceMs && sinceMs - beganMs]);
    await order(b, 'k1');
    world.nowMs += 10;
    await order(a, 'k1');
    world.nowMs += 10;
    await receive(a, 'sent', 1, 'b');
    expect([at(a), at(b)]).toEqual([[], []]);
    world.replicate();
    expect([at(a), at(b).toSorted()]).toEqual([
      [],
      [
        ['book', 20],
        ['reconcile', 10],
      ],
    ]);
    world.nowMs += 10;
    await cancelOrder(a, { subject: 'ann', id: orderIdOf('ann', 'k1') });
    world.replicate();
    expect(at(b)).toContainEqual(['reconcile', 30]);
  });
});

const step = fc.record({
  does: fc.constantFrom('order', 'order', 'receive', 'cancel', 'ship', 'hear', 'hear', 'keep house'),
  region: fc.nat(),
  other: fc.nat(),
  key: fc.constantFrom(...KEYS),
  sku: fc.constantFrom(...SKUS),
  quantity: fc.integer({ min: 1, max: 4 }),
  /** Of what there is to hear of, or to work on. */
  parts: fc.infiniteStream(fc.boolean()),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const history = fc.record({
  regions: fc.constantFrom<readonly string[]>(['a', 'b'], ['a', 'b', 'c']),
  // Without the size, most histories would be too short for two regions to contradict each other.
  steps: fc.array(step, { maxLength: 30, size: 'max' }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

interface Change {
  readonly item: Item;
  readonly before: Item | undefined;
}

/** A store with a stream: what it brings is what changed, as the table's does. */
class StreamingStore extends MemoryStore {
  changes: Change[] = [];

  override place(item: Item): void {
    const before = this.peek(item);
    super.place(item);
    if (JSON.stringify(before) !== JSON.stringify(item)) this.changes.push({ item, before });
  }
}

/** A world after these steps, and what its streams have lost. */
const lived = async ({
  regions,
  steps,
}: History): Promise<{ readonly world: World; readonly lost: ReadonlyMap<string, readonly Change[]> }> => {
  const streams = new Map(regions.map((region) => [region, new StreamingStore()]));
  const world = new World(regions, (region) => streams.get(region) ?? new StreamingStore());
  const lost = new Map(regions.map((region): [string, Change[]] => [region, []]));
  for (const place of world.places) for (const sku of SKUS) await receive(place, `first-${place.region}`, 4, place.region, sku);
  for (const taken of steps) {
    world.nowMs += 1;
    const place = pick(world.places, taken.region);
    const stream = streams.get(place.region);
    if (taken.does !== 'keep house') await act(world, place, taken);
    else
      for (const change of stream?.changes.splice(0) ?? [])
        if (taken.parts.next().value) await follow(place, [change]);
        else lost.get(place.region)?.push(change);
  }
  for (const [region, stream] of streams) lost.get(region)?.push(...stream.changes);
  return { world, lost };
};

const act = async (world: World, place: Place, { does, key, sku, quantity, other, parts }: Step): Promise<void> => {
  const given = { subject: 'ann', id: orderIdOf('ann', key), key: 'once' };
  const peer = pick(world.places, other);
  if (does === 'order') await order(place, key, quantity, sku);
  else if (does === 'receive') await receive(place, key, key.length * 2, peer.region, sku);
  else if (does === 'cancel') await cancelOrder(place, given);
  else if (does === 'ship') await shipOrder(place, given);
  else
    for (const item of peer.store.items())
      if (writerOf(item) === peer.region && peer !== place && parts.next().value) place.store.place(item);
};

const follow = async (place: Place, changes: readonly Change[]): Promise<void> => {
  const records = changes.map(({ item, before }, n) => ({
    dynamodb: { SequenceNumber: `${n}`, NewImage: marshalAll(item), ...(before ? { OldImage: marshalAll(before) } : {}) },
  }));
  for (const { task } of workOf(records, place.region)) await perform(place, task);
};

/** Its streams bring what they had lost after all, and what follows from it, until they bring nothing. */
const followed = async (world: World, lost: ReadonlyMap<string, readonly Change[]>): Promise<World> => {
  const streams = new Map<string, StreamingStore>();
  const whole = copyOf(world, (region) => {
    const stream = new StreamingStore();
    streams.set(region, stream);
    return stream;
  });
  for (const [region, stream] of streams) stream.changes = [...(lost.get(region) ?? [])];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    whole.replicate();
    const brought = whole.places.map((place) => ({ place, changes: streams.get(place.region)?.changes.splice(0) ?? [] }));
    if (brought.every(({ changes }) => changes.length === 0)) return whole;
    for (const { place, changes } of brought) await follow(place, changes);
  }
  throw new Error('the streams do not end');
};

/** What the tool does: looks, does what is due, and looks again. Nothing follows the streams any more. */
const sweep = async (world: World): Promise<void> => {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    world.replicate();
    let done = 0;
    for (const place of world.places)
      for (const { task } of dueWork(place.store.items(), place.region, world.nowMs)) {
        await perform(place, task);
        done += 1;
      }
    world.replicate();
    if (done === 0) return;
  }
  throw new Error('what is due does not end');
};

const perform = async (place: Place, task: Task): Promise<void> => {
  if (task.kind === 'reconcile') await reconcileOrder(place, task.order);
  if (task.kind === 'book') await bookReceipt(place, task.sku, task.hash);
  if (task.kind === 'rebalance') await rebalanceStock(place, task.sku);
};

const everyTask = (items: readonly Item[]): readonly Task[] => {
  const tasks = items.flatMap((item): readonly Task[] => {
    const [type, hash = ''] = partsOf(item);
    if (item.pk.startsWith('ORDER#')) return [{ kind: 'reconcile', order: item.pk.slice('ORDER#'.length) }];
    const sku = item.pk.slice(stockKey('').length);
    return type === 'RECEIPT' ? [{ kind: 'book', sku, hash }] : [{ kind: 'rebalance', sku }];
  });
  return [...new Map(tasks.map((task) => [JSON.stringify(task), task])).values()];
};

const copyOf = (world: World, storeOf?: (region: string) => MemoryStore): World => {
  const regions = world.places.map(({ region }) => region);
  const copy = new World(regions, storeOf);
  copy.nowMs = world.nowMs;
  for (const { region, store } of world.places) for (const item of store.items()) copy.at(region).store.place(item);
  return copy;
};

const ordersIn = (world: World) =>
  world.places.map(({ store }) => KEYS.map((key) => foldOrder(store.find(`ORDER#${orderIdOf('ann', key)}`))));

/** What is the same however units moved between the regions. */
const sumsIn = (world: World) =>
  world.places.map(({ store }) =>
    SKUS.map((sku) => {
      const { received = 0, sold = 0, available = 0, moving = 0 } = foldStock(store.find(stockKey(sku))) ?? {};
      return { received, sold, free: available + moving };
    }),
  );

/** Where received = held + granted on the way + open or shipped reservations does not hold, region by region. */
const contradictions = (world: World): readonly string[] =>
  world.places.flatMap(({ region, store }) =>
    SKUS.flatMap((sku) => {
      const items = store.find(stockKey(sku));
      const ofType = (type: string) => items.filter((item) => partsOf(item)[0] === type);
      const receipts = new Map(ofType('RECEIPT').map((item) => [partsOf(item)[1], item]));
      const reserved = KEYS.flatMap((key) => foldOrder(store.find(`ORDER#${orderIdOf('ann', key)}`))?.reservations ?? [])
        .filter(holdsStock)
        .flatMap(({ writer, lines }) => lines.filter((line) => line.sku === sku).map(({ quantity }) => ({ writer, quantity })));
      const view = foldStock(items);
      const whole = sum([...receipts.values()].map((item) => numberOf(item, 'quantity') ?? 0));
      const found = [
        [whole, (view?.available ?? 0) + (view?.moving ?? 0) + sum(reserved.map(({ quantity }) => quantity)), 'received'],
        ...foldHeld(items).map((row) => {
          const named = [...receipts.values()].filter((item) => textOf(item, 'region') === row.region);
          const had = sum(named.map((item) => numberOf(item, 'quantity') ?? 0));
          return [had, row.available + row.sold + sum(row.granted.values()) - sum(row.credited.values()), `of ${row.region}`] as const;
        }),
      ] as const;
      return found.filter(([is, should]) => is !== should).map(([is, should, what]) => `${region} ${sku} ${what}: ${is}, ${should}`);
    }),
  );

const pick = (places: readonly Place[], n: number): Place => {
  const place = places[n % places.length];
  if (!place) throw new Error('no regions');
  return place;
};
