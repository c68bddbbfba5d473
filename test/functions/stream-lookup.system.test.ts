import { createServer, type Server } from 'node:http';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLES } from '../../functions/contract/names.ts';
import { type Lab, logged, startLab } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab?.stop());

describe('the stream lookup', () => {
  const load = () => import('../../functions/stream-lookup.handler.ts');
  let bucket: Server;
  let url: string;
  const answers: { readonly type: string | undefined; readonly body: Record<string, unknown> }[] = [];
  let refusals = 0;

  beforeAll(async () => {
    bucket = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (refusals > 0) {
          refusals -= 1;
          response.writeHead(500).end();
          return;
        }
        answers.push({ type: request.headers['content-type'], body: JSON.parse(Buffer.concat(chunks).toString()) });
        response.end();
      });
    });
    await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
    const address = bucket.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/answer?signature=x` : '';
  });
  afterAll(() => new Promise((resolve) => bucket.close(resolve)));

  const ask = async (RequestType: 'Create' | 'Update' | 'Delete', TableName: string, remainingMs = 30_000) => {
    const { handler } = await load();
    const ids = { StackId: 'stack-1', RequestId: 'request-1', LogicalResourceId: 'Stream' };
    await logged(() =>
      handler(
        { RequestType, ResponseURL: url, ...ids, ResourceProperties: { TableName } },
        { getRemainingTimeInMillis: () => remainingMs },
      ),
    );
    return answers.at(-1);
  };

  it("answers the ARN of the replica's stream, under an id that does not change, without a content type", async () => {
    refusals = 1;
    const { Table } = await lab.client.send(new DescribeTableCommand({ TableName: TABLES.data }));
    const answer = await ask('Create', TABLES.data);
    expect(answer).toEqual({
      type: undefined,
      body: {
        Status: 'SUCCESS',
        StackId: 'stack-1',
        RequestId: 'request-1',
        LogicalResourceId: 'Stream',
        PhysicalResourceId: 'stream-of-tandem-data',
        Data: { StreamArn: Table?.LatestStreamArn },
      },
    });
    expect((await ask('Update', TABLES.data))?.body['PhysicalResourceId']).toBe('stream-of-tandem-data');
  });

  it('answers a failure with its reason when no stream appears in time', async () => {
    expect((await ask('Create', 'no-such-table', 10_000))?.body).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('no-such-table has no stream'),
    });
    expect((await ask('Create', TABLES.control, 9_000))?.body).toMatchObject({ Status: 'FAILED' });
  });

  it('lets itself be deleted, whatever became of the table', async () => {
    expect((await ask('Delete', 'no-such-table'))?.body).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'stream-of-no-such-table',
    });
  });
});
