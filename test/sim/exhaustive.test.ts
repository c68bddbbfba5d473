import { describe, expect, it } from 'vitest';
import { mutant } from '../../ops/simulation/mutant.ts';
import { EXHAUSTIVE_WORLDS, explore } from '../../sim/exhaustive.ts';
import { MUTATIONS } from '../../sim/mutations/registry.ts';

const TIMEOUT_MS = 600_000;

describe('every order of events', { timeout: TIMEOUT_MS }, () => {
  it.each(EXHAUSTIVE_WORLDS)('of $name keeps the rules', async (world) => {
    const { states, ends, violation } = await explore(world);
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(100);
    expect(ends).toBeGreaterThan(1);
  });

  it.each([
    ['two bodies under one key, one of them shipped', 'own-acceptance-not-reconciled'],
    ['two bodies under one key, one of them shipped', 'smallest-always-keeps'],
    ['an order shipped, cancelled and paid at once', 'given-back-twice'],
    ['an order shipped, cancelled and paid at once', 'shipped-over-its-end'],
    ['the same request twice in one region, with a crash', 'placed-over-placed'],
    ['the same request twice in one region, with a crash', 'event-and-reservation-apart'],
    ['a receipt repeated in another region, and sold', 'receipts-without-a-booking-region'],
    ['a receipt repeated in another region, and sold', 'receipt-and-booking-apart'],
    ['a receipt repeated in another region, and sold', 'booked-over-booked'],
    ['stock that is wanted elsewhere, and sold meanwhile', 'grant-without-guard'],
    ['a grant that grows while it is taken over', 'credit-without-compare-and-set'],
    ['a grant that grows while it is taken over', 'credit-lost-and-left'],
    ['a record edited twice in one region and once in another', 'edits-that-cross'],
    ['a record edited twice in one region and once in another', 'version-and-count-apart'],
    ['an edit repeated in another region, where another one is made', 'a-version-of-each-region'],
    ['an edit repeated in another region, where another one is made', 'winner-by-arrival'],
  ])('of %s finds %s', async (worldName, mutationName) => {
    const mutation = MUTATIONS.find(({ name }) => name === mutationName);
    const world = EXHAUSTIVE_WORLDS.find(({ name }) => name === worldName);
    if (!mutation || !world) throw new Error(`there is no world "${worldName}", or no mutation "${mutationName}"`);
    const { violation } = await (await mutant(mutation)).explore(world);
    expect(violation?.path.length).toBeGreaterThan(1);
  });
});
