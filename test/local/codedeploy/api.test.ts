/** CodeDeploy as functions see it: through the real SDK. */
import {
  CodeDeployClient,
  DeploymentDoesNotExistException,
  GetDeploymentCommand,
  InvalidDeploymentIdException,
  InvalidLifecycleEventHookExecutionIdException,
  InvalidLifecycleEventHookExecutionStatusException,
  LifecycleEventAlreadyCompletedException,
  PutLifecycleEventHookExecutionStatusCommand,
} from '@aws-sdk/client-codedeploy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CodeDeploy } from '../../../local/codedeploy/codedeploy.ts';
import type { HookEvent } from '../../../local/codedeploy/deployment.ts';
import { isDeploymentId, newDeploymentId } from '../../../local/codedeploy/ids.ts';
import type { DeploymentPlan } from '../../../local/codedeploy/plan.ts';
import { clientOptions } from '../../../local/emulator-access.ts';
import { PATIENT } from '../../support/emulator.ts';
import { eventually } from '../../support/eventually.ts';
import { VirtualClock } from '../route53/virtual-clock.ts';

const REGION = 'eu-west-1';

describe('CodeDeploy on this machine', () => {
  let codeDeploy: CodeDeploy;
  let client: CodeDeployClient;

  beforeEach(async () => {
    codeDeploy = await CodeDeploy.start('127.0.0.1');
    client = clientOf(codeDeploy.url(REGION));
  });

  afterEach(async () => {
    client.destroy();
    await codeDeploy.close();
  });

  test('takes a hook’s answer and tells how the deployment stands', async () => {
    const { id, calls, ended, told } = begin(codeDeploy);
    const [event] = await eventually(
      () => calls,
      ({ length }) => length === 1,
    );
    expect(await info(client, id)).toMatchObject({
      deploymentId: id,
      applicationName: 'App',
      deploymentGroupName: 'Group',
      status: 'InProgress',
      creator: 'user',
      createTime: expect.any(Date),
    });

    await client.send(answer(event, 'Succeeded'));

    expect(await ended).toEqual({ state: 'succeeded' });
    expect(await info(client, id)).toMatchObject({ status: 'Succeeded', completeTime: expect.any(Date) });
    expect(told).toEqual([`${id} START`, `${id} SUCCESS`]);
  });

  test('tells why a deployment failed, and of the one that brought the version before back', async () => {
    const { id, calls, ended, told } = begin(codeDeploy);
    const [event] = await eventually(
      () => calls,
      ({ length }) => length === 1,
    );

    await client.send(answer(event, 'Failed'));

    expect(await ended).toMatchObject({ state: 'failed' });
    const failed = await info(client, id);
    expect(failed).toMatchObject({
      status: 'Failed',
      errorInformation: { code: 'HOOK_EXECUTION_FAILURE', message: expect.stringContaining('BeforeAllowTraffic') },
    });
    const rollback = failed?.rollbackInfo?.rollbackDeploymentId ?? '';
    expect(await info(client, rollback)).toMatchObject({
      creator: 'codeDeployRollback',
      status: 'Succeeded',
      rollbackInfo: { rollbackTriggeringDeploymentId: id },
    });
    expect(told).toEqual([`${id} START`, `${id} FAILURE`, `${rollback} START`, `${rollback} SUCCESS`]);
  });

  test('does not roll back where the group does not ask for it', async () => {
    const { id, deployment, ended, told } = begin(codeDeploy, { rollbackOn: ['DEPLOYMENT_FAILURE'] });

    deployment.stop('enough');

    expect(await ended).toMatchObject({ state: 'stopped' });
    expect(await info(client, id)).toMatchObject({ status: 'Stopped', errorInformation: { code: 'MANUAL_STOP', message: 'enough' } });
    expect(told).toEqual([`${id} START`, `${id} STOP`]);
  });

  test('refuses as documented', async () => {
    const { calls, ended } = begin(codeDeploy);
    const [event] = await eventually(
      () => calls,
      ({ length }) => length === 1,
    );
    const put = (changed: object) => client.send(answer(event, 'Succeeded', changed));

    await expect(put({ deploymentId: 'd-UNKNOWN01' })).rejects.toThrow(DeploymentDoesNotExistException);
    await expect(put({ deploymentId: 'nonsense' })).rejects.toThrow(InvalidDeploymentIdException);
    await expect(put({ lifecycleEventHookExecutionId: 'guessed' })).rejects.toThrow(InvalidLifecycleEventHookExecutionIdException);
    await expect(put({ status: 'Skipped' })).rejects.toThrow(InvalidLifecycleEventHookExecutionStatusException);
    await put({});
    await expect(put({ status: 'Failed' })).rejects.toThrow(LifecycleEventAlreadyCompletedException);
    await expect(client.send(new GetDeploymentCommand({ deploymentId: 'd-UNKNOWN01' }))).rejects.toThrow(DeploymentDoesNotExistException);
    expect(await ended).toEqual({ state: 'succeeded' });
  });

  test('knows a deployment in its own region only, and nothing under another address', async () => {
    const { id, deployment, ended } = begin(codeDeploy);
    const url = codeDeploy.url(REGION);
    const [elsewhere, guessed] = [clientOf(codeDeploy.url('us-east-2')), clientOf(url.replace(/\/[^/]+\/eu-west-1$/, '/guess/eu-west-1'))];

    await expect(info(elsewhere, id)).rejects.toThrow(DeploymentDoesNotExistException);
    await expect(info(guessed, id)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });

    for (const each of [elsewhere, guessed]) each.destroy();
    deployment.stop('enough');
    await ended;
  });

  test('loses no deployment to an event that cannot be told', async () => {
    const { deployment, ended } = begin(codeDeploy, {}, () => Promise.reject(new Error('no bus')));

    deployment.stop('enough');

    expect(await ended).toMatchObject({ state: 'stopped', reason: 'enough' });
  });

  test('says what is missing when the stack lacks a hook', () => {
    expect(() => begin(codeDeploy, { hooks: { before: { logicalId: 'Gone' }, after: undefined } })).toThrow(
      'the stack in eu-west-1 has no Gone',
    );
  });
});

