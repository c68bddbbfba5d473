/** Runs that take minutes: told apart, so that vitest runs them side by side. */
import { expect, it } from 'vitest';
import { mutant } from '../../ops/simulation/mutant.ts';
import type { Mutation } from '../../sim/mutations/mutation.ts';
import { replayOf } from '../../sim/replay.ts';
import { type Found, simulate } from '../../sim/simulate.ts';

/** A machine that is busy with all other tests is slow. */
const TIMEOUT_MS = 600_000;
const SEED = 20_260_101;
/** Within so many schedules every defect must be caught. */
const SCHEDULES = 20_000;

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
    const { found } = await simulator.simulate({ seed: SEED, first: 0, schedules: SCHEDULES });
    expect(simulator.changesByMutation(), 'the defect changes nothing, and proves nothing').toBeGreaterThan(0);
    expect(found, `not caught in ${SCHEDULES} schedules`).toBeDefined();
  });
};

const told = ({ number, violation }: Found): string =>
  `${violation.rule}: ${violation.detail}; npm run simulate -- --replay ${replayOf({ seed: SEED, number })}, or --seed ${SEED} --first ${number} for a short one`;
