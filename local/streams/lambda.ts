/** A region's emulator, as its mappings need it: what is deployed, functions to ask, queues to write to. */
import { CloudFormationClient, CloudFormationServiceException, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  type EventSourceMappingConfiguration,
  GetEventSourceMappingCommand,
  InvokeCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { clientOptions, type EmulatorAddress, SECRET_HEADER } from '../emulator-access.ts';
import { loopbackRequest } from '../loopback-request.ts';
import type { Answer } from './batch.ts';
import { unreachable } from './reader.ts';

const TYPE = 'AWS::Lambda::EventSourceMapping';
/** Lambda's longest timeout, and what it takes to start and to answer. */
const INVOKE = { attemptsMax: 1, connectMs: 2_000, requestMs: 900_000 + 60_000 } as const;
const SEND_MS_MAX = 5_000;

/** With the version that answered. */
export interface Invoked extends Answer {
  readonly version: string;
}

export class Lambda {
  readonly #address: EmulatorAddress;
  readonly #stacks: CloudFormationClient;
  readonly #lambda: LambdaClient;
  readonly #invoker: LambdaClient;

  constructor(address: EmulatorAddress) {
    const options = clientOptions(address);
    this.#address = address;
    this.#stacks = new CloudFormationClient(options);
    this.#lambda = new LambdaClient(options);
    this.#invoker = new LambdaClient(clientOptions(address, INVOKE));
  }

  destroy(): void {
    for (const client of [this.#stacks, this.#lambda, this.#invoker]) client.destroy();
  }

  /** Of a stack, those that are there; none of a stack that is not. @throws {Unreachable} */
  async mappings(stack: string): Promise<readonly EventSourceMappingConfiguration[]> {
    try {
      const found: EventSourceMappingConfiguration[] = [];
      for await (const page of paginateListStackResources({ client: this.#stacks }, { StackName: stack }))
        for (const { ResourceType, PhysicalResourceId } of page.StackResourceSummaries ?? [])
          if (ResourceType === TYPE && PhysicalResourceId) found.push(...(await this.#mapping(PhysicalResourceId)));
      return found;
    } catch (error) {
      // CloudFormation has no name of its own for it.
      if (error instanceof CloudFormationServiceException && error.name === 'ValidationError') return [];
      throw unreachable(this.#address.name, error);
    }
  }

  /** @throws {Unreachable} when the function was not asked, or nobody knows what became of it */
  async invoke(functionArn: string, event: string, signal: AbortSignal): Promise<Invoked> {
    try {
      const { Payload, FunctionError, ExecutedVersion } = await this.#invoker.send(
        new InvokeCommand({ FunctionName: functionArn, Payload: Buffer.from(event) }),
        { abortSignal: signal },
      );
      return {
        failed: FunctionError !== undefined,
        payload: Payload?.transformToString() ?? '',
        version: ExecutedVersion ?? '$LATEST',
      };
    } catch (error) {
      throw unreachable(this.#address.name, error);
    }
  }

  /** @throws {Unreachable} when the queue does not take it */
  async send(queueArn: string, body: string): Promise<void> {
    const { endpoint, accessKeyId, secretAccessKey, name } = this.#address;
    const [account = '', queue = ''] = queueArn.split(':').slice(-2);
    try {
      const { statusCode, text } = await loopbackRequest(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AmazonSQS.SendMessage',
          // The emulator takes region and service from it; the secret is what opens.
          authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${name}/sqs/aws4_request, SignedHeaders=host, Signature=0`,
          [SECRET_HEADER]: secretAccessKey,
        },
        body: JSON.stringify({ QueueUrl: `${endpoint}/${account}/${queue}`, MessageBody: body }),
        withinMs: SEND_MS_MAX,
      });
      if (statusCode !== 200) throw new Error(`${queueArn} answered ${statusCode} ${text.slice(0, 200)}`);
    } catch (error) {
      throw unreachable(name, error);
    }
  }

  async #mapping(id: string): Promise<readonly EventSourceMappingConfiguration[]> {
    try {
      const { $metadata: _, ...mapping } = await this.#lambda.send(new GetEventSourceMappingCommand({ UUID: id }));
      return [mapping];
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return [];
      throw error;
    }
  }
}
