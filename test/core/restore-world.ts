/** Damage that is done to a world, and its repair from a restored past. */
import { partsOf } from '../../functions/core/item.ts';
import { type Repaired, type Replica, repair } from '../../functions/core/restore.ts';
import type { Item, Value } from '../../functions/core/store.ts';
import { receive, type World } from './world.ts';

export const remove = (world: World, pk: string, sk: string): void => {
  for (const { store } of world.places) store.commit([{ action: 'delete', key: { pk, sk } }]);
};

export const change = (world: World, pk: string, sk: string, attributes: Readonly<Record<string, Value | undefined>>): void => {
  const owner = world.places.find(({ region: name, store }) => store.peek({ pk, sk }) !== undefined && sk.endsWith(`#${name}`));
  const item = owner?.store.peek({ pk, sk });
  if (item === undefined) throw new Error(`no item ${pk} ${sk}`);
  const damaged = Object.fromEntries(Object.entries({ ...item, ...attributes }).filter(([, value]) => value !== undefined));
  for (const { store } of world.places) store.place({ ...damaged, pk, sk, v: item.v });
};

export const regionOfItem = (item: Item): string => partsOf(item).at(-1) ?? '';

export const replicasOf = (world: World): readonly Replica[] => world.places.map(({ region }) => replicaOf(world, region));

export const replicaOf = (world: World, region: string): Replica => {
  const { writer, store } = world.at(region);
  return { region, writer, store, scan: async () => store.items() };
};

/** Does something before each write. */
export const beforeWrites = (store: Replica['store'], work: () => Promise<void>): Replica['store'] => ({
  get: (each) => store.get(each),
  query: (...given) => store.query(...given),
  listByOwner: (...given) => store.listByOwner(...given),
  transact: async (writes) => {
    await work();
    return store.transact(writes);
  },
});

export const repaired = (world: World, restored: readonly Item[]): Promise<Repaired> =>
  repair({ restored, replicas: replicasOf(world), clock: world.at('a').clock });

/** Both regions hold stock. */
export const stocked = async (world: World, quantity = 20): Promise<void> => {
  for (const each of world.places) await receive(each, `stock-${each.region}`, quantity);
  await world.settle();
};
