/** An execution environment of Lambda: one request at a time, its own clock, and a view of the regions that it keeps. */
import type { Peer } from '../functions/core/consistency.ts';
import { Hlc } from '../functions/core/hlc.ts';
import { Monitor } from '../functions/core/monitor.ts';
import { PeerMemory } from '../functions/core/peer-memory.ts';
import { HOT_MS, RecentSkus, SHORT_MS } from '../functions/core/recent-skus.ts';
import {
  type Clock,
  type Committed,
  type Item,
  type Key,
  type Store,
  StoreBusy,
  StoreUnavailable,
  type Write,
} from '../functions/core/store.ts';
import { REPLICATED_DEADLINE_MS } from './api.ts';
import type { Cell, TableName } from './cell.ts';
import type { Invocation } from './invocation.ts';

/** Milliseconds that a look at another region's replica usually takes. */
const PEER_MS = 80;

export class Environment {
  readonly hlc = new Hlc();
  readonly memory = new PeerMemory();
  readonly shortages = new RecentSkus(SHORT_MS);
  readonly heat = new RecentSkus(HOT_MS);
  readonly clock: Clock;
  readonly data: Store;
  readonly monitor: Monitor;
  readonly #cell: Cell;
  /** What it is running. */
  invocation: Invocation | undefined;

  pause(ms: number): Promise<void> {
    return this.#running().pause(ms);
  }

  /** Another region's replica, over the network between regions. */
  peer(region: string): Peer {
    const cell = this.#cell.surroundings.cellOf(region);
    const get = async ({ pk, sk }: Key): Promise<Item | undefined> => {
      const answer = await this.#running().step(
        () => `get ${pk} ${sk} in ${region}`,
        () => (cell.state === 'up' && cell.outage === undefined ? { item: cell.replica('data').get({ pk, sk }) } : undefined),
        cell.state === 'up' ? PEER_MS : REPLICATED_DEADLINE_MS / 2,
      );
      if (answer === undefined) throw new StoreUnavailable(`${cell.name} does not answer`);
      return answer.item;
    };
    return { region, get };
  }

  #running(): Invocation {
    if (this.invocation === undefined) throw new Error('a store was called by an environment that runs nothing');
    return this.invocation;
  }

  /** @param skewMs how far its clock is ahead */
  constructor(cell: Cell, given: { readonly clock: () => number; readonly skewMs: number; readonly regions: readonly string[] }) {
    this.clock = { now: () => Math.floor(given.clock() + given.skewMs) };
    const running = (): Invocation => this.#running();
    this.#cell = cell;
    this.data = new CellStore(cell, 'data', running, true);
    this.monitor = new Monitor({
      data: this.data,
      control: new CellStore(cell, 'control', running),
      clock: this.clock,
      region: cell.region,
      regions: given.regions,
      version: 'simulated',
    });
  }
}

/** A cell's table as an invocation sees it: every call is one of its steps. */
export class CellStore implements Store {
  readonly #cell: Cell;
  readonly #table: TableName;
  readonly #invocation: () => Invocation;
  readonly #loses: boolean;

  /** @param loses whether others may win: an operator's tool, which tries for longer, never gives way */
  constructor(cell: Cell, table: TableName, invocation: () => Invocation, loses = false) {
    this.#loses = loses;
    this.#cell = cell;
    this.#table = table;
    this.#invocation = invocation;
  }

  get(key: Key): Promise<Item | undefined> {
    return this.#invocation().step(
      () => `get ${key.pk} ${key.sk}`,
      () => this.#cell.replica(this.#table).get(key),
    );
  }

  query(pk: string, prefix = ''): Promise<readonly Item[]> {
    return this.#invocation().step(
      () => `query ${pk} ${prefix}`,
      () => this.#cell.replica(this.#table).query(pk, prefix),
    );
  }

  async listByOwner(...given: Parameters<Store['listByOwner']>): ReturnType<Store['listByOwner']> {
    return this.#invocation().step(
      () => `list of ${given[0]}`,
      () => this.#cell.index.listByOwner(...given),
    );
  }

  async transact(writes: readonly Write[], patience?: number): Promise<Committed> {
    const invocation = this.#invocation();
    const contended = this.#contended(writes, patience, invocation);
    const outcome = await invocation.step(
      () => `write ${writesText(writes)}`,
      () => (contended.length > 0 ? undefined : this.#cell.write(this.#table, writes, invocation)),
    );
    if (outcome === undefined) throw new StoreBusy('lost to other writes', { contended });
    return outcome;
  }

  /** The writes on stock that lose to others', if it is to lose. */
  #contended(writes: readonly Write[], patience: number | undefined, { random }: Invocation): readonly number[] {
    const { contention } = this.#cell.surroundings;
    if (contention === 0 || !this.#loses) return [];
    const rows = writes.flatMap((write, index) => (/^(HELD|TILL)#/.test(keyOf(write).sk) ? [index] : []));
    if (rows.length === 0 || !random.chance(patience === undefined ? contention / 10 : contention)) return [];
    return [random.pick(rows)];
  }
}

const keyOf = (write: Write): Key => (write.action === 'put' ? write.item : write.key);

/** Writes as a reader of a timeline wants them. */
export const writesText = (writes: readonly Write[]): string =>
  writes
    .map((write) => {
      const key = write.action === 'put' ? write.item : write.key;
      return `${write.action} ${key.pk} ${key.sk}${write.action === 'update' ? ` ${changesText(write)}` : ''}`;
    })
    .join(', ');

const changesText = ({ add = {}, set = {} }: Extract<Write, { action: 'update' }>): string =>
  [
    ...Object.entries(add).flatMap(([name, by]) => (name === 'rev' ? [] : [`${name}${by < 0 ? by : `+${by}`}`])),
    ...Object.entries(set).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  ].join(' ');
