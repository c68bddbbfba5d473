/** Since when each cell's own control table says that a region is being rebuilt, read without the core's folds. */
import type { Key } from '../functions/core/store.ts';
import type { Cell } from './cell.ts';

export class Fences {
  readonly #since = new Map<Cell, Map<string, number>>();

  wrote(cell: Cell, { sk }: Key, nowMs: number): void {
    const [phase, region = ''] = sk.split('#');
    const known = this.#since.get(cell) ?? new Map<string, number>();
    this.#since.set(cell, known);
    if (phase === 'SERVES') known.delete(region);
    if (phase === 'FENCED' && !known.has(region)) known.set(region, nowMs);
  }

  sinceMs(cell: Cell, region: string): number | undefined {
    return this.#since.get(cell)?.get(region);
  }
}
