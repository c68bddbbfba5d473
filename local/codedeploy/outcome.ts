/** How a deployment ends, and how that is told. */
import type { ErrorCode } from '@aws-sdk/client-codedeploy';
import type { RollbackEvent } from './plan.ts';

export type Outcome =
  | { readonly state: 'succeeded' }
  /** `stopped`: by an alarm or on request. `failed`: a hook refused or was silent, or calls could not be shifted. */
  | { readonly state: 'failed' | 'stopped'; readonly code: ErrorCode; readonly reason: string };

/** Why a deployment goes no further. */
export class DeploymentEnd extends Error {
  override readonly name = 'DeploymentEnd';
  readonly outcome: Exclude<Outcome, { readonly state: 'succeeded' }>;
  constructor(state: 'failed' | 'stopped', code: ErrorCode, reason: string) {
    super(reason);
    this.outcome = { state, code, reason };
  }
}

export const alarmEnd = (names: readonly string[]): DeploymentEnd =>
  new DeploymentEnd(
    'stopped',
    'ALARM_ACTIVE',
    `one or more alarms have been activated, and the deployment has been stopped. Activated alarms: <${names.join(', ')}>`,
  );

/** Nobody can tell whether they fire. */
export const unknownAlarmEnd = (names: readonly string[]): DeploymentEnd =>
  new DeploymentEnd('failed', 'CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND', `alarms of the deployment group do not exist: ${names.join(', ')}`);

export const stopEnd = (reason: string): DeploymentEnd => new DeploymentEnd('stopped', 'MANUAL_STOP', reason);

export const hookEnd = (hook: string, reason: string): DeploymentEnd =>
  new DeploymentEnd('failed', 'HOOK_EXECUTION_FAILURE', `the hook ${hook} ${reason}`);

/** What automatic rollback calls this end; undefined for success. */
export const rollbackEvent = (outcome: Outcome): RollbackEvent | undefined => {
  if (outcome.state === 'succeeded') return undefined;
  if (outcome.code === 'ALARM_ACTIVE') return 'DEPLOYMENT_STOP_ON_ALARM';
  return outcome.state === 'stopped' ? 'DEPLOYMENT_STOP_ON_REQUEST' : 'DEPLOYMENT_FAILURE';
};

/** States of "CodeDeploy Deployment State-change Notification". */
export type NotifiedState = 'START' | 'SUCCESS' | 'FAILURE' | 'STOP';

const NOTIFIED = { succeeded: 'SUCCESS', failed: 'FAILURE', stopped: 'STOP' } as const satisfies Record<Outcome['state'], NotifiedState>;
export const notifiedState = ({ state }: Outcome): NotifiedState => NOTIFIED[state];
