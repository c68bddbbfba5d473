/** What callers do in a world that is restored, what a faulty client damages there, and whether its stock adds up afterwards. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { cancelOrder, payOrder, shipOrder } from '../../functions/core/order-events.ts';
import { foldOrder, holdsStock } from '../../functions/core/order-fold.ts';
import { editRecord } from '../../functions/core/records.ts';
import type { Replica } from '../../functions/core/restore.ts';
import { keyText, resourceOf } from '../../functions/core/restore-compare.ts';
import { foldHeld, sum } from '../../functions/core/stock-fold.ts';
import { Damaged, type Item, StoreUnavailable, type Value } from '../../functions/core/store.ts';
import { beforeWrites, change, regionOfItem, remove } from './restore-world.ts';
import { order, receive, type World } from './world.ts';

export const SKUS = ['tea', 'cup'] as const;
export const REGIONS = ['a', 'b', 'c'] as const;

type Act =
  | { readonly kind: 'order'; readonly region: string; readonly quantity: number; readonly sku: string }
  | { readonly kind: 'receive'; readonly region: string; readonly to: string; readonly quantity: number; readonly sku: string }
  | { readonly kind: 'pay' | 'ship' | 'cancel'; readonly region: string; readonly which: number }
  | { readonly kind: 'edit'; readonly region: string }
  | { readonly kind: 'settle' | 'replicate' };

const region = fc.constantFrom(...REGIONS);
const sku = fc.constantFrom(...SKUS);
export const act: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('order' as const), region, quantity: fc.integer({ min: 1, max: 14 }), sku }), weight: 5 },
  {
    arbitrary: fc.record({ kind: fc.constant('receive' as const), region, to: region, quantity: fc.integer({ min: 1, max: 9 }), sku }),
    weight: 1,
  },
  {
    arbitrary: fc.record({ kind: fc.constantFrom('pay' as const, 'ship' as const, 'cancel' as const), region, which: fc.nat({ max: 50 }) }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant('edit' as const), region }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'replicate' as const) }), weight: 2 },
);

interface Damage {
  readonly which: number;
  /** Undefined: the item is deleted. */
  readonly value: Value | undefined;
  readonly attribute: number;
  readonly delete: boolean;
  /** Rows of stock are few among many items, and worth most. */
  readonly held: boolean;
}

export const damage: fc.Arbitrary<Damage> = fc.record({
  which: fc.nat({ max: 500 }),
  attribute: fc.nat({ max: 20 }),
  value: fc.oneof(fc.integer({ min: -50, max: 1_000 }), fc.constant('bad'), fc.constant(undefined)),
  delete: fc.boolean(),
  held: fc.boolean(),
});

export const perform = async (world: World, given: Act, key: string): Promise<void> => {
  world.nowMs += 1_000;
  switch (given.kind) {
    case 'order':
      await order(world.at(given.region), key, given.quantity, given.sku);
      return;
    case 'receive':
      await receive(world.at(given.region), key, given.quantity, given.to, given.sku);
      return;
    case 'pay':
    case 'ship':
    case 'cancel': {
      const at = world.at(given.region);
      const orders = at.store.items().filter((item) => item.sk.startsWith('PLACED#'));
      const id = orders[given.which % Math.max(1, orders.length)]?.pk.slice('ORDER#'.length);
      if (id === undefined) return;
      if (given.kind === 'pay') await payOrder(at, { subject: 'ann', id, key, amount: 5 });
      if (given.kind === 'ship') await shipOrder(at, { subject: 'store', id, key });
      if (given.kind === 'cancel') await cancelOrder(at, { subject: 'ann', id });
      return;
    }
    case 'edit':
      await editRecord(world.at(given.region), { subject: 'ann', id: key, key: 'e1', parents: [], value: '1' });
      return;
    case 'settle':
      return world.settle();
    case 'replicate':
      return world.replicate();
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Who writes what is damaged is told so. */
export const survive = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    const expected = error instanceof Damaged || error instanceof StoreUnavailable || messageOf(error) === 'the world does not settle';
    if (!expected) throw error;
  }
};

/** A faulty client's write, replicated at once. @returns the key of the item */
export const inflict = (world: World, { which, attribute, value, delete: deletes, held }: Damage): readonly string[] => {
  const items = world.places.flatMap(({ region: name, store }) =>
    store
      .items()
      .filter((item) => resourceOf(item) !== undefined && regionOfItem(item) === name && (!held || /^(HELD|WANT)#/.test(item.sk))),
  );
  const item = items[which % Math.max(1, items.length)];
  if (item === undefined) return [];
  if (deletes) remove(world, item.pk, item.sk);
  else {
    const names = Object.keys(item).filter((name) => !['pk', 'sk', 'v'].includes(name));
    const name = names[attribute % Math.max(1, names.length)] ?? 'junk';
    change(world, item.pk, item.sk, { [name]: value });
  }
  return [keyText(item)];
};

/** Callers write and replication copies in the middle of scans, which read in any order, and before each write. */
export const interrupted = (world: World, replica: Replica, chance: () => number, key: () => string): Replica => {
  const interrupt = async (): Promise<void> => {
    const dice = chance() % 4;
    if (dice === 0) await survive(() => perform(world, { kind: 'order', region: replica.region, quantity: 2, sku: 'tea' }, key()));
    if (dice === 1) await survive(() => perform(world, { kind: 'cancel', region: replica.region, which: chance() }, key()));
    if (dice === 2) await survive(() => world.settle());
  };
  const { store } = replica;
  return {
    ...replica,
    store: beforeWrites(store, async () => {
      if (chance() % 4 === 0) await interrupt();
    }),
    // By key, up or down: what is new where it has been already, it does not see.
    scan: async () => {
      const up = chance() % 2 === 0;
      const keys = (await replica.scan()).map(keyText).sort();
      const middle = keys[chance() % Math.max(1, keys.length)] ?? '';
      const part = async (low: boolean) => (await replica.scan()).filter((item) => keyText(item) < middle === low);
      const first = await part(up);
      await interrupt();
      return [...first, ...(await part(!up))];
    },
  };
};

export const expectBalanced = (world: World, name: string): void => {
  for (const { region: at, store } of world.places) {
    const partition = store.find(`STOCK#${name}`);
    const held = foldHeld(partition);
    for (const row of held) {
      const own = world.at(row.region).store;
      const booked = sum(
        own.find(`STOCK#${name}`, 'BOOKED#').flatMap((item) => (regionOfItem(item) === row.region ? [Number(item['quantity']) || 0] : [])),
      );
      const sold = soldBy(row.region, name, own.items());
      expect(row.sold, `units sold by ${row.region} of ${name}, seen in ${at}`).toBe(sold);
      expect(row.available + row.sold + sum(row.granted.values()) - sum(row.credited.values()), `books of ${row.region} for ${name}`).toBe(
        booked,
      );
      for (const [giver, units] of row.credited)
        expect(
          held.find((each) => each.region === giver)?.granted.get(row.region) ?? 0,
          `${giver} gave what ${row.region} took`,
        ).toBeGreaterThanOrEqual(units);
    }
  }
};

const soldBy = (name: string, ofSku: string, items: readonly Item[]): number =>
  sum(
    [
      ...Map.groupBy(
        items.filter(({ pk }) => pk.startsWith('ORDER#')),
        ({ pk }) => pk,
      ).values(),
    ].flatMap((partition) =>
      (foldOrder(partition)?.reservations ?? [])
        .filter((each) => each.writer === name && holdsStock(each))
        .flatMap(({ lines }) => lines.flatMap((line) => (line.sku === ofSku ? [line.quantity] : []))),
    ),
  );
