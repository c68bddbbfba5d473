import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REQUEST_LIMITS } from '../../functions/aws/attempts.ts';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { mendable, messageOf, UserError } from '../../ops/errors.ts';
import { tellingWhere } from '../../ops/unanswered.ts';
import { failureOf } from '../support/failure-of.ts';
import { freePort } from '../support/free-port.ts';
import { tandem } from './tandem.ts';

/** Nobody answers: how long to wait. */
const SHORT = { attemptsMax: 2, connectMs: 1_000, requestMs: 50 };
const ACCEPTS_AND_IS_SILENT = `
  const server = require('node:net').createServer(() => {});
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

let silent: ChildProcess;
let silentUrl: string;
const silentRegion = () => ({ name: 'us-east-2', endpoint: silentUrl, accessKeyId: 'test', secretAccessKey: 'test' });
let closedUrl: string;
beforeAll(async () => {
  silent = spawn(process.execPath, ['-e', ACCEPTS_AND_IS_SILENT], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (silent.stdout === null) throw new Error('no output');
  const [line] = await once(silent.stdout, 'data');
  silentUrl = `http://127.0.0.1:${String(line).trim()}`;
  closedUrl = `http://127.0.0.1:${await freePort()}`;
});
afterAll(() => {
  silent?.kill('SIGKILL');
});

describe('a command that gets no answer', () => {
  it.each([
    ['a process that accepts and never answers', () => silentUrl, /after \d+\.\d s, no answer \(.*2000 ms/],
    ['a closed port', () => closedUrl, /after \d+\.\d s, no answer \(connect ECONNREFUSED 127\.0\.0\.1:\d+\)/],
  ])('of %s says what was asked, of whom, how long it took and what to do, exit code 2', async (_what, url, how) => {
    const { code, stdout, stderr } = await listKeys(url());
    expect(stderr).toMatch(/^tandem: DynamoDB Scan of tandem-control in eu-central-1: /);
    expect(stderr).toMatch(how);
    expect(stderr).toMatch(
      /; the system is overloaded, stopped or out of reach; see `\S+\/bin\/tandem status --target aws`, .*then run it again\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toContain('    at ');
  });
});

describe('a command without AWS credentials', () => {
  it('says where to look, exit code 2', async () => {
    const { code, stderr } = await listKeys(closedUrl, { AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nonexistent' });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /^tandem: Could not load credentials from any providers; see whose AWS credentials .*`aws sts get-caller-identity`/,
      ),
    });
  });
});

describe('an error of a call that nobody answered', () => {
  it('names the attempts that were made', async () => {
    const client = dynamoClient(clientOptions(silentRegion(), SHORT));
    const error = await failureOf(
      tellingWhere(client, `us-east-2 at ${silentUrl}`).send(new DescribeTableCommand({ TableName: 'orders' })),
    );
    client.destroy();
    expect(messageOf(error)).toMatch(
      /^DynamoDB DescribeTable of orders in us-east-2 at http:.*: after \d+\.\d s and 2 attempts, no answer \(/,
    );
  });

  it('is told through the store, which knows what became of a write', async () => {
    const client = tellingWhere(dynamoClient(clientOptions(silentRegion(), { ...SHORT, attemptsMax: 1 })), 'us-east-2');
    const store = new DynamoStore({ client, table: 'orders', limits: { ...REQUEST_LIMITS, attempts: 2, attemptMs: 50, backoffMs: 1 } });
    const error = await failureOf(store.transact([{ action: 'put', item: { pk: 'a', sk: 'b', v: 1 } }]));
    client.destroy();
    expect(messageOf(error)).toMatch(
      /^no answer from the table after 2 of 2 attempts, its outcome is unknown: DynamoDB PutItem of orders in us-east-2: after .*, no answer \(/,
    );
    expect(mendable(error)).toBeInstanceOf(UserError);
  });

  it.each([
    new Error('fetch failed', {
      cause: new AggregateError([Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })]),
    }),
    new DOMException('The operation was aborted due to timeout', 'TimeoutError'),
    new Error('socket hang up'),
  ])('is known by its cause: %s', (error) => {
    expect(mendable(error, 'all is well; ')).toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/no answer( in time| \(.*\)); all is well; the system/),
    });
  });

  it.each([new Error('a bug'), new UserError('a mistake', { cause: new Error('socket hang up') }), 'text', undefined])(
    'is no other error: %s',
    (error) => {
      expect(mendable(error)).toBe(error);
    },
  );
});

const KEY = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' } as const;

const listKeys = (endpoint: string, credentials: NodeJS.ProcessEnv = KEY) =>
  tandem(['keys', 'list', '--target', 'aws'], { AWS_ENDPOINT_URL: endpoint, ...credentials });
