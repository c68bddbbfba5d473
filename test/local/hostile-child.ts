/** Asks a server with every SDK client that speaks with emulators, and plainly, and prints what of the environment was looked at. */
import { BackupClient, ListBackupVaultsCommand } from '@aws-sdk/client-backup';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CodeDeployClient, ListApplicationsCommand } from '@aws-sdk/client-codedeploy';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient, ListStreamsCommand } from '@aws-sdk/client-dynamodb-streams';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { scanClient } from '../../functions/aws/restored-table.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { loopbackRequest } from '../../local/loopback-request.ts';

const endpoint = process.argv[2] ?? '';
const looked = new Set<string>();
process.env = new Proxy(process.env, {
  get: (variables, name) => {
    if (typeof name === 'string' && name.startsWith('AWS_')) looked.add(name);
    return typeof name === 'string' ? variables[name] : undefined;
  },
});
const options = clientOptions(
  { name: 'eu-central-1', endpoint, accessKeyId: 'ours', secretAccessKey: 'ours' },
  { attemptsMax: 2, connectMs: 5_000, requestMs: 5_000 },
);
const asked: Readonly<Record<string, () => Promise<unknown>>> = {
  backup: () => new BackupClient(options).send(new ListBackupVaultsCommand()),
  cloudformation: () => new CloudFormationClient(options).send(new ListStacksCommand()),
  cloudwatch: () => new CloudWatchClient(options).send(new DescribeAlarmsCommand()),
  'cloudwatch-logs': () => new CloudWatchLogsClient(options).send(new DescribeLogGroupsCommand()),
  codedeploy: () => new CodeDeployClient(options).send(new ListApplicationsCommand()),
  dynamodb: () => new DynamoDBClient(options).send(new ListTablesCommand()),
  'dynamodb, as functions have it': () => dynamoClient(options).send(new ListTablesCommand()),
  'dynamodb, for scans': () => scanClient(options).send(new ListTablesCommand()),
  'dynamodb-streams': () => new DynamoDBStreamsClient(options).send(new ListStreamsCommand()),
  eventbridge: () => new EventBridgeClient(options).send(new ListRulesCommand()),
  kms: () => new KMSClient(options).send(new ListKeysCommand()),
  lambda: () => new LambdaClient(options).send(new ListFunctionsCommand()),
  sqs: () => new SQSClient(options).send(new ListQueuesCommand()),
};
const ends: Record<string, string> = {};
for (const [name, ask] of Object.entries(asked))
  ends[name] = await ask().then(
    () => 'answered',
    (error) => `${error.name}`,
  );
const answer = await loopbackRequest(`${endpoint}/plain`, { withinMs: 10_000 });
console.log(JSON.stringify({ looked: [...looked].sort(), clients: Object.keys(asked), ends, plain: answer.statusCode }));
process.exit(0);
