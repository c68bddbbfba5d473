/**
 * The roles of the templates, in force while handlers work in tests: emulators let everybody do everything. Each call to the
 * SDK that is made within `as` is refused unless a statement of the role allows it, and what was used is remembered.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { BackupClient } from '@aws-sdk/client-backup';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CodeDeployClient } from '@aws-sdk/client-codedeploy';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, expect } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { ACCOUNT, allowing, isLike, needsOf } from './iam.ts';
import { type Statement, statementsOf } from './lookup.ts';
import { configOf, dig, joined, list, synthesize, type Template } from './system.ts';

/** What a role must have that no code of ours calls for: Lambda itself acts under it. */
const BY_LAMBDA: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'Lambda writes the log',
  'logs:PutLogEvents': 'Lambda writes the log',
  'dynamodb:DescribeStream': 'the mapping reads the stream',
  'dynamodb:GetRecords': 'the mapping reads the stream',
  'dynamodb:GetShardIterator': 'the mapping reads the stream',
  'dynamodb:ListStreams': 'the mapping reads the stream',
  'sqs:GetQueueAttributes': 'the mapping tells of what it gave up',
  'sqs:GetQueueUrl': 'the mapping tells of what it gave up',
  'sqs:SendMessage': 'the mapping tells of what it gave up',
};
export const isForLambdaItself = (action: string): boolean => Object.hasOwn(BY_LAMBDA, action);

/** The store may check an item of a transaction that it does not write; no rule does at present. */
export const CHECKS = 'dynamodb:ConditionCheckItem eu-central-1 tandem-data';

interface Role {
  readonly construct: string;
  readonly statements: readonly Statement[];
  readonly used: Set<string>;
  readonly denied: Set<string>;
}

const present = new AsyncLocalStorage<{ readonly role: Role; readonly functions: Readonly<Record<string, string>> }>();

/** Roles of the functions of a region's cell. */
export class Roles {
  readonly #template: Template;
  readonly #roles = new Map<string, Role>();
  readonly #functions: Readonly<Record<string, string>>;

  /**
   * @param region of `REGIONS`
   * @param functions what functions are called here, with the construct that each stands for
   */
  constructor(region: string, functions: Readonly<Record<string, string>> = {}) {
    const system = synthesize(configOf(2));
    system.remove();
    this.#template = system.stack(STACKS.cell(region));
    this.#functions = functions;
    enforce();
  }

