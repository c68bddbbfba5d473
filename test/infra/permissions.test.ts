/** Roles from below and from above: no emulator refuses a call, so a permission that is missing shows on AWS alone. */
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { BUNDLE_OPTIONS, HANDLERS, type HandlerName } from '../../infra/bundle.ts';
import { actionsOf } from './iam.ts';
import { statementsOf } from './lookup.ts';
import { actionsIn, allowedTo, OTHER_ROLES, permissionsOf } from './permissions.ts';
import { isForLambdaItself } from './roles.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, synthesize, type Template } from './system.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const keyOf = (region: string) => `arn:aws:kms:${region}:123456789012:key/${region}`;
const COPIES = { account: '111122223333', vault: 'copies' } as const;

const CONFIGS = {
  'two regions': { config: configOf(2) },
  'three regions behind a domain, with keys of their own and copied backups': {
    config: configOf(3, {
      domain: DOMAIN,
      encryptionKeys: Object.fromEntries(REGIONS.map((each) => [each, keyOf(each)])),
      backup: { copyTo: COPIES },
    }),
    keyOf,
    copiesOf: (region: string) => `arn:{AWS::Partition}:backup:${region}:${COPIES.account}:backup-vault:${COPIES.vault}`,
  },
  'two regions without tests of restores': {
    config: configOf(2, { auth: 'none', apiGatewayAccountRole: false, backup: { restoreTest: false } }),
    isLean: true,
  },
} as const;
type Given = {
  readonly config: ReturnType<typeof configOf>;
  readonly keyOf?: typeof keyOf;
  readonly copiesOf?: typeof keyOf;
  readonly isLean?: boolean;
};
const GIVEN: readonly (readonly [string, Given])[] = Object.entries(CONFIGS);

interface Cell {
  readonly cell: Template;
  readonly expected: ReturnType<typeof permissionsOf>;
}

const cellsOf = ({ config, keyOf: key, copiesOf }: Given): readonly Cell[] => {
  const system = synthesize(config);
  system.remove();
  const regions = config.regions.map(({ name }) => name);
  return regions.map((here) => ({
    cell: system.stack(STACKS.cell(here)),
    expected: permissionsOf({
      here,
      peers: regions.filter((each) => each !== here),
      ...(key ? { keyOf: key } : {}),
      ...(copiesOf ? { copies: copiesOf(here) } : {}),
    }),
  }));
};

describe.each(GIVEN)('the roles of %s', (_, given) => {
  let cells: readonly Cell[] = [];
  beforeAll(() => {
    cells = cellsOf(given);
  });

  test.each(Object.keys(permissionsOf({ here: '', peers: [] })))('%s: exactly these statements', (construct) => {
    expect(cells.length).toBeGreaterThan(1);
    for (const { cell, expected } of cells) {
      if (given.isLean && construct.startsWith('RestoreTest')) expect(() => allowedTo(cell, construct)).toThrow('no policy');
      else expect(allowedTo(cell, construct).toSorted()).toEqual(expected[construct]?.toSorted());
    }
  });

  test('are all in the table, trust one service each, and have no other policies', () => {
    for (const { cell, expected } of cells) {
      const others = new Map<string, readonly string[]>(Object.entries(OTHER_ROLES));
      const known = [...Object.keys(expected), ...others.keys()];
      for (const role of cell.ofType('AWS::IAM::Role')) {
        const path = String(dig(role.Metadata, 'aws:cdk:path')).split('/').slice(1, -1).join('/');
        const construct = known.find((each) => `${path}/`.startsWith(`${each}/`)) ?? 'a role that is in no table';
        const [service = 'lambda.amazonaws.com', ...policies] = others.get(construct) ?? [];
        const trusted = list(dig(role.Properties, 'AssumeRolePolicyDocument', 'Statement'));
        expect(trusted, path).toEqual([{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: service } }]);
        expect(list(dig(role.Properties, 'ManagedPolicyArns')).map(joined), path).toEqual(
          policies.map((each) => `arn:{AWS::Partition}:iam::aws:policy/service-role/${each}`),
        );
        expect(dig(role.Properties, 'Policies'), path).toBeUndefined();
      }
      for (const policy of cell.ofType('AWS::IAM::Policy'))
        for (const statement of list(dig(policy.Properties, 'PolicyDocument', 'Statement')))
          expect(
            Object.keys(Object(statement))
              .filter((each) => each !== 'Condition')
              .toSorted(),
          ).toEqual(['Action', 'Effect', 'Resource']);
    }
  });
});

