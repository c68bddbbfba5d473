/**
 * What the rules need of a database: one partition read, one key read, one page of the owner's index, and one local
 * transaction. Adapters: memory (tests, simulator) and DynamoDB (`functions/aws`); one contract suite holds both.
 *
 * Conditions and transactions are local to a region, as they are in DynamoDB global tables with MREC.
 */

/** A stored value. Numbers are integers within 2^53; DynamoDB's decimals are not needed. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** A key. `sk` ends with `#W`, the writer that alone may write it (or the survivors, re-putting facts of the dead). */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** An item: its key, its schema version `v`, and attributes. Readers keep and ignore what they do not know. */
export interface Item extends Key {
  readonly v: number;
  readonly [attribute: string]: Value | undefined;
}

/** A condition on the current item of a key. An absent item has no attributes: only `absent` and `missing` hold there. */
export type Guard =
  | { readonly is: 'absent' }
  | { readonly is: 'present' }
  /** The attribute exists, is a number and is at least `value`. */
  | { readonly is: 'atLeast'; readonly attribute: string; readonly value: number }
  /** Of lists and maps, with all that is in them. */
  | { readonly is: 'equals'; readonly attribute: string; readonly value: Value }
  /** The item or the attribute does not exist. */
  | { readonly is: 'missing'; readonly attribute: string };

/** One action of a transaction. All guards of an action must hold. */
export type Write =
  | { readonly action: 'put'; readonly item: Item; readonly guards?: readonly Guard[] }
  /**
   * Sets and adds attributes of one item, creating it with its key and `v` 1 when absent (an existing `v` stays). `add`
   * on a missing attribute counts from 0; `set` and `add` name disjoint attributes.
   */
  | {
      readonly action: 'update';
      readonly key: Key;
      readonly add?: Readonly<Record<string, number>>;
      readonly set?: Readonly<Record<string, Value>>;
      readonly guards?: readonly Guard[];
    }
  | { readonly action: 'check'; readonly key: Key; readonly guards: readonly Guard[] }
  | { readonly action: 'delete'; readonly key: Key; readonly guards?: readonly Guard[] };

/** Outcome of a transaction: all of it, or none and which action's guard failed first with the item that made it fail. */
export type Committed = { readonly ok: true } | { readonly ok: false; readonly failed: number; readonly item: Item | undefined };

/** One page of an index, newest first; `next` continues after the last row. */
export interface Page {
  readonly items: readonly Item[];
  readonly more: boolean;
}

export interface Store {
  /** Strongly consistent read of one item in this region's replica. */
  get(key: Key): Promise<Item | undefined>;
  /**
   * Strongly consistent read of a partition in this region's replica, in the order of `sk`; all pages. Throws
   * `PartitionTooLong` where these are more than it reads.
   */
  query(pk: string, prefix?: string): Promise<readonly Item[]>;
  /** Eventually consistent page of an owner's `PLACED` facts with `listed` before `before`, newest first. */
  listByOwner(owner: string, page: { readonly before?: string; readonly limit: number }): Promise<Page>;
  /**
   * Applies all writes or none. At most 100 writes, each on a key of its own. Throws `StoreUnavailable` when the outcome
   * is unknown or nothing was tried; contention is retried inside, a bounded number of times, and ends as `StoreBusy`.
   * Throws `Damaged` where an attribute that is to be added to is no number, and has then applied nothing.
   *
   * @param patience how often it may lose to others before that is told; by default as often as time allows
   */
  transact(writes: readonly Write[], patience?: number): Promise<Committed>;
}

/** Text that no table holds: half a character has no UTF-8 form. Whoever sent it is at fault, and no table in trouble. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable';

  constructor() {
    super('given text with half a character (a lone surrogate), allowed: text that has a UTF-8 form');
  }
}

/** @throws {Unstorable} */
export const storable = (text: string): string => {
  if (!text.isWellFormed()) throw new Unstorable();
  return text;
};

/** Whether every table holds such a value: numbers are integers within 2^53. What another program left in an item may not be. */
export const isWritable = (value: Value | undefined): boolean => {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isWritable);
};

/** An item is damaged so that the write cannot be done. Nothing was applied, and no attempt will do until it is repaired. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
  readonly key: Key;

  /** @param how the end of a sentence that begins with the item */
  constructor({ pk, sk }: Key, how: string, cause?: unknown) {
    super(`the item ${pk} ${sk} ${how}`, { cause });
    this.key = { pk, sk };
  }
}

/** The replica did not answer in time, refused for overload, or is gone. The write may or may not have been applied. */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
}

/**
 * Others wrote the same items at the same time, or asked too much of one key, as often as it was tried. Nothing was applied,
 * the same call may be made again, and nothing is wrong with the replica.
 */
export class StoreBusy extends StoreUnavailable {
  override readonly name: string = 'StoreBusy';
  /** Which writes of the transaction lost, where that is known. */
  readonly contended: readonly number[];

  constructor(message: string, options: { readonly cause?: unknown; readonly contended?: readonly number[] } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.contended = options.contended ?? [];
  }
}

/** A partition is longer than anybody may read at once: no attempt will do, and the table is not to blame. */
export class PartitionTooLong extends Error {
  override readonly name = 'PartitionTooLong';
}

/** Time and chance, injected: the core reads neither by itself. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}
