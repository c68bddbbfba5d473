/**
 * The messages that lie in a region's dead-letter queue. Their content is not read: a message names shard and sequence
 * numbers of the stream, which keeps its records for a day, and what they asked for is found in the replica.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Place } from './place.ts';

type Queue = Pick<Place, 'sqs' | 'deadLetters'>;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
const MESSAGES_PER_CALL_MAX = 10;
/** Calls of one walk through the queue, and so ten times as many messages; what lies beyond is for the next run. */
const CALLS_MAX = 1_000;
/** How long a message that was looked at stays away, should this process be killed. Longer than a walk takes. */
const HOLD_SECONDS = 120;
/** Any wait asks every server of the queue; none asks a few. */
const WAIT_SECONDS = 1;

/** As SQS counts, which is soon right and never exact. */
export const countLetters = async ({ sqs, deadLetters: QueueUrl }: Queue): Promise<number> => {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }),
  );
  return Object.values(Attributes).reduce((total, each) => total + Number(each), 0);
};

/** Which messages lie there now. They are left there, and visible, so that the alarm stays. @param signal ends it early */
export const lettersNow = async (queue: Queue, signal: AbortSignal): Promise<ReadonlySet<string>> => {
  const seen: Message[] = [];
  await walk(queue, async (messages) => {
    seen.push(...messages);
    return !signal.aborted;
  });
  await release(queue, seen);
  return new Set(seen.flatMap(({ MessageId }) => MessageId ?? []));
};

/** Removes these messages and no other: those that came since are about work that nobody has looked for. @returns how many */
export const removeLetters = async (queue: Queue, ids: ReadonlySet<string>, signal: AbortSignal): Promise<number> => {
  let removed = 0;
  const others: Message[] = [];
  if (ids.size === 0) return removed;
  await walk(queue, async (messages) => {
    const ours = messages.filter(({ MessageId }) => MessageId !== undefined && ids.has(MessageId));
    others.push(...messages.filter((each) => !ours.includes(each)));
    if (ours.length > 0) {
      const { Successful = [] } = await queue.sqs.send(
        new DeleteMessageBatchCommand({ QueueUrl: queue.deadLetters, Entries: entriesOf(ours) }),
      );
      removed += Successful.length;
    }
    return removed < ids.size && !signal.aborted;
  });
  await release(queue, others);
  return removed;
};

/** Through the queue until it is empty, or `each` has had enough. */
const walk = async ({ sqs, deadLetters: QueueUrl }: Queue, each: (messages: readonly Message[]) => Promise<boolean>): Promise<void> => {
  for (let call = 0; call < CALLS_MAX; call += 1) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: MESSAGES_PER_CALL_MAX,
        VisibilityTimeout: HOLD_SECONDS,
        WaitTimeSeconds: WAIT_SECONDS,
      }),
    );
    if (Messages.length === 0 || !(await each(Messages))) return;
  }
};

const release = async ({ sqs, deadLetters: QueueUrl }: Queue, messages: readonly Message[]): Promise<void> => {
  for (let start = 0; start < messages.length; start += MESSAGES_PER_CALL_MAX) {
    const Entries = entriesOf(messages.slice(start, start + MESSAGES_PER_CALL_MAX)).map((entry) => ({ ...entry, VisibilityTimeout: 0 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
};

const entriesOf = (messages: readonly Message[]) =>
  messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle: ReceiptHandle ?? '' }));
