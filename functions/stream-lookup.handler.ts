/** Tells CloudFormation the stream of this region's replica of a table. Invoked as a custom resource. */
import { answerResource, type ResourceAnswer, type ResourceEvent } from './aws/custom-resource.ts';
import { errorFields, log } from './aws/log.ts';
import { findStream } from './aws/table-stream.ts';

/** Milliseconds kept for the answer to CloudFormation. */
const ANSWER_MS = 8_000;

export const handler = async (event: ResourceEvent, invocation: { readonly getRemainingTimeInMillis: () => number }): Promise<void> => {
  await answerResource(event, await resolve(event, Math.max(0, invocation.getRemainingTimeInMillis() - ANSWER_MS)));
};

const resolve = async (event: ResourceEvent, withinMs: number): Promise<ResourceAnswer> => {
  const table = event.ResourceProperties['TableName'];
  // Of the table alone: another id would be another resource, and CloudFormation would delete this one.
  const physicalId = `stream-of-${String(table)}`;
  if (event.RequestType === 'Delete') return { status: 'SUCCESS', physicalId: event.PhysicalResourceId ?? physicalId, data: {} };
  try {
    if (typeof table !== 'string') throw new Error('the property TableName is missing');
    return { status: 'SUCCESS', physicalId, data: { StreamArn: await findStream(table, withinMs) } };
  } catch (error: unknown) {
    log('ERROR', 'no stream', errorFields(error));
    return { status: 'FAILED', physicalId, reason: error instanceof Error ? error.message : 'unknown' };
  }
};
