/** Runs schedules: one, or many from one seed until the first violation. */
import { VirtualTime } from './agenda.ts';
import { generate } from './generate.ts';
import type { Violation } from './invariants.ts';
import type { Schedule } from './schedule.ts';
import { type TimelineEntry, World } from './world.ts';

/** When every world begins, in milliseconds since 1970. */
const START_MS = Date.UTC(2026, 0, 1);

export interface Ran {
  readonly violation: Violation | undefined;
  /** Acknowledged by a region that was lost for good, and lost with it. */
  readonly lost: number;
  /** Acknowledged by a region that was given up, after it was cut off. */
  readonly lostAfterCut: number;
  /** Orders that were shipped after they were cancelled, as housekeeping counted them. */
  readonly shippedAfterCancelled: number;
}

export const runSchedule = async (schedule: Schedule, tell?: (entry: TimelineEntry) => void): Promise<Ran> => {
  const world = new World({ schedule, agenda: new VirtualTime(START_MS), tell });
  const violation = await world.run();
  const { lost, lostAfterCut, shippedAfterCancelled } = world.ledger;
  return { violation, lost: lost.length, lostAfterCut: lostAfterCut.length, shippedAfterCancelled: shippedAfterCancelled.size };
};

export interface Found {
  readonly number: number;
  readonly schedule: Schedule;
  readonly violation: Violation;
}

export interface Sums {
  readonly schedules: number;
  readonly calls: number;
  readonly faults: number;
  readonly lost: number;
  readonly lostAfterCut: number;
  readonly shippedAfterCancelled: number;
}

/** @param onSchedule told after each schedule, and waited for */
export const simulate = async (
  given: { readonly seed: number; readonly first: number; readonly schedules: number },
  onSchedule: (sums: Sums) => Promise<void> | undefined = () => undefined,
): Promise<{ readonly sums: Sums; readonly found: Found | undefined }> => {
  let sums: Sums = { schedules: 0, calls: 0, faults: 0, lost: 0, lostAfterCut: 0, shippedAfterCancelled: 0 };
  for (let number = given.first; number < given.first + given.schedules; number += 1) {
    const schedule = generate(given.seed, number);
    const { violation, lost, lostAfterCut, shippedAfterCancelled } = await runSchedule(schedule);
    const calls = schedule.entries.filter(({ kind }) => kind === 'call').length;
    sums = {
      schedules: sums.schedules + 1,
      calls: sums.calls + calls,
      faults: sums.faults + schedule.entries.length - calls,
      lost: sums.lost + lost,
      lostAfterCut: sums.lostAfterCut + lostAfterCut,
      shippedAfterCancelled: sums.shippedAfterCancelled + shippedAfterCancelled,
    };
    if (violation) return { sums, found: { number, schedule, violation } };
    await onSchedule(sums);
  }
  return { sums, found: undefined };
};
