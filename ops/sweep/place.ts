/** What a sweep needs of a region: its replica, its housekeeping, and the queue of what that gave up. The same on every target. */
import type { Stack } from '@aws-sdk/client-cloudformation';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { scanClient } from '../../functions/aws/restored-table.ts';
import { OUTPUTS, STACKS } from '../../functions/contract/names.ts';
import { outputOf } from '../delivery/aws-cells.ts';
import { UserError } from '../errors.ts';
import { tellingWhere } from '../unanswered.ts';

/** Milliseconds to the answer of a call of the function, which ends by itself after 30 s. */
const CALL_MS_MAX = 40_000;
/** Milliseconds to the answer of the queue, which waits for a message for one second. */
const QUEUE_MS_MAX = 10_000;
const CONNECT_MS_MAX = 5_000;
const ATTEMPTS_MAX = 3;

/** How the clients of a region are made. */
export interface Access {
  readonly region: string;
  /** @default AWS's own */
  readonly endpoint?: string;
  /** @default those of the environment */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface Place {
  readonly region: string;
  readonly dynamo: DynamoDBClient;
  readonly lambda: LambdaClient;
  /** Name of the function. */
  readonly housekeeping: string;
  readonly sqs: SQSClient;
  /** URL of the queue. */
  readonly deadLetters: string;
  close(): void;
}

/** @throws {UserError} when the stack does not tell what is needed */
export const placeOf = (access: Access, stack: Stack): Place => {
  const { region } = access;
  const [housekeeping, deadLetters] = [outputOf(stack, OUTPUTS.housekeepingFunction), outputOf(stack, OUTPUTS.deadLetters)];
  if (housekeeping === undefined || deadLetters === undefined)
    throw new UserError(
      `the stack ${STACKS.cell(region)} tells no ${housekeeping === undefined ? OUTPUTS.housekeepingFunction : OUTPUTS.deadLetters}: it is of an earlier release; deploy it first`,
    );
  const dynamo = scanClient({ ...access });
  const lambda = tellingWhere(new LambdaClient({ ...access, ...limits(CALL_MS_MAX) }), region);
  const sqs = tellingWhere(new SQSClient({ ...access, ...limits(QUEUE_MS_MAX) }), region);
  const close = (): void => {
    for (const client of [dynamo, lambda, sqs]) client.destroy();
  };
  return { region, dynamo, lambda, housekeeping, sqs, deadLetters, close };
};

const limits = (requestTimeout: number) => ({
  maxAttempts: ATTEMPTS_MAX,
  requestHandler: { connectionTimeout: CONNECT_MS_MAX, requestTimeout, throwOnRequestTimeout: true },
});
