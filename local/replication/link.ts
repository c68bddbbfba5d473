/**
 * One direction of one pair of regions: changes of `from`, in order, applied at `to`. Bounded: what does not fit the queue
 * is dropped and made good by a full copy.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalLink } from '../control/api.ts';
import { Bell } from './bell.ts';
import { type Change, copyOf, type Tails } from './copy.ts';
import { compareVersions, type Version } from './version.ts';

const CHANGES_MAX = 50_000;
const COPIES_MAX = 1_000;
const BATCH_MAX = 64;
const WRITES_AT_ONCE_MAX = 8;
const WAIT_MS = 1_000;
const RETRY_MS = { first: 100, max: 2_000 } as const;
/** A write that was sent ends within the emulator client's own timeouts. */
const SETTLE_MS_MAX = 5_000;

export interface LinkProps {
  readonly from: string;
  readonly to: string;
  readonly source: Tails;
  readonly target: Tails;
  readonly onEvent: (detail: string) => void;
}

export class Link {
  readonly from: string;
  readonly to: string;
  readonly #props: LinkProps;
  readonly #bell = new Bell();
  #delayMs = 0;
  #paused = false;
  #cut = true;
  /** Changes when the link is cut: what was under way before does not count any more. */
  #generation = 0;
  #changes: Change[] = [];
  #copies: Change[] = [];
  #inFlight = 0;
  #batch: Promise<void> = Promise.resolve();
  #copying: Promise<void> | undefined;
  #copyAgain = false;
  #lagMs: number | null = null;
  #retryMs: number = RETRY_MS.first;
  #stopped = false;
  #done: Promise<void> = Promise.resolve();

  constructor(props: LinkProps) {
    this.#props = props;
    this.from = props.from;
    this.to = props.to;
  }

