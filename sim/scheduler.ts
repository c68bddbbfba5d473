/**
 * Runs handlers, which are asynchronous functions, one step at a time and always in the same order: whoever was resumed
 * runs until it waits for the store again, and only then does anything else happen.
 */
import type { Agenda } from './agenda.ts';
import type { Invocation } from './invocation.ts';

/** Turns of the microtask queue that a handler may take from one call of the store to the next: it awaits nothing else. */
const TURNS_MAX = 1_000;
/** Turns given to a handler that waits for several calls at a time, when one of them was answered. */
const TURNS_BESIDE = 24;
/** Actions of one schedule: one that takes more never comes to rest. */
const ACTIONS_MAX = 200_000;

/** The world does not come to rest. */
export class Restless extends Error {
  override readonly name = 'Restless';
}

export class Scheduler {
  readonly agenda: Agenda;
  /** Whether invocations keep what their calls came to. */
  readonly remembers: boolean;
  readonly #resumed: { readonly invocation: Invocation; readonly others: number }[] = [];
  readonly #invocations: Invocation[] = [];
  #actions = 0;

  constructor(agenda: Agenda, remembers = false) {
    this.agenda = agenda;
    this.remembers = remembers;
  }

  started(invocation: Invocation): void {
    if (this.remembers) this.#invocations.push(invocation);
  }

  /** Invocations that wait for the store, where they are remembered. */
  running(): readonly Invocation[] {
    return this.#invocations.filter((invocation) => !invocation.ended);
  }

  /** @param others calls that the invocation still waits for */
  resumed(invocation: Invocation, others: number): void {
    this.#resumed.push({ invocation, others });
  }

  /** Until nothing is left to do. @throws {Restless} */
  async run(): Promise<void> {
    while (this.agenda.step()) {
      this.#actions += 1;
      if (this.#actions > ACTIONS_MAX) throw new Restless(`after ${ACTIONS_MAX} actions there is still something to do`);
      if (this.#resumed.length > 0) await this.settle();
    }
  }

  /** Lets all that follows from the last action happen. */
  async settle(): Promise<void> {
    for (let next = this.#resumed.shift(); next !== undefined; next = this.#resumed.shift()) await quiet(next.invocation, next.others);
  }
}

const quiet = async (invocation: Invocation, others: number): Promise<void> => {
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    if (invocation.ended || (invocation.waiting > 0 && (others === 0 || turn >= TURNS_BESIDE))) return;
    await undefined;
  }
  throw new Error(`${invocation.name} awaits something that is no call of the store`);
};
