/**
 * A region of AWS that is lost for good, as a recovery reaches it. What is about items is done here. Removing the region's
 * replicas and adding them again is the operator's, by commands that are told, and only looked for here: no call of
 * DynamoDB's control plane but `DescribeTable` is made. decisions/0018 says why. Never run against AWS.
 */
import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { writerOf } from '../../functions/core/item.ts';
import { foldBeats, foldControl, REGIONS_KEY } from '../../functions/core/operations.ts';
import { isFactOf } from '../../functions/core/rebuild.ts';
import type { TableName } from '../../functions/core/recovery.ts';
import { type Item, type Store, StoreUnavailable } from '../../functions/core/store.ts';
import { type Writer, writerName } from '../../functions/core/writer.ts';
import type { Config } from '../../infra/config.ts';
import { CALLS } from '../delivery/aws-cells.ts';
import { messageOf, OperatorStep, UserError } from '../errors.ts';
import { OPERATOR_LIMITS } from '../limits.ts';
import { askDoor } from '../recovery/door.ts';
import type { RecoveryTarget, Watch } from '../recovery/estate.ts';
import { lastMark, type Mark, markItem } from '../recovery/marks.ts';
import { closingOf } from '../recovery/tell-aws.ts';
import { scanTable } from '../scan.ts';
import { tandem } from '../tandem.ts';
import { LostReplicas } from './aws-lost-replicas.ts';
import type { Sighting } from './aws-replicas.ts';
import type { TargetRegion } from './target.ts';

const LOOK_EVERY_MS = 15_000;
/** Of items that replication brings. */
const ARRIVAL_MS_MAX = 600_000;
/**
 * Milliseconds from the moment when nobody replicates with the region any more until what it wrote is read. Nothing says
 * that a write which was under way then arrives no more; replication takes about a second.
 */
const SETTLE_MS = 60_000;
/** For a look at what the regions say: one that is gone must not hold up the word that it is. */
const LOOK_LIMITS: typeof OPERATOR_LIMITS = { ...OPERATOR_LIMITS, attempts: 2, attemptMs: 5_000 };

export interface AwsRecoveryProps {
  readonly config: Pick<Config, 'regions' | 'encryptionKeys'>;
  /** The region that is lost. */
  readonly region: string;
  /** Others that are lost for good too. */
  readonly alsoLost?: readonly string[];
  /** The operator says that nobody can ask or close the region's front door. */
  readonly outOfReach?: boolean;
  /** Where a region's front door is; undefined: nobody tells. */
  readonly frontDoor: (region: string) => Promise<TargetRegion | undefined>;
  /** What tests put in the place of AWS. */
  readonly options?: {
    readonly endpointOf?: (region: string) => string;
    readonly credentials?: NonNullable<DynamoDBClientConfig['credentials']>;
    readonly lookEveryMs?: number;
    readonly settleMs?: number;
    readonly askEveryMs?: number;
  };
}

/** Regions that a recovery goes on from, and what they say of all. */
interface World {
  readonly left: readonly string[];
  readonly said: readonly Item[];
}

export class AwsRecovery implements RecoveryTarget {
  readonly regions: RecoveryTarget['regions'];
  readonly #props: AwsRecoveryProps;
  readonly #replicas: LostReplicas;
  readonly #lookEveryMs: number;
  readonly #clients = new Map<string, DynamoDBClient>();

