/** A table, a function on its stream and a queue for what cannot be worked on, in a real emulator. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { adaptTemplate } from '../../../local/deployment/adapt.ts';
import { clientOptions, SECRET_HEADER } from '../../../local/emulator-access.ts';
import { type IteratorAge, StreamMappings } from '../../../local/streams/mappings.ts';
import { startEmulator, type TestEmulator } from '../../support/emulator.ts';

const REGION = 'eu-west-1';
const STACK = 'lab';
const TABLE = 'lab-table';
const QUEUE = 'lab-letters';
const WAIT = { maxWaitTime: 120, minDelay: 1, maxDelay: 1 };

/** Of a record as the function got it, what tests look at. */
export interface Seen {
  readonly eventName: string;
  readonly dynamodb: { readonly Keys: { readonly id: { readonly S: string } }; readonly SequenceNumber: string };
}

/**
 * Notes what it gets. A batch with an item `throws` ends with an error; `once` is told to have failed when it is seen for
 * the first time, `always` each time.
 */
const codeOf = (seenFile: string): string => `
  const { appendFileSync, existsSync, readFileSync } = require('node:fs');
  const file = ${JSON.stringify(seenFile)};
  exports.handler = async ({ Records }) => {
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
    appendFileSync(file, JSON.stringify(Records) + '\\n');
    const idOf = (record) => record.dynamodb.Keys.id.S;
    if (Records.some((record) => idOf(record) === 'throws')) throw new Error('poisoned');
    const failed = Records.filter((record) => {
      const id = idOf(record);
      return id === 'always' || (id.startsWith('once') && !before.includes(record.dynamodb.SequenceNumber));
    });
    return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.dynamodb.SequenceNumber })) };
  };`;

const resourcesOf = (seenFile: string, mapping: object) => ({
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    },
  },
  Fn: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: 'lab-fn',
      Code: { ZipFile: codeOf(seenFile) },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: 'arn:aws:iam::000000000000:role/lab',
      Timeout: 10,
    },
  },
  Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Fn' } } },
  Alias: {
    Type: 'AWS::Lambda::Alias',
    Properties: { FunctionName: { Ref: 'Fn' }, FunctionVersion: { 'Fn::GetAtt': ['Version', 'Version'] }, Name: 'live' },
  },
  Letters: { Type: 'AWS::SQS::Queue', Properties: { QueueName: QUEUE } },
  Mapping: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
      FunctionName: { Ref: 'Alias' },
      StartingPosition: 'TRIM_HORIZON',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Letters', 'Arn'] } } },
      ...mapping,
    },
  },
});

export class Lab {
  readonly emulator: TestEmulator;
  readonly ages: IteratorAge[] = [];
  readonly broken: string[] = [];
  readonly #folder: string;
  readonly #table: DynamoDBClient;
  readonly #stacks: CloudFormationClient;
  #mappings: StreamMappings | undefined;

  private constructor(emulator: TestEmulator, folder: string) {
    this.emulator = emulator;
    this.#folder = folder;
    this.#table = new DynamoDBClient(clientOptions(this.#address));
    this.#stacks = new CloudFormationClient(clientOptions(this.#address));
  }

  static async start(): Promise<Lab> {
    return new Lab(await startEmulator(REGION), await mkdtemp(join(tmpdir(), 'tandem-test-streams-')));
  }

  get #address() {
    return { ...this.emulator, name: this.emulator.region };
  }

  async stop(): Promise<void> {
    await this.#mappings?.stop();
    this.#table.destroy();
    this.#stacks.destroy();
    await this.emulator.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Deploys the stack as a region's copy would be. */
  async deploy(mapping: object): Promise<void> {
    await this.#stacks.send(new CreateStackCommand({ StackName: STACK, TemplateBody: this.#template(mapping) }));
    await waitUntilStackCreateComplete({ ...WAIT, client: this.#stacks }, { StackName: STACK });
  }

  async update(mapping: object): Promise<void> {
    await this.#stacks.send(new UpdateStackCommand({ StackName: STACK, TemplateBody: this.#template(mapping) }));
    await waitUntilStackUpdateComplete({ ...WAIT, client: this.#stacks }, { StackName: STACK });
  }

  follow(): void {
    this.#mappings = new StreamMappings({
      region: this.#address,
      stack: STACK,
      onAge: (age) => this.ages.push(age),
      onBroken: (detail) => this.broken.push(detail),
    });
    this.#mappings.start();
  }

  async put(...ids: readonly string[]): Promise<void> {
    for (const id of ids)
      await this.#table.send(new PutItemCommand({ TableName: TABLE, Item: { id: { S: id }, at: { N: `${Date.now()}` } } }));
  }

  async remove(id: string): Promise<void> {
    await this.#table.send(new DeleteItemCommand({ TableName: TABLE, Key: { id: { S: id } } }));
  }

  /** The batches that the function got. */
  async batches(): Promise<readonly (readonly Seen[])[]> {
    const text = await readFile(this.#seenFile, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  /** The same, by the items' ids. */
  async ids(): Promise<readonly (readonly string[])[]> {
    return (await this.batches()).map((batch) => batch.map(({ dynamodb }) => dynamodb.Keys.id.S));
  }

  /** Messages of the queue, each once. */
  async letters(): Promise<readonly Letter[]> {
    const { endpoint, region, accessKeyId, secretAccessKey } = this.emulator;
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AmazonSQS.ReceiveMessage',
        authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${region}/sqs/aws4_request, SignedHeaders=host, Signature=0`,
        [SECRET_HEADER]: secretAccessKey,
      },
      body: JSON.stringify({ QueueUrl: `${endpoint}/000000000000/${QUEUE}`, MaxNumberOfMessages: 10 }),
    });
    const { Messages = [] }: { Messages?: readonly { readonly Body: string }[] } = JSON.parse(await answer.text());
    return Messages.map(({ Body }) => JSON.parse(Body));
  }

  get #seenFile(): string {
    return join(this.#folder, 'seen.jsonl');
  }

  #template(mapping: object): string {
    return JSON.stringify(adaptTemplate({ Resources: resourcesOf(this.#seenFile, mapping) }, REGION).template);
  }
}

/** What Lambda writes of records that it gives up. */
export interface Letter {
  readonly requestContext: { readonly condition: string; readonly functionArn: string; readonly approximateInvokeCount: number };
  readonly DDBStreamBatchInfo: { readonly startSequenceNumber: string; readonly endSequenceNumber: string; readonly batchSize: number };
}
