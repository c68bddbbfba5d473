/** The deployment that CodeDeploy makes of a cell's alias update: where it stands, and how it is stopped. */
import { type CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  type CodeDeployClient,
  DeploymentAlreadyCompletedException,
  type DeploymentTarget,
  GetDeploymentTargetCommand,
  ListDeploymentsCommand,
  ListDeploymentTargetsCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-codedeploy';
import type { RegionDelivery } from '../../functions/contract/delivery.ts';
import { STACKS } from '../../functions/contract/names.ts';

export interface DeploymentGroup {
  readonly applicationName: string;
  readonly deploymentGroupName: string;
}

const PAGES_MAX = 20;

/** undefined: the cell has none (yet). */
export const findGroup = async (client: CloudFormationClient, region: string): Promise<DeploymentGroup | undefined> => {
  const found = new Map<string, string>();
  let NextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await client.send(new ListStackResourcesCommand({ StackName: STACKS.cell(region), NextToken }));
    for (const { ResourceType = '', PhysicalResourceId = '' } of answer.StackResourceSummaries ?? [])
      found.set(ResourceType, PhysicalResourceId);
    NextToken = answer.NextToken;
    if (NextToken === undefined) break;
  }
  const [applicationName, deploymentGroupName] = [found.get('AWS::CodeDeploy::Application'), found.get('AWS::CodeDeploy::DeploymentGroup')];
  return applicationName === undefined || deploymentGroupName === undefined ? undefined : { applicationName, deploymentGroupName };
};

const RUNNING = ['Created', 'Queued', 'InProgress', 'Ready'] as const;

/** Id of the deployment that runs; undefined: none does. */
export const runningDeployment = async (client: CodeDeployClient, group: DeploymentGroup): Promise<string | undefined> => {
  const answer = await client.send(new ListDeploymentsCommand({ ...group, includeOnlyStatuses: [...RUNNING] }));
  return answer.deployments?.[0];
};

export type Progress = Pick<RegionDelivery, 'state' | 'from' | 'to' | 'percent'>;

/** undefined: CodeDeploy has not come to the function yet. */
export const progressOf = async (client: CodeDeployClient, deploymentId: string): Promise<Progress | undefined> => {
  const { targetIds = [] } = await client.send(new ListDeploymentTargetsCommand({ deploymentId }));
  const [targetId] = targetIds;
  if (targetId === undefined) return undefined;
  const { deploymentTarget } = await client.send(new GetDeploymentTargetCommand({ deploymentId, targetId }));
  return deploymentTarget && readTarget(deploymentTarget);
};

/**
 * A deployment of one function goes through BeforeAllowTraffic, AllowTraffic and AfterAllowTraffic.
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
 */
export const readTarget = ({ lambdaTarget }: Pick<DeploymentTarget, 'lambdaTarget'>): Progress | undefined => {
  const info = lambdaTarget?.lambdaFunctionInfo;
  if (lambdaTarget === undefined || info === undefined) return undefined;
  const status = (name: string): string | undefined =>
    lambdaTarget.lifecycleEvents?.find((event) => event.lifecycleEventName === name)?.status;
  const begun = (name: string): boolean => ['InProgress', 'Succeeded', 'Failed'].includes(status(name) ?? '');
  const state = begun('AfterAllowTraffic') ? 'after-traffic' : begun('AllowTraffic') ? 'exposed' : 'before-traffic';
  // Of 1 or of 100: the documentation does not say.
  const weight = info.targetVersionWeight ?? 0;
  return {
    state,
    from: info.currentVersion ?? null,
    to: info.targetVersion ?? null,
    percent: state === 'after-traffic' ? 100 : state === 'before-traffic' ? 0 : weight <= 1 ? weight * 100 : weight,
  };
};

/** Stops it; the version before takes all calls again. @returns false when it had ended already */
export const stopDeployment = async (client: CodeDeployClient, deploymentId: string): Promise<boolean> => {
  try {
    await client.send(new StopDeploymentCommand({ deploymentId, autoRollbackEnabled: true }));
    return true;
  } catch (error) {
    if (error instanceof DeploymentAlreadyCompletedException) return false;
    throw error;
  }
};
