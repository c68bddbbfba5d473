/**
 * Answers to CloudFormation. A custom resource that never answers holds its stack for an hour, so this always does.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
 */
import { inTime } from './in-time.ts';
import { errorFields, log } from './log.ts';

export interface ResourceEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: { readonly [name: string]: unknown };
}

/** What the stack may read of the resource. */
export type ResourceData = Readonly<Record<string, string>>;

type ResourceAnswer =
  | { readonly status: 'SUCCESS'; readonly physicalId: string; readonly data: ResourceData }
  | { readonly status: 'FAILED'; readonly physicalId: string; readonly reason: string };

const ATTEMPTS = 3;
/** Milliseconds kept for the answer. */
const ANSWER_MS = 8_000;
const ATTEMPT_MS = 2_000;
/** CloudFormation takes 4 KB of an answer. */
const REASON_LENGTH_MAX = 1_000;

/**
 * Does a resource's work and answers with what it came to: with its failure also when it throws, or does not end in time.
 *
 * @param physicalId of a resource that is made now. Another id than before is another resource: CloudFormation would delete the old one
 * @param work gets the milliseconds that it has
 */
export const servingResource = async (
  event: ResourceEvent,
  invocation: { readonly getRemainingTimeInMillis: () => number },
  { physicalId, work }: { readonly physicalId: string; readonly work: (withinMs: number) => Promise<ResourceData> },
): Promise<void> => {
  const withinMs = Math.max(0, invocation.getRemainingTimeInMillis() - ANSWER_MS);
  const answer = await inTime(work(withinMs), withinMs).then(
    (data): ResourceAnswer => ({ status: 'SUCCESS', physicalId, data }),
    (error: unknown): ResourceAnswer => {
      log('ERROR', 'the resource failed', { resource: event.LogicalResourceId, ...errorFields(error) });
      return { status: 'FAILED', physicalId, reason: error instanceof Error ? error.message : 'unknown' };
    },
  );
  await answerResource(event, answer);
};

/** @throws {Error} when CloudFormation's bucket took no attempt's answer */
const answerResource = async (event: ResourceEvent, answer: ResourceAnswer): Promise<void> => {
  const { StackId, RequestId, LogicalResourceId } = event;
  const ids = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: answer.physicalId };
  const body =
    answer.status === 'SUCCESS'
      ? { Status: 'SUCCESS', ...ids, Data: answer.data }
      : { Status: 'FAILED', ...ids, Reason: answer.reason.slice(0, REASON_LENGTH_MAX) };
  // Bytes, because text brings a content type along, and the signature of the URL covers that there is none.
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { ok, status } = await fetch(event.ResponseURL, { method: 'PUT', body: bytes, signal: AbortSignal.timeout(ATTEMPT_MS) });
      if (ok) return;
      throw new Error(`the answer to CloudFormation was refused with status ${status}`);
    } catch (error: unknown) {
      if (attempt >= ATTEMPTS) throw error;
    }
  }
};
