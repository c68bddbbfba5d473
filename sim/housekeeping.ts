/**
 * What a cell does about items that arrive: driven by its replica's stream, each record's work at least once, late, several
 * times, side by side, and again after it failed.
 */
import { performTask, taskOf } from '../functions/core/housekeeping.ts';
import { gateOf } from '../functions/core/operations.ts';
import type { Task } from '../functions/core/tasks.ts';
import type { Cell } from './cell.ts';
import type { Environment } from './environment.ts';
import type { Random } from './random.ts';
import type { Change } from './replica.ts';

/** Milliseconds from a change to the work that it asks for. */
const STREAM_MS = 60;
const RETRY_MS = 1_500;

const taskText = (task: Task): string => {
  switch (task.kind) {
    case 'reconcile':
      return `reconciles ${task.order}`;
    case 'book':
      return `books receipt ${task.hash} of ${task.sku}`;
    case 'rebalance':
      return `rebalances ${task.sku}`;
  }
};

export class Housekeeping {
  readonly #cell: Cell;
  /** Pieces of work that are not done. */
  pending = 0;
  #holds = 0;
  #held: (() => void)[] = [];

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  /** A change of the replica, whoever made it. */
  streamed(change: Pick<Change, 'item' | 'before'>, random: Random): void {
    const task = change.item && taskOf(change.item, change.before, this.#cell.region);
    if (task === undefined) return;
    for (let copies = random.chance(this.#cell.surroundings.twice) ? 2 : 1; copies > 0; copies -= 1) {
      this.pending += 1;
      this.#later(task, random.fork(copies), random.delayMs(STREAM_MS));
    }
  }

  /** Nothing is begun until it is released as often as it was held. */
  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    const held = this.#held;
    this.#held = [];
    for (const begin of held) begin();
  }

  #later(task: Task, random: Random, delayMs: number): void {
    this.#cell.surroundings.scheduler.agenda.after(
      delayMs,
      () => this.#begin(task, random),
      () => `${this.#cell.name} ${taskText(task)}`,
      true,
    );
  }

  #begin(task: Task, random: Random): void {
    if (this.#cell.state === 'gone') return;
    if (this.#cell.state === 'frozen') return this.#cell.whenThawed(() => this.#begin(task, random));
    if (this.#holds > 0) {
      this.#held.push(() => this.#begin(task, random));
      return;
    }
    const again = (): void => this.#later(task, random.fork(7), random.delayMs(RETRY_MS));
    this.#cell.start({
      name: `housekeeping of ${this.#cell.name}: ${taskText(task)}`,
      seed: random.whole(0, 2 ** 31),
      crash: this.#cell.flaky ? { step: random.whole(1, 4), applied: random.chance(0.5) } : undefined,
      handler: (environment) => this.#keep(environment, task),
      onDone: (done) => {
        if (done) this.pending -= 1;
        else again();
      },
      onFailed: again,
    });
  }

  async #keep(environment: Environment, task: Task): Promise<boolean> {
    const { surroundings, region } = this.#cell;
    const { data: store, clock, hlc } = environment;
    if (!surroundings.gated) {
      await performTask({ store, clock, hlc, region, regions: surroundings.regions, writer: this.#cell.writer }, task);
      return true;
    }
    const gate = gateOf(await environment.monitor.world());
    if (!gate.open) return false;
    const reconciled = await performTask({ store, clock, hlc, region, regions: surroundings.regions, writer: gate.writer }, task);
    if (reconciled) surroundings.reconciled(reconciled);
    return true;
  }
}
