/** Two regions that replicate, and what is asked of the links between them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { type TestRegion, type TestWorld, withWorld } from './replication-regions.ts';

export const PAIR = ['eu-central-1', 'eu-west-1'] as const;

export const pairOf = (regions: readonly TestRegion[]): readonly [TestRegion, TestRegion] => {
  const [a, b] = regions;
  if (!a || !b) throw new Error('two regions expected');
  return [a, b];
};

export const withPair = (use: (a: TestRegion, b: TestRegion, world: TestWorld) => Promise<void>): Promise<void> =>
  withWorld(PAIR, (world) => use(...pairOf(world.regions), world));

export const stateOf = (replication: TestWorld['replication'], link: { readonly from: string; readonly to: string }) => {
  const state = replication.links().find(({ from, to }) => from === link.from && to === link.to);
  if (!state) throw new Error('no such link');
  return state;
};

/** Nothing waits, and two polls of an idle stream have passed. */
export const quiet = async (replication: TestWorld['replication']): Promise<void> => {
  await eventually(
    () => replication.links().reduce((sum, { pending }) => sum + pending, 0),
    (pending) => pending === 0,
  );
  await sleep(1_500);
  await eventually(
    () => replication.links().reduce((sum, { pending }) => sum + pending, 0),
    (pending) => pending === 0,
  );
};
