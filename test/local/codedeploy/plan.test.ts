import { describe, expect, test } from 'vitest';
import { readPlan } from '../../../local/codedeploy/plan.ts';
import { exposureMs } from '../../../local/codedeploy/steps.ts';

const MINUTE_MS = 60_000;

describe('what a template says about its deployments', () => {
  test('is read from the alias, its group and its configuration', () => {
    expect(plan({})).toEqual({
      alias: 'Live',
      application: 'App',
      group: 'Group',
      config: 'Config',
      steps: [{ percent: 5, holdMs: 5 * MINUTE_MS }],
      hooks: { before: { logicalId: 'Before' }, after: { logicalId: 'After' } },
      alarms: { watched: [{ logicalId: 'Errors' }, 'by-name'], enabled: true, ignorePollFailure: false },
      rollbackOn: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'],
    });
  });

  test('is nothing where no alias is shifted', () => {
    expect(readPlan({ region: 'eu-west-1', template: { Resources: { Queue: { Type: 'AWS::SQS::Queue' } } } })).toBeUndefined();
  });

  test('may leave hooks, alarms and rollback out', () => {
    const policy = { ApplicationName: { Ref: 'App' }, DeploymentGroupName: { Ref: 'Group' } };
    const { AlarmConfiguration: _, AutoRollbackConfiguration: __, ...group } = GROUP;

    expect(plan({ policy, group })).toMatchObject({
      hooks: { before: undefined, after: undefined },
      alarms: { watched: [], enabled: false },
      rollbackOn: [],
    });
  });

  test('keeps names that are given', () => {
    expect(plan({ group: { ...GROUP, DeploymentGroupName: 'orders' } })).toMatchObject({ application: 'App', group: 'orders' });
  });

  test('says when alarms are to be ignored', () => {
    const group = { ...GROUP, AlarmConfiguration: { ...GROUP.AlarmConfiguration, Enabled: false } };

    expect(plan({ group })).toMatchObject({ alarms: { enabled: false } });
  });
});

describe('the steps', () => {
  test.each([
    ['TimeBasedCanary', { CanaryPercentage: 20, CanaryInterval: 3 }, [20]],
    ['TimeBasedLinear', { LinearPercentage: 25, LinearInterval: 2 }, [25, 50, 75]],
    ['TimeBasedLinear', { LinearPercentage: 40, LinearInterval: 2 }, [40, 80]],
    ['AllAtOnce', undefined, []],
  ])('of %s %j', (Type, details, percents) => {
    const routing = { Type, ...(details === undefined ? {} : { [Type]: details }) };

    expect(plan({ routing })?.steps.map(({ percent }) => percent)).toEqual(percents);
  });

  test.each([
    ['CodeDeployDefault.LambdaAllAtOnce', [], 0],
    ['CodeDeployDefault.LambdaCanary10Percent5Minutes', [10], 5],
    ['CodeDeployDefault.LambdaLinear10PercentEvery1Minute', [10, 20, 30, 40, 50, 60, 70, 80, 90], 9],
    ['CodeDeployDefault.LambdaLinear10PercentEvery10Minutes', [10, 20, 30, 40, 50, 60, 70, 80, 90], 90],
  ])('of %s, which AWS defines', (DeploymentConfigName, percents, minutes) => {
    const steps = plan({ group: { ...GROUP, DeploymentConfigName } })?.steps ?? [];

    expect(steps.map(({ percent }) => percent)).toEqual(percents);
    expect(exposureMs(steps)).toBe(minutes * MINUTE_MS);
  });
});

describe('what is not understood is refused with its place', () => {
  test.each([
    ['another platform', { platform: 'ECS' }, /Config .* ComputePlatform: given "ECS"; allowed: Lambda/],
    ['another way to shift', { routing: { Type: 'ZigZag' } }, /TrafficRoutingConfig.Type: given "ZigZag"; allowed: AllAtOnce/],
    [
      '100 percent',
      { routing: { Type: 'TimeBasedCanary', TimeBasedCanary: { CanaryPercentage: 100, CanaryInterval: 1 } } },
      /given "100"; allowed: 1 to 99/,
    ],
    ['a property of the group', { group: { ...GROUP, TriggerConfigurations: [] } }, /Group .* TriggerConfigurations: not supported/],
    [
      'a hook of another kind',
      { policy: { ...POLICY, BeforeAllowTrafficHook: 'a-name' } },
      /BeforeAllowTrafficHook: given "a-name"; allowed: a Ref/,
    ],
    [
      'a configuration of another name',
      { group: { ...GROUP, DeploymentConfigName: 'mine' } },
      /given "mine"; allowed: a configuration of this template/,
    ],
    [
      'a reason to roll back',
      { group: { ...GROUP, AutoRollbackConfiguration: { Enabled: true, Events: ['FULL_MOON'] } } },
      /AutoRollbackConfiguration.Events: given "FULL_MOON"; allowed: DEPLOYMENT_FAILURE/,
    ],
  ])('%s', (_, given, message) => {
    expect(() => plan(given)).toThrow(message);
  });
});

const POLICY = {
  ApplicationName: { Ref: 'App' },
  DeploymentGroupName: { Ref: 'Group' },
  BeforeAllowTrafficHook: { Ref: 'Before' },
  AfterAllowTrafficHook: { Ref: 'After' },
};
const GROUP = {
  ApplicationName: { Ref: 'App' },
  ServiceRoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
  DeploymentStyle: { DeploymentOption: 'WITH_TRAFFIC_CONTROL', DeploymentType: 'BLUE_GREEN' },
  DeploymentConfigName: { Ref: 'Config' },
  AlarmConfiguration: { Alarms: [{ Name: { Ref: 'Errors' } }, { Name: 'by-name' }], Enabled: true },
  AutoRollbackConfiguration: { Enabled: true, Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'] },
};
const ROUTING = { Type: 'TimeBasedCanary', TimeBasedCanary: { CanaryPercentage: 5, CanaryInterval: 5 } };

interface Given {
  readonly policy?: object;
  readonly group?: object;
  readonly routing?: object;
  readonly platform?: string;
}

const plan = ({ policy = POLICY, group = GROUP, routing = ROUTING, platform = 'Lambda' }: Given) =>
  readPlan({
    region: 'eu-west-1',
    template: {
      Resources: {
        Live: { Type: 'AWS::Lambda::Alias', UpdatePolicy: { CodeDeployLambdaAliasUpdate: policy } },
        Role: { Type: 'AWS::IAM::Role' },
        Before: { Type: 'AWS::Lambda::Function' },
        After: { Type: 'AWS::Lambda::Function' },
        Errors: { Type: 'AWS::CloudWatch::Alarm' },
        App: { Type: 'AWS::CodeDeploy::Application', Properties: { ComputePlatform: 'Lambda' } },
        Group: { Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: group },
        Config: { Type: 'AWS::CodeDeploy::DeploymentConfig', Properties: { ComputePlatform: platform, TrafficRoutingConfig: routing } },
      },
    },
  });
