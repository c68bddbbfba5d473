/** What the files with many schedules share; they are several, so that vitest runs them side by side. */
import { expect, it } from 'vitest';
import { mutant, type Simulator } from '../../ops/simulation/mutant.ts';
import type { Mutation } from '../../sim/mutations/mutation.ts';
import { replayOf } from '../../sim/replay.ts';
import { type Found, simulate } from '../../sim/simulate.ts';
import { CAUGHT_IN } from './caught.ts';

/** A machine that is busy with all other tests is slow. */
const TIMEOUT_MS = 600_000;
const SEED = 20_260_101;
/** Within so many schedules every defect must be caught. */
const SCHEDULES = 20_000;
/** A search of so many takes seconds. */
const LONG = 300;

export const violatesNothing = (first: number, schedules: number): void => {
  it(`hold in schedules ${first} to ${first + schedules - 1}`, { timeout: TIMEOUT_MS }, async () => {
    const { sums, found } = await simulate({ seed: SEED, first, schedules });
    expect(found && told(found)).toBeUndefined();
    // What the rate is measured on is worth a schedule.
    expect(sums).toMatchObject({ schedules });
    expect([sums.calls / schedules >= 20, sums.faults / schedules >= 3]).toEqual([true, true]);
  });
};

export const catchesEach = (mutations: readonly Mutation[]): void => {
  it.each(mutations)('$name: $defect', { timeout: TIMEOUT_MS }, async (mutation) => {
    const simulator = await mutant(mutation);
    const found = (await whereKnown(simulator, mutation)) ?? (await searched(simulator, mutation));
    expect(simulator.changesByMutation(), 'the defect changes nothing, and proves nothing').toBeGreaterThan(0);
    expect(found?.number, `not caught in ${SCHEDULES} schedules`).toBeLessThan(SCHEDULES);
  });
};

const whereKnown = async (simulator: Simulator, { name }: Mutation): Promise<Found | undefined> => {
  const first = CAUGHT_IN.get(name);
  return first === undefined ? undefined : (await simulator.simulate({ seed: SEED, first, schedules: 1 })).found;
};

const searched = async (simulator: Simulator, { name }: Mutation): Promise<Found | undefined> => {
  const { found } = await simulator.simulate({ seed: SEED, first: 0, schedules: SCHEDULES });
  if (found && found.number >= LONG) console.warn(`${name} is caught in schedule ${found.number}: say so in caught.ts, and be quick`);
  return found;
};

const told = ({ number, violation }: Found): string =>
  `${violation.rule}: ${violation.detail}; npm run simulate -- --replay ${replayOf({ seed: SEED, number })}, or --seed ${SEED} --first ${number} for a short one`;
