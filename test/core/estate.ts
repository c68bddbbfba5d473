/** A small estate for recovery: regions with two memory stores each, replication in order and at once, and an operator who can die. */
import { Hlc } from '../../functions/core/hlc.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { type Control, foldControl, REGIONS_KEY } from '../../functions/core/operations.ts';
import type { Estate, TableName } from '../../functions/core/recovery.ts';
import type { Committed, Item, Key, Store, Write } from '../../functions/core/store.ts';
import { writerName } from '../../functions/core/writer.ts';
import { houseKeep, type Place } from './world.ts';

/** The operator's machine dies. */
export class Died extends Error {}

/**
 * One region's replica. Of two versions the later written wins, and a region sends on what it wrote itself and nothing that
 * it has heard: what one region alone has heard stays there.
 */
class Replica extends MemoryStore {
  readonly #count: () => number;
  readonly #versions = new Map<string, number>();
  readonly #own = new Set<string>();

  constructor(count: () => number) {
    super();
    this.#count = count;
  }

  override place(item: Item): void {
    this.#own.add(keyText(item));
    this.#take(item, this.#count());
  }

  /** Another region's write arrives. */
  hear(item: Item, version = this.#count()): void {
    if (version <= (this.#versions.get(keyText(item)) ?? 0)) return;
    this.#own.delete(keyText(item));
    this.#take(item, version);
  }

  sendTo(other: Replica, what: 'own' | 'all'): void {
    for (const item of this.items())
      if (what === 'all' || this.#own.has(keyText(item))) other.hear(item, this.#versions.get(keyText(item)));
  }

  #take(item: Item, version: number): void {
    super.place(item);
    this.#versions.set(keyText(item), version);
  }
}

const keyText = ({ pk, sk }: Key): string => `${pk}\n${sk}`;

type Tables = Readonly<Record<TableName, Replica>>;

const TABLES = ['data', 'control'] as const;

export class MemoryEstate implements Estate {
  nowMs = 1_760_000_000_000;
  readonly regions: readonly string[];
  /** What the operator was told. */
  readonly lines: string[] = [];
  /** Calls of the operator so far. */
  calls = 0;
  /** The operator dies after so many calls, whose effects are there. */
  diesAfter = Number.POSITIVE_INFINITY;
  readonly #tables = new Map<string, Tables>();
  /** Regions that were taken from their callers. */
  readonly closed = new Set<string>();
  readonly #lost = new Set<string>();
  /** Replicate nothing. */
  readonly #off = new Set<string>();
  #written = 0;

  constructor(regions: readonly string[]) {
    this.regions = regions;
    for (const region of regions) this.#tables.set(region, this.#empty());
  }

  now(): number {
    return this.nowMs;
  }

  /** A region's own hands, which no operator's death ends. */
  at(region: string): Place {
    const control = this.controlOf(region);
    return {
      ...{ store: this.table(region, 'data'), clock: { now: () => this.nowMs }, hlc: new Hlc() },
      ...{ region, writer: writerName(control), regions: this.regions },
    };
  }

  table(region: string, table: TableName): Replica {
    const tables = this.#tables.get(region);
    if (!tables) throw new Error(`no region ${region}`);
    return tables[table];
  }

  /** What a region is known to be: by itself, or by another. */
  controlOf(region: string, by = region): Control {
    return foldControl(region, this.table(by, 'control').find(REGIONS_KEY));
  }

  /** The region is gone, with what it had told nobody. */
  lose(region: string): void {
    this.#lost.add(region);
    this.#off.add(region);
  }

  replicate(): void {
    for (const from of this.regions) this.#send(from, this.regions, 'own');
  }

  /** Replicates, and runs the housekeeping of every region that serves, until nothing changes. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      const before = this.fingerprint();
      this.replicate();
      for (const region of this.regions) if (!this.#off.has(region) && !this.controlOf(region).fenced) await houseKeep(this.at(region));
      if (this.fingerprint() === before) return;
    }
    throw new Error('the estate does not settle');
  }

  fingerprint(): string {
    return JSON.stringify(this.regions.map((region) => TABLES.map((table) => this.table(region, table).items())));
  }

  lost(): Promise<readonly string[]> {
    return this.#step(() => [...this.#lost]);
  }

  store(region: string, table: TableName): Store {
    const store = (): MemoryStore => this.table(region, table);
    return {
      get: (key: Key) => this.#step((): Item | undefined => store().peek(key)),
      query: (pk: string, prefix?: string) => this.#step(() => store().find(pk, prefix)),
      listByOwner: (owner, page) => store().listByOwner(owner, page),
      transact: (writes: readonly Write[]) => this.#step((): Committed => store().commit(writes)),
    };
  }

  scan(region: string, table: TableName): Promise<readonly Item[]> {
    return this.#step(() => this.table(region, table).items());
  }

  closeDoor(region: string): Promise<void> {
    return this.#step(() => void this.closed.add(region));
  }

  cut(region: string): Promise<void> {
    return this.#step(() => void this.#off.add(region));
  }

  restartEmpty(region: string, control: readonly Item[]): Promise<void> {
    return this.#step(() => {
      this.#tables.set(region, this.#empty());
      for (const item of control) this.table(region, 'control').place(item);
    });
  }

  restore(region: string): Promise<void> {
    return this.#step(() => {
      this.#off.delete(region);
      for (const from of this.regions) this.#send(from, [region], 'all');
    });
  }

  admit(region: string): Promise<void> {
    return this.#step(() => void this.#lost.delete(region));
  }

  async pause(): Promise<void> {
    this.replicate();
  }

  progress(line: string): void {
    this.lines.push(line);
  }

  #send(from: string, regions: readonly string[], what: 'own' | 'all'): void {
    for (const to of this.#off.has(from) ? [] : regions)
      for (const table of to === from || this.#off.has(to) ? [] : TABLES) this.table(from, table).sendTo(this.table(to, table), what);
  }

  #empty(): Tables {
    const replica = (): Replica =>
      new Replica(() => {
        this.#written += 1;
        return this.#written;
      });
    return { data: replica(), control: replica() };
  }

  async #step<T>(act: () => T): Promise<T> {
    const value = act();
    this.calls += 1;
    if (this.calls === this.diesAfter) throw new Died();
    return value;
  }
}
