/**
 * Finds the work that a region's housekeeping gave up or never heard of, and has it done. What is due is read from the
 * replica, not from the queue: a message there tells that something was given up, and not what.
 *
 * Every step may be repeated and cut short: tasks do what is due when they are done, and the next run looks anew.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Due } from '../../functions/core/due-work.ts';
import { TASKS_PER_CALL_MAX } from '../../functions/core/tasks.ts';
import { messageOf } from '../errors.ts';
import type { Progress, Say } from '../progress.ts';
import { plural } from '../reports/words.ts';
import { lettersNow, removeLetters } from './dead-letters.ts';
import { callHousekeeping } from './housekeeping.ts';
import type { Place } from './place.ts';
import { type Survey, survey } from './survey.ts';

/** Looks at every region, all but the last followed by work: a grant makes work where it arrives, and that may make more. */
const ROUNDS_MAX = 10;
/** What one region did has its time to arrive in the others. */
const ROUND_PAUSE_MS = 1_000;
/** Failures that are kept, of each region. */
const PROBLEMS_MAX = 10;

export interface Swept {
  readonly region: string;
  /** Tasks that housekeeping has done. */
  readonly done: number;
  /** Due at the last look, and asked for before. */
  readonly left: readonly Due[];
  /** Due for the first time at the last look: the region is at work, and its stream brings it. */
  readonly fresh: number;
  /** Why the region cannot be called swept, where anything is in the way of it. */
  readonly problems: readonly string[];
  /** Messages that lay in the queue when the sweep began, and how many of them were removed. */
  readonly letters: number;
  readonly removed: number;
}

export interface SweepProps {
  readonly places: readonly Place[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Called before the first task of a region. */
  readonly onBegin: (region: string) => Promise<void>;
}

/** Whether nothing is left to do in a region. */
export const isClean = ({ left, problems, letters, removed }: Swept): boolean =>
  left.length === 0 && problems.length === 0 && removed === letters;

/** Ends by its bounds, whatever the regions do. @throws what `signal` was aborted with */
export const sweep = async ({ places, progress, signal, onBegin }: SweepProps): Promise<readonly Swept[]> => {
  const runs = places.map((place) => new Run(place, onBegin));
  for (const run of runs) {
    await progress.step(`${run.region}: dead-letter queue`, (say) => run.begin(say, signal));
    signal.throwIfAborted();
  }
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    let due = 0;
    for (const run of runs)
      due += await progress.step(`${run.region}: round ${round}`, (say) => run.round(say, signal, round < ROUNDS_MAX));
    signal.throwIfAborted();
    if (due === 0) break;
    if (round < ROUNDS_MAX) await sleep(ROUND_PAUSE_MS);
  }
  const swept: Swept[] = [];
  for (const run of runs) {
    swept.push(await run.end(progress, signal));
    signal.throwIfAborted();
  }
  return swept;
};

/** One region's part. */
class Run {
  readonly #place: Place;
  readonly #onBegin: (region: string) => Promise<void>;
  readonly #asked = new Set<string>();
  #letters: ReadonlySet<string> = new Set();
  #last: Survey | undefined;
  #done = 0;
  #begun = false;
  /** Of the whole region: it is not asked again. */
  #stopped: string | undefined;
  #failures: readonly string[] = [];

  constructor(place: Place, onBegin: (region: string) => Promise<void>) {
    this.#place = place;
    this.#onBegin = onBegin;
  }

  get region(): string {
    return this.#place.region;
  }

  /** Before the first look: what lies in the queue then is about work that this look, or none, finds. */
  async begin(say: Say, signal: AbortSignal): Promise<void> {
    try {
      this.#letters = await lettersNow(this.#place, signal);
      say(plural(this.#letters.size, 'message'));
    } catch (error) {
      this.#stop(say, `the dead-letter queue of ${this.region} cannot be read: ${messageOf(error)}`);
    }
  }

  /** Looks, and works unless `works` is false. @returns tasks that were due; none where the region does not take any */
  async round(say: Say, signal: AbortSignal, works: boolean): Promise<number> {
    if (this.#stopped !== undefined) return 0;
    const looked = await this.#look(say, signal);
    if (looked === undefined) return 0;
    const { due, items, more } = looked;
    say(`${plural(items, 'item')}, ${plural(due.length + more, 'task')} due`);
    if (due.length === 0 || !works) return due.length;
    if (!this.#begun) await this.#onBegin(this.region);
    this.#begun = true;
    this.#failures = [];
    for (let start = 0; start < due.length && this.#stopped === undefined; start += TASKS_PER_CALL_MAX) {
      signal.throwIfAborted();
      await this.#call(say, due.slice(start, start + TASKS_PER_CALL_MAX));
      if (this.#stopped === undefined) say(`${Math.min(due.length, start + TASKS_PER_CALL_MAX)} of ${due.length} asked for`);
    }
    return this.#stopped === undefined ? due.length : 0;
  }

  async #look(say: Say, signal: AbortSignal): Promise<Survey | undefined> {
    try {
      this.#last = await survey(this.#place, signal);
      return this.#last;
    } catch (error) {
      signal.throwIfAborted();
      this.#stop(say, `the replica of ${this.region} cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #call(say: Say, due: readonly Due[]): Promise<void> {
    const called = await callHousekeeping(
      this.#place,
      due.map(({ task }) => task),
    );
    if (!called.ok) return this.#stop(say, called.problem);
    for (const { task } of due) this.#asked.add(JSON.stringify(task));
    this.#done += called.done;
    this.#failures = [...this.#failures, ...called.failed].slice(0, PROBLEMS_MAX);
  }

  #stop(say: Say, problem: string): void {
    this.#stopped = problem;
    say(problem);
  }

  /** Removes the messages of a region where nothing of what they were about can be left. */
  async end(progress: Progress, signal: AbortSignal): Promise<Swept> {
    const due = this.#last?.due ?? [];
    const asked = due.filter(({ task }) => this.#asked.has(JSON.stringify(task)));
    const left = this.#stopped === undefined ? asked : due;
    const problems = [
      ...(this.#stopped === undefined ? [] : [this.#stopped]),
      ...(left.length > 0 ? this.#failures : []),
      ...((this.#last?.more ?? 0) > 0 ? ['more is due than one run does; run it again'] : []),
      ...(this.#last?.whole === false ? ['not all of the table could be read: a part of it is too large'] : []),
    ];
    const clean = left.length === 0 && problems.length === 0;
    const removed =
      clean && this.#letters.size > 0
        ? await progress.step(`${this.region}: remove ${plural(this.#letters.size, 'message')} from the dead-letter queue`, () =>
            removeLetters(this.#place, this.#letters, signal),
          )
        : 0;
    return {
      region: this.region,
      done: this.#done,
      left,
      fresh: due.length - left.length,
      problems,
      letters: this.#letters.size,
      removed,
    };
  }
}
