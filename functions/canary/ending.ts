/** How a deployment ended, and why, from what CodeDeploy says and what was recorded while it went on. */
import { type DeploymentView, type EndState, isGood } from '../core/deployments.ts';

/** States of CodeDeploy's events that end a deployment. https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-cloudwatch-events.html */
const ENDS: Readonly<Record<string, EndState>> = { SUCCESS: 'succeeded', FAILURE: 'failed', STOP: 'stopped' };

/** Undefined: it goes on. */
export const endStateOf = (state: string): EndState | undefined => (Object.hasOwn(ENDS, state) ? ENDS[state] : undefined);

/** Of GetDeployment, what is used. */
export interface DeploymentInfo {
  /** `CloudFormation`, `user`, `codeDeployRollback` ... */
  readonly creator?: string | undefined;
  readonly errorInformation?: { readonly code?: string | undefined; readonly message?: string | undefined } | undefined;
  readonly rollbackInfo?:
    | { readonly rollbackTriggeringDeploymentId?: string | undefined; readonly rollbackMessage?: string | undefined }
    | undefined;
}

export interface Ending {
  readonly state: EndState;
  readonly reason: string;
  readonly who: string;
  readonly what: string;
}

/**
 * @param facts what was recorded of it, if anything
 * @param info what CodeDeploy says; undefined when it could not be asked
 */
export const endingOf = (
  id: string,
  state: EndState,
  { facts, info }: { readonly facts: DeploymentView | undefined; readonly info: DeploymentInfo | undefined },
): Ending => {
  const version = facts?.trial?.candidate ?? facts?.bake?.candidate;
  const takenBack = info?.rollbackInfo?.rollbackTriggeringDeploymentId;
  const what = `deployment ${id}${version === undefined ? '' : ` of version ${version}`} ${state}`;
  return {
    state,
    reason: state === 'succeeded' ? (takenBack ? `took back ${takenBack}` : wellOf(facts)) : whyOf(facts, info),
    who: info?.creator ?? 'codedeploy',
    what: takenBack ? `${what}: it takes back ${takenBack}` : what,
  };
};

const wellOf = (facts: DeploymentView | undefined): string => {
  const said = [facts?.trial?.detail, facts?.bake?.ended?.detail].filter((each) => each !== undefined);
  return said.length === 0 ? 'CodeDeploy reports its success' : said.join('; ');
};

/** The canary knows better than CodeDeploy why a hook failed: CodeDeploy was told no more than that it did. */
const whyOf = (facts: DeploymentView | undefined, info: DeploymentInfo | undefined): string => {
  const [trial, bake] = [facts?.trial, facts?.bake?.ended];
  const own = [
    ...(trial && !isGood(trial.verdict) ? [`before traffic (${trial.verdict}): ${trial.detail}`] : []),
    ...(bake && !isGood(bake.verdict) ? [`while it was baked (${bake.verdict}): ${bake.detail}`] : []),
  ];
  const { errorInformation: error, rollbackInfo: rollback } = info ?? {};
  const told = [
    ...(error?.message === undefined ? [] : [`${error.code ?? 'error'}: ${error.message}`]),
    ...(rollback?.rollbackMessage === undefined ? [] : [rollback.rollbackMessage]),
  ];
  const said = [...own, ...told];
  return said.length === 0 ? 'CodeDeploy does not say why' : said.join('; ');
};
