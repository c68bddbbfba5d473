/**
 * Answers to CloudFormation. A custom resource that never answers holds its stack for an hour, so this always does.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
 */

export interface ResourceEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: { readonly [name: string]: unknown };
}

export type ResourceAnswer =
  | { readonly status: 'SUCCESS'; readonly physicalId: string; readonly data: Readonly<Record<string, string>> }
  | { readonly status: 'FAILED'; readonly physicalId: string; readonly reason: string };

const ATTEMPTS = 3;
const ATTEMPT_MS = 2_000;
/** CloudFormation takes 4 KB of an answer. */
const REASON_LENGTH_MAX = 1_000;

/** @throws {Error} when CloudFormation's bucket took no attempt's answer */
export const answerResource = async (event: ResourceEvent, answer: ResourceAnswer): Promise<void> => {
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
