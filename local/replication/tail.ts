/**
 * One table in one region: reads its stream into what is known of it (`Replica`), hands the application's own writes on,
 * and applies what links and repairs bring. The stream alone tells what is there and in which order it came.
 */
import { PositionLost, pollMs, Unreachable } from '../streams/reader.ts';
import { Bell } from './bell.ts';
import type { RegionEmulator, StreamRecord, TableStream } from './emulator.ts';
import { Replica } from './replica.ts';
import { ancient, contentOf, type Image, keyIdOf, type Version, writeTimeMs } from './version.ts';

const RETRY_MS = { first: 100, max: 2_000 } as const;
/** Refusals of one write in a row before other keys get their turn. */
const REFUSALS_MAX = 5;
const REPAIRS_MAX = 100;
const SWEEP_MS = 30_000;
/** A stream remembers 24 hours: no older write can still be on its way. */
const TOMBSTONE_MS = 24 * 3_600_000;

export interface TailProps {
  readonly emulator: RegionEmulator;
  readonly table: string;
  /** A write of the application in this region. */
  readonly onWrite: (table: string, version: Version) => void;
  /** The emulator began or ceased to answer. */
  readonly onReach: (tail: Tail, reason: string | null) => void;
  /** `lost`: the table is another one, or gone. `trimmed`: records were lost; what they changed must be copied. */
  readonly onGap: (gap: 'lost' | 'trimmed') => void;
}

export class Tail {
  readonly table: string;
  readonly #props: TailProps;
  readonly #bell = new Bell();
  #replica: Replica;
  #stream: TableStream | undefined;
  #iterator: string | undefined;
  #lastSequence: string | undefined;
  #lastAtMs = 0;
  /** The stream was read to its end since it was attached. */
  #caughtUp = false;
  #answers = true;
  #answersSinceMs = 0;
  #activeAtMs = 0;
  #sweptAtMs = 0;
  #retryMs: number = RETRY_MS.first;
  #repairing = false;
  #stopped = false;
  #fresh: (() => void)[] = [];
  #done: Promise<void> = Promise.resolve();

  constructor(props: TailProps) {
    this.#props = props;
    this.table = props.table;
    this.#replica = new Replica(props.emulator.name);
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#bell.ring();
    this.#release();
    await this.#done;
  }

  /** Writes can be applied: the stream is known to its end and the emulator answers. */
  get ready(): boolean {
    return this.#caughtUp && this.#answers && !this.#stopped;
  }

  get answers(): boolean {
    return this.#answers;
  }

