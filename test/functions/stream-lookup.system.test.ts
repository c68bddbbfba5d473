import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLES } from '../../functions/contract/names.ts';
import { Roles } from '../infra/roles.ts';
import { type Bucket, startBucket } from './bucket.ts';
import { HERE, type Lab, logged, startLab } from './lab.ts';

const roles = new Roles(HERE);
roles.holdAtTheEnd({ StreamLookup: [] });
let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab?.stop());

describe('the stream lookup', () => {
  const load = () => import('../../functions/stream-lookup.handler.ts');
  let bucket: Bucket;
  beforeAll(async () => {
    bucket = await startBucket();
  });
  afterAll(() => bucket.stop());

  const ask = async (RequestType: 'Create' | 'Update' | 'Delete', TableName: string, remainingMs = 30_000) => {
    const { handler } = await load();
    const event = bucket.event(RequestType, 'Stream', { TableName });
    await logged(() =>
      (TableName === TABLES.data ? roles.guard('StreamLookup', handler) : handler)(event, { getRemainingTimeInMillis: () => remainingMs }),
    );
    return bucket.answers.at(-1);
  };

  it("answers the ARN of the replica's stream, under an id that does not change, without a content type", async () => {
    bucket.refuse(1);
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
    await lab.client.send(
      new CreateTableCommand({
        TableName: 'streamless',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      }),
    );
    expect((await ask('Create', 'streamless', 9_000))?.body).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('streamless has no stream'),
    });
  });

  it('lets itself be deleted, whatever became of the table', async () => {
    expect((await ask('Delete', 'no-such-table'))?.body).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'stream-of-no-such-table',
    });
  });
});
