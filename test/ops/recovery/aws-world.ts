/**
 * Regions of AWS for tests of recovery: an emulator each, which keeps who replicates with whom; copies between them; and an
 * operator who types the commands that he is told.
 */
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  type ReplicationGroupUpdate,
  ResourceNotFoundException,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../../functions/aws/clients.ts';
import { DynamoStore } from '../../../functions/aws/dynamo-store.ts';
import { marshalAll } from '../../../functions/aws/marshal.ts';
import { TABLES } from '../../../functions/contract/names.ts';
import type { Context } from '../../../functions/core/context.ts';
import { Hlc } from '../../../functions/core/hlc.ts';
import { parseConfig } from '../../../infra/config.ts';
import { clientOptions } from '../../../local/emulator-access.ts';
import { Replication } from '../../../local/replication/links.ts';
import { OperatorStep } from '../../../ops/errors.ts';
import { OPERATOR_LIMITS } from '../../../ops/limits.ts';
import { TargetEstate } from '../../../ops/recovery/estate.ts';
import { scanTable } from '../../../ops/scan.ts';
import { AwsRecovery, type AwsRecoveryProps } from '../../../ops/targets/aws-recovery.ts';
import { createTables } from '../../functions/tables.ts';
import { PATIENT, startEmulator, type TestEmulator } from '../../support/emulator.ts';

export type Way = (estate: TargetEstate, region: string) => Promise<unknown>;

export class AwsWorld {
  readonly emulators: ReadonlyMap<string, TestEmulator>;
  readonly replication: Replication;
  /** Emulators that were killed. */
  readonly #down = new Set<string>();
  readonly #clients = new Map<string, DynamoDBClient>();

  private constructor(emulators: readonly TestEmulator[]) {
    this.emulators = new Map(emulators.map((each) => [each.region, each]));
    const regions = emulators.map((each) => ({ ...each, name: each.region }));
    this.replication = new Replication({ regions, tables: Object.values(TABLES), onEvent: () => undefined });
  }

