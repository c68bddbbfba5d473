/** Reads DynamoDB streams of one emulator. Every call is bounded in time and made once; whoever calls decides about trying again. */
import {
  type _Record,
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ResourceNotFoundException,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import { clientOptions, type EmulatorAddress } from '../emulator-access.ts';

const LIMITS = { attemptsMax: 1, connectMs: 1_000, requestMs: 3_000 } as const;
const RECORDS_MAX = 1_000;
/** Time between polls while records come, and when none came for `QUIET_MS`. */
const QUICK_POLL_MS = 150;
const IDLE_POLL_MS = 500;
const QUIET_MS = 2_000;

/** How long to wait before a stream is read again. */
export const pollMs = (sinceLastRecordMs: number): number => (sinceLastRecordMs < QUIET_MS ? QUICK_POLL_MS : IDLE_POLL_MS);

/** The record to continue after; undefined begins with the oldest one kept. */
export interface Position {
  readonly after: string | undefined;
}

/** The region's emulator gave no usable answer: refused, hung, or ended the connection. The call may have had its effect. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export const unreachable = (region: string, error: unknown): Unreachable =>
  new Unreachable(`${region} gives no usable answer: ${error instanceof Error ? `${error.name} ${error.message}`.trim() : String(error)}`, {
    cause: error,
  });

/** The stream's position is no longer valid. `trimmed`: records were lost. */
export class PositionLost extends Error {
  override readonly name = 'PositionLost';
  readonly trimmed: boolean;
  constructor(trimmed: boolean, options: ErrorOptions) {
    super(trimmed ? 'the stream no longer has the next record' : 'the position in the stream has expired', options);
    this.trimmed = trimmed;
  }
}

export interface OpenShard {
  readonly shardId: string;
  readonly iterator: string;
}

export interface StreamPage {
  readonly records: readonly _Record[];
  /** Undefined at the end of a stream that was closed. */
  readonly next: string | undefined;
}

export class StreamReader {
  readonly #region: string;
  readonly #client: DynamoDBStreamsClient;

  constructor(region: EmulatorAddress) {
    this.#region = region.name;
    this.#client = new DynamoDBStreamsClient(clientOptions(region, LIMITS));
  }

  destroy(): void {
    this.#client.destroy();
  }

  /** The stream's only shard. @throws {Unreachable | PositionLost} */
  async open(arn: string, position: Position): Promise<OpenShard> {
    try {
      const { StreamDescription } = await this.#client.send(new DescribeStreamCommand({ StreamArn: arn }));
      const [shard, another] = StreamDescription?.Shards ?? [];
      if (!shard || another) throw new Error(`the stream has ${another ? 'several shards' : 'no shard'}; allowed: one, as emulators have`);
      const { ShardId: shardId = '' } = shard;
      const { ShardIterator: iterator } = await this.#client.send(
        new GetShardIteratorCommand({
          StreamArn: arn,
          ShardId: shardId,
          ...(position.after === undefined
            ? { ShardIteratorType: 'TRIM_HORIZON' }
            : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position.after }),
        }),
      );
      if (!iterator) throw new Error('the stream gave no iterator');
      return { shardId, iterator };
    } catch (error) {
      throw this.#named(error);
    }
  }

  /** @throws {Unreachable | PositionLost} */
  async read(iterator: string): Promise<StreamPage> {
    try {
      const { Records = [], NextShardIterator: next } = await this.#client.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: RECORDS_MAX }),
      );
      return { records: Records, next };
    } catch (error) {
      throw this.#named(error);
    }
  }

  #named(error: unknown): Error {
    if (error instanceof TrimmedDataAccessException) return new PositionLost(true, { cause: error });
    if (error instanceof ExpiredIteratorException || error instanceof ResourceNotFoundException)
      return new PositionLost(false, { cause: error });
    return unreachable(this.#region, error);
  }
}
