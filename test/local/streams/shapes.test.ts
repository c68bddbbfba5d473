import type { _Record } from '@aws-sdk/client-dynamodb-streams';
import { expect, it } from 'vitest';
import { batchRecordOf, eventText, letterOf } from '../../../local/streams/shapes.ts';

const STREAM = 'arn:aws:dynamodb:eu-west-1:000000000000:table/t/stream/x';
const AT_MS = Date.UTC(2026, 10, 24, 12, 0, 1);

const RECORD: _Record = {
  eventID: 'e1',
  eventName: 'MODIFY',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'eu-west-1',
  dynamodb: {
    ApproximateCreationDateTime: new Date(AT_MS),
    Keys: { id: { S: 'a' } },
    NewImage: {
      id: { S: 'a' },
      n: { N: '1' },
      b: { B: Buffer.from('hello') },
      bs: { BS: [Buffer.from('x')] },
      m: { M: { l: { L: [{ BOOL: true }] } } },
    },
    SequenceNumber: '111',
    SizeBytes: 26,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
};

it('a record comes to a function as Lambda brings it: seconds, base64, and the stream that it is of', () => {
  const record = batchRecordOf(RECORD, STREAM);

  expect(record).toMatchObject({ sequence: '111', createdMs: AT_MS });
  expect(JSON.parse(eventText([record]))).toEqual({
    Records: [
      {
        eventID: 'e1',
        eventName: 'MODIFY',
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'eu-west-1',
        dynamodb: {
          ApproximateCreationDateTime: AT_MS / 1_000,
          Keys: { id: { S: 'a' } },
          NewImage: {
            id: { S: 'a' },
            n: { N: '1' },
            b: { B: 'aGVsbG8=' },
            bs: { BS: ['eA=='] },
            m: { M: { l: { L: [{ BOOL: true }] } } },
          },
          SequenceNumber: '111',
          SizeBytes: 26,
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
        eventSourceARN: STREAM,
      },
    ],
  });
});

it('a deletion by the time to live keeps who made it', () => {
  const record = batchRecordOf({ ...RECORD, userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } }, STREAM);

  expect(record.event).toMatchObject({ userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } });
});

it('what is given up is told with its place in the stream, and without an answer where there was none', () => {
  const records = [batchRecordOf(RECORD, STREAM), { sequence: '222', createdMs: AT_MS + 1_000, event: {} }];
  const props = {
    mapping: { functionArn: 'arn:f', streamArn: STREAM },
    shardId: 'shardId-1',
    requestId: 'r',
    nowMs: AT_MS + 60_000,
    discarded: { records, invocations: 0, failures: 0, condition: 'RecordAgeExceeded' },
  } as const;
  const info = {
    shardId: 'shardId-1',
    startSequenceNumber: '111',
    endSequenceNumber: '222',
    approximateArrivalOfFirstRecord: '2026-11-24T12:00:01.000Z',
    approximateArrivalOfLastRecord: '2026-11-24T12:00:02.000Z',
    batchSize: 2,
    streamArn: STREAM,
  };

  expect(letterOf({ ...props, last: undefined })).toEqual({
    requestContext: { requestId: 'r', functionArn: 'arn:f', condition: 'RecordAgeExceeded', approximateInvokeCount: 0 },
    version: '1.0',
    timestamp: '2026-11-24T12:01:01.000Z',
    DDBStreamBatchInfo: info,
  });
  expect(letterOf({ ...props, last: { failed: true, version: '7' } })).toMatchObject({
    responseContext: { statusCode: 200, executedVersion: '7', functionError: 'Unhandled' },
    DDBStreamBatchInfo: info,
  });
});
