import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Content, compareVersions, type Version } from '../../local/replication/version.ts';
import { type Fate, play, skews, steps, type World } from './replication-world.ts';

const ALL_FATES: readonly Fate[] = ['answered', 'seen first', 'answer lost', 'write lost', 'late'];
const RUNS = { numRuns: 3_000 };

describe('any interleaving of writes, deliveries, repairs and late writes', () => {
  it('ends with the latest write in every region, where answers may be lost', () => {
    fc.assert(
      fc.property(steps(ALL_FATES, fc.constant(-1)), skews, (plan, skew) => expectLatest(play(plan, skew))),
      RUNS,
    );
  });
  it('ends with the latest write or deletion in every region, where every answer arrives, and equal writes happen', () => {
    fc.assert(
      fc.property(steps(['answered', 'seen first'], fc.option(fc.constant(-1))), skews, (plan, skew) => expectLatest(play(plan, skew))),
      RUNS,
    );
  });
  it('ends with the same in every region, whatever is lost, late, deleted and written twice', () => {
    fc.assert(
      fc.property(steps(ALL_FATES, fc.option(fc.nat({ max: 2 }))), skews, (plan, skew) => {
        const [first, ...others] = play(plan, skew).sites;
        for (const { store } of others) expect(shape(store)).toEqual(shape(first?.store ?? []));
      }),
      RUNS,
    );
  });
});

/** What there is under each key. */
const shape = (contents: Iterable<readonly [string, Content]>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...contents]
      .filter(([, { image }]) => image !== null)
      .map(([name, { hash }]) => [name, hash])
      .sort(),
  );

const expectLatest = ({ sites, written }: World): void => {
  const latest = new Map<string, Version>();
  for (const version of written) {
    const other = latest.get(version.keyId);
    if (!other || compareVersions(version, other) > 0) latest.set(version.keyId, version);
  }
  for (const { store } of sites) expect(shape(store)).toEqual(shape(latest));
};
