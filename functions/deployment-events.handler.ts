/** Records how deployments end, and deletes versions that nobody will roll back to. Invoked by EventBridge with CodeDeploy's state changes. */
import { readDelivery } from './aws/delivery-environment.ts';
import { deploymentInfo } from './aws/deployments.ts';
import { errorFields, log } from './aws/log.ts';
import { startRuntime } from './aws/runtime.ts';
import { pruneVersions } from './aws/version-pruner.ts';
import { endingOf, endStateOf } from './canary/ending.ts';
import { openRecords } from './canary/records.ts';

/** https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-cloudwatch-events.html */
interface StateChange {
  readonly detail: { readonly deploymentId: string; readonly state: string };
}

const { environment, control, clock } = startRuntime(process.env);
const { prunedFunctions } = readDelivery(process.env, (from) => ({ prunedFunctions: from.list('prunedFunctions') }));
const { region } = environment;
/** Its own among them: a function's name cannot stand in its own environment, where the template would refer to itself. */
const pruned = [...prunedFunctions, process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? ''].filter((name) => name !== '');

export const handler = async ({ detail: { deploymentId: id, state } }: StateChange): Promise<void> => {
  const end = endStateOf(state);
  if (end === undefined) return;
  const records = await openRecords({ control, region, clock });
  const facts = await records.find(id);
  // EventBridge delivers at least once.
  if (!facts?.ended) {
    const { reason, who, what } = endingOf(id, end, { facts, info: await deploymentInfo(id) });
    log(end === 'succeeded' ? 'INFO' : 'ERROR', 'deployment ended', { deployment: id, state: end, reason, who });
    await records.ended(id, { state: end, reason });
    await records.audit({ who, what, why: reason });
  }
  if (end === 'succeeded') await prune();
};

/** Never more than a line in the log when it fails: the next deployment prunes again. */
const prune = async (): Promise<void> => {
  for (const name of pruned) {
    try {
      const deleted = await pruneVersions(name);
      if (deleted.length > 0) log('INFO', 'pruned', { function: name, versions: deleted });
    } catch (error: unknown) {
      log('ERROR', 'not pruned', { function: name, ...errorFields(error) });
    }
  }
};
