/** Tries the first version of a cell's API, which CodeDeploy does not: there is nothing to shift from. Invoked as a custom resource. */
import { canaryToken, patientClock, traveller } from './aws/canary-runtime.ts';
import { type ResourceData, type ResourceEvent, servingResource } from './aws/custom-resource.ts';
import { readDelivery } from './aws/delivery-environment.ts';
import { lambdaClient, lambdaTransport } from './aws/lambda-transport.ts';
import { log } from './aws/log.ts';
import { startRuntime } from './aws/runtime.ts';
import { type TrialResult, tryVersion } from './canary/trial.ts';
import { isGood } from './core/deployments.ts';

/** A new role, key or function is not known everywhere in a region at once. */
const ATTEMPTS = 5;
const PAUSE_MS = 5_000;
/** Milliseconds that the last round of a trial may take after it has begun. */
const ROUND_MS = 30_000;

export const handler = (event: ResourceEvent, invocation: { readonly getRemainingTimeInMillis: () => number }): Promise<void> =>
  servingResource(event, invocation, {
    physicalId: event.PhysicalResourceId ?? `first-journey-of-${event.StackId}`,
    work: async (withinMs): Promise<ResourceData> => {
      // Later versions are tried by the hooks of their deployments.
      if (event.RequestType !== 'Create') return {};
      const { verdict, detail } = await tryPatiently(withinMs);
      if (!isGood(verdict)) throw new Error(`the first version does not serve as it must: ${detail}`);
      return { Verdict: verdict, Detail: detail };
    },
  });

const tryPatiently = async (withinMs: number): Promise<TrialResult> => {
  const startedMs = patientClock.now();
  for (let attempt = 1; ; attempt += 1) {
    const leftMs = withinMs - (patientClock.now() - startedMs);
    const result = await tryOnce(Math.max(0, leftMs - ROUND_MS)).catch(
      (error: unknown): TrialResult => ({ verdict: 'dependency', detail: error instanceof Error ? error.message : String(error) }),
    );
    log(isGood(result.verdict) ? 'INFO' : 'WARN', 'trial', { attempt, ...result });
    const isLast = attempt >= ATTEMPTS || leftMs < ROUND_MS + PAUSE_MS;
    if (isGood(result.verdict) || isLast) return result;
    await patientClock.sleep(PAUSE_MS);
  }
};

const tryOnce = async (budgetMs: number): Promise<TrialResult> => {
  const { environment } = startRuntime(process.env);
  const { keyArn, functionName, candidate } = readDelivery(process.env, (from) => ({
    keyArn: from.text('canaryKey'),
    functionName: from.text('apiFunction'),
    candidate: from.version('candidate'),
  }));
  const transport = lambdaTransport({ client: lambdaClient(), functionName, qualifier: candidate, sleep: patientClock.sleep });
  return tryVersion({
    candidate: { transport, version: candidate },
    live: undefined,
    region: environment.region,
    traveller: await traveller(environment, canaryToken(keyArn, environment.region)),
    clock: patientClock,
    key: `first.${candidate}.${patientClock.now()}`,
    budgetMs,
  });
};
