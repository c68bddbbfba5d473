import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { clientLimits } from '../../functions/aws/client-limits.ts';
import { HANG_MS } from '../support/eventually.ts';
import { startHttpServer } from '../support/http-server.ts';
import { DynamoWire, failure, type Reply } from './dynamo-wire.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Call {
  readonly file: string;
  readonly command: string;
  /**
   * `consistent`: what is decided by what is not there must see all that is. `as-asked`: its caller says. `as-it-is`: there is
   * nothing else to read, for the reason that stands beside it. `write`: it changes something.
   */
  readonly kind: 'consistent' | 'as-asked' | 'as-it-is' | 'write';
}

const calls = (file: string, kinds: Readonly<Record<string, Call['kind']>>): readonly Call[] =>
  Object.entries(kinds).map(([command, kind]) => ({ file: `functions/aws/${file}.ts`, command, kind }));

/** All that functions ask of AWS. What is asked, and how its reads are read, is in store-requests.test.ts. */
const CALLS: readonly Call[] = [
  ...calls('dynamo-store', {
    GetItem: 'consistent',
    // Of a partition consistent; of the owner's index as it is, because an index has no consistent reads.
    Query: 'consistent',
    PutItem: 'write',
    DeleteItem: 'write',
    UpdateItem: 'write',
    TransactWriteItems: 'write',
  }),
  // Tables that callers write meanwhile are read consistently, restored copies that nobody writes are not.
  ...calls('restored-table', { Scan: 'as-asked', DescribeTable: 'as-it-is' }),
  // Descriptions of things, by services that have no other reads.
  ...calls('table-stream', { DescribeTable: 'as-it-is' }),
  ...calls('point-in-time', { DescribeContinuousBackups: 'as-it-is' }),
  ...calls('backup-lists', {
    DescribeBackupVault: 'as-it-is',
    ListBackupJobs: 'as-it-is',
    ListCopyJobs: 'as-it-is',
    ListRecoveryPointsByBackupVault: 'as-it-is',
    ListRestoreJobs: 'as-it-is',
  }),
  ...calls('restore-jobs', { DescribeRestoreJob: 'as-it-is', PutRestoreValidationResult: 'write' }),
  ...calls('version-pruner', { ListVersionsByFunction: 'as-it-is', ListAliases: 'as-it-is', DeleteFunction: 'write' }),
  ...calls('lambda-transport', { Invoke: 'write' }),
  ...calls('alarms', { DescribeAlarms: 'as-it-is' }),
  ...calls('deployments', { GetDeployment: 'as-it-is' }),
  ...calls('deployment-hook', { PutLifecycleEventHookExecutionStatus: 'write' }),
  ...calls('canary-token', { Sign: 'as-it-is', GetPublicKey: 'as-it-is' }),
];

const SOURCES = globSync('functions/**/*.ts', { cwd: ROOT }).map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));
const found = (pattern: RegExp): readonly { readonly file: string; readonly match: RegExpExecArray }[] =>
  SOURCES.flatMap(({ file, text }) => [...text.matchAll(pattern)].map((match) => ({ file, match })));
const named = ({ file, command }: Pick<Call, 'file' | 'command'>): string => `${file} ${command}`;

describe('what functions ask of AWS', () => {
  it('is all declared, with how it is read, and nothing is declared that is not asked', () => {
    const asked = found(/new (\w+)Command\(/g);
    expect(asked.map(({ file, match }) => named({ file, command: match[1] ?? '' })).toSorted()).toEqual(CALLS.map(named).toSorted());
  });

  it('is read consistently wherever it is an item that callers wait for', () => {
    const items = CALLS.filter(({ command }) => /^(GetItem|BatchGetItem|TransactGetItems|Query|Scan|ExecuteStatement)$/.test(command));
    expect(items.filter(({ kind }) => kind === 'as-it-is')).toEqual([]);
    expect(CALLS.filter(({ kind }) => kind === 'consistent').map(({ file }) => file)).toEqual(
      Array(2).fill('functions/aws/dynamo-store.ts'),
    );
  });

  it('comes back: each client is made with limits of its own, and each fetch ends by a signal', () => {
    const clients = found(/new \w+Client\(([^\n]*)/g);
    expect(clients.length).toBeGreaterThan(8);
    const unlimited = clients.filter(({ match }) => !/^(clientLimits\(|\{ \.\.\.clientLimits\(|\{$)/.test(match[1] ?? ''));
    expect(unlimited.map(({ file, match }) => `${file}: ${match[0]}`)).toEqual([]);
    // What they are made with in other words is in one place, and is tried below.
    expect(clients.filter(({ match }) => match[1] === '{').map(({ file }) => file)).toEqual(['functions/aws/clients.ts']);
    const fetches = found(/(?:[\s(]|#)fetch\((?!\))[^;]*;/g);
    expect(fetches.length).toBeGreaterThan(1);
    const ends = ({ file, match }: (typeof fetches)[number]): boolean =>
      match[0].includes('signal: AbortSignal.timeout(') ||
      // One time for several.
      (match[0].includes('{ signal,') && readFileSync(join(ROOT, file), 'utf8').includes('const signal = AbortSignal.timeout('));
    expect(fetches.filter((each) => !ends(each)).map(({ match }) => match[0])).toEqual([]);
  });
});

describe('a client of a service that is called seldom', () => {
  const asked = async (reply: 'silence' | number, requestMs: number) => {
    let count = 0;
    const server = await startHttpServer((request, response) => {
      count += 1;
      request.resume();
      if (reply !== 'silence') response.writeHead(reply).end();
    });
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new CloudWatchClient({ ...clientLimits(requestMs), endpoint: server.url, region: 'eu-central-1', credentials });
    try {
      await expect(client.send(new DescribeAlarmsCommand({}))).rejects.toThrow();
      return count;
    } finally {
      client.destroy();
      await server.stop();
    }
  };

  it('repeats what failed or met silence twice, and then says so', async () => {
    expect([await asked('silence', 1_500), await asked(500, HANG_MS)]).toEqual([3, 3]);
  });
});

/** A client that does not come back by itself is told so. */
const GIVEN_UP_MS = 20_000;

describe('a client of the tables', () => {
  const get = new GetItemCommand({ TableName: 'data', Key: { pk: { S: 'a' }, sk: { S: 'b' } } });

  it.each<[string, Reply]>([
    ['TimeoutError', 'silence'],
    ['InternalServerError', failure(500, 'InternalServerError')],
    ['ThrottlingException', failure(400, 'ThrottlingException')],
  ])('comes back with %s after one attempt, because the store alone knows what may be repeated', async (name, reply) => {
    await using wire = await DynamoWire.answering(reply);
    await expect(wire.client.send(get, { abortSignal: AbortSignal.timeout(GIVEN_UP_MS) })).rejects.toMatchObject({ name });
    expect(wire.asked).toHaveLength(1);
  });
});
