/**
 * One region's emulator, as replication needs it: streams to read, tables to scan and conditional writes. Every call is
 * bounded in time and made once; whoever calls decides about trying again.
 */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ResourceNotFoundException,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { clientOptions, type EmulatorAddress } from '../emulator-access.ts';
import { type Position, StreamReader, type Unreachable, unreachable } from '../streams/reader.ts';
import type { Outcome, Send } from './replica.ts';
import { type Content, contentOf, type Image } from './version.ts';

const LIMITS = { attemptsMax: 1, connectMs: 1_000, requestMs: 3_000, socketsMax: 32 } as const;
const SCAN_ITEMS_MAX = 200;
/** A condition has at most 300 operators: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const CONDITION_ATTRIBUTES_MAX = 100;

/** A table's stream and keys. Another `arn` than before means that the table is another one. */
export interface TableStream {
  readonly arn: string;
  readonly keyNames: readonly string[];
}

export interface StreamRecord {
  readonly sequence: string;
  readonly createdMs: number;
  readonly key: Image;
  readonly before: Image | null;
  readonly after: Image | null;
}

/** What replication asks of a region. */
export type RegionEmulator = Pick<Emulator, 'name' | 'destroy' | 'tableStream' | 'iterator' | 'records' | 'scan' | 'write'>;

export class Emulator {
  readonly name: string;
  readonly #tables: DynamoDBClient;
  readonly #streams: StreamReader;

  constructor(region: EmulatorAddress) {
    this.name = region.name;
    this.#tables = new DynamoDBClient(clientOptions(region, LIMITS));
    this.#streams = new StreamReader(region);
  }

  destroy(): void {
    this.#tables.destroy();
    this.#streams.destroy();
  }

  /** Undefined while the table, or its stream, does not exist. @throws {Unreachable} */
  async tableStream(table: string): Promise<TableStream | undefined> {
    try {
      const { Table } = await this.#tables.send(new DescribeTableCommand({ TableName: table }));
      const keyNames = (Table?.KeySchema ?? []).flatMap((each) => each.AttributeName ?? []);
      return Table?.LatestStreamArn ? { arn: Table.LatestStreamArn, keyNames } : undefined;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw this.#unreachable(error);
    }
  }

  /** An iterator for the stream's only shard. @throws {Unreachable | PositionLost} */
  async iterator(arn: string, position: Position): Promise<string> {
    return (await this.#streams.open(arn, position)).iterator;
  }

  /** `next` is undefined at the end of a stream that was closed. @throws {Unreachable | PositionLost} */
  async records(iterator: string): Promise<{ readonly records: readonly StreamRecord[]; readonly next: string | undefined }> {
    const { records, next } = await this.#streams.read(iterator);
    return {
      records: records.map(({ dynamodb }) => ({
        sequence: dynamodb?.SequenceNumber ?? '',
        createdMs: dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0,
        key: dynamodb?.Keys ?? {},
        before: dynamodb?.OldImage ?? null,
        after: dynamodb?.NewImage ?? null,
      })),
      next,
    };
  }

  /** One page of the table. @throws {Unreachable} */
  async scan(table: string, after: Image | undefined): Promise<{ readonly items: readonly Image[]; readonly last: Image | undefined }> {
    try {
      const page = await this.#tables.send(
        new ScanCommand({ TableName: table, ConsistentRead: true, Limit: SCAN_ITEMS_MAX, ExclusiveStartKey: after && { ...after } }),
      );
      return { items: page.Items ?? [], last: page.LastEvaluatedKey };
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  /** Writes a version where the expected content still is. Never throws; `failure` tells why the outcome is unknown. */
  async write(table: string, send: Send): Promise<{ readonly outcome: Outcome; readonly failure?: Unreachable }> {
    const { key, image } = send.version;
    const condition = conditionOn(send.expected, key);
    const options = { TableName: table, ReturnValues: 'ALL_OLD', ReturnValuesOnConditionCheckFailure: 'ALL_OLD', ...condition } as const;
    try {
      const { Attributes } =
        image === null
          ? await this.#tables.send(new DeleteItemCommand({ ...options, Key: { ...key } }))
          : await this.#tables.send(new PutItemCommand({ ...options, Item: { ...image } }));
      return { outcome: { kind: 'applied', before: contentOf(Attributes ?? null) } };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { outcome: { kind: 'refused', found: contentOf(error.Item ?? null) } };
      return { outcome: { kind: 'unknown' }, failure: this.#unreachable(error) };
    }
  }

  #unreachable(error: unknown): Unreachable {
    return unreachable(this.name, error);
  }
}

/** True while exactly this content is there; more attributes than these, or than the first hundred, go unnoticed. */
export const conditionOn = (expected: Content, key: Image) => {
  if (expected.image === null) {
    const [name = ''] = Object.keys(key);
    return { ConditionExpression: 'attribute_not_exists(#a)', ExpressionAttributeNames: { '#a': name } };
  }
  const attributes = Object.entries(expected.image).slice(0, CONDITION_ATTRIBUTES_MAX);
  return {
    ConditionExpression: attributes.map((_, index) => `#a${index} = :v${index}`).join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map(([name], index) => [`#a${index}`, name])),
    ExpressionAttributeValues: Object.fromEntries(attributes.map(([, value], index) => [`:v${index}`, value])),
  };
};
