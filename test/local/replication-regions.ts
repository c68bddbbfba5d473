/** Real emulators with Tandem's two tables each, and what tests of replication ask of them. */
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { clientOptions } from '../../local/emulator-access.ts';
import { type LinkEvent, Replication } from '../../local/replication/links.ts';
import { contentOf } from '../../local/replication/version.ts';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';

const TABLES = ['tandem-data', 'tandem-control'] as const;
type Table = (typeof TABLES)[number];

export interface TestRegion {
  readonly name: string;
  readonly emulator: TestEmulator;
  createTables(): Promise<void>;
  put(key: string, value: string | number, table?: Table): Promise<void>;
  remove(key: string, table?: Table): Promise<void>;
  get(key: string, table?: Table): Promise<string | undefined>;
  /** Hashes of all items, sorted: equal in two regions exactly when the tables are. */
  contents(table?: Table): Promise<readonly string[]>;
  /** Number of records in the stream since the table was created. */
  recordCount(table?: Table): Promise<number>;
}

export interface TestWorld {
  readonly regions: readonly TestRegion[];
  readonly replication: Replication;
  readonly events: readonly LinkEvent[];
}

/** Emulators with tables and no replication yet. */
export const startRegions = async (names: readonly string[]): Promise<TestRegion[]> => {
  const started = await Promise.allSettled(names.map((name) => startEmulator(name)));
  const emulators = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed) {
    await Promise.all(emulators.map((each) => each.stop()));
    throw failed.reason;
  }
  const regions = emulators.map(regionOf);
  await Promise.all(regions.map((region) => region.createTables()));
  return regions;
};

export const replicationOf = (regions: readonly TestRegion[], onEvent: (event: LinkEvent) => void): Replication =>
  new Replication({
    regions: regions.map(({ name, emulator }) => ({ ...emulator, name })),
    tables: TABLES,
    onEvent,
  });

/** Runs with N regions that replicate, and leaves nothing behind. */
export const withWorld = async (names: readonly string[], use: (world: TestWorld) => Promise<void>): Promise<void> => {
  const regions = await startRegions(names);
  const events: LinkEvent[] = [];
  const replication = replicationOf(regions, (event) => events.push(event));
  try {
    await replication.start();
    await use({ regions, replication, events });
  } finally {
    await replication.stop();
    await Promise.all(regions.map(({ emulator }) => emulator.stop()));
  }
};

const regionOf = (emulator: TestEmulator): TestRegion => {
  const settings = clientOptions({ ...emulator, name: emulator.region }, { attemptsMax: 1, connectMs: 2_000, requestMs: 10_000 });
  const client = new DynamoDBClient(settings);
  const streams = new DynamoDBStreamsClient(settings);
  const keyOf = (key: string) => ({ pk: { S: key }, sk: { S: 'x' } });
  return {
    name: emulator.region,
    emulator,
    createTables: async () => {
      for (const table of TABLES) {
        await client.send(
          new CreateTableCommand({
            TableName: table,
            BillingMode: 'PAY_PER_REQUEST',
            KeySchema: [
              { AttributeName: 'pk', KeyType: 'HASH' },
              { AttributeName: 'sk', KeyType: 'RANGE' },
            ],
            AttributeDefinitions: [
              { AttributeName: 'pk', AttributeType: 'S' },
              { AttributeName: 'sk', AttributeType: 'S' },
            ],
            StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
          }),
        );
      }
    },
    put: async (key, value, table = 'tandem-data') => {
      await client.send(new PutItemCommand({ TableName: table, Item: { ...keyOf(key), value: { S: String(value) } } }));
    },
    remove: async (key, table = 'tandem-data') => {
      await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(key) }));
    },
    get: async (key, table = 'tandem-data') => {
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }));
      return Item?.value?.S;
    },
    contents: async (table = 'tandem-data') => {
      const hashes: string[] = [];
      let after: Parameters<typeof contentOf>[0] | undefined;
      do {
        const page = await client.send(
          new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: after ? { ...after } : undefined }),
        );
        hashes.push(...(page.Items ?? []).map((item) => contentOf(item).hash));
        after = page.LastEvaluatedKey;
      } while (after);
      return hashes.sort();
    },
    recordCount: async (table = 'tandem-data') => {
      const { Streams } = await streams.send(new ListStreamsCommand({ TableName: table }));
      const StreamArn = Streams?.[0]?.StreamArn;
      const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
      const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
      let { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }));
      let count = 0;
      while (ShardIterator) {
        const page = await streams.send(new GetRecordsCommand({ ShardIterator }));
        if (!page.Records?.length) break;
        count += page.Records.length;
        ShardIterator = page.NextShardIterator;
      }
      return count;
    },
  };
};