  constructor(props: AwsRecoveryProps) {
    const { region, config } = props;
    this.regions = config.regions.map(({ name }) => ({ name }));
    this.#props = props;
    this.#lookEveryMs = props.options?.lookEveryMs ?? LOOK_EVERY_MS;
    this.#replicas = new LostReplicas({
      region,
      keyArn: config.encryptionKeys?.[region],
      clientOf: (each) => this.dynamo(each),
      lookEveryMs: this.#lookEveryMs,
    });
  }

  dynamo(region: string): DynamoDBClient {
    const { endpointOf, credentials } = this.#props.options ?? {};
    const place = { ...(endpointOf ? { endpoint: endpointOf(region) } : {}), ...(credentials ? { credentials } : {}) };
    const client = this.#clients.get(region) ?? dynamoClient({ region, ...CALLS, ...place });
    this.#clients.set(region, client);
    return client;
  }

  /**
   * The region of the command is lost from the moment when it is fenced until it is admitted, and before and after that
   * when it does not answer, or some other does not replicate with it. Other regions are lost when the operator says so, or
   * when a recovery of them was begun; all that are left must answer.
   */
  async lostRegions(): Promise<readonly string[]> {
    const { region } = this.#props;
    const world = await this.#world();
    const others = this.regions.map(({ name }) => name).filter((name) => name !== region && !world.left.includes(name));
    return isBegun(world.said, region) || !(await this.#replicas.arePart(world.left)) ? [region, ...others] : others;
  }

  /**
   * Closing it is the operator's, for it needs the region's own control plane or a name that is somebody else's. Once it is
   * fenced the others fail its checks, so that the shared name leads away; who asks it by its own name, or keeps a connection, stays.
   */
  async closeDoor(region: string, watch: Watch): Promise<void> {
    const { outOfReach = false, frontDoor, options } = this.#props;
    if (outOfReach) return watch.progress(`${region} is called out of reach: what it acknowledges from now on is lost`);
    const door = await frontDoor(region);
    const { state, detail } = door
      ? await askDoor(door, (ms) => watch.pause(ms), options?.askEveryMs)
      : { state: 'silent' as const, detail: 'nobody tells where its front door is' };
    if (state !== 'closed')
      throw new OperatorStep(closingOf(region, this.regions.find(({ name }) => name !== region)?.name ?? '', { state, detail }));
    watch.progress(`${region} serves no caller: ${detail}`);
  }

  async cutLinks(region: string, watch: Watch): Promise<void> {
    const world = await this.#world();
    const writer = newestOf(world.said, region);
    const last = lastMark(world.said, writer);
    if (last?.mark !== 'CUT') await this.#replicas.untilGone(world.left, watch);
    const cutAtMs = last?.mark === 'CUT' ? last.atMs : await this.#mark('CUT', writer, world);
    const settleMs = this.#props.options?.settleMs ?? SETTLE_MS;
    const restMs = Math.min(settleMs, cutAtMs + settleMs - Date.now());
    if (restMs > 0) watch.progress(`waiting ${Math.ceil(restMs / 1_000)} s for what was still under way`);
    if (restMs > 0) await watch.pause(restMs);
  }

  /**
   * The replica of the control table, made again by the operator: it is filled from the others, and the fence with it. What
   * an earlier run wrote in the region stays there, so the others must hold it before they are copied from: an order that
   * the region has ended, and they have not, would hold its stock again.
   */
  async restartEmpty(region: string, fence: readonly Item[], watch: Watch): Promise<void> {
    const { left, said } = await this.#world();
    await this.#replicas.untilBack('control', left, watch);
    await this.#untilHeld([region], 'control', fence, watch);
    const { state } = await this.#replicas.look(region, 'data');
    if (state === 'silent') throw new UserError(`${region} does not answer any more; wait for it, then run it again`);
    if (state !== 'there') return;
    const writer = writerName(newestOf(said, region));
    const items = await scanTable(this.dynamo(region), TABLES.data);
    const own = items.filter((item) => writerOf(item) === writer && isFactOf(item, region));
    await this.#untilHeld(left, 'data', own, watch);
  }

  async restoreLinks(_: string, watch: Watch): Promise<void> {
    const { left } = await this.#world();
    await this.#replicas.untilBack('data', left, watch);
  }

  /** Its own check lets callers reach it, once it may serve. */
  async admit(region: string): Promise<void> {
    const world = await this.#world();
    await this.#mark('ADMITTED', newestOf(world.said, region), world);
  }

  /** Milliseconds since the region's newest heartbeat that has reached any other; undefined: none has. */
  async heartbeatAgeMs(): Promise<number | undefined> {
    const { left } = await this.#world();
    const beats = (await Promise.all(left.map((each) => this.#store(each, 'data').query(REGIONS_KEY)))).flatMap(foldBeats);
    const own = beats.filter((beat) => beat.region === this.#props.region).map((beat) => beat.atMs);
    // The operator's clock may be wrong, and then it is the others' beats that tell the time.
    return own.length === 0 ? undefined : Math.max(Date.now(), ...beats.map((beat) => beat.atMs)) - Math.max(...own);
  }

  /** How those that are left see the region's replicas. */
  async sightings(): Promise<readonly Sighting[]> {
    return this.#replicas.sightings((await this.#world()).left);
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  /** @throws {UserError} when a region that is not known to be lost does not answer */
  async #world(): Promise<World> {
    const { region, alsoLost = [] } = this.#props;
    const asked = this.regions.map(({ name }) => name).filter((name) => name !== region && !alsoLost.includes(name));
    const answers = await Promise.all(asked.map((name) => this.#words(name)));
    const said = answers.flatMap((answer) => answer.items ?? []);
    const left = answers.filter(({ name }) => !isBegun(said, name));
    const silent = left.find((answer) => answer.items === undefined);
    if (silent !== undefined)
      throw new UserError(
        `${silent.name} does not answer (${silent.reason}), and a recovery goes on from every region that is left; see \`${tandem('status')}\` and the credentials, and wait for it. If it is lost for good as well, say so: --also-lost ${silent.name}`,
      );
    return { left: left.map(({ name }) => name), said };
  }

  async #words(name: string): Promise<{ readonly name: string; readonly items?: readonly Item[]; readonly reason?: string }> {
    try {
      return { name, items: await this.#store(name, 'control', LOOK_LIMITS).query(REGIONS_KEY) };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return { name, reason: messageOf(error.cause ?? error) };
    }
  }

  async #untilHeld(regions: readonly string[], table: TableName, items: readonly Item[], watch: Watch): Promise<void> {
    const endMs = Date.now() + ARRIVAL_MS_MAX;
    for (const region of regions) {
      const store = this.#store(region, table);
      for (const item of items) {
        while ((await store.get(item)) === undefined) {
          if (Date.now() > endMs)
            throw new Error(`${item.pk} ${item.sk} has not reached ${region}; see that replication runs, then run it again`);
          watch.progress(`waiting until ${region} holds ${item.pk} ${item.sk}`);
          await watch.pause(this.#lookEveryMs);
        }
      }
    }
  }

  /** @returns when, by the clock that is ahead: another operator's may have set the mark before it */
  async #mark(mark: Mark, writer: Writer, { left, said }: World): Promise<number> {
    const atMs = Math.max(Date.now(), (lastMark(said, writer)?.atMs ?? 0) + 1);
    for (const by of left) await this.#store(by, 'control').transact([{ action: 'put', item: markItem(mark, writer, { by, atMs }) }]);
    return atMs;
  }

  #store(region: string, table: TableName, limits = OPERATOR_LIMITS): Store {
    return new DynamoStore({ client: this.dynamo(region), table: TABLES[table], limits });
  }
}

/** Whether a recovery of the region was begun, and has not let it in again. */
const isBegun = (said: readonly Item[], region: string): boolean =>
  foldControl(region, said).fenced && lastMark(said, newestOf(said, region))?.mark !== 'ADMITTED';

const newestOf = (said: readonly Item[], region: string): Writer => ({ region, incarnation: foldControl(region, said).incarnation });
