/**
 * Answers to CodeDeploy. A hook that never answers holds the deployment, and CloudFormation with it, for an hour, so this
 * always does.
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
 */
import {
  CodeDeployClient,
  LifecycleEventAlreadyCompletedException,
  PutLifecycleEventHookExecutionStatusCommand,
} from '@aws-sdk/client-codedeploy';
import { clientLimits } from './client-limits.ts';
import { inTime } from './in-time.ts';
import { errorFields, log } from './log.ts';

/** Milliseconds kept for the record and the answer. */
const ANSWER_MS = 20_000;

/** It does not say which version is deployed. */
export interface HookEvent {
  readonly DeploymentId: string;
  readonly LifecycleEventHookExecutionId: string;
}

export interface Invocation {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** What a hook came to. `later`: somebody else will answer. */
export type HookOutcome = 'succeeded' | 'failed' | 'later';

export const codeDeployClient = (): CodeDeployClient => new CodeDeployClient(clientLimits());

/**
 * Does a hook's work and answers with what it came to: with `failed` also when the work throws, or does not end in time.
 *
 * @param work gets the milliseconds that it has
 * @throws {Error} when CodeDeploy does not take the answer
 */
export const answering = async (
  event: HookEvent,
  invocation: Invocation,
  work: (withinMs: number) => Promise<HookOutcome>,
): Promise<void> => {
  const withinMs = Math.max(0, invocation.getRemainingTimeInMillis() - ANSWER_MS);
  const outcome = await inTime(work(withinMs), withinMs).catch((error: unknown): HookOutcome => {
    log('ERROR', 'the hook failed', { deployment: event.DeploymentId, ...errorFields(error) });
    return 'failed';
  });
  log('INFO', 'hook', { deployment: event.DeploymentId, outcome });
  if (outcome !== 'later')
    await answerHook(codeDeployClient(), { id: event.DeploymentId, execution: event.LifecycleEventHookExecutionId }, outcome);
};

/** Answered before is answered: the first answer counts. */
export const answerHook = async (
  client: CodeDeployClient,
  hook: { readonly id: string; readonly execution: string },
  outcome: Exclude<HookOutcome, 'later'>,
): Promise<void> => {
  const command = new PutLifecycleEventHookExecutionStatusCommand({
    deploymentId: hook.id,
    lifecycleEventHookExecutionId: hook.execution,
    status: outcome === 'succeeded' ? 'Succeeded' : 'Failed',
  });
  try {
    await client.send(command);
  } catch (error: unknown) {
    if (!(error instanceof LifecycleEventAlreadyCompletedException)) throw error;
  }
};
