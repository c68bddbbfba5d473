/**
 * A store that refuses what DynamoDB refuses when many want the same; the emulators refuse nothing. In any time: the
 * machine's or a virtual one. What it refuses goes through the attempts of the real adapter.
 *
 * - An item is held from the moment when a transaction on it is taken until it is done. Another transaction on it, and a plain
 *   write, are refused meanwhile; reads are not.
 *   https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
 * - A partition key takes 1,000 write units and 3,000 read units a second. A write in a transaction counts twice, also one
 *   that is refused.
 *   https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 *
 * How long a transaction holds its items DynamoDB does not say. Each key is a partition here: what DynamoDB puts together and
 * splits by itself is not imitated.
 */
import {
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { attempt, type Chance, REQUEST_LIMITS } from '../functions/aws/attempts.ts';
import { endsAlikeTwice } from '../functions/aws/dynamo-store.ts';
import { MemoryStore } from '../functions/core/memory-store.ts';
import type { Committed, Item, Key, Page, Store, Write } from '../functions/core/store.ts';

const UNITS_A_SECOND = { read: 3_000, write: 1_000 } as const;
const BYTES_A_UNIT = { read: 4_096, write: 1_024 } as const;
type Kind = keyof typeof UNITS_A_SECOND;

export interface ContendedStoreProps {
  /** Milliseconds for which a transaction holds its items. */
  readonly heldMs: number;
  /** Milliseconds that any other call takes. */
  readonly callMs: number;
  readonly time: Chance;
}

/** What is left of a key's units, as of a moment. */
interface Allowance {
  readonly units: number;
  readonly atMs: number;
}

export class ContendedStore implements Store {
  readonly items = new MemoryStore();
  /** Calls that were refused for others' sake. */
  readonly refused = { conflicts: 0, throttled: 0 };
  /** Read and write units that were used. */
  readonly used = { read: 0, write: 0 };
  readonly #props: ContendedStoreProps;
  readonly #held = new Set<string>();
  readonly #allowances = new Map<string, Allowance>();

  constructor(props: ContendedStoreProps) {
    this.#props = props;
  }

  get(key: Key): Promise<Item | undefined> {
    return this.#read(key.pk, () => this.items.peek(key));
  }

  query(pk: string, prefix?: string): Promise<readonly Item[]> {
    return this.#read(pk, () => this.items.find(pk, prefix));
  }

  /** Of the index, whose keys are the owners. */
  async listByOwner(...given: Parameters<Store['listByOwner']>): Promise<Page> {
    const page = await this.items.listByOwner(...given);
    return this.#read(`owner ${given[0]}`, () => page);
  }

  transact(writes: readonly Write[], patience?: number): Promise<Committed> {
    const [only] = writes;
    const plain = writes.length === 1 && only && only.action !== 'check' && endsAlikeTwice(only);
    return this.#tried(() => (plain ? this.#plain(only) : this.#transaction(writes)), patience);
  }

  #read<T>(pk: string, look: () => T): Promise<T> {
    return this.#tried(async () => {
      await this.#props.time.sleep(this.#props.callMs);
      const found = look();
      if (!this.#take('read', pk, unitsOf('read', found))) throw throttled();
      return found;
    });
  }

  async #plain(write: Write): Promise<Committed> {
    await this.#props.time.sleep(this.#props.callMs);
    const key = keyOf(write);
    if (!this.#take('write', key.pk, this.#cost(write))) throw throttled();
    if (this.#held.has(nameOf(key))) {
      this.refused.conflicts += 1;
      throw new TransactionConflictException({ message: 'Transaction is ongoing for the item', $metadata: {} });
    }
    return this.items.commit([write]);
  }

  async #transaction(writes: readonly Write[]): Promise<Committed> {
    const { time, heldMs, callMs } = this.#props;
    await time.sleep(callMs / 2);
    const codes = writes.map((write) => {
      const key = keyOf(write);
      if (!this.#take('write', key.pk, 2 * this.#cost(write))) return 'ThrottlingError';
      return this.#held.has(nameOf(key)) ? 'TransactionConflict' : 'None';
    });
    if (codes.some((code) => code !== 'None')) {
      if (codes.includes('TransactionConflict')) this.refused.conflicts += 1;
      await time.sleep(callMs / 2);
      throw canceled(codes);
    }
    const names = writes.map((write) => nameOf(keyOf(write)));
    for (const name of names) this.#held.add(name);
    // Its conditions are looked at while it holds the items, and what fails one holds them no longer.
    const outcome = this.items.commit(writes);
    if (outcome.ok) await time.sleep(heldMs);
    for (const name of names) this.#held.delete(name);
    await time.sleep(callMs / 2);
    return outcome;
  }

  #tried<T>(call: () => Promise<T>, patience: number = REQUEST_LIMITS.busy.attempts): Promise<T> {
    const busy = { ...REQUEST_LIMITS.busy, attempts: Math.min(patience, REQUEST_LIMITS.busy.attempts) };
    return attempt({ ...REQUEST_LIMITS, busy }, call, this.#props.time);
  }

  #cost(write: Write): number {
    return unitsOf('write', write.action === 'put' ? write.item : this.items.peek(keyOf(write)));
  }

  /** False: there are none left, and none is taken. */
  #take(kind: Kind, pk: string, units: number): boolean {
    const name = `${kind} ${pk}`;
    const most = UNITS_A_SECOND[kind];
    const nowMs = this.#props.time.elapsed();
    const { units: then, atMs } = this.#allowances.get(name) ?? { units: most, atMs: nowMs };
    const left = Math.min(most, then + ((nowMs - atMs) * most) / 1_000);
    if (left < units) {
      this.refused.throttled += 1;
      return false;
    }
    this.used[kind] += units;
    this.#allowances.set(name, { units: left - units, atMs: nowMs });
    return true;
  }
}

const keyOf = (write: Write): Key => (write.action === 'put' ? write.item : write.key);
const nameOf = ({ pk, sk }: Key): string => JSON.stringify([pk, sk]);

/** About: JSON is a little longer than what DynamoDB counts. */
const unitsOf = (kind: Kind, found: unknown): number => Math.max(1, Math.ceil(JSON.stringify(found ?? null).length / BYTES_A_UNIT[kind]));

const canceled = (codes: readonly string[]): Error =>
  new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

const throttled = (): Error =>
  new ProvisionedThroughputExceededException({ message: 'The level of configured provisioned throughput was exceeded', $metadata: {} });
