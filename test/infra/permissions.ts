/** What each role of a cell may do: exactly this, in words that fit one line each. What the code sends: `called.ts`. */
import { BACKUPS, TABLES } from '../../functions/contract/names.ts';
import { auditKey, deploymentsKey } from '../../functions/core/deployments.ts';
import { keyKey } from '../../functions/core/keys.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import { type Statement, statementsOf } from './lookup.ts';
import { dig, type Template } from './system.ts';

export interface CellFacts {
  readonly here: string;
  readonly peers: readonly string[];
  /** ARN of a region's customer-managed key. */
  readonly keyOf?: (region: string) => string;
  /** The vault of another account. */
  readonly copies?: string;
}

/** By the construct that has the role. */
export const permissionsOf = ({ here, peers, keyOf, copies }: CellFacts): Readonly<Record<string, readonly string[]>> => {
  const [data, control] = [`${TABLES.data}@${here}`, `${TABLES.control}@${here}`];
  const restored = `${BACKUPS.restoredPrefix}*@${here}`;
  const viaDynamoDb = (region: string, actions: readonly string[]) =>
    keyOf
      ? [`${actions.map((action) => `kms:${action}`).join(' ')} on ${keyOf(region)} if kms:ViaService=dynamodb.${region}.amazonaws.com`]
      : [];
  const key = viaDynamoDb(here, ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey']);
  const backupKey = (...actions: readonly string[]) =>
    keyOf ? [`${actions.map((action) => `kms:${action}`).join(' ')} on ${keyOf(here)}`] : [];
  const partition = (key: string, test = 'StringEquals') => `if ForAllValues:${test} dynamodb:LeadingKeys=${key}`;
  const logs = ['logs:CreateLogStream logs:PutLogEvents on own logs'];
  const regions = [`dynamodb:Query on ${control} ${partition(REGIONS_KEY)}`, ...key];
  const deployments = [...regions, `dynamodb:Query dynamodb:PutItem on ${control} ${partition(deploymentsKey(here))}`];
  const audit = [`dynamodb:PutItem on ${control} ${partition(auditKey(here))}`];
  const served = [
    `dynamodb:Query dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:ConditionCheckItem on ${data}`,
    `dynamodb:Query on ${control}`,
    ...key,
  ];
  const signs = ['kms:Sign on canary key if kms:SigningAlgorithm=ECDSA_SHA_256'];
  const tries = ['lambda:InvokeFunction on Api:*'];
  const answers = ['codedeploy:PutLifecycleEventHookExecutionStatus on deployment group'];
  return {
    Api: [
      ...logs,
      ...served,
      `dynamodb:Query on ${data}/index/by-owner`,
      ...peers.flatMap((peer) => [`dynamodb:GetItem on ${TABLES.data}@${peer}`, ...viaDynamoDb(peer, ['Decrypt'])]),
    ],
    Housekeeping: [
      ...logs,
      ...served,
      `dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator on ${data}/stream/*`,
      'dynamodb:ListStreams on *',
      'sqs:SendMessage sqs:GetQueueAttributes sqs:GetQueueUrl on dead letters',
    ],
    StreamLookup: [...logs, `dynamodb:DescribeTable on ${data}`],
    Canary: [
      ...logs,
      ...deployments,
      ...audit,
      `dynamodb:Query dynamodb:UpdateItem on ${data} ${partition(REGIONS_KEY)}`,
      ...signs,
      'cloudwatch:DescribeAlarms on *',
      ...answers,
    ],
    CanaryIdentity: [
      ...logs,
      'kms:GetPublicKey on canary key',
      ...regions,
      `dynamodb:PutItem on ${control} ${partition(keyKey(`canary-${here}-*`), 'StringLike')}`,
    ],
    'Delivery/BeforeTraffic': [...logs, ...deployments, ...audit, ...signs, ...tries, ...answers],
    'Delivery/AfterTraffic': [...logs, ...deployments, ...answers],
    'Delivery/Group': ['Delivery/BeforeTraffic', 'Delivery/AfterTraffic'].map((hook) => `lambda:InvokeFunction on ${hook} ${hook}:*`),
    FirstJourney: [...logs, ...signs, ...tries],
    DeploymentEvents: [
      ...logs,
      ...deployments,
      ...audit,
      'codedeploy:GetDeployment on deployment group',
      'lambda:ListVersionsByFunction lambda:ListAliases on each function',
      'lambda:DeleteFunction on each version',
    ],
    BackupWatch: [
      ...logs,
      `dynamodb:DescribeContinuousBackups on ${data} ${control}`,
      'backup:DescribeBackupVault backup:ListRecoveryPointsByBackupVault on vault',
      'backup:ListBackupJobs backup:ListCopyJobs backup:ListRestoreJobs on *',
    ],
    Backup: [
      `dynamodb:DescribeTable dynamodb:CreateBackup dynamodb:StartAwsBackupJob dynamodb:ListTagsOfResource on ${data} ${control}`,
      `dynamodb:DescribeBackup dynamodb:DeleteBackup on ${data}/backup/* ${control}/backup/*`,
      `backup:DescribeBackupVault backup:CopyIntoBackupVault on ${['vault', copies ?? []].flat().join(' ')}`,
      ...(copies === undefined ? [] : ['backup:CopyFromBackupVault on *']),
      'tag:GetResources on *',
      ...backupKey('DescribeKey', 'Decrypt', 'GenerateDataKey'),
    ],
    'RestoreTest/Role': [
      `${['Scan', 'Query', 'UpdateItem', 'PutItem', 'GetItem', 'DeleteItem', 'BatchWriteItem', 'DescribeTable', 'RestoreTableFromBackup', 'RestoreTableFromAwsBackup'].map((action) => `dynamodb:${action}`).join(' ')} on ${restored}`,
      `dynamodb:RestoreTableFromBackup on ${data}/backup/* ${control}/backup/*`,
      ...backupKey('DescribeKey', 'Decrypt', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo'),
      ...backupKey('CreateGrant').map((each) => `${each} if Bool kms:GrantIsForAWSResource=true`),
    ],
    'RestoreTest/Validation': [
      ...logs,
      `dynamodb:DescribeTable dynamodb:Scan dynamodb:Query on ${restored}`,
      `dynamodb:DescribeTable on ${data} ${control}`,
      ...key,
      'backup:DescribeRestoreJob backup:PutRestoreValidationResult on *',
    ],
  };
};

/** Who may take on each role, and the policies of AWS that it has: all roles of a cell that are not a function's. */
export const OTHER_ROLES = {
  Backup: ['backup.amazonaws.com'],
  'RestoreTest/Role': ['backup.amazonaws.com'],
  'Delivery/Group': ['codedeploy.amazonaws.com', 'AWSCodeDeployRoleForLambdaLimited'],
  'Gateway/AccountRole': ['apigateway.amazonaws.com', 'AmazonAPIGatewayPushToCloudWatchLogs'],
} as const;

/** What a role may do, in the same words. */
export const allowedTo = (template: Template, construct: string): readonly string[] =>
  statementsOf(template, construct).map(({ actions, resources, conditions }) =>
    [actions.join(' '), 'on', ...worded(template, construct, resources), ...conditionWords(conditions)].join(' '),
  );

const conditionWords = (conditions: unknown): readonly string[] =>
  Object.entries(Object(conditions)).flatMap(([test, keys]) =>
    Object.entries(Object(keys)).map(([key, value]) => `if ${test === 'StringEquals' ? '' : `${test} `}${key}=${[value].flat().join()}`),
  );

const worded = (template: Template, construct: string, resources: readonly string[]): readonly string[] => {
  const words = resources.map((resource) => named(template, construct, resource));
  const functions = template.ofType('AWS::Lambda::Function').map(({ id }) => named(template, construct, `{${id}.Arn}`));
  if (words.length === functions.length && functions.every((each) => words.includes(each))) return ['each function'];
  if (words.length === functions.length && functions.every((each) => words.includes(`${each}:*`))) return ['each version'];
  return words;
};

const named = (template: Template, construct: string, resource: string): string => {
  if (/:deploymentgroup:\{DeliveryGroup\w+\}\/\{DeliveryGroup\w+\}$/.test(resource)) return 'deployment group';
  const [, region, table] = /^arn:\{AWS::Partition\}:dynamodb:(.+):\{AWS::AccountId\}:table\/(.+)$/.exec(resource) ?? [];
  if (region !== undefined && table !== undefined) return table.replace(/^[^/]+/, (name) => `${name}@${region}`);
  return resource.replace(/^\{(\w+)\.\w+\}/, (whole, id: string) => {
    const found = template.resources.find((each) => each.id === id);
    const path = String(dig(found?.Metadata, 'aws:cdk:path')).split('/').slice(1, -1).join('/');
    if (found?.Type === 'AWS::Logs::LogGroup') return path.startsWith(construct) ? 'own logs' : path;
    if (found?.Type === 'AWS::Lambda::Function') return path.replace(/\/Function$/, '');
    return KINDS[found?.Type ?? ''] ?? whole;
  });
};

const KINDS: Readonly<Record<string, string>> = {
  'AWS::KMS::Key': 'canary key',
  'AWS::SQS::Queue': 'dead letters',
  'AWS::Backup::BackupVault': 'vault',
};

/** Actions alone. */
export const actionsIn = (statements: readonly Pick<Statement, 'actions'>[]): ReadonlySet<string> =>
  new Set(statements.flatMap(({ actions }) => actions));
