/**
 * Hands a stream's records to a function, one batch at a time and in their order, until each is done or given up. The
 * position is kept in memory alone: whoever starts again begins with the oldest record, and work on it is idempotent.
 */
import type { _Record } from '@aws-sdk/client-dynamodb-streams';
import { type Clock, systemClock } from '../route53/clock.ts';
import { type Answer, afterOutcome, type BatchRecord, type Discarded, dropAged, outcomeOf, type Part, type Step, whole } from './batch.ts';
import { passes } from './filter.ts';
import type { Mapping } from './mapping.ts';
import { PositionLost, pollMs, type StreamReader, Unreachable } from './reader.ts';
import { batchRecordOf } from './shapes.ts';

/** Between attempts. AWS doubles its waits too, and does not say from where to where. */
const RETRY_MS = { first: 200, max: 2_000 } as const;

/** Time since 1970, which records carry. */
const wallClock: Clock = { nowMs: () => Date.now(), sleep: systemClock.sleep };

type Rules = Omit<Mapping, 'id' | 'functionArn' | 'destinationArn'>;

export interface FollowerProps<A extends Answer> {
  readonly rules: Rules;
  readonly reader: Pick<StreamReader, 'open' | 'read'>;
  /** @throws {Unreachable} when the function was not asked: that is no failure of its */
  readonly invoke: (records: readonly BatchRecord[], signal: AbortSignal) => Promise<A>;
  /** `last`: the answer to the last attempt at the batch. */
  readonly onDiscarded: (discarded: Discarded, shardId: string, last: A | undefined) => Promise<void>;
  /** Milliseconds since 1970. @default the system's */
  readonly clock?: Clock;
}

export class Follower<A extends Answer> {
  readonly #props: FollowerProps<A>;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #rules: Rules;
  #done: Promise<void> = Promise.resolve();
  #shardId = '';
  #iterator: string | undefined;
  /** The last record read. */
  #lastSequence: string | undefined;
  #closed = false;
  #buffer: BatchRecord[] = [];
  #recordAtMs = 0;
  #retryMs: number = RETRY_MS.first;
  #last: A | undefined;

  constructor(props: FollowerProps<A>) {
    this.#props = props;
    this.#clock = props.clock ?? wallClock;
    this.#rules = props.rules;
  }

  /** Resolves when it was stopped, and rejects when it cannot go on. */
  start(): Promise<void> {
    this.#done = this.#run();
    return this.#done;
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  /** From the next attempt on; the position stays. */
  use(rules: Rules): void {
    this.#rules = rules;
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) await this.#work(await this.#gather());
  }

  /** A batch that is full, or whose window is over. Empty when the follower stops. */
  async #gather(): Promise<readonly BatchRecord[]> {
    let sinceMs = this.#clock.nowMs();
    while (!this.#stopped) {
      if (this.#leftMs(sinceMs) <= 0) return this.#buffer.splice(0, this.#rules.batchSize);
      const wasEmpty = this.#buffer.length === 0;
      const waitMs = await this.#read();
      if (wasEmpty) sinceMs = this.#clock.nowMs();
      await this.#sleep(Math.min(waitMs, this.#leftMs(sinceMs)));
    }
    return [];
  }

  /** Until what is in the buffer is handed over, even if no more comes. */
  #leftMs(sinceMs: number): number {
    const { batchSize, windowMs } = this.#rules;
    if (this.#buffer.length === 0) return Number.POSITIVE_INFINITY;
    return this.#buffer.length >= batchSize ? 0 : Math.max(0, sinceMs + windowMs - this.#clock.nowMs());
  }

  /** Reads a page into the buffer. Answers how long to wait for the next. */
  async #read(): Promise<number> {
    const { reader } = this.#props;
    const { streamArn } = this.#rules;
    if (this.#closed) return pollMs(Number.POSITIVE_INFINITY);
    try {
      if (this.#iterator === undefined) {
        const { shardId, iterator } = await reader.open(streamArn, { after: this.#lastSequence });
        this.#shardId = shardId;
        this.#iterator = iterator;
      }
      const { records, next } = await reader.read(this.#iterator);
      this.#iterator = next;
      this.#closed = next === undefined;
      this.#take(records);
      this.#retryMs = RETRY_MS.first;
      return pollMs(this.#clock.nowMs() - this.#recordAtMs);
    } catch (error) {
      if (!(error instanceof PositionLost || error instanceof Unreachable)) throw error;
      this.#iterator = undefined;
      if (error instanceof PositionLost && error.trimmed) this.#lastSequence = undefined;
      return this.#backOffMs();
    }
  }

  #take(records: readonly _Record[]): void {
    const { streamArn, patterns } = this.#rules;
    if (records.length > 0) this.#recordAtMs = this.#clock.nowMs();
    for (const record of records) {
      this.#lastSequence = record.dynamodb?.SequenceNumber ?? this.#lastSequence;
      if (passes(patterns, record)) this.#buffer.push(batchRecordOf(record, streamArn));
    }
  }

  async #work(batch: readonly BatchRecord[]): Promise<void> {
    this.#retryMs = RETRY_MS.first;
    let parts = whole(batch);
    while (parts.length > 0 && !this.#stopped) {
      const aged = dropAged(parts, this.#rules, this.#clock.nowMs());
      const { parts: left, discarded } = aged.discarded ? aged : await this.#attempt(parts);
      if (discarded) await this.#props.onDiscarded(discarded, this.#shardId, discarded.invocations > 0 ? this.#last : undefined);
      parts = left;
    }
  }

  /** Hands over the first part, and waits after what was no success. */
  async #attempt(parts: readonly Part[]): Promise<Step> {
    const records = parts[0]?.records ?? [];
    const answer = await this.#ask(records);
    if (answer === undefined) {
      await this.#sleep(this.#backOffMs());
      return { parts };
    }
    this.#last = answer;
    const outcome = outcomeOf(answer, records, this.#rules);
    if (outcome.kind === 'done' || (outcome.kind === 'checkpoint' && outcome.at > 0)) this.#retryMs = RETRY_MS.first;
    if (outcome.kind !== 'done') await this.#sleep(this.#backOffMs());
    return afterOutcome(parts, outcome, this.#rules);
  }

  /** Undefined when the function was not asked. */
  async #ask(records: readonly BatchRecord[]): Promise<A | undefined> {
    try {
      return await this.#props.invoke(records, this.#stopping.signal);
    } catch (error) {
      if (error instanceof Unreachable) return undefined;
      throw error;
    }
  }

  #backOffMs(): number {
    const waitMs = this.#retryMs;
    this.#retryMs = Math.min(waitMs * 2, RETRY_MS.max);
    return waitMs;
  }

  #sleep(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#stopping.signal);
  }
}
