/** A store whose index of orders is behind its table, as any of DynamoDB's may be. */
import { MemoryStore } from '../../functions/core/memory-store.ts';
import type { Item, Store } from '../../functions/core/store.ts';

const ROWS_MAX = 1_000;

export class LaggingIndex extends MemoryStore {
  /** What the index does not show yet. */
  lacks: (item: Item) => boolean = () => false;

  override async listByOwner(...[owner, { limit, ...page }]: Parameters<Store['listByOwner']>): ReturnType<Store['listByOwner']> {
    const { items } = await super.listByOwner(owner, { ...page, limit: ROWS_MAX });
    const shown = items.filter((item) => !this.lacks(item));
    return { items: shown.slice(0, limit), more: shown.length > limit };
  }
}