test('ids of deployments look like those of AWS', () => {
  const ids = Array.from({ length: 100 }, newDeploymentId);

  expect(ids.every(isDeploymentId)).toBe(true);
  expect(new Set(ids).size).toBe(100);
});

const PLAN: DeploymentPlan = {
  alias: 'Live',
  application: 'App',
  group: 'Group',
  config: 'Config',
  steps: [],
  hooks: { before: { logicalId: 'Before' }, after: undefined },
  alarms: { watched: [], enabled: true, ignorePollFailure: false },
  rollbackOn: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'],
};

const begin = (codeDeploy: CodeDeploy, plan: Partial<DeploymentPlan> = {}, notify?: () => Promise<void>) => {
  const id = newDeploymentId();
  const calls: HookEvent[] = [];
  const told: string[] = [];
  const begun = codeDeploy.begin({
    region: REGION,
    id,
    plan: { ...PLAN, ...plan },
    physicalName: (logicalId) => (logicalId === 'Before' ? 'before-function' : undefined),
    clock: new VirtualClock(),
    ports: {
      alarmState: () => 'OK',
      shift: async () => undefined,
      callHook: async (_, event) => {
        calls.push(event);
      },
      onPhase: () => undefined,
      notify: async ({ deploymentId, state }) => {
        told.push(`${deploymentId} ${state}`);
        await notify?.();
      },
    },
  });
  return { ...begun, id, calls, told };
};

const clientOf = (endpoint: string): CodeDeployClient =>
  new CodeDeployClient(clientOptions({ name: REGION, endpoint, accessKeyId: 'a', secretAccessKey: 'b' }, { ...PATIENT, attemptsMax: 1 }));

const info = async (client: CodeDeployClient, deploymentId: string) =>
  (await client.send(new GetDeploymentCommand({ deploymentId }))).deploymentInfo;

const answer = (event: HookEvent | undefined, status: 'Succeeded' | 'Failed', changed: object = {}) =>
  new PutLifecycleEventHookExecutionStatusCommand({
    deploymentId: event?.DeploymentId,
    lifecycleEventHookExecutionId: event?.LifecycleEventHookExecutionId,
    status,
    ...changed,
  });
