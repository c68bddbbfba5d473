/** A memory store that counts DynamoDB's units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-unit-calculations.html */
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import type { Committed, Item, Key, Page, Write } from '../../functions/core/store.ts';

const READ_BYTES = 4_096;
const WRITE_BYTES = 1_024;
/** Names count as values do. JSON is a little longer than DynamoDB's own form. */
const bytesOf = (item: Item | undefined): number => (item === undefined ? 0 : Buffer.byteLength(JSON.stringify(item)));
const units = (bytes: number, each: number): number => Math.max(1, Math.ceil(bytes / each));

export interface Spent {
  read: number;
  write: number;
  /** Units of the dearest read of one partition, and of the largest item that was written. */
  part: number;
  size: number;
  /** Reads of what the regions say of each other, which no request pays. */
  views: number;
}

const nothing = (): Spent => ({ read: 0, write: 0, part: 1, size: 1, views: 0 });

export class UnitStore extends MemoryStore {
  spent = nothing();

  /** What was spent since the last time. */
  take(): Spent {
    const { spent } = this;
    this.spent = nothing();
    return spent;
  }

  override async get(key: Key): Promise<Item | undefined> {
    const item = await super.get(key);
    this.#read(key.pk, bytesOf(item));
    return item;
  }

  override async query(pk: string, prefix = ''): Promise<readonly Item[]> {
    const items = await super.query(pk, prefix);
    this.#read(
      pk,
      items.reduce((total, item) => total + bytesOf(item), 0),
    );
    return items;
  }

  override async listByOwner(owner: string, page: { readonly before?: string; readonly limit: number }): Promise<Page> {
    const found = await super.listByOwner(owner, page);
    const bytes = found.items.reduce((total, item) => total + bytesOf(item), 0);
    this.spent.read += units(bytes, READ_BYTES) / 2;
    return found;
  }

  /** What fails its guard costs what it would have cost. */
  override async transact(writes: readonly Write[]): Promise<Committed> {
    if (writes.every((write) => pkOf(write) === REGIONS_KEY)) return super.transact(writes);
    const outcome = await super.transact(writes);
    const [only] = writes;
    const single = writes.length === 1 && only?.action === 'put';
    for (const write of writes) {
      const size = units(bytesOf(write.action === 'put' ? write.item : this.peek(write.key)), WRITE_BYTES);
      this.spent.write += single ? size : 2 * size;
      this.spent.size = Math.max(this.spent.size, size);
    }
    return outcome;
  }

  #read(pk: string, bytes: number): void {
    if (pk === REGIONS_KEY) {
      this.spent.views += 1;
      return;
    }
    const read = units(bytes, READ_BYTES);
    this.spent.read += read;
    this.spent.part = Math.max(this.spent.part, read);
  }
}

const pkOf = (write: Write): string => (write.action === 'put' ? write.item.pk : write.key.pk);
