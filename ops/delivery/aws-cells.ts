/** The cells on AWS: found by their stacks, spoken to with the credentials of the environment. */
import { hostname, userInfo } from 'node:os';
import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { dnsNames, OUTPUTS, STACKS } from '../../functions/contract/names.ts';
import type { Store } from '../../functions/core/store.ts';
import type { Config } from '../../infra/config.ts';
import { messageOf, UserError } from '../errors.ts';
import { tandem } from '../tandem.ts';
import type { TargetRegion } from '../targets/target.ts';
import { tellingWhere } from '../unanswered.ts';
import { type Cells, controlStore } from './cells.ts';
import type { Functions } from './versions.ts';

/** Nobody waits behind an operator's call, but an operator waits for each. */
export const CALLS = { maxAttempts: 3, requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true } };

/** Whoever is at the keyboard. */
export const localActor = (): string => `${process.env['GITHUB_ACTOR'] ?? userInfo().username}@${hostname()}`;

export class AwsCells implements Cells {
  readonly kind = 'aws';
  readonly names: readonly string[];
  readonly #domain: string | undefined;
  readonly #dynamo = new Map<string, DynamoDBClient>();
  readonly #lambda = new Map<string, LambdaClient>();
  readonly #cloudFormation = new Map<string, CloudFormationClient>();

  constructor({ regions, domain }: Pick<Config, 'regions' | 'domain'>) {
    this.names = regions.map(({ name }) => name);
    this.#domain = domain?.name;
  }

  store(region: string): Store {
    return controlStore(kept(this.#dynamo, region, () => tellingWhere(dynamoClient({ region }), region)));
  }

  async lambda(region: string): Promise<Functions> {
    const apiFunction = outputOf(await this.stack(region), OUTPUTS.apiFunction);
    if (apiFunction === undefined) throw new UserError(`the stack ${STACKS.cell(region)} names no API function; deploy it first`);
    return { client: kept(this.#lambda, region, () => tellingWhere(new LambdaClient({ region, ...CALLS }), region)), apiFunction };
  }

  async deploying(region: string): Promise<string | undefined> {
    const { StackStatus: status = '' } = await this.stack(region);
    return status.endsWith('_IN_PROGRESS') && status !== 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'
      ? `the stack ${STACKS.cell(region)} is ${status}`
      : undefined;
  }

  /** The person and the access key: CloudTrail tells which identity used it. */
  async actor(): Promise<string> {
    const { accessKeyId } = await this.cloudFormation(this.names[0] ?? '').config.credentials();
    return `${localActor()} with access key ${accessKeyId}`;
  }

  /** The front door of a region, by its own name, or as its stack tells where there is no domain. */
  async frontDoor(region: string): Promise<TargetRegion> {
    const url =
      this.#domain === undefined ? outputOf(await this.stack(region), OUTPUTS.url) : `https://${dnsNames(this.#domain, region).regional}`;
    if (url === undefined) throw new UserError(`the stack ${STACKS.cell(region)} tells no URL; deploy it first`);
    return { name: region, url, host: new URL(url).host };
  }

  cloudFormation(region: string): CloudFormationClient {
    return kept(this.#cloudFormation, region, () => tellingWhere(new CloudFormationClient({ region, ...CALLS }), region));
  }

  /** @throws {UserError} when the cell is not deployed, or its region's CloudFormation does not answer */
  stack(region: string): Promise<Stack> {
    return cellStack(this.cloudFormation(region), region);
  }
}

/** @throws {UserError} when the cell is not deployed, or its region's CloudFormation does not answer */
export const cellStack = async (client: CloudFormationClient, region: string): Promise<Stack> => {
  const StackName = STACKS.cell(region);
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    if (Stacks[0] !== undefined) return Stacks[0];
  } catch (error) {
    throw new UserError(
      `CloudFormation of ${region} does not tell of the stack ${StackName}: ${messageOf(error)}; see credentials and region`,
      {
        cause: error,
      },
    );
  }
  throw new UserError(`the stack ${StackName} is not deployed; deploy it with \`${tandem('deploy', '--target', 'aws')}\``);
};

export const outputOf = ({ Outputs = [] }: Stack, name: string): string | undefined =>
  Outputs.find((each) => each.OutputKey === name)?.OutputValue;

const kept = <T>(known: Map<string, T>, region: string, make: () => T): T => {
  const client = known.get(region) ?? make();
  known.set(region, client);
  return client;
};
