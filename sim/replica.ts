/**
 * One region's copy of a global table (MREC): conditions and transactions see this copy only; a copy of another region's
 * write is taken when it is later than what is here, by write time, and else dropped without a trace.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
 */
import { MemoryStore } from '../functions/core/memory-store.ts';
import type { Committed, Item, Key, Write } from '../functions/core/store.ts';

/** When and where a version of an item was written. */
export interface Version {
  /** By the clock of the region's database. */
  readonly atMs: number;
  readonly region: string;
  /** Orders a region's writes of one millisecond. */
  readonly count: number;
}

/** A write as it leaves for the other regions; no item: a deletion. */
export interface Change {
  readonly key: Key;
  readonly item: Item | undefined;
  readonly before: Item | undefined;
  readonly version: Version;
}

/** Negative: `a` loses. Of two regions in one millisecond the name that sorts last wins, in every region alike. */
const compareVersions = (a: Version, b: Version): number => {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  if (a.region !== b.region) return a.region < b.region ? -1 : 1;
  return a.count - b.count;
};

/** A survivor puts a fact of a lost region again, verbatim: it may, though the key is not its own. */
export const isReput = ({ item, before }: Change): boolean => {
  if (item?.['reput'] === undefined || before === undefined) return false;
  const names = new Set([...Object.keys(item), ...Object.keys(before)]);
  names.delete('reput');
  return [...names].every((name) => item[name] === before[name]);
};

export const keyText = ({ pk, sk }: Key): string => `${pk}\n${sk}`;

/** The items are those of `MemoryStore`, which passes the contract suite of the DynamoDB adapter. Items are shared, never copied. */
export class Replica {
  readonly #region: string;
  readonly #items = new MemoryStore();
  readonly #versions = new Map<string, Version>();
  #writes = 0;

  constructor(region: string) {
    this.#region = region;
  }

  /** A local transaction, and what of it goes to the other regions. */
  commit(writes: readonly Write[], atMs: number): { readonly outcome: Committed; readonly changes: readonly Change[] } {
    const before = writes.map((write) => this.#items.peek(write.action === 'put' ? write.item : write.key));
    const outcome = this.#items.commit(writes);
    if (!outcome.ok) return { outcome, changes: [] };
    const changes: Change[] = [];
    for (const [index, write] of writes.entries()) {
      if (write.action === 'check') continue;
      const key = write.action === 'put' ? write.item : write.key;
      this.#writes += 1;
      const version: Version = { atMs, region: this.#region, count: this.#writes };
      this.#versions.set(keyText(key), version);
      changes.push({ key, item: this.#items.peek(key), before: before[index], version });
    }
    return { outcome, changes };
  }

  /** Another region's write arrives. What it replaced, or undefined where it came too late to count. */
  receive({ key, item, version }: Change): { readonly before: Item | undefined } | undefined {
    const name = keyText(key);
    const present = this.#versions.get(name);
    if (present !== undefined && compareVersions(present, version) >= 0) return undefined;
    const before = this.#items.peek(key);
    this.#versions.set(name, version);
    if (version.region === this.#region) this.#writes = Math.max(this.#writes, version.count);
    if (item) this.#items.place(item);
    else this.#items.commit([{ action: 'delete', key }]);
    return { before };
  }

  get(key: Key): Item | undefined {
    return this.#items.peek(key);
  }

  query(pk: string, prefix?: string): readonly Item[] {
    return this.#items.find(pk, prefix);
  }

  /** Everything, in no order. */
  items(): readonly Item[] {
    return this.#items.items();
  }

  /** Everything with its version, as a new replica is filled from this one. */
  changes(): readonly Change[] {
    return this.items().flatMap((item) => {
      const version = this.#versions.get(keyText(item));
      return version === undefined ? [] : [{ key: item, item, before: undefined, version }];
    });
  }

  /** What the owner's index shows once it has caught up. */
  listByOwner(...given: Parameters<MemoryStore['listByOwner']>): ReturnType<MemoryStore['listByOwner']> {
    return this.#items.listByOwner(...given);
  }
}