  /** Runs with regions that replicate, and leaves nothing behind. */
  static async with(names: readonly string[], work: (world: AwsWorld) => Promise<void>): Promise<void> {
    const started = await Promise.allSettled(names.map((name) => startEmulator(name)));
    const emulators = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const world = new AwsWorld(emulators);
    try {
      for (const each of started) if (each.status === 'rejected') throw each.reason;
      for (const name of names) await createTables(world.client(name));
      for (const name of names) for (const table of Object.values(TABLES)) await world.#link(table, { Create: { RegionName: name } });
      await world.replication.start();
      await work(world);
    } finally {
      await world.replication.stop();
      for (const client of world.#clients.values()) client.destroy();
      await Promise.all(emulators.map((each) => each.stop()));
    }
  }

  client(region: string): DynamoDBClient {
    const client = this.#clients.get(region) ?? dynamoClient(clientOptions({ ...this.emulator(region), name: region }, PATIENT));
    this.#clients.set(region, client);
    return client;
  }

  emulator(region: string): TestEmulator {
    const found = this.emulators.get(region);
    if (!found) throw new Error(`no region ${region}`);
    return found;
  }

  /** A region's own hands. */
  at(region: string, writer = region): Context {
    const store = new DynamoStore({ client: this.client(region), table: TABLES.data, limits: OPERATOR_LIMITS });
    return { store, clock: { now: () => Date.now() }, hlc: new Hlc(), region, writer, regions: [...this.emulators.keys()] };
  }

  control(region: string): DynamoStore {
    return new DynamoStore({ client: this.client(region), table: TABLES.control, limits: OPERATOR_LIMITS });
  }

  /** The region is gone, with what only it held. */
  async lose(region: string): Promise<void> {
    this.#down.add(region);
    await this.emulator(region).kill();
    await this.replication.cutRegion(region);
  }

  recovery(region: string, alsoLost: readonly string[] = []): AwsRecovery {
    return new AwsRecovery(this.recoveryProps(region, alsoLost));
  }

  recoveryProps(region: string, alsoLost: readonly string[] = []): AwsRecoveryProps {
    const config = parseConfig({ regions: [...this.emulators.keys()].map((name) => ({ name })), auth: 'keys' });
    const { accessKeyId, secretAccessKey } = this.emulator(region);
    const credentials = { accessKeyId, secretAccessKey };
    const endpointOf = (each: string): string => this.emulator(each).endpoint;
    // What is lost here was killed; the doors that are open have tests of their own.
    const frontDoor = async (): Promise<undefined> => undefined;
    const options = { endpointOf, credentials, lookEveryMs: 50, settleMs: 20 };
    return { config, region, alsoLost, outOfReach: true, frontDoor, options };
  }

  /** Runs a recovery until it ends or stops; the operator obeys, and begins it again. @returns what he was told to do */
  async carryOut(way: Way, region: string, lines: string[] = []): Promise<readonly string[]> {
    const steps: string[] = [];
    for (let run = 0; run < 10; run += 1) {
      const step = await this.run(way, region, (line) => lines.push(line));
      if (step === undefined) return steps;
      steps.push(step);
      await this.obey(step);
    }
    throw new Error(`no end after: ${steps.join('\n')}`);
  }

  /** One run of an operator's process. @returns what it tells the operator to do; undefined: it is done */
  async run(way: Way, region: string, progress: (line: string) => void, signal?: AbortSignal): Promise<string | undefined> {
    const target = this.recovery(region);
    try {
      await way(new TargetEstate(target, progress, signal), region);
      return undefined;
    } catch (error) {
      if (error instanceof OperatorStep) return error.message;
      throw error;
    } finally {
      target.close();
    }
  }

  /** Types the commands that remove or add replicas, and does what AWS does then. */
  async obey(step: string): Promise<void> {
    const commands = [...step.matchAll(/^ +aws dynamodb update-table --region (\S+) --table-name (\S+) --replica-updates '(.+)'$/gm)];
    if (commands.length === 0) throw new Error(`nothing to type in: ${step}`);
    for (const [, through = '', table = '', updates = ''] of commands) {
      const [update]: ReplicationGroupUpdate[] = JSON.parse(updates);
      if (update === undefined || !this.emulators.has(through)) throw new Error(`no command: ${step}`);
      await this.#link(table, update);
      if (update.Delete?.RegionName) await this.#drop(update.Delete.RegionName, table);
      if (update.Create?.RegionName) await this.#fill(update.Create.RegionName, table, through);
    }
  }

  /** Tells every region that runs who is part of the table. */
  async #link(table: string, update: ReplicationGroupUpdate): Promise<void> {
    const about = update.Create?.RegionName ?? update.Delete?.RegionName;
    for (const region of this.emulators.keys())
      if (region !== about && !this.#down.has(region))
        await this.client(region).send(new UpdateTableCommand({ TableName: table, ReplicaUpdates: [update] }));
  }

  async #drop(region: string, table: string): Promise<void> {
    await this.replication.cutRegion(region);
    if (this.#down.has(region)) return;
    await this.client(region)
      .send(new DeleteTableCommand({ TableName: table }))
      .catch((error: unknown) => {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      });
  }

  /** The region is back, with a table that has what another's has, and which replicates from when both are there. */
  async #fill(region: string, table: string, from: string): Promise<void> {
    if (this.#down.delete(region)) await this.emulator(region).restart();
    const client = this.client(region);
    const { Table } = await this.client(from).send(new DescribeTableCommand({ TableName: table }));
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: Table?.KeySchema,
        AttributeDefinitions: Table?.AttributeDefinitions,
        StreamSpecification: Table?.StreamSpecification,
        GlobalSecondaryIndexes: Table?.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema, Projection }) => ({
          IndexName,
          KeySchema,
          Projection,
        })),
      }),
    );
    for (const item of await scanTable(this.client(from), table))
      await client.send(new PutItemCommand({ TableName: table, Item: marshalAll(item) }));
    for (const other of this.emulators.keys())
      if (other !== region)
        await client.send(new UpdateTableCommand({ TableName: table, ReplicaUpdates: [{ Create: { RegionName: other } }] }));
    if (table === TABLES.data) await this.replication.restore(region);
  }
}
