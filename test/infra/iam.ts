/**
 * IAM as far as the templates use it: what a call needs, and whether statements allow it. What is not understood is refused,
 * never guessed. https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
import { KEYS } from '../../functions/contract/names.ts';
import type { Statement } from './lookup.ts';
import { dig, list } from './system.ts';

/** One permission that a call needs. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  /** Condition keys with their values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** A call as it is given to the SDK. */
export interface Call {
  /** `DynamoDBClient`. */
  readonly client: string;
  /** `GetItemCommand`. */
  readonly command: string;
  readonly region: string;
  readonly input: unknown;
}

export const ACCOUNT = '000000000000';
const tableArn = (region: string, table: string): string => `arn:aws:dynamodb:${region}:${ACCOUNT}:table/${table}`;

/** Every permission that a call needs. @throws {Error} for a call that is not known here */
export const needsOf = (call: Call): readonly Need[] => {
  const needs = NEEDS[call.client]?.[call.command.replace(/Command$/, '')];
  if (needs === undefined) throw new Error(`given ${call.client} ${call.command}; allowed: those of NEEDS in iam.ts; say what it needs`);
  return needs(call);
};

/** Permission and call have one name, unless `NEEDS` says otherwise. */
export const actionsOf = (client: string, command: string): readonly string[] => {
  const operation = command.replace(/Command$/, '');
  const parts = client === 'DynamoDBClient' ? TRANSACTIONS[operation] : undefined;
  return (
    parts ?? [`${SERVICES[client] ?? refuse(client)}:${client === 'LambdaClient' && operation === 'Invoke' ? 'InvokeFunction' : operation}`]
  );
};

const refuse = (client: string): never => {
  throw new Error(`given ${client}; allowed: ${Object.keys(SERVICES).join(', ')}; add it to SERVICES in iam.ts`);
};

const SERVICES: Readonly<Record<string, string>> = {
  BackupClient: 'backup',
  CloudWatchClient: 'cloudwatch',
  CodeDeployClient: 'codedeploy',
  DynamoDBClient: 'dynamodb',
  KMSClient: 'kms',
  LambdaClient: 'lambda',
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html */
const PARTS = {
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
  Delete: 'dynamodb:DeleteItem',
  ConditionCheck: 'dynamodb:ConditionCheckItem',
};
const TRANSACTIONS: Readonly<Record<string, readonly string[]>> = { TransactWriteItems: Object.values(PARTS) };

type Needs = (call: Call) => readonly Need[];

const on =
  (resourceOf: (call: Call) => string, contextOf: (call: Call) => Need['context'] = () => ({})): Needs =>
  (call) =>
    actionsOf(call.client, call.command).map((action) => ({ action, resource: resourceOf(call), context: contextOf(call) }));
const any = on(() => '*');
const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  throw new Error(`given ${JSON.stringify(value)} where a call names a resource; allowed: text`);
};

const tableOf = ({ region, input }: Call): string => tableArn(region, text(dig(input, 'TableName')));
const leading = (key: unknown): Need['context'] => ({ 'dynamodb:LeadingKeys': [text(dig(key, 'S'))] });
const queried = (call: Call): string => {
  const index = dig(call.input, 'IndexName');
  return index === undefined ? tableOf(call) : `${tableOf(call)}/index/${text(index)}`;
};
/** The partition stands first in every condition that the store writes. */
const queriedKey = ({ input }: Call): Need['context'] => {
  const [, value = ''] = /^#\w+ = (:\w+)/.exec(text(dig(input, 'KeyConditionExpression'))) ?? [];
  return leading(dig(input, 'ExpressionAttributeValues', value));
};
const itemKey = ({ input }: Call): Need['context'] => leading(dig(dig(input, 'Key') ?? dig(input, 'Item'), KEYS.partition));
const transaction: Needs = ({ region, input }) =>
  list(dig(input, 'TransactItems')).flatMap((item) =>
    Object.entries(PARTS).flatMap(([name, action]) => {
      const part = dig(item, name);
      if (part === undefined) return [];
      const context = leading(dig(dig(part, 'Key') ?? dig(part, 'Item'), KEYS.partition));
      return [{ action, resource: tableArn(region, text(dig(part, 'TableName'))), context }];
    }),
  );

