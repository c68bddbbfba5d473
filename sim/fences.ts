/** Since when each cell's own control table says that a region is being rebuilt, read without the core's folds. */
import type { Key } from '../functions/core/store.ts';
import type { Cell } from './cell.ts';

interface Word {
  /** Newest incarnations that are said to be fenced and to serve; 0: none. */
  readonly fenced: number;
  readonly serves: number;
  readonly fencedMs: number;
}

const SILENCE: Word = { fenced: 0, serves: 0, fencedMs: 0 };

export class Fences {
  readonly #words = new Map<Cell, Map<string, Word>>();

  /** An item is in a cell's control table, written there or come by replication. */
  has(cell: Cell, { sk }: Key, nowMs: number): void {
    const [phase, region = '', number] = sk.split('#');
    const words = this.#words.get(cell) ?? new Map<string, Word>();
    this.#words.set(cell, words);
    const word = words.get(region) ?? SILENCE;
    const incarnation = Number(number);
    if (phase === 'SERVES' && incarnation > word.serves) words.set(region, { ...word, serves: incarnation });
    if (phase === 'FENCED' && incarnation > word.fenced) words.set(region, { ...word, fenced: incarnation, fencedMs: nowMs });
  }

  sinceMs(cell: Cell, region: string): number | undefined {
    const word = this.#words.get(cell)?.get(region) ?? SILENCE;
    return word.fenced > word.serves ? word.fencedMs : undefined;
  }
}
