import { LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { lambdaTransport } from '../../functions/aws/lambda-transport.ts';
import { TransportError } from '../../functions/canary/transport.ts';
import { startHttpServer } from '../support/http-server.ts';

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const ANSWER = { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: '{}' };
const refusal = (name: string, status = 400): Reply => ({ status, headers: { 'x-amzn-errortype': name }, body: { message: 'no' } });
const tail = (...lines: readonly object[]): string =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')).toString('base64');

/** Lambda's own answers one after the other, the last for ever; and what was asked, and how long was slept between. */
const invoked = async (...replies: readonly Reply[]) => {
  const [asked, slept]: [string[], number[]] = [[], []];
  const server = await startHttpServer((request, response) => {
    request.resume();
    const { status = 200, headers = {}, body = ANSWER } = replies[Math.min(asked.length, replies.length - 1)] ?? {};
    asked.push(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new LambdaClient({ endpoint: server.url, region: 'eu-central-1', credentials, maxAttempts: 1 });
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
  };
  try {
    const transport = lambdaTransport({ client, functionName: 'api', qualifier: '7', sleep });
    const answer = await transport.send({ method: 'GET', path: '/health', headers: {} }).catch((error: unknown) => error);
    return { answer, asked, slept };
  } finally {
    client.destroy();
    await server.stop();
  }
};

describe('a version that is invoked itself', () => {
  it('is that version and no other, and answers as its function does', async () => {
    const { answer, asked } = await invoked({});
    expect(answer).toEqual({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' });
    expect(asked.map((url) => new URL(url, 'http://lambda').searchParams.get('Qualifier'))).toEqual(['7']);
  });

  it('tells the memory that it said last', async () => {
    const { answer } = await invoked({ headers: { 'x-amz-log-result': tail({ memoryMb: 90 }, { memoryMb: 120 }, { other: 1 }) } });
    expect(answer).toMatchObject({ memoryMb: 120 });
  });

  it.each(['Unhandled', 'Handled'])('that ends with an error (%s) has crashed, whatever it left as an answer', async (kind) => {
    const { answer, asked } = await invoked({ headers: { 'x-amz-function-error': kind } });
    expect(answer).toBeInstanceOf(TransportError);
    expect(answer).toMatchObject({ kind: 'crash' });
    expect(asked).toHaveLength(1);
  });

  it('is asked again while Lambda is not ready for it, with pauses that double, and then has its answer', async () => {
    const { answer, asked, slept } = await invoked(refusal('TooManyRequestsException', 429), refusal('ResourceConflictException', 409), {});
    expect(answer).toMatchObject({ status: 200 });
    expect([asked.length, slept]).toEqual([3, [200, 400]]);
  });

  it('is given up after five refusals, and at once where the next would be the same', async () => {
    const [busy, gone] = [
      await invoked(refusal('TooManyRequestsException', 429)),
      await invoked(refusal('ResourceNotFoundException', 404)),
    ];
    expect([busy, gone].map(({ answer, asked }) => [answer, asked.length])).toEqual([
      [expect.objectContaining({ kind: 'unreachable' }), 5],
      [expect.objectContaining({ kind: 'unreachable' }), 1],
    ]);
  });

  it.each([[{ statusCode: '200' }], [null], ['text']])('that returns %j has broken off', async (body) => {
    expect((await invoked({ body })).answer).toMatchObject({ kind: 'broken' });
  });
});
