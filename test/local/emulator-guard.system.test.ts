/** Who gets in at the port of an emulator: it runs code for whoever it answers. */
import { request as httpRequest } from 'node:http';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { CreateFunctionCommand, InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOptions, SECRET_HEADER } from '../../local/emulator-access.ts';
import { clientOf } from '../functions/tables.ts';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';
import { presignedPath, type Signing, signedHeaders } from '../support/sigv4.ts';
import { zipOf } from '../support/zip.ts';

const REGION = 'eu-west-1';
const FUNCTION = {
  FunctionName: 'theirs',
  Runtime: 'nodejs24.x',
  Handler: 'index.handler',
  Role: 'arn:aws:iam::000000000000:role/theirs',
} as const;
const CODE = zipOf('index.js', Buffer.from('exports.handler = async (event) => ({ event, key: process.env.AWS_ACCESS_KEY_ID });'));

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

describe('the port of an emulator', () => {
  let emulator: TestEmulator;
  let lambda: LambdaClient;
  const own = () => ({ ...emulator, name: emulator.region });

  beforeAll(async () => {
    emulator = await startEmulator(REGION);
    lambda = new LambdaClient(clientOptions(own()));
  });
  afterAll(async () => {
    lambda?.destroy();
    await emulator?.stop();
  });

  /** As it goes over the wire, Host included. */
  const ask = ({ method = 'GET', path = '/', headers = {}, body = '' }: Asked) =>
    new Promise<{ readonly status: number; readonly headers: NodeJS.Dict<string | string[]>; readonly text: string }>((resolve, reject) => {
      const outgoing = httpRequest(new URL(path, emulator.endpoint), { method, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const signing = (given: Partial<Signing> = {}): Signing => ({ ...emulator, service: 's3', ...given });
  const functions = async () => (await lambda.send(new ListFunctionsCommand({}))).Functions ?? [];

  it('refuses the function that a page in a browser would make: 403, and nothing is there', async () => {
    const body = JSON.stringify({ ...FUNCTION, FunctionName: 'refused', Code: { ZipFile: CODE.toString('base64') } });
    const pages: readonly Readonly<Record<string, string>>[] = [
      { 'content-type': 'text/plain', origin: 'https://evil.example' },
      { 'content-type': 'text/plain', origin: 'null', 'sec-fetch-site': 'cross-site' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json', host: 'evil.example' },
    ];
    for (const headers of pages) {
      const answer = await ask({ method: 'POST', path: '/2015-03-31/functions', headers, body });
      expect(answer.status, JSON.stringify(headers)).toBe(403);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect((await functions()).map(({ FunctionName }) => FunctionName)).not.toContain('refused');
  });

  it('refuses a name that was bound to this address anew, a page, and a preflight, also of who knows the secret by chance', async () => {
    const signed = signedHeaders(signing());
    expect((await ask({ headers: signed })).status).toBe(200);
    for (const headers of [{ host: 'evil.example' }, { host: `localhost:${new URL(emulator.endpoint).port}` }])
      expect((await ask({ headers: { ...headers, [SECRET_HEADER]: emulator.secretAccessKey } })).status).toBe(403);
    for (const [name, value] of [
      ['origin', 'https://evil.example'],
      ['sec-fetch-site', 'same-site'],
    ] as const)
      expect((await ask({ headers: { ...signed, [name]: value } })).status).toBe(403);
    expect((await ask({ method: 'OPTIONS', headers: { ...signed, 'access-control-request-method': 'POST' } })).status).toBe(403);
  });

  it('refuses what is not signed, what is signed with another key, and every path that answers without', async () => {
    for (const path of [
      '/',
      '/_ministack/health',
      '/_localstack/health',
      '/health',
      '/2015-03-31/functions',
      '/_ministack/cfn-response/x',
      '/bucket/key',
    ])
      for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'])
        expect((await ask({ method, path })).status, `${method} ${path}`).toBe(403);
    for (const wrong of ['', 'test', `${emulator.secretAccessKey}x`, emulator.secretAccessKey.slice(1)]) {
      expect((await ask({ headers: { [SECRET_HEADER]: wrong } })).status).toBe(403);
      const client = clientOf({ ...emulator, secretAccessKey: wrong || 'none' });
      await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
      client.destroy();
    }
    expect(
      (
        await ask({
          headers: {
            authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
          },
        })
      ).status,
    ).toBe(403);
    expect(
      (
        await ask({
          path: `/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/d/e&X-Amz-Date=x&X-Amz-Expires=${'9'.repeat(400)}&X-Amz-SignedHeaders=host&X-Amz-Signature=0`,
        })
      ).status,
    ).toBe(403);
  });

  it('refuses a signature that is too old, and one of another request', async () => {
    const HOUR_MS = 3_600_000;
    for (const atMs of [Date.now() - HOUR_MS, Date.now() + HOUR_MS])
      expect((await ask({ headers: signedHeaders(signing({ atMs })) })).status).toBe(403);
    expect((await ask({ method: 'DELETE', path: '/bucket', headers: signedHeaders(signing()) })).status).toBe(403);
    const { 'x-amz-content-sha256': _, ...withoutDigest } = signedHeaders(signing());
    expect((await ask({ method: 'PUT', path: '/', headers: withoutDigest, body: 'other' })).status).toBe(403);
    expect((await ask({ path: presignedPath(signing({ atMs: Date.now() - HOUR_MS }), 60) })).status).toBe(403);
    expect((await ask({ path: presignedPath(signing({ secretAccessKey: 'test' }), 60) })).status).toBe(403);
    // Asked, the emulator says what it thinks of it.
    expect((await ask({ path: presignedPath(signing(), 60) })).text).toMatch('<Error><Code>InvalidAccessKeyId');
  });

  it('takes what is signed for nothing else: no other body, no other operation, no header that changes it', async () => {
    const target = { 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    const signed = (body: string) => signedHeaders(signing({ service: 'dynamodb', method: 'POST', body, headers: target }));
    const post = async (headers: Readonly<Record<string, string>>, body: string) => (await ask({ method: 'POST', headers, body })).status;
    expect(await post(signed('{}'), '{}')).toBe(200);
    for (const other of ['{"Limit":1}', '', '[]']) expect(await post(signed('{}'), other), other).toBe(403);
    expect(await post({ ...signed('{}'), 'x-amz-target': 'DynamoDB_20120810.DeleteTable' }, '{}')).toBe(403);
    // Signed without the header that says what to do.
    expect(await post({ ...signedHeaders(signing({ service: 'dynamodb', method: 'POST', body: '{}' })), ...target }, '{}')).toBe(403);
    for (const service of ['s3', 'dynamodb']) {
      const path = presignedPath(signing({ service, method: 'POST' }), 60);
      expect((await ask({ method: 'POST', path, headers: target, body: '{}' })).status, service).toBe(403);
    }
  });

  it('takes a presigned URL for a week at most, and no time that is none', async () => {
    const passed = async (...given: Parameters<typeof presignedPath>) =>
      (await ask({ path: presignedPath(...given) })).text.includes('InvalidAccessKeyId');
    expect(await passed(signing(), 604_800)).toBe(true);
    for (const seconds of [604_801, 1e9, -60, '6_0', ' 60', '+60', '\u0666\u0660', '1.5', '1e3', '', 'x'])
      expect(await passed(signing(), seconds), String(seconds)).toBe(false);
    expect(await passed(signing({ atMs: Date.now() + 600_000 }), -1)).toBe(false);
  });

  it('shows no function the secret that its front door sends, and lets no page read what it answers', async () => {
    const seen = await ask({ headers: { [SECRET_HEADER]: emulator.secretAccessKey } });
    expect(seen.status).toBe(200);
    expect(Object.keys(seen.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('lets in who signs with the secret of this run, under whatever key id, and functions call it as they call AWS', async () => {
    await lambda.send(new CreateFunctionCommand({ ...FUNCTION, Code: { ZipFile: CODE } }));
    expect((await functions()).map(({ FunctionName }) => FunctionName)).toEqual([FUNCTION.FunctionName]);
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: FUNCTION.FunctionName, Payload: Buffer.from('{}') }));
    const { key } = JSON.parse(Payload?.transformToString() ?? '');
    const asFunction = clientOf({ ...emulator, accessKeyId: key });
    await asFunction.send(new ListTablesCommand({}));
    asFunction.destroy();
  });
});
