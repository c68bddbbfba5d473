/** What Lambda hands to a function of a stream's records, and what it writes of those that it gives up. Pure. */
import type { _Record } from '@aws-sdk/client-dynamodb-streams';
import { isJson, mapObject } from '../deployment/template.ts';
import type { BatchRecord, Discarded } from './batch.ts';
import type { Mapping } from './mapping.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#example-dynamodb-event */
export const batchRecordOf = (record: _Record, streamArn: string): BatchRecord => {
  const { ApproximateCreationDateTime: created, ...change } = record.dynamodb ?? {};
  const createdMs = created?.getTime() ?? 0;
  return {
    sequence: change.SequenceNumber ?? '',
    createdMs,
    event: {
      eventID: record.eventID,
      eventName: record.eventName,
      eventVersion: record.eventVersion,
      eventSource: record.eventSource,
      awsRegion: record.awsRegion,
      ...(record.userIdentity && { userIdentity: { type: record.userIdentity.Type, principalId: record.userIdentity.PrincipalId } }),
      dynamodb: { ApproximateCreationDateTime: Math.floor(createdMs / 1_000), ...change },
      eventSourceARN: streamArn,
    },
  };
};

/** The event, as JSON: binary values in base64. */
export const eventText = (records: readonly BatchRecord[]): string => JSON.stringify({ Records: records.map(({ event }) => plain(event)) });

const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  return isJson(value) ? mapObject(value, plain) : value;
};

/** The last attempt. */
export interface LastAnswer {
  readonly failed: boolean;
  readonly version: string;
}

export interface LetterProps {
  readonly mapping: Pick<Mapping, 'functionArn' | 'streamArn'>;
  readonly shardId: string;
  readonly discarded: Discarded;
  /** Undefined for records that were never handed over. */
  readonly last: LastAnswer | undefined;
  readonly requestId: string;
  readonly nowMs: number;
}

/** The records themselves are not in it: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html */
export const letterOf = ({ mapping, shardId, discarded, last, requestId, nowMs }: LetterProps): object => {
  const { records, condition, invocations } = discarded;
  const [first, final] = [records[0], records.at(-1)];
  return {
    requestContext: { requestId, functionArn: mapping.functionArn, condition, approximateInvokeCount: invocations },
    ...(last && {
      responseContext: { statusCode: 200, executedVersion: last.version, ...(last.failed ? { functionError: 'Unhandled' } : {}) },
    }),
    version: '1.0',
    timestamp: timeOf(nowMs),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first?.sequence,
      endSequenceNumber: final?.sequence,
      approximateArrivalOfFirstRecord: timeOf(first?.createdMs ?? 0),
      approximateArrivalOfLastRecord: timeOf(final?.createdMs ?? 0),
      batchSize: records.length,
      streamArn: mapping.streamArn,
    },
  };
};

const timeOf = (ms: number): string => new Date(ms).toISOString();
