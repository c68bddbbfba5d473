/** Hands a table's stream to a function, batch by batch and in order, as Lambda's event source mapping does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams';
import type { TestEmulator } from '../support/emulator.ts';

const POLL_MS = 200;
const BATCH_MAX = 100;
/** Times that a batch is handed over before it counts as lost. */
const DELIVERIES_MAX = 10;

export interface StreamPumpProps {
  readonly emulator: TestEmulator;
  readonly streamArn: string;
  /** Answers how many records must come again. */
  readonly deliver: (records: readonly object[]) => Promise<number>;
}

export class StreamPump {
  readonly #props: StreamPumpProps;
  readonly #client: DynamoDBStreamsClient;
  readonly #done: Promise<void>;
  #stopped = false;
  #busyAtMs = Date.now();

  constructor(props: StreamPumpProps) {
    this.#props = props;
    const { endpoint, region, accessKeyId } = props.emulator;
    this.#client = new DynamoDBStreamsClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey: 'test' } });
    this.#done = this.#run();
    this.#done.catch(() => undefined);
  }

  /** Milliseconds since there was something to hand over. */
  get idleMs(): number {
    return Date.now() - this.#busyAtMs;
  }

  /** @throws {Error} when a batch could not be handed over */
  async stop(): Promise<void> {
    this.#stopped = true;
    try {
      await this.#done;
    } finally {
      this.#client.destroy();
    }
  }

  async #run(): Promise<void> {
    const { streamArn: StreamArn } = this.#props;
    const { StreamDescription } = await this.#client.send(new DescribeStreamCommand({ StreamArn }));
    const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
    let { ShardIterator } = await this.#client.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }));
    while (!this.#stopped && ShardIterator !== undefined) {
      const { Records = [], NextShardIterator } = await this.#client.send(new GetRecordsCommand({ ShardIterator, Limit: BATCH_MAX }));
      ShardIterator = NextShardIterator;
      if (Records.length > 0) await this.#deliver(Records);
      else await sleep(POLL_MS);
    }
  }

  async #deliver(records: readonly object[]): Promise<void> {
    for (let delivery = 1; delivery <= DELIVERIES_MAX; delivery += 1) {
      this.#busyAtMs = Date.now();
      if ((await this.#props.deliver(records)) === 0) return;
      await sleep(POLL_MS);
    }
    throw new Error(`a batch of ${records.length} records failed ${DELIVERIES_MAX} times`);
  }
}