  get state(): LocalLink {
    return {
      from: this.from,
      to: this.to,
      delayMs: this.#delayMs,
      paused: this.#paused,
      cut: this.#cut,
      lagMs: this.#lagMs,
      pending: this.#changes.length + this.#copies.length + this.#inFlight,
    };
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#generation += 1;
    this.#bell.ring();
    await Promise.all([this.#done, this.#copying]);
  }

  /** A write of the application at `from`. */
  add(table: string, version: Version): void {
    if (this.#cut) return;
    if (this.#changes.length >= CHANGES_MAX) {
      this.#changes = [];
      this.#props.onEvent(`more than ${CHANGES_MAX} changes wait: they are dropped, and all items will be copied`);
      this.copySoon();
      return;
    }
    this.#changes.push({ table, version });
    this.#bell.ring();
  }

  ring(): void {
    this.#bell.ring();
  }

  /** Holds each change back until it is this old. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
    this.#bell.ring();
  }

  /** Applies nothing, and remembers everything. Resolves when what was under way has ended. */
  async pause(paused: boolean): Promise<void> {
    this.#paused = paused;
    this.#bell.ring();
    await this.#settled();
  }

  /** Drops what waits and takes nothing any more. Resolves when what was under way has ended. */
  async cut(): Promise<void> {
    this.#cut = true;
    this.#generation += 1;
    this.#changes = [];
    this.#copies = [];
    this.#copyAgain = false;
    this.#bell.ring();
    await this.#settled();
  }

  /** Takes changes from now on, then copies everything that is at `from`. Resolves when the copy has been applied. */
  async restore(): Promise<void> {
    this.#cut = false;
    this.copySoon();
    while (this.#copying && !this.#cut) await this.#copying;
  }

  /** Copies all items as soon as possible, or once more. */
  copySoon(): void {
    this.#copyAgain = true;
    this.#copying ??= this.#copyAll(this.#generation).finally(() => {
      this.#copying = undefined;
      // Restored again while an older copy was ending.
      if (this.#copyAgain && !this.#cut && !this.#stopped) this.copySoon();
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const batch = this.#take(Date.now());
      if (batch.copies.length + batch.changes.length === 0) {
        await this.#bell.wait(this.#waitMs(Date.now()));
        continue;
      }
      this.#inFlight = batch.copies.length + batch.changes.length;
      this.#batch = this.#apply(batch.copies, batch.changes, this.#generation);
      await this.#batch;
    }
  }

  #isReady(): boolean {
    return !this.#cut && !this.#paused && !this.#stopped && [...this.#props.target.values()].every((tail) => tail.ready);
  }

  #take(nowMs: number): { readonly copies: Change[]; readonly changes: Change[] } {
    if (!this.#isReady()) return { copies: [], changes: [] };
    const early = this.#changes.slice(0, BATCH_MAX).findIndex(({ version }) => version.atMs + this.#delayMs > nowMs);
    const changes = this.#changes.splice(0, early < 0 ? BATCH_MAX : early);
    return { changes, copies: this.#copies.splice(0, BATCH_MAX - changes.length) };
  }

  #waitMs(nowMs: number): number {
    const [head] = this.#changes;
    return head && this.#isReady() ? Math.max(1, Math.min(WAIT_MS, head.version.atMs + this.#delayMs - nowMs)) : WAIT_MS;
  }

  async #apply(copies: readonly Change[], changes: readonly Change[], generation: number): Promise<void> {
    const newest = newestPerKey([...copies, ...changes]);
    const later = new Set<Change>();
    const todo = [...newest];
    const worker = async (): Promise<void> => {
      for (let change = todo.shift(); change; change = todo.shift()) {
        const current = generation === this.#generation && !this.#paused;
        if (!current || (await this.#deliver(change)) === 'later') later.add(change);
      }
    };
    await Promise.all(Array.from({ length: WRITES_AT_ONCE_MAX }, worker));
    this.#inFlight = 0;
    if (generation !== this.#generation) return;
    const applied = changes.findLast((change) => newest.has(change) && !later.has(change));
    if (applied) this.#lagMs = Math.max(0, Date.now() - applied.version.atMs);
    this.#changes.unshift(...changes.filter((change) => later.has(change)));
    this.#copies.unshift(...copies.filter((change) => later.has(change)));
    this.#retryMs = later.size === 0 ? RETRY_MS.first : Math.min(this.#retryMs * 2, RETRY_MS.max);
    this.#bell.ring();
    if (later.size > 0 && !this.#paused) await this.#bell.wait(this.#retryMs);
  }

  async #deliver({ table, version }: Change): Promise<'done' | 'later'> {
    return (await this.#props.target.get(table)?.deliver(version)) ?? 'done';
  }

  async #copyAll(generation: number): Promise<void> {
    const isWanted = (): boolean => generation === this.#generation;
    while (this.#copyAgain && isWanted()) {
      this.#copyAgain = false;
      const startedAtMs = Date.now();
      let items = 0;
      for await (const change of copyOf(this.#props.source, isWanted)) {
        while (isWanted() && this.#copies.length >= COPIES_MAX) await this.#bell.wait(WAIT_MS);
        if (!isWanted()) return;
        this.#copies.push(change);
        if (change.version.image !== null) items += 1;
        this.#bell.ring();
      }
      while (isWanted() && this.#copies.length + this.#inFlight > 0) await this.#bell.wait(WAIT_MS);
      if (isWanted()) this.#props.onEvent(`${items} items copied in ${Date.now() - startedAtMs} ms`);
    }
  }

  async #settled(): Promise<void> {
    const timeout = new AbortController();
    // An aborted sleep rejects: it has lost the race by then.
    const slept = sleep(SETTLE_MS_MAX, undefined, { signal: timeout.signal }).catch(() => undefined);
    await Promise.race([this.#batch, slept]);
    timeout.abort();
  }
}

/** An older change of a key has lost to the newer one before it is applied. */
const newestPerKey = (changes: readonly Change[]): ReadonlySet<Change> => {
  const newest = new Map<string, Change>();
  for (const change of changes) {
    const id = `${change.table} ${change.version.keyId}`;
    const other = newest.get(id);
    if (!other || compareVersions(change.version, other.version) >= 0) newest.set(id, change);
  }
  return new Set(newest.values());
};
