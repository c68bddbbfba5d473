/**
 * The index of the owners' orders: behind its table, as any of DynamoDB's is, by as long as it takes.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Writes
 */
import { MemoryStore } from '../functions/core/memory-store.ts';
import type { Item, Store } from '../functions/core/store.ts';
import type { Agenda } from './agenda.ts';
import type { Random } from './random.ts';

/** Milliseconds that an index is usually behind; it may be a hundred times as much. */
const BEHIND_MS = 20;

export class OwnerIndex implements Pick<Store, 'listByOwner'> {
  readonly #rows = new MemoryStore();
  readonly #agenda: Agenda;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  /** An item is in the table. */
  wrote(item: Item, random: Random): void {
    if (item['owner'] === undefined) return;
    this.#agenda.after(
      random.delayMs(BEHIND_MS),
      () => this.#rows.place(item),
      () => `the index shows ${item.pk} ${item.sk}`,
      true,
    );
  }

  listByOwner(...given: Parameters<Store['listByOwner']>): ReturnType<Store['listByOwner']> {
    return this.#rows.listByOwner(...given);
  }
}
