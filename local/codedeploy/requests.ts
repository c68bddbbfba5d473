/** What CodeDeploy answers to the functions: the two operations that a hook and a listener need, and their documented errors. */
import type { HookStatus } from './deployment.ts';
import { isDeploymentId } from './ids.ts';
import type { DeploymentRecord } from './records.ts';

/** An error as the API tells it: `name` is the name of the exception. */
export class CodeDeployError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

type Body = Readonly<Record<string, unknown>>;
export type Find = (id: string) => DeploymentRecord | undefined;

const PREFIX = 'CodeDeploy_20141006.';
const OPERATIONS: Readonly<Record<string, (find: Find, body: Body) => Body>> = {
  /** https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html */
  PutLifecycleEventHookExecutionStatus: (find, body) => {
    const record = recordOf(find, body);
    const { lifecycleEventHookExecutionId: execution, status } = body;
    if (typeof execution !== 'string' || execution === '')
      throw new CodeDeployError('InvalidLifecycleEventHookExecutionIdException', 'the id of the hook execution is missing');
    if (!isHookStatus(status))
      throw new CodeDeployError(
        'InvalidLifecycleEventHookExecutionStatusException',
        `given ${JSON.stringify(status)}; allowed: Succeeded or Failed`,
      );
    switch (record.answer(execution, status)) {
      case 'accepted':
        return { lifecycleEventHookExecutionId: execution };
      case 'unknown':
        throw new CodeDeployError('InvalidLifecycleEventHookExecutionIdException', 'no hook of this deployment was called with that id');
      case 'repeated':
        throw new CodeDeployError('LifecycleEventAlreadyCompletedException', 'the hook has answered, or the deployment has ended');
    }
  },
  /** https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html */
  GetDeployment: (find, body) => ({ deploymentInfo: recordOf(find, body).info() }),
};

/** @throws {CodeDeployError} */
export const answerRequest = (target: string | undefined, find: Find, body: Body): Body => {
  const operation = target?.startsWith(PREFIX) ? OPERATIONS[target.slice(PREFIX.length)] : undefined;
  if (operation === undefined)
    throw new CodeDeployError(
      'UnknownOperationException',
      `given ${JSON.stringify(target ?? '')}; allowed on this machine: ${Object.keys(OPERATIONS).join(', ')}`,
    );
  return operation(find, body);
};

const recordOf = (find: Find, { deploymentId }: Body): DeploymentRecord => {
  if (deploymentId === undefined || deploymentId === '')
    throw new CodeDeployError('DeploymentIdRequiredException', 'the id of the deployment is missing');
  if (!isDeploymentId(deploymentId))
    throw new CodeDeployError('InvalidDeploymentIdException', `given ${JSON.stringify(deploymentId)}; allowed: an id such as d-A1B2C3D4E`);
  const record = find(deploymentId);
  if (record === undefined) throw new CodeDeployError('DeploymentDoesNotExistException', `there is no deployment ${deploymentId}`);
  return record;
};

const isHookStatus = (value: unknown): value is HookStatus => value === 'Succeeded' || value === 'Failed';
