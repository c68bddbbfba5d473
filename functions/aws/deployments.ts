import { GetDeploymentCommand } from '@aws-sdk/client-codedeploy';
import type { DeploymentInfo } from '../canary/ending.ts';
import { codeDeployClient } from './deployment-hook.ts';
import { errorFields, log } from './log.ts';

/** What CodeDeploy says of a deployment; undefined when it does not answer: that it ended is known all the same. */
export const deploymentInfo = async (deploymentId: string): Promise<DeploymentInfo | undefined> => {
  const client = codeDeployClient();
  try {
    return (await client.send(new GetDeploymentCommand({ deploymentId }))).deploymentInfo;
  } catch (error: unknown) {
    log('WARN', 'codedeploy does not tell', { deployment: deploymentId, ...errorFields(error) });
    return undefined;
  } finally {
    client.destroy();
  }
};
