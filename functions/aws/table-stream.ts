import { DescribeTableCommand, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from './clients.ts';

/** Milliseconds between looks at a replica that is still being made. */
const PAUSE_MS = 1_000;
const ATTEMPT_MS = 2_000;

/**
 * The ARN of the stream of this region's replica. Waits for a replica that is being made: the stack that makes it may have
 * ended before the replica is there.
 *
 * @throws {Error} when it is not there in time
 */
export const findStream = async (table: string, withinMs: number): Promise<string> => {
  const client = dynamoClient();
  const deadlineMs = Date.now() + withinMs;
  try {
    for (;;) {
      const arn = await client.send(new DescribeTableCommand({ TableName: table }), { abortSignal: AbortSignal.timeout(ATTEMPT_MS) }).then(
        ({ Table }) => Table?.LatestStreamArn,
        (error: unknown) => passing(error),
      );
      if (arn !== undefined) return arn;
      if (Date.now() + PAUSE_MS >= deadlineMs)
        throw new Error(
          `table ${table} has no stream in this region after ${Math.round(withinMs / 1000)} s; deploy the stack of the tables first, with a replica here`,
        );
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } finally {
    client.destroy();
  }
};

/** A replica that is not there yet, or a call that was not answered, may be there the next time; anything else lasts. */
const passing = (error: unknown): undefined => {
  const lasts = error instanceof Error && '$fault' in error && error.$fault === 'client' && !(error instanceof ResourceNotFoundException);
  if (lasts) throw error;
};
