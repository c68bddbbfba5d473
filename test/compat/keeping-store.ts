/** A store in memory that two releases write in turn, and that fails as soon as one of them loses what another wrote. */
import { MemoryStore } from '../../functions/core/memory-store.ts';
import type { Committed, Item, Write } from '../../functions/core/store.ts';
import { later, laterPart } from './later.ts';

export class KeepingStore extends MemoryStore {
  /** Which release writes now. */
  release: 'present' | 'next' = 'present';

  /**
   * @throws {Error} when a put could replace an item, an item is deleted, a fact is written again, or what only the next
   * release knows is changed by this one
   */
  override async transact(writes: readonly Write[]): Promise<Committed> {
    const bold = writes.find((write) => write.action === 'put' && !write.guards?.some(({ is }) => is === 'absent'));
    if (bold?.action === 'put') throw new Error(`the put of ${bold.item.sk} would replace an item, with all that it does not know`);
    const before = this.items();
    const outcome = await super.transact(this.release === 'next' ? later(writes) : writes);
    for (const item of before) {
      const loss = this.#lossOf(item, this.peek(item));
      if (loss !== undefined) throw new Error(`${item.pk} ${item.sk} ${loss}`);
    }
    return outcome;
  }

  #lossOf(before: Item, after: Item | undefined): string | undefined {
    if (!after) return 'is gone';
    if (!isRow(before)) return same(before, after) ? undefined : 'is a fact, and was written again';
    if (this.release === 'next') return undefined;
    return same(laterPart(before), laterPart(after)) && before.v === after.v ? undefined : 'lost what a later release wrote';
  }
}

/** Its one writer updates it. */
const isRow = ({ sk }: Item): boolean => /^(HELD|WISH|BEAT|SEEN|MOOD)#/.test(sk);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
