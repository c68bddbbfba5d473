/**
 * Lambda's event source mappings of DynamoDB streams for one region: the emulator stores them, and its own forget what a
 * function could not do. docs/decisions/0016-mappings-of-streams-are-run-beside-the-emulator.md
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmulatorAddress } from '../emulator-access.ts';
import type { BatchRecord, Discarded } from './batch.ts';
import { Follower } from './follower.ts';
import { type Invoked, Lambda } from './lambda.ts';
import { type Mapping, mappingOf } from './mapping.ts';
import { StreamReader, Unreachable } from './reader.ts';
import { eventText, letterOf } from './shapes.ts';

/** Between looks at what is deployed: while there is no mapping yet, and when there is. On AWS a change takes up to a minute. */
const REFRESH_MS = { first: 1_000, later: 5_000 } as const;
const SEND_ATTEMPTS_MAX = 5;
const SEND_RETRY_MS = 1_000;

/** When a batch was handed to a function: the age of its last record. */
export interface IteratorAge {
  readonly functionName: string;
  /** Since 1970. */
  readonly atMs: number;
  readonly ageMs: number;
}

export interface StreamMappingsProps {
  readonly region: EmulatorAddress;
  /** Whose mappings are run, from when it is there. Others are none of ours. */
  readonly stack: string;
  readonly onAge: (age: IteratorAge) => void;
  /** What is deployed cannot be run, or not any more. */
  readonly onBroken: (message: string) => void;
}

interface Running {
  mapping: Mapping;
  readonly follower: Follower<Invoked>;
}

export class StreamMappings {
  readonly #props: StreamMappingsProps;
  readonly #lambda: Lambda;
  readonly #reader: StreamReader;
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Running>();
  #done: Promise<void> = Promise.resolve();

  constructor(props: StreamMappingsProps) {
    this.#props = props;
    this.#lambda = new Lambda(props.region);
    this.#reader = new StreamReader(props.region);
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
    await Promise.all([...this.#running.values()].map(({ follower }) => follower.stop()));
    this.#lambda.destroy();
    this.#reader.destroy();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#refresh();
      } catch (error) {
        if (!(error instanceof Unreachable)) return this.#break(error);
      }
      await sleep(this.#running.size === 0 ? REFRESH_MS.first : REFRESH_MS.later, undefined, { signal }).catch(() => undefined);
    }
  }

  async #refresh(): Promise<void> {
    const found = (await this.#lambda.mappings(this.#props.stack)).map(mappingOf);
    const ids = new Set(found.map(({ id }) => id));
    for (const [id, { follower }] of this.#running) {
      if (ids.has(id)) continue;
      this.#running.delete(id);
      await follower.stop();
    }
    for (const mapping of found) this.#use(mapping);
  }

  #use(mapping: Mapping): void {
    const known = this.#running.get(mapping.id);
    if (known !== undefined) {
      known.mapping = mapping;
      known.follower.use(mapping);
      return;
    }
    const running: Running = {
      mapping,
      follower: new Follower({
        rules: mapping,
        reader: this.#reader,
        invoke: (records, signal) => this.#invoke(running.mapping, records, signal),
        onDiscarded: (...discarded) => this.#discard(running.mapping, ...discarded),
      }),
    };
    this.#running.set(mapping.id, running);
    running.follower.start().catch((error: unknown) => this.#break(error));
  }

  #break(error: unknown): void {
    this.#props.onBroken(error instanceof Error ? error.message : String(error));
  }

  async #invoke({ functionArn }: Mapping, records: readonly BatchRecord[], signal: AbortSignal): Promise<Invoked> {
    const atMs = Date.now();
    const ageMs = Math.max(0, atMs - (records.at(-1)?.createdMs ?? atMs));
    this.#props.onAge({ functionName: functionArn.split(':')[FUNCTION_NAME] ?? '', atMs, ageMs });
    return this.#lambda.invoke(functionArn, eventText(records), signal);
  }

  async #discard(mapping: Mapping, discarded: Discarded, shardId: string, last: Invoked | undefined): Promise<void> {
    const { destinationArn } = mapping;
    if (destinationArn === undefined) return;
    const letter = JSON.stringify(letterOf({ mapping, shardId, discarded, last, requestId: randomUUID(), nowMs: Date.now() }));
    for (let attempt = 1; attempt <= SEND_ATTEMPTS_MAX && !this.#stopping.signal.aborted; attempt += 1) {
      try {
        return await this.#lambda.send(destinationArn, letter);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        process.stderr.write(`records were given up, and the queue did not take that: ${error.message}; ${letter}\n`);
        await sleep(SEND_RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }
}

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER` */
const FUNCTION_NAME = 6;
