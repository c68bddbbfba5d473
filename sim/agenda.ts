/** What happens next. Two kinds: virtual time (`VirtualTime`), and every order there is (`exhaustive/choices.ts`). */

/** Names an action; asked only where it is shown or hashed. */
export type Label = () => string;

export interface Agenda {
  /** Virtual milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * Does `act` after `delayMs`, or whenever it is chosen.
   * @param silent it touches no store itself: in which order it comes with others cannot matter
   */
  after(delayMs: number, act: () => void, label: Label, silent?: boolean): void;
  /** Does the next action. False when nothing is left. */
  step(): boolean;
}

interface Planned {
  readonly atMs: number;
  /** Breaks ties: what was planned first happens first. */
  readonly order: number;
  readonly act: () => void;
}

/** Virtual time: the earliest action is next, and time jumps to it. A binary heap. */
export class VirtualTime implements Agenda {
  nowMs: number;
  readonly #heap: Planned[] = [];
  #planned = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  after(delayMs: number, act: () => void): void {
    this.#planned += 1;
    const heap = this.#heap;
    const added: Planned = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#planned, act };
    let place = heap.length;
    heap.push(added);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(added, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = added;
  }

  step(): boolean {
    const next = this.#pop();
    if (next === undefined) return false;
    this.nowMs = next.atMs;
    next.act();
    return true;
  }

  #pop(): Planned | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [below, other] = [heap[left], heap[left + 1]];
      if (below === undefined) break;
      const [child, least] = other !== undefined && isBefore(other, below) ? [left + 1, other] : [left, below];
      if (!isBefore(least, last)) break;
      heap[place] = least;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

const isBefore = (a: Planned, b: Planned): boolean => (a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs);
