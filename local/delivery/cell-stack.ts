/** A cell's stack in its region's emulator: what it has, which versions serve, and the gate at which an update waits. */
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { GetAliasCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { clientOptions, type EmulatorAddress, SECRET_HEADER } from '../emulator-access.ts';
import { loopbackRequest } from '../loopback-request.ts';

const SIGNAL_MS_MAX = 10_000;
const REASON_CHARACTERS_MAX = 1_000;

export class CellStackView {
  readonly #name: string;
  readonly #region: EmulatorAddress;
  readonly #formation: CloudFormationClient;
  readonly #lambda: LambdaClient;

  constructor(region: EmulatorAddress, name: string) {
    this.#name = name;
    this.#region = region;
    this.#formation = new CloudFormationClient(clientOptions(region));
    this.#lambda = new LambdaClient(clientOptions(region));
  }

  /** Physical names by logical id; during an update, of what is there so far. */
  async physicalNames(): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>();
    for await (const page of paginateListStackResources({ client: this.#formation }, { StackName: this.#name })) {
      for (const { LogicalResourceId: id, PhysicalResourceId: name } of page.StackResourceSummaries ?? [])
        if (id !== undefined && name !== undefined) names.set(id, name);
    }
    return names;
  }

  /** Number of the version that an alias leads to. */
  async versionOf(functionName: string, alias: string): Promise<string> {
    const { FunctionVersion: version } = await this.#lambda.send(new GetAliasCommand({ FunctionName: functionName, Name: alias }));
    if (version === undefined) throw new Error(`the alias ${alias} of ${functionName} leads to no version`);
    return version;
  }

  /**
   * Lets an update go on, or rolls it back.
   * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html
   *
   * @param handle physical name of the gate's handle
   */
  async signal(
    handle: string,
    signal: { readonly status: 'SUCCESS' | 'FAILURE'; readonly reason: string; readonly id: string },
  ): Promise<void> {
    const { status, reason, id } = signal;
    // The emulator names itself "localhost", which need not be the address it listens on.
    const { pathname, search } = new URL(handle);
    const url = new URL(`${pathname}${search}`, this.#region.endpoint);
    const { statusCode, text } = await loopbackRequest(url, {
      method: 'PUT',
      headers: { [SECRET_HEADER]: this.#region.secretAccessKey },
      // Without a content type: the address is signed without one on AWS.
      body: Buffer.from(JSON.stringify({ Status: status, Reason: reason.slice(0, REASON_CHARACTERS_MAX), UniqueId: id, Data: id })),
      withinMs: SIGNAL_MS_MAX,
    });
    if (statusCode !== 200) throw new Error(`the signal ${status} was answered ${statusCode} ${text.slice(0, 200)}`);
  }

  close(): void {
    this.#formation.destroy();
    this.#lambda.destroy();
  }
}