/** Where the cell makes each handler's role. */
const CONSTRUCTS: Readonly<Record<HandlerName, string>> = {
  api: 'Api',
  housekeeping: 'Housekeeping',
  'stream-lookup': 'StreamLookup',
  canary: 'Canary',
  'before-traffic': 'Delivery/BeforeTraffic',
  'after-traffic': 'Delivery/AfterTraffic',
  'deployment-events': 'DeploymentEvents',
  'canary-identity': 'CanaryIdentity',
  'first-journey': 'FirstJourney',
  'backup-watch': 'BackupWatch',
  'restore-validation': 'RestoreTest/Validation',
};

/** Clients find endpoints by rules; none asks for them. */
const ENDPOINTS = 'dynamodb:DescribeEndpoints';
/** Nothing is deleted at run time. */
const DELETE = 'dynamodb:DeleteItem';
const CHECK = 'dynamodb:ConditionCheckItem';
/** What the store of a handler could send and never does: the tests that run handlers under their roles refuse it. */
const NEVER_SENT: Readonly<Record<HandlerName, readonly string[]>> = {
  api: [DELETE, ENDPOINTS],
  housekeeping: [DELETE, ENDPOINTS],
  'stream-lookup': [ENDPOINTS],
  canary: [CHECK, DELETE, ENDPOINTS, 'dynamodb:GetItem'],
  'before-traffic': [CHECK, DELETE, ENDPOINTS, 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
  'after-traffic': [CHECK, DELETE, ENDPOINTS, 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
  'deployment-events': [CHECK, DELETE, ENDPOINTS, 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
  'canary-identity': [CHECK, DELETE, ENDPOINTS, 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
  'first-journey': [CHECK, DELETE, ENDPOINTS, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
  'backup-watch': [ENDPOINTS],
  'restore-validation': [CHECK, DELETE, ENDPOINTS, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
};

describe('what a handler has in its bundle to send', () => {
  let sent: ReadonlyMap<string, readonly string[]>;
  let cell: Template;
  beforeAll(async () => {
    sent = await actionsOfBundles();
    const system = synthesize(configOf(2));
    system.remove();
    cell = system.stack(STACKS.cell(REGIONS[0]));
  });

  test.each(Object.entries(CONSTRUCTS))('%s: is allowed to its role, which may do nothing else', (handler, construct) => {
    const sendable = sent.get(handler) ?? [];
    const allowed = [...actionsIn(statementsOf(cell, construct))].filter((action) => !isForLambdaItself(action));

    expect(allowed.filter((action) => !sendable.includes(action)).map((action) => `${construct} never sends ${action}`)).toEqual([]);
    expect(sendable.filter((action) => !allowed.includes(action)).map((action) => `${construct} may not ${action}`)).toEqual(
      new Map(Object.entries(NEVER_SENT)).get(handler)?.map((action) => `${construct} may not ${action}`),
    );
  });

  test('is known of every handler', () => {
    expect([...sent.keys()].toSorted()).toEqual(Object.keys(HANDLERS).toSorted());
  });
});

/** Actions of the commands that are left in each handler's bundle once what nobody uses is shaken out. */
async function actionsOfBundles(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { metafile } = await build({
    ...BUNDLE_OPTIONS,
    absWorkingDir: REPOSITORY,
    entryPoints: Object.entries(HANDLERS).map(([name, path]) => ({ in: path, out: name })),
    outdir: 'unwritten',
    sourcemap: false,
    write: false,
    metafile: true,
  });
  return new Map(
    Object.entries(metafile.outputs).map(([out, { inputs }]) => {
      const commands = Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => {
        const [, service, command] = /@aws-sdk\/client-([a-z-]+)\/dist-es\/commands\/(\w+Command)\.js$/.exec(path) ?? [];
        return bytesInOutput > 0 && service !== undefined && command !== undefined ? actionsOf(clientOf(service), command) : [];
      });
      return [out.replace(/^unwritten\/|\.js$/g, ''), [...new Set(commands)].toSorted()];
    }),
  );
}

/** `dynamodb` is the package of `DynamoDBClient`. */
function clientOf(service: string): string {
  const clients = ['BackupClient', 'CloudWatchClient', 'CodeDeployClient', 'DynamoDBClient', 'KMSClient', 'LambdaClient'];
  return clients.find((each) => each.toLowerCase() === `${service.replaceAll('-', '')}client`) ?? service;
}