const functionArn = ({ input }: Call): string =>
  ['function', text(dig(input, 'FunctionName')), dig(input, 'Qualifier') ?? []].flat().map(text).join(':');
const vault = ({ input }: Call): string => `vault:${text(dig(input, 'BackupVaultName'))}`;
const signing = ({ input }: Call): Need['context'] => ({ 'kms:SigningAlgorithm': [text(dig(input, 'SigningAlgorithm'))] });

/** Resources that have no name before they are made stand as `key`, `deploymentgroup`, `function:Construct` and `vault:NAME`. */
const NEEDS: Readonly<Record<string, Readonly<Record<string, Needs>>>> = {
  BackupClient: {
    DescribeBackupVault: on(vault),
    ListRecoveryPointsByBackupVault: on(vault),
    ListBackupJobs: any,
    ListCopyJobs: any,
    ListRestoreJobs: any,
    DescribeRestoreJob: any,
    PutRestoreValidationResult: any,
  },
  CloudWatchClient: { DescribeAlarms: any },
  CodeDeployClient: { GetDeployment: on(() => 'deploymentgroup'), PutLifecycleEventHookExecutionStatus: on(() => 'deploymentgroup') },
  DynamoDBClient: {
    DeleteItem: on(tableOf, itemKey),
    DescribeContinuousBackups: on(tableOf),
    DescribeTable: on(tableOf),
    GetItem: on(tableOf, itemKey),
    PutItem: on(tableOf, itemKey),
    Query: on(queried, queriedKey),
    Scan: on(tableOf),
    TransactWriteItems: transaction,
    UpdateItem: on(tableOf, itemKey),
  },
  KMSClient: { GetPublicKey: on(() => 'key'), Sign: on(() => 'key', signing) },
  LambdaClient: {
    DeleteFunction: on(functionArn),
    Invoke: on(functionArn),
    ListAliases: on(functionArn),
    ListVersionsByFunction: on(functionArn),
  },
};

/** Resources of the statement that let the call pass; none where it is denied. */
export const allowing = ({ actions, resources, conditions }: Statement, { action, resource, context }: Need): readonly string[] =>
  actions.some((each) => isLike(action, each)) && holds(conditions, context) ? resources.filter((each) => isLike(resource, each)) : [];

export const isLike = (given: string, pattern: string): boolean =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  ).test(given);

const equals = (given: string, allowed: string): boolean => given === allowed;
/** Of a key that the call does not name: a condition on one value fails, one for all values holds. */
const one = (test: typeof equals) => (given: readonly string[] | undefined, allowed: readonly string[]) =>
  given?.length === 1 && given.every((value) => allowed.some((each) => test(value, each)));
const all =
  (test: typeof equals) =>
  (given: readonly string[] = [], allowed: readonly string[] = []) =>
    given.every((value) => allowed.some((each) => test(value, each)));
const TESTS: Readonly<Record<string, ReturnType<typeof one>>> = {
  StringEquals: one(equals),
  'ForAllValues:StringEquals': all(equals),
  'ForAllValues:StringLike': all(isLike),
};

const holds = (conditions: unknown, context: Need['context']): boolean =>
  Object.entries(conditions ?? {}).every(([name, keys]) => {
    const test = TESTS[name];
    if (test === undefined)
      throw new Error(`given the condition ${name}; allowed: ${Object.keys(TESTS).join(', ')}; say in iam.ts what it means`);
    return Object.entries(keys ?? {}).every(([key, allowed]) => test(context[key], [allowed].flat().map(String)));
  });
