import { randomUUID } from 'node:crypto';
import { LambdaClient, ListVersionsByFunctionCommand, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DELIVERY_ENV } from '../../functions/contract/names.ts';
import { Roles } from '../infra/roles.ts';
import { auditOf, deploymentOf, deployVersions, type Listening, listenAsCodeDeploy, sdkOf } from './cell.ts';
import { HERE, type Lab, logged, startLab, stub } from './lab.ts';

const roles = new Roles(HERE, { pruned: 'Api', nobody: 'Housekeeping/Handler' });
roles.holdAtTheEnd({ DeploymentEvents: [] });
let lab: Lab;
let codeDeploy: Listening;
beforeAll(async () => {
  lab = await startLab();
  codeDeploy = await listenAsCodeDeploy();
  stub({ AWS_ENDPOINT_URL_CODEDEPLOY: codeDeploy.url });
});
afterAll(async () => {
  await codeDeploy?.stop();
  await lab?.stop();
});
beforeEach(() => vi.resetModules());

describe('what records the ends of deployments', () => {
  const end = async (state: string, id = `d-${randomUUID()}`, functions = '') => {
    stub({ [DELIVERY_ENV.prunedFunctions]: functions });
    const { handler } = await import('../../functions/deployment-events.handler.ts');
    await logged(() => roles.guard('DeploymentEvents', handler)({ detail: { deploymentId: id, state } }));
    return { id, ended: (await deploymentOf(lab, id))?.ended, audit: (await auditOf(lab)).filter(({ what }) => what.includes(id)) };
  };

  it('tells who, what and why, once', async () => {
    codeDeploy.says({ creator: 'CloudFormation', errorInformation: { code: 'ALARM_ACTIVE', message: 'errors fires' } });
    const first = await end('FAILURE');
    expect(first.ended).toMatchObject({ state: 'failed', reason: 'ALARM_ACTIVE: errors fires' });
    expect(first.audit).toMatchObject([
      { who: 'CloudFormation', what: `deployment ${first.id} failed`, why: 'ALARM_ACTIVE: errors fires' },
    ]);
    const again = await end('FAILURE', first.id);
    expect([again.ended, again.audit]).toEqual([first.ended, first.audit]);
  });

  it('tells that it ended also where CodeDeploy says nothing of it, and nothing while it goes on', async () => {
    codeDeploy.says(undefined);
    expect((await end('STOP')).ended).toMatchObject({ state: 'stopped', reason: 'CodeDeploy does not say why' });
    expect((await end('START')).ended).toBeUndefined();
  });

  it('deletes old versions after a success, and hides no record behind a failure to', async () => {
    codeDeploy.says({});
    const name = 'pruned';
    await deployVersions(
      lab,
      name,
      Array.from({ length: 9 }, (_, index) => () => `exports.handler = async () => ${index};`),
    );
    const client = new LambdaClient(sdkOf(lab));
    try {
      await client.send(
        new UpdateAliasCommand({
          FunctionName: name,
          Name: 'live',
          FunctionVersion: '3',
          RoutingConfig: { AdditionalVersionWeights: { '2': 0.05 } },
        }),
      );
      const { ended } = await end('SUCCESS', undefined, `nobody,${name}`);
      expect(ended?.state).toBe('succeeded');
      const { Versions = [] } = await client.send(new ListVersionsByFunctionCommand({ FunctionName: name }));
      expect(Versions.map(({ Version }) => Version)).toEqual(['$LATEST', '2', '3', '5', '6', '7', '8', '9']);
    } finally {
      client.destroy();
    }
  });
});
