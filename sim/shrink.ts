/**
 * Makes a failing schedule short: leaves out whatever the violation does not need (delta debugging, Zeller and Hildebrandt,
 * 2002). Every part of a schedule draws its chance from a seed of its own, so the rest goes on as before.
 */
import type { Violation } from './invariants.ts';
import { firstAttempts, withEntries } from './replay.ts';
import type { Entry, Schedule } from './schedule.ts';

/** Runs of shortened schedules. */
const RUNS_MAX = 2_000;

export interface Shrunk {
  readonly schedule: Schedule;
  readonly violation: Violation;
  readonly runs: number;
}

type Run = (schedule: Schedule) => Promise<Violation | undefined>;

/** @param run what a schedule comes to; only a violation of the same rule counts */
export const shrink = async (schedule: Schedule, violation: Violation, run: Run): Promise<Shrunk> => {
  const search = new Search(schedule, violation, run);
  await search.halve();
  await search.simplify();
  // What is simpler may need less.
  await search.halve();
  return search.best();
};

class Search {
  readonly #run: Run;
  #schedule: Schedule;
  #violation: Violation;
  #runs = 0;

  constructor(schedule: Schedule, violation: Violation, run: Run) {
    this.#schedule = schedule;
    this.#violation = violation;
    this.#run = run;
  }

  best(): Shrunk {
    return { schedule: this.#schedule, violation: this.#violation, runs: this.#runs };
  }

  /** Leaves out ever smaller parts, down to single entries, until none can be left out. */
  async halve(): Promise<void> {
    for (let parts = 2; ; ) {
      const { length } = this.#schedule.entries;
      const size = Math.max(1, Math.ceil(length / parts));
      if (await this.#leaveOut(size)) parts = Math.max(2, parts - 1);
      else if (size === 1) return;
      else parts = Math.min(parts * 2, length);
    }
  }

  /** Fewer attempts of each call. */
  async simplify(): Promise<void> {
    for (const { id, kind } of this.#schedule.entries) {
      for (let count = 1; kind === 'call' && count <= 2; count += 1) {
        const entries = this.#schedule.entries.map((entry) => (entry.id === id ? firstAttempts(entry, count) : entry));
        if (await this.#attempt(entries)) break;
      }
    }
  }

  async #leaveOut(size: number): Promise<boolean> {
    const { entries } = this.#schedule;
    for (let start = 0; start < entries.length; start += size) {
      if (await this.#attempt(entries.filter((_, index) => index < start || index >= start + size))) return true;
    }
    return false;
  }

  async #attempt(entries: readonly Entry[]): Promise<boolean> {
    if (this.#runs >= RUNS_MAX) return false;
    this.#runs += 1;
    const schedule = withEntries(this.#schedule, entries);
    const found = await this.#run(schedule);
    if (found?.rule !== this.#violation.rule) return false;
    this.#schedule = schedule;
    this.#violation = found;
    return true;
  }
}
