/** What CodeDeploy remembers of a deployment, and tells who asks. */
import type { DeploymentInfo } from '@aws-sdk/client-codedeploy';
import type { Answered, HookStatus, Phase } from './deployment.ts';
import type { RollbackEvent } from './plan.ts';

/** As JSON: times are seconds since 1970. */
type Told = Readonly<Record<string, unknown>> & { readonly [Name in keyof DeploymentInfo]?: unknown };

export interface DeploymentRecord {
  /** A hook's answer. */
  answer(execution: string, status: HookStatus): Answered;
  info(): Told;
}

/** What does not change. */
export interface RecordProps {
  readonly id: string;
  readonly application: string;
  readonly group: string;
  readonly config: string;
  readonly rollbackOn: readonly RollbackEvent[];
  readonly createdAtMs: number;
}

export interface Progress {
  readonly phase: Phase;
  readonly endedAtMs: number | undefined;
  /** The deployment that brought the version before back. */
  readonly rollbackId: string | undefined;
}

const common = ({ id, application, group, config, rollbackOn, createdAtMs }: RecordProps): Told => ({
  applicationName: application,
  deploymentGroupName: group,
  deploymentConfigName: config,
  deploymentId: id,
  createTime: createdAtMs / 1_000,
  startTime: createdAtMs / 1_000,
  computePlatform: 'Lambda',
  deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
  autoRollbackConfiguration: { enabled: rollbackOn.length > 0, events: rollbackOn },
});

export const deploymentInfo = (props: RecordProps, { phase, endedAtMs, rollbackId }: Progress): Told => ({
  ...common(props),
  status: statusOf(phase),
  // CloudFormation creates it in the name of whoever updates the stack.
  creator: 'user',
  ...(endedAtMs === undefined ? {} : { completeTime: endedAtMs / 1_000 }),
  ...(phase.name === 'ended' && phase.outcome.state !== 'succeeded'
    ? { errorInformation: { code: phase.outcome.code, message: phase.outcome.reason } }
    : {}),
  ...(rollbackId === undefined
    ? {}
    : { rollbackInfo: { rollbackDeploymentId: rollbackId, rollbackMessage: `deployment ${rollbackId} brought the version before back` } }),
});

/** The deployment that follows one that failed: all calls are at the version before already, so it is done at once. */
export const rollbackInfo = (props: RecordProps, trigger: string): Told => ({
  ...common(props),
  status: 'Succeeded',
  creator: 'codeDeployRollback',
  completeTime: props.createdAtMs / 1_000,
  rollbackInfo: { rollbackTriggeringDeploymentId: trigger },
});

const statusOf = (phase: Phase): DeploymentInfo['status'] => {
  switch (phase.name) {
    case 'created':
      return 'Created';
    case 'before-traffic':
    case 'exposed':
    case 'after-traffic':
      return 'InProgress';
    case 'ended':
      return ENDED[phase.outcome.state];
  }
};

const ENDED = { succeeded: 'Succeeded', failed: 'Failed', stopped: 'Stopped' } as const;
