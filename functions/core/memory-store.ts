/** The store in memory: what tests and the simulator run on. Passes the same contract suite as the DynamoDB adapter. */
import { canonical } from './hash.ts';
import {
  type Committed,
  Damaged,
  type Guard,
  type Item,
  type Key,
  type Page,
  type Store,
  storable,
  type Value,
  type Write,
} from './store.ts';

/** As DynamoDB's TransactWriteItems. */
const WRITES_PER_TRANSACTION_MAX = 100;

export class MemoryStore implements Store {
  readonly #partitions = new Map<string, Map<string, Item>>();

  async get({ pk, sk }: Key): Promise<Item | undefined> {
    storable(pk + sk);
    return this.peek({ pk, sk });
  }

  async query(pk: string, prefix = ''): Promise<readonly Item[]> {
    storable(pk + prefix);
    return this.find(pk, prefix);
  }

  async listByOwner(owner: string, { before, limit }: { readonly before?: string; readonly limit: number }): Promise<Page> {
    storable(owner + (before ?? ''));
    const rows = this.items()
      .filter((item) => item['owner'] === owner && typeof item['listed'] === 'string' && (before === undefined || item['listed'] < before))
      .sort((a, b) => (String(a['listed']) < String(b['listed']) ? 1 : -1));
    return { items: rows.slice(0, limit), more: rows.length > limit };
  }

  async transact(writes: readonly Write[]): Promise<Committed> {
    refuseUnstorable(writes);
    return this.commit(writes);
  }

  /** `transact`, at once. */
  commit(writes: readonly Write[]): Committed {
    refuseMalformed(writes);
    for (const [failed, write] of writes.entries()) {
      const item = this.peek(keyOf(write));
      if (!(write.guards ?? []).every((guard) => holds(guard, item))) return { ok: false, failed, item };
    }
    // A write that is refused whatever the guards say throws here, before anything of its transaction is there.
    const updates = writes.map((write) => (write.action === 'update' ? updated(this.peek(write.key), write) : undefined));
    for (const [index, write] of writes.entries()) this.#apply(write, updates[index]);
    return { ok: true };
  }

  /** The item of a key, synchronously. */
  peek({ pk, sk }: Key): Item | undefined {
    return this.#partitions.get(pk)?.get(sk);
  }

  /** `query`, at once. */
  find(pk: string, prefix = ''): readonly Item[] {
    const items = [...(this.#partitions.get(pk)?.values() ?? [])];
    return items.filter((item) => item.sk.startsWith(prefix)).sort((a, b) => (a.sk < b.sk ? -1 : 1));
  }

  /** Puts an item with no condition, as replication does. */
  place(item: Item): void {
    const partition = this.#partitions.get(item.pk) ?? new Map<string, Item>();
    this.#partitions.set(item.pk, partition.set(item.sk, item));
  }

  /** Everything, in no order. */
  items(): readonly Item[] {
    return [...this.#partitions.values()].flatMap((partition) => [...partition.values()]);
  }

  #apply(write: Write, becomes: Item | undefined): void {
    switch (write.action) {
      case 'check':
        return;
      case 'put':
        return this.place(write.item);
      case 'delete':
        this.#partitions.get(write.key.pk)?.delete(write.key.sk);
        return;
      case 'update':
        if (becomes !== undefined) this.place(becomes);
        return;
    }
  }
}

/** Throws a `TypeError` on what DynamoDB refuses whatever the data: too many writes, or two on one key. */
export const refuseMalformed = (writes: readonly Write[]): void => {
  if (writes.length === 0 || writes.length > WRITES_PER_TRANSACTION_MAX) {
    throw new TypeError(`given ${writes.length} writes in a transaction, allowed: 1 to ${WRITES_PER_TRANSACTION_MAX}`);
  }
  const keys = new Set(writes.map((write) => JSON.stringify([keyOf(write).pk, keyOf(write).sk])));
  if (keys.size < writes.length) throw new TypeError('given two writes on one key in a transaction, allowed: one');
};

/** @throws {Unstorable} as the DynamoDB adapter does, of any text in it, and {TypeError} of any number that it would not give back */
const refuseUnstorable = (value: unknown): void => {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new TypeError(`given the number ${value}, allowed: integers within 2^53`);
  if (typeof value === 'string') storable(value);
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) refuseUnstorable(each);
};

const keyOf = (write: Write): Key => (write.action === 'put' ? write.item : write.key);

/** Whether a guard holds on the current item of its key. */
const holds = (guard: Guard, item: Item | undefined): boolean => {
  switch (guard.is) {
    case 'absent':
      return item === undefined;
    case 'present':
      return item !== undefined;
    case 'missing':
      return item?.[guard.attribute] === undefined;
    case 'equals':
      return isEqual(item?.[guard.attribute], guard.value);
    case 'atLeast': {
      const value = item?.[guard.attribute];
      return typeof value === 'number' && value >= guard.value;
    }
  }
};

const isEqual = (present: Value | undefined, value: Value): boolean =>
  present === value || (typeof value === 'object' && present !== undefined && canonical(present) === canonical(value));

const updated = (item: Item | undefined, write: Extract<Write, { action: 'update' }>): Item => {
  const sums = Object.entries(write.add ?? {}).map(([name, amount]) => {
    const before = item?.[name] ?? 0;
    if (typeof before !== 'number') throw new Damaged(write.key, `has "${name}" that is no number`);
    return [name, before + amount] as const;
  });
  return { v: 1, ...item, ...write.set, ...Object.fromEntries(sums), pk: write.key.pk, sk: write.key.sk };
};
