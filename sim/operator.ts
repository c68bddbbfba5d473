/**
 * The operator's hands: what the recovery of the core reaches, each of its calls a step of an invocation. Everything else
 * may happen between two of them, and at each the operator's machine may die; the whole is then run again.
 */
import type { Estate, TableName } from '../functions/core/recovery.ts';
import type { Item, Store } from '../functions/core/store.ts';
import type { Cell } from './cell.ts';
import { CellStore } from './environment.ts';
import type { Invocation } from './invocation.ts';

/** Milliseconds between two looks: longer than replication usually takes. */
const LOOK_MS = 4_000;

/** What the operator does to the rest of the world, at once. */
export interface Levers {
  readonly regions: readonly string[];
  readonly nowMs: () => number;
  cellOf(region: string): Cell;
  /** Regions that are lost and not rebuilt. */
  lost(): readonly string[];
  /** The region's callers are led away, where its front door is in the operator's reach. */
  closeDoor(region: string): void;
  cut(region: string): void;
  /** A new cell in place of the region's, with nothing but `control`. */
  restartEmpty(region: string, control: readonly Item[]): void;
  /** Links on again, and the new replica is filled from the survivors. */
  restore(region: string): void;
  /** The region is called lost no more, and its front door is open; its gate is not. */
  admit(region: string): void;
}

export class SimulatedEstate implements Estate {
  readonly #levers: Levers;
  readonly #invocation: Invocation;

  constructor(levers: Levers, invocation: Invocation) {
    this.#levers = levers;
    this.#invocation = invocation;
  }

  get regions(): readonly string[] {
    return this.#levers.regions;
  }

  now(): number {
    return this.#levers.nowMs();
  }

  lost(): Promise<readonly string[]> {
    return this.#step('look for what is lost', () => this.#levers.lost());
  }

  store(region: string, table: TableName): Store {
    return new CellStore(this.#levers.cellOf(region), table, () => this.#invocation);
  }

  /** Two pages, and what callers write between them. */
  async scan(region: string, table: TableName): Promise<readonly Item[]> {
    const cell = this.#levers.cellOf(region);
    const page = (odd: number): Promise<readonly Item[]> =>
      this.#step(`scan ${cell.name}`, () =>
        cell
          .replica(table)
          .items()
          .filter((item) => item.pk.charCodeAt(item.pk.length - 1) % 2 === odd),
      );
    return [...(await page(0)), ...(await page(1))];
  }

  /** It changes no table, so nothing can come between it and the fence that matters. */
  async closeDoor(region: string): Promise<void> {
    this.#levers.closeDoor(region);
  }

  cut(region: string): Promise<void> {
    return this.#step('cut', () => this.#levers.cut(region));
  }

  restartEmpty(region: string, control: readonly Item[]): Promise<void> {
    return this.#step('start empty', () => this.#levers.restartEmpty(region, control));
  }

  restore(region: string): Promise<void> {
    return this.#step('restore the links', () => this.#levers.restore(region));
  }

  admit(region: string): Promise<void> {
    return this.#step('admit', () => this.#levers.admit(region));
  }

  pause(): Promise<void> {
    return this.#invocation.step(
      () => 'wait',
      () => undefined,
      LOOK_MS,
    );
  }

  progress(): void {}

  #step<T>(name: string, act: () => T): Promise<T> {
    return this.#invocation.step(() => name, act);
  }
}
