/** The replicas of a region that is lost: looked for in the regions that are left, until an operator has removed and added them. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TABLES } from '../../functions/contract/names.ts';
import type { TableName } from '../../functions/core/recovery.ts';
import { OperatorStep, UserError } from '../errors.ts';
import type { Watch } from '../recovery/estate.ts';
import { addCommand, isWhole, lookAt, protectionCommand, removeCommand, type Sighting, type TableLook } from './aws-replicas.ts';

/** A replica is made in minutes where it is empty, in hours where it is large: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html */
const WAIT_MS_MAX = 12 * 3_600_000;
/** In the order in which they are made again: the control table brings the fence. */
const NAMES = ['control', 'data'] as const satisfies readonly TableName[];

export interface LostReplicasProps {
  /** The region that is lost. */
  readonly region: string;
  /** Of its replicas' encryption, where keys are the customer's own. */
  readonly keyArn: string | undefined;
  readonly clientOf: (region: string) => DynamoDBClient;
  readonly lookEveryMs: number;
}

export class LostReplicas {
  readonly #props: LostReplicasProps;

  constructor(props: LostReplicasProps) {
    this.#props = props;
  }

  look(region: string, table: TableName): Promise<TableLook> {
    return lookAt(this.#props.clientOf(region), region, TABLES[table]);
  }

  /** How those that are left see them. */
  async sightings(left: readonly string[], names: readonly TableName[] = NAMES): Promise<readonly Sighting[]> {
    const { region } = this.#props;
    const looks = names.flatMap((name) =>
      left.map(async (by) => {
        const { state, replicas } = await this.look(by, name);
        if (state === 'silent') throw new UserError(`${by} does not answer any more; wait for it, then run it again`);
        return { by, table: TABLES[name], status: replicas.get(region) };
      }),
    );
    return Promise.all(looks);
  }

  /** Whether the region answers, and all that are left replicate with it. */
  async arePart(left: readonly string[]): Promise<boolean> {
    const own = NAMES.map((name) => this.look(this.#props.region, name));
    const [sightings, looks] = await Promise.all([this.sightings(left), Promise.all(own)]);
    return left.length > 0 && sightings.every(({ status }) => isWhole(status)) && looks.every(({ state }) => state === 'there');
  }

  /** Waits while they are removed. @throws {OperatorStep} when nobody has begun to */
  async untilGone(left: readonly string[], watch: Watch): Promise<void> {
    const { region } = this.#props;
    await this.#until(watch, `${region} is not removed`, async () => {
      const linked = (await this.sightings(left)).filter(({ status }) => status !== undefined);
      if (linked.length === 0) return undefined;
      const untouched = linked.filter(({ status }) => status !== 'DELETING');
      if (untouched.length > 0) throw new OperatorStep(removalOf(region, untouched));
      return `waiting until nobody replicates with ${region}: ${textOf(linked)}`;
    });
  }

  /** Waits while the one of a table is made and filled. @throws {OperatorStep} when nobody has begun to */
  async untilBack(name: TableName, left: readonly string[], watch: Watch): Promise<void> {
    const { region } = this.#props;
    await this.#until(watch, `the replica of ${TABLES[name]} in ${region} is not made`, async () => {
      const [sightings, own] = await Promise.all([this.sightings(left, [name]), this.look(region, name)]);
      const linked = sightings.filter(({ status }) => status !== undefined);
      const stuck = linked.filter(({ status }) => !isWhole(status) && status !== 'CREATING' && status !== 'DELETING');
      if (stuck.length > 0)
        throw new OperatorStep(`${textOf(stuck)}, and takes no part so: remove it and add it again, then run this again`);
      if (linked.length === 0) throw new OperatorStep(this.#additionOf(name, left[0] ?? ''));
      if (own.state === 'there' && sightings.every(({ status }) => isWhole(status))) return undefined;
      return `waiting until ${region} has its replica: ${textOf(sightings)}${own.state === 'there' ? '' : `; ${region} does not show it yet`}`;
    });
  }

  /** Looks until there is nothing to wait for any more; tells what it waits for when that changes. */
  async #until(watch: Watch, failure: string, look: () => Promise<string | undefined>): Promise<void> {
    const endMs = Date.now() + WAIT_MS_MAX;
    let told: string | undefined;
    for (;;) {
      const wait = await look();
      if (wait === undefined) return;
      if (Date.now() > endMs) throw new Error(`${failure} after ${WAIT_MS_MAX / 3_600_000} hours; run it again to go on waiting`);
      if (wait !== told) watch.progress(wait);
      told = wait;
      await watch.pause(this.#props.lookEveryMs);
    }
  }

  #additionOf(name: TableName, through: string): readonly string[] {
    const { region, keyArn } = this.#props;
    return [
      `${region} has no replica of ${TABLES[name]}. Add it${name === 'control' ? ', this one before the other: it brings the fence' : ''}. Then run this again; it waits until the replica is filled:`,
      `    ${addCommand(through, TABLES[name], region, keyArn)}`,
    ];
  }
}

const textOf = (sightings: readonly Sighting[]): string =>
  sightings.map(({ by, table, status }) => `${table} there is ${status ?? 'not listed'} as ${by} sees it`).join(', ');

/** One command a table: it reaches all of its replicas, through whichever region it is sent. */
const removalOf = (region: string, linked: readonly Sighting[]): readonly string[] => {
  const perTable = [...new Map(linked.toReversed().map((each) => [each.table, each])).values()].toReversed();
  return [
    `${region} is fenced, and still part of the tables (${textOf(linked)}). Remove its replicas, then run this again:`,
    ...perTable.map(({ by, table }) => `    ${removeCommand(by, table, region)}`),
    `They delete what ${region} itself holds. Where deletion protection refuses that, only ${region} can turn it off:`,
    ...perTable.map(({ table }) => `    ${protectionCommand(region, table, false)}`),
    'Nobody deploys Tandem-Data until the region is rebuilt. docs/runbook.md, "On AWS", says what is known of these commands, and what is not.',
  ];
};
