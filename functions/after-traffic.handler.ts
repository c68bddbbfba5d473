/** Begins the bake of a version that has all callers. Invoked by CodeDeploy, as hook AfterAllowTraffic; the canary ends it. */
import { readDelivery } from './aws/delivery-environment.ts';
import { answering, type HookEvent, type HookOutcome, type Invocation } from './aws/deployment-hook.ts';
import { log } from './aws/log.ts';
import { startRuntime } from './aws/runtime.ts';
import { openRecords } from './canary/records.ts';
import { isGood } from './core/deployments.ts';

export const handler = (event: HookEvent, invocation: Invocation): Promise<void> => answering(event, invocation, () => hook(event));

const hook = async ({ DeploymentId: id, LifecycleEventHookExecutionId: execution }: HookEvent): Promise<HookOutcome> => {
  const { control, clock, environment } = startRuntime(process.env);
  const { candidate, bakeMs } = readDelivery(process.env, (from) => ({
    candidate: from.version('candidate'),
    bakeMs: from.bakeMs('bakeMinutes'),
  }));
  const { region } = environment;
  const records = await openRecords({ control, region, clock });
  const known = await records.find(id);
  if (known?.bake?.ended) return isGood(known.bake.ended.verdict) ? 'succeeded' : 'failed';
  if (!known?.bake) await records.baking(id, { execution, candidate, bakeMs });
  log('INFO', 'bake', { deployment: id, candidate, bakeMs });
  if (bakeMs > 0) return 'later';
  await records.baked(id, { verdict: 'pass', detail: 'the configuration asks for no bake' });
  return 'succeeded';
};