  /** Works as the function of a construct may. */
  as<T>(construct: string, work: () => T): T {
    return present.run({ role: this.#role(construct), functions: this.#functions }, work);
  }

  /** A function that works so whenever it is called. */
  guard<A extends readonly unknown[], T>(construct: string, work: (...given: A) => T): (...given: A) => T {
    return (...given) => this.as(construct, () => work(...given));
  }

  /** At the end of a test file that ran whole: nothing was denied, and each permission of these was used but for those given. */
  holdAtTheEnd(expected: Readonly<Record<string, readonly string[]>>): void {
    let file: Ran | undefined;
    afterEach(({ task }) => {
      file = task.file;
    });
    afterAll(() => {
      const found = Object.keys(expected).map((construct) => [construct, this.#role(construct)] as const);
      for (const [construct, { denied }] of found) expect([...denied], `denied to ${construct}`).toEqual([]);
      if (file === undefined || !ranWell(file)) return;
      for (const [construct, role] of found) expect(unusedOf(role), `allowed to ${construct} and never used`).toEqual(expected[construct]);
    });
  }

  #role(construct: string): Role {
    const known = this.#roles.get(construct);
    if (known) return known;
    const statements = statementsOf(this.#template, construct).map((statement) => ({
      ...statement,
      resources: statement.resources.map((each) => resolved(this.#template, each)),
    }));
    const role: Role = { construct, statements, used: new Set(), denied: new Set() };
    this.#roles.set(construct, role);
    return role;
  }
}

interface Ran {
  readonly mode: string;
  readonly result?: { readonly state: string };
  readonly tasks?: readonly Ran[];
}
const ranWell = ({ mode, result, tasks }: Ran): boolean =>
  mode === 'run' && (tasks === undefined ? result?.state === 'pass' : tasks.every(ranWell));

/** The keys that a statement allows, as it writes them; none where it allows all. */
const keysOf = ({ conditions }: Statement): readonly string[] =>
  Object.values(Object(conditions))
    .flatMap((each) => list(dig(each, 'dynamodb:LeadingKeys')))
    .map(String);

const permission = (action: string, resource: string, key: string): string => {
  const where = resource
    .replace(/^arn:aws:dynamodb:/, '')
    .replace(`:${ACCOUNT}:table/`, ' ')
    .replace(/^function:.*/, 'functions');
  return [action, where, key].join(' ').trim();
};

const permissionsOf = (action: string, resources: readonly string[], keys: readonly string[]): readonly string[] =>
  resources.flatMap((resource) => (keys.length === 0 ? [''] : keys).map((key) => permission(action, resource, key)));

const unusedOf = ({ statements, used }: Role): readonly string[] => {
  const all = statements.flatMap((statement) =>
    statement.actions.flatMap((action) => permissionsOf(action, statement.resources, keysOf(statement))),
  );
  return [...new Set(all)].filter((each) => !used.has(each) && !isForLambdaItself(each.split(' ')[0] ?? ''));
};

/** References that a deployment would resolve, as `needsOf` names them. */
const resolved = (template: Template, resource: string): string => {
  if (resource.includes(':deploymentgroup:')) return 'deploymentgroup';
  return resource
    .replace('{AWS::Partition}', 'aws')
    .replace('{AWS::AccountId}', ACCOUNT)
    .replace(/\{(\w+)\.(?:Arn|BackupVaultArn)\}/, (_, id: string) => {
      const found = template.resources.find((each) => each.id === id);
      if (found?.Type === 'AWS::Lambda::Function')
        return `function:${String(dig(found.Metadata, 'aws:cdk:path')).split('/').slice(1, -2).join('/')}`;
      if (found?.Type === 'AWS::KMS::Key') return 'key';
      if (found?.Type === 'AWS::Backup::BackupVault') return `vault:${joined(dig(found.Properties, 'BackupVaultName'))}`;
      return `{${id}}`;
    });
};

type Send = (this: unknown, command: object, ...rest: readonly unknown[]) => unknown;
const isSend = (value: unknown): value is Send => typeof value === 'function';

let enforced = false;
/** In every client of the SDK, once. Outside of `as` nothing changes. */
const enforce = (): void => {
  if (enforced) return;
  enforced = true;
  const clients = [BackupClient, CloudWatchClient, CodeDeployClient, DynamoDBClient, KMSClient, LambdaClient];
  for (const prototype of new Set(clients.map((each) => Object.getPrototypeOf(each.prototype)))) {
    const send: unknown = Reflect.get(prototype, 'send');
    if (!isSend(send)) throw new Error('the SDK has no client that sends');
    const guarded: Send = async function (command, ...rest) {
      const now = present.getStore();
      if (now)
        judge(now, { client: nameOf(this), command: nameOf(command), region: await regionOf(this), input: Reflect.get(command, 'input') });
      return Reflect.apply(send, this, [command, ...rest]);
    };
    Reflect.set(prototype, 'send', guarded);
  }
};

const nameOf = (thing: unknown): string => {
  const made = dig(thing, 'constructor');
  return typeof made === 'function' ? made.name : String(made);
};
const regionOf = async (client: unknown): Promise<string> => {
  const region = dig(client, 'config', 'region');
  return String(typeof region === 'function' ? await region() : region);
};

const judge = (
  { role, functions }: NonNullable<ReturnType<typeof present.getStore>>,
  { input, ...call }: Parameters<typeof needsOf>[0],
): void => {
  const name = dig(input, 'FunctionName');
  const renamed = typeof name === 'string' ? { ...Object(input), FunctionName: functions[name] ?? name } : input;
  for (const need of needsOf({ ...call, input: renamed })) {
    const found = role.statements.flatMap((statement) => {
      const named = need.context['dynamodb:LeadingKeys'] ?? [];
      const keys = keysOf(statement).filter((key) => named.some((each) => isLike(each, key)));
      return permissionsOf(need.action, allowing(statement, need), keys);
    });
    for (const each of found) role.used.add(each);
    if (found.length > 0) continue;
    const told = `${role.construct} may not ${need.action} on ${need.resource} with ${JSON.stringify(need.context)}`;
    role.denied.add(told);
    throw new Error(told);
  }
};
