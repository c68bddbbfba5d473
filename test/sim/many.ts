/** What the files with many schedules share; they are several, so that vitest runs them side by side. */
import { expect, it } from 'vitest';
import { mutant, type Simulator } from '../../ops/simulation/mutant.ts';
import type { Mutation } from '../../sim/mutations/mutation.ts';
import { replayOf, scheduleOf } from '../../sim/replay.ts';
import { type Found, simulate } from '../../sim/simulate.ts';
import { CAUGHT_IN, SOUGHT } from './caught.ts';

/** A machine that is busy with all other tests is slow. */
const TIMEOUT_MS = 600_000;
const SEED = 20_260_101;
/** Tried for a defect that its known schedules catch no more. `npm run test:long` searches for longer. */
const BRIEF_SCHEDULES = 300;

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
    const caught = (await replayed(simulator, mutation)) || (await searched(simulator, mutation));
    if (SOUGHT.has(mutation.name)) {
      expect(caught, `${mutation.name} is caught again: it is sought no more, in caught.ts`).toBe(false);
      return;
    }
    expect(simulator.changesByMutation(), 'the defect changes nothing, and proves nothing').toBeGreaterThan(0);
    expect(caught, `not caught any more; npm run test:long -- --mutation ${mutation.name} says where it is, for test/sim/caught.ts`).toBe(
      true,
    );
  });
};

/** Whether a schedule that is known for it catches it. */
const replayed = async (simulator: Simulator, { name }: Mutation): Promise<boolean> => {
  for (const known of CAUGHT_IN[name] ?? []) if ((await simulator.runSchedule(scheduleOf(known))).violation) return true;
  return false;
};

const searched = async (simulator: Simulator, { name }: Mutation): Promise<boolean> => {
  const { found } = await simulator.simulate({ seed: SEED, first: 0, schedules: BRIEF_SCHEDULES });
  if (found) console.warn(`${name} is caught in schedule ${SEED}:${found.number}: say so in caught.ts, and be quick`);
  return found !== undefined;
};

const told = ({ number, violation }: Found): string =>
  `${violation.rule}: ${violation.detail}; npm run simulate -- --replay ${replayOf({ seed: SEED, number })}, or --seed ${SEED} --first ${number} for a short one`;