  /**
   * Takes the table as it is now and reads its stream to the end. Another table than before is begun from nothing.
   * @throws {Unreachable | Error} when the emulator does not answer or the table does not exist
   */
  async attach(): Promise<void> {
    const { emulator, table } = this.#props;
    const stream = await emulator.tableStream(table);
    if (!stream) throw new Error(`table "${table}" with a stream does not exist in ${emulator.name}; deploy it before replication starts`);
    if (stream.arn !== this.#stream?.arn) {
      if (this.#stream) this.#lose();
      const iterator = await emulator.iterator(stream.arn, { after: undefined });
      this.#replica = new Replica(emulator.name);
      this.#lastSequence = undefined;
      this.#stream = stream;
      this.#iterator = iterator;
    }
    await this.fresh();
  }

  /** Resolves when everything written before the call has been read; also when the tail stops or loses its table. */
  async fresh(): Promise<void> {
    if (this.#stopped || !this.#iterator) return;
    await new Promise<void>((resolve) => {
      this.#fresh.push(resolve);
      this.#bell.ring();
    });
  }

  /** Applies a version by last writer wins. `later`: not possible now, or the outcome is unknown. Never throws. */
  async deliver(version: Version): Promise<'done' | 'later'> {
    for (let refusals = 0; refusals < REFUSALS_MAX && this.ready; refusals += 1) {
      const replica = this.#replica;
      const revision = replica.revision(version.keyId);
      const offer = replica.offer(version);
      if (offer.kind === 'settled') return 'done';
      const { outcome } = await this.#props.emulator.write(this.table, offer.send);
      const written = replica.settle(offer.send, outcome, Date.now());
      if (replica === this.#replica) for (const each of written) this.#props.onWrite(this.table, each);
      this.#activeAtMs = Date.now();
      if (outcome.kind === 'unknown') return 'later';
      if (outcome.kind === 'applied' || outcome.found.hash === version.hash) return 'done';
      await this.fresh();
      replica.learn(version, outcome.found, revision);
    }
    return 'later';
  }

  /** Deletions known here, which no scan shows. */
  tombstones(): readonly Version[] {
    return this.#replica.tombstones();
  }

  /** One page of the table's items as versions; items that are older than the stream are `ancient`. @throws {Unreachable} */
  async scan(after: Image | undefined): Promise<{ readonly versions: readonly Version[]; readonly last: Image | undefined }> {
    const { items, last } = await this.#props.emulator.scan(this.table, after);
    const keyNames = this.#stream?.keyNames ?? [];
    const versions = items.map((item) => {
      const key = Object.fromEntries(Object.entries(item).filter(([name]) => keyNames.includes(name)));
      return this.#replica.best(keyIdOf(key)) ?? ancient(this.#props.emulator.name, key, contentOf(item));
    });
    return { versions, last };
  }

  async #run(): Promise<void> {
    while (!this.#stopped) await this.#bell.wait(await this.#step());
  }

  /** One poll; answers how long to wait for the next. */
  async #step(): Promise<number> {
    const { emulator } = this.#props;
    const iterator = this.#iterator;
    if (!iterator) return pollMs(Number.POSITIVE_INFINITY);
    const waiting = this.#fresh.splice(0);
    try {
      const { records, next } = await emulator.records(iterator);
      // Meanwhile the tail was attached to another table: these records belong to the past.
      if (this.#iterator !== iterator) {
        for (const resolve of waiting) resolve();
        return 0;
      }
      this.#reach(null);
      this.#read(records, Date.now());
      this.#iterator = next;
      if (!next) this.#lose();
      if (records.length > 0) {
        this.#fresh.unshift(...waiting);
        return this.#fresh.length > 0 || !this.#caughtUp ? 0 : pollMs(0);
      }
      this.#caughtUp = true;
      for (const resolve of waiting) resolve();
      this.#tidy(Date.now());
      return this.#fresh.length > 0 ? 0 : pollMs(Date.now() - this.#activeAtMs);
    } catch (error) {
      this.#fresh.unshift(...waiting);
      if (this.#iterator !== iterator) return 0;
      return await this.#recover(error);
    }
  }

  #read(records: readonly StreamRecord[], readAtMs: number): void {
    for (const record of records) {
      const atMs = writeTimeMs(record, readAtMs, this.#lastAtMs);
      this.#lastAtMs = atMs;
      this.#lastSequence = record.sequence;
      this.#activeAtMs = readAtMs;
      const change = {
        keyId: keyIdOf(record.key),
        key: record.key,
        before: contentOf(record.before),
        after: contentOf(record.after),
        atMs,
        sequence: record.sequence,
      };
      const written = this.#replica.observe(change);
      if (written) this.#props.onWrite(this.table, written);
    }
  }

  #tidy(nowMs: number): void {
    const repairs = this.#repairing ? [] : this.#replica.repairs().slice(0, REPAIRS_MAX);
    if (repairs.length > 0) void this.#repair(repairs);
    if (nowMs - this.#sweptAtMs < SWEEP_MS || nowMs - this.#answersSinceMs < SWEEP_MS) return;
    this.#sweptAtMs = nowMs;
    this.#replica.expire(nowMs - SWEEP_MS);
    this.#replica.forgetTombstones(nowMs - TOMBSTONE_MS);
  }

  async #repair(versions: readonly Version[]): Promise<void> {
    this.#repairing = true;
    for (const version of versions) if ((await this.deliver(version)) === 'later') break;
    this.#repairing = false;
  }

  async #recover(error: unknown): Promise<number> {
    try {
      if (!(error instanceof PositionLost)) throw error;
      await this.#reposition(error.trimmed);
      return 0;
    } catch (failure) {
      if (!(failure instanceof Unreachable)) throw failure;
      this.#reach(failure.message);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.max);
      return this.#retryMs;
    }
  }

  /** Continues after the last record read; from the oldest one kept when that one is gone. */
  async #reposition(trimmed: boolean): Promise<void> {
    const { emulator, table, onGap } = this.#props;
    const stream = await emulator.tableStream(table);
    if (!stream || stream.arn !== this.#stream?.arn) {
      this.#lose();
      return;
    }
    try {
      this.#iterator = await emulator.iterator(stream.arn, { after: trimmed ? undefined : this.#lastSequence });
      if (trimmed) onGap('trimmed');
    } catch (error) {
      if (trimmed || !(error instanceof PositionLost))
        throw error instanceof PositionLost ? new Unreachable(error.message, { cause: error }) : error;
      await this.#reposition(error.trimmed);
    }
  }

  #lose(): void {
    this.#stream = undefined;
    this.#iterator = undefined;
    this.#caughtUp = false;
    this.#release();
    this.#reach(null);
    this.#props.onGap('lost');
  }

  #reach(failure: string | null): void {
    const answers = failure === null;
    if (answers) this.#retryMs = RETRY_MS.first;
    if (answers === this.#answers || this.#stopped) return;
    this.#answers = answers;
    this.#answersSinceMs = Date.now();
    this.#props.onReach(this, failure);
  }

  #release(): void {
    for (const resolve of this.#fresh.splice(0)) resolve();
  }
}
