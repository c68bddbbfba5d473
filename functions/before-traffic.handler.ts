/** Tries a new version of the API before any caller gets it. Invoked by CodeDeploy, as hook BeforeAllowTraffic. */
import { canaryToken, patientClock, traveller } from './aws/canary-runtime.ts';
import { readDelivery } from './aws/delivery-environment.ts';
import { answering, type HookEvent, type HookOutcome, type Invocation } from './aws/deployment-hook.ts';
import { lambdaClient, lambdaTransport } from './aws/lambda-transport.ts';
import { errorFields, log } from './aws/log.ts';
import { type Runtime, startRuntime } from './aws/runtime.ts';
import { openRecords } from './canary/records.ts';
import { type TrialResult, tryVersion } from './canary/trial.ts';
import { ALIAS } from './contract/names.ts';
import { isGood, type TrialVerdict } from './core/deployments.ts';

/** Milliseconds that the last round of a trial may take after it has begun. */
const ROUND_MS = 60_000;

export const handler = (event: HookEvent, invocation: Invocation): Promise<void> =>
  answering(event, invocation, (withinMs) => hook(event, withinMs));

/** Read here and not at the start: an environment that is wrong must be answered, too. */
const hook = async ({ DeploymentId: id }: HookEvent, withinMs: number): Promise<HookOutcome> => {
  const runtime = startRuntime(process.env);
  const settings = readDelivery(process.env, (from) => ({
    keyArn: from.text('canaryKey'),
    functionName: from.text('apiFunction'),
    candidate: from.version('candidate'),
    ignoreAlarms: from.flag('ignoreAlarms'),
  }));
  const { control, clock, environment } = runtime;
  const { region } = environment;
  const records = await openRecords({ control, region, clock });
  const known = await records.find(id);
  if (known?.trial) return outcomeOf(known.trial.verdict);
  const { candidate } = settings;
  const result = await tryOrBlame(runtime, { ...settings, id, budgetMs: Math.max(0, withinMs - ROUND_MS) });
  log(outcomeOf(result.verdict) === 'failed' ? 'ERROR' : 'INFO', 'trial', { deployment: id, candidate, ...result });
  await records.tried(id, { ...result, candidate });
  const what = `version ${candidate}, deployment ${id}`;
  if (settings.ignoreAlarms)
    await records.audit({
      who: 'canary',
      what: `lets ${what} go on although alarms fire`,
      why: 'the configuration says delivery.ignoreAlarms',
    });
  if (outcomeOf(result.verdict) === 'failed')
    await records.audit({ who: 'canary', what: `refused ${what}`, why: `${result.verdict}: ${result.detail}` });
  return outcomeOf(result.verdict);
};

interface Settings {
  readonly id: string;
  readonly keyArn: string;
  readonly functionName: string;
  readonly candidate: string;
  readonly budgetMs: number;
}

/** What keeps the trial from being made is recorded as its result. */
const tryOrBlame = async ({ environment }: Runtime, { id, keyArn, functionName, candidate, budgetMs }: Settings): Promise<TrialResult> => {
  try {
    const client = lambdaClient();
    const tried = (qualifier: string) => lambdaTransport({ client, functionName, qualifier, sleep: patientClock.sleep });
    return await tryVersion({
      candidate: { transport: tried(candidate), version: candidate },
      live: { transport: tried(ALIAS), version: undefined },
      region: environment.region,
      traveller: await traveller(environment, canaryToken(keyArn, environment.region)),
      clock: patientClock,
      // Of this attempt alone: Lambda repeats an invocation that failed, under the same id.
      key: `trial.${id}.${patientClock.now()}`,
      budgetMs,
    });
  } catch (error: unknown) {
    log('ERROR', 'no trial', errorFields(error));
    return { verdict: 'dependency', detail: `the trial could not be made: ${error instanceof Error ? error.message : String(error)}` };
  }
};

const outcomeOf = (verdict: TrialVerdict): 'succeeded' | 'failed' => (isGood(verdict) ? 'succeeded' : 'failed');
