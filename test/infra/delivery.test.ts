import { App, Stack } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { afterAll, describe, expect, test } from 'vitest';
import { DELIVERY_ENV, ENV, STACKS } from '../../functions/contract/names.ts';
import { STOPPING } from '../../infra/cell-alarms.ts';
import { assertStoppable } from '../../infra/delivery.ts';
import { waitsFor } from './cycles.ts';
import { alarmName, alarmsOf, aliasOf, functionOf, metricsOf, only, variablesOf, versionNumberOf } from './lookup.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, synthesize, type Template } from './system.ts';

const [HERE] = REGIONS;
const behindDomain = synthesize(configOf(2, { domain: DOMAIN }));
const bare = synthesize(configOf(3, { delivery: { exposePercent: 20, exposeMinutes: 7, bakeMinutes: 3, ignoreAlarms: true } }));
const next = synthesize(configOf(2, { domain: DOMAIN }), { codeHash: 'fedcba9876543210' });
const systems = [behindDomain, bare, next];
afterAll(() => {
  for (const system of systems) system.remove();
});
const cell = behindDomain.stack(STACKS.cell(HERE));
const ignoring = bare.stack(STACKS.cell(HERE));

describe('a new version of the API', () => {
  test('is shifted by CodeDeploy between the two hooks, which are called as they are and not by an alias', () => {
    const policy = dig(aliasOf(cell, 'Api'), 'UpdatePolicy', 'CodeDeployLambdaAliasUpdate');

    expect(policy).toEqual({
      ApplicationName: { Ref: only(cell, 'AWS::CodeDeploy::Application').id },
      DeploymentGroupName: { Ref: only(cell, 'AWS::CodeDeploy::DeploymentGroup').id },
      BeforeAllowTrafficHook: { Ref: functionOf(cell, 'Delivery/BeforeTraffic').id },
      AfterAllowTrafficHook: { Ref: functionOf(cell, 'Delivery/AfterTraffic').id },
    });
  });

  test("is the only one that is shifted: other functions' aliases move at once", () => {
    const shifted = cell.ofType('AWS::Lambda::Alias').filter((alias) => dig(alias, 'UpdatePolicy') !== undefined);

    expect(shifted.map(({ id }) => id)).toEqual([aliasOf(cell, 'Api').id]);
  });

  test('gets a part of the calls first, as configured', () => {
    const routing = (template: Template) => dig(only(template, 'AWS::CodeDeploy::DeploymentConfig').Properties, 'TrafficRoutingConfig');

    expect(routing(cell)).toEqual({ Type: 'TimeBasedCanary', TimeBasedCanary: { CanaryInterval: 5, CanaryPercentage: 5 } });
    expect(routing(ignoring)).toEqual({ Type: 'TimeBasedCanary', TimeBasedCanary: { CanaryInterval: 7, CanaryPercentage: 20 } });
    const { Properties: group } = only(cell, 'AWS::CodeDeploy::DeploymentGroup');
    expect(dig(group, 'DeploymentConfigName')).toEqual({ Ref: only(cell, 'AWS::CodeDeploy::DeploymentConfig').id });
    expect(dig(group, 'DeploymentStyle')).toEqual({ DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' });
  });

  test('is taken back when the deployment fails, is stopped, or an alarm fires', () => {
    const { Properties: group } = only(cell, 'AWS::CodeDeploy::DeploymentGroup');

    expect(dig(group, 'AutoRollbackConfiguration', 'Enabled')).toBe(true);
    expect(list(dig(group, 'AutoRollbackConfiguration', 'Events')).toSorted()).toEqual([
      'DEPLOYMENT_FAILURE',
      'DEPLOYMENT_STOP_ON_ALARM',
      'DEPLOYMENT_STOP_ON_REQUEST',
    ]);
  });

  test('is what the hooks are told of, which CodeDeploy does not do', () => {
    const number = versionNumberOf(cell, 'Api');
    for (const hook of ['Delivery/BeforeTraffic', 'Delivery/AfterTraffic', 'FirstJourney'])
      expect(joined(variablesOf(cell, hook)[DELIVERY_ENV.candidate])).toBe(number);
  });

  test('waits until CodeDeploy may call the hooks, and until whoever bakes it and records its end is of the same release', () => {
    const needed = waitsFor(cell, aliasOf(cell, 'Api').id);

    expect([...needed]).toEqual(
      expect.arrayContaining([
        only(cell, 'AWS::IAM::Policy', 'Delivery/Group/ServiceRole').id,
        aliasOf(cell, 'Canary').id,
        aliasOf(cell, 'DeploymentEvents').id,
      ]),
    );
  });
});

describe('the alarms that stop a deployment', () => {
  const group = only(cell, 'AWS::CodeDeploy::DeploymentGroup');
  const names = list(dig(group.Properties, 'AlarmConfiguration', 'Alarms')).map((each) => dig(each, 'Name', 'Ref'));
  const alarms = names.map((name) => cell.resources.find(({ id }) => id === name));

  test('exist, are no more than ten, and are those of the list', () => {
    expect(alarms.map((alarm) => alarm && alarmName(alarm))).toEqual([...STOPPING]);
    expect(alarms.length).toBeLessThanOrEqual(10);
    expect(dig(group.Properties, 'AlarmConfiguration', 'Enabled')).toBe(true);
  });

  test('watch the new version, the API by its literal name and stage, and the canary; nothing else', () => {
    const number = versionNumberOf(cell, 'Api');
    const subjects = alarms.map((alarm) =>
      (alarm ? metricsOf(alarm) : []).map(({ namespace, name, dimensions }) => {
        if (dimensions['ExecutedVersion'] === number) return 'version';
        if (namespace === 'AWS/ApiGateway') return `${dimensions['ApiName']}/${dimensions['Stage']}`;
        return name.startsWith('Journey') || name.startsWith('Canary') ? 'canary' : name;
      }),
    );

    expect(subjects.map((each) => [...new Set(each)].join())).toEqual([
      'version',
      'version',
      'version',
      'version',
      // Without what strangers were told: that nobody can say who they are.
      'tandem/live,Untold',
      'canary',
      'canary',
    ]);
    expect(dig(only(cell, 'AWS::ApiGateway::RestApi').Properties, 'Name')).toBe('tandem');
    expect(dig(only(cell, 'AWS::ApiGateway::Stage').Properties, 'StageName')).toBe('live');
  });

  test('are other alarms for the next version, so that the fault of the one before cannot stop its fix', () => {
    const idsOf = (template: Template) => new Map([...alarmsOf(template)].map(([name, { id }]) => [name, id]));
    const [before, after] = [idsOf(cell), idsOf(next.stack(STACKS.cell(HERE)))];
    const replaced = [...before].filter(([name, id]) => after.get(name) !== id).map(([name]) => name);

    expect([...after.keys()]).toEqual([...before.keys()]);
    expect(replaced).toEqual(['VersionErrors', 'VersionErrorBurst', 'VersionCrashes', 'VersionLatency']);
  });

  test('end a bake as well', () => {
    expect(joined(variablesOf(cell, 'Canary')[DELIVERY_ENV.bakeAlarms])).toBe(names.map((name) => `{${name}}`).join(','));
    expect(variablesOf(cell, 'Delivery/AfterTraffic')[DELIVERY_ENV.bakeMinutes]).toBe('10');
  });

  test('stop nothing while deployments ignore alarms, which the first hook is told, to audit it, and the canary, to bake on', () => {
    const { Properties } = only(ignoring, 'AWS::CodeDeploy::DeploymentGroup');

    expect(dig(Properties, 'AlarmConfiguration', 'Enabled')).toBe(false);
    for (const construct of ['Canary', 'Delivery/BeforeTraffic'])
      expect([cell, ignoring].map((template) => variablesOf(template, construct)[DELIVERY_ENV.ignoreAlarms])).toEqual(['false', 'true']);
    expect(variablesOf(ignoring, 'Delivery/AfterTraffic')[DELIVERY_ENV.bakeMinutes]).toBe('3');
  });

  test('are refused at synthesis when there is an eleventh', () => {
    const stack = new Stack(new App(), 'Eleven');
    const some = (count: number) =>
      Array.from({ length: count }, (_, index) => Alarm.fromAlarmArn(stack, `${count}-${index}`, `arn:aws:cloudwatch:x:1:alarm:${index}`));

    expect(() => assertStoppable(some(10))).not.toThrow();
    expect(() => assertStoppable(some(11))).toThrow('given 11 alarms that stop a deployment; allowed: 1 to 10');
    expect(() => assertStoppable([])).toThrow('given 0 alarms');
  });
});

describe('the first version, which no deployment tries', () => {
  test.each([
    ['behind a domain', cell],
    ['without one', ignoring],
  ])('is tried by the journey before the region can be reached, %s', (_, template) => {
    const journey = only(template, 'Custom::FirstJourney');
    expect([...waitsFor(template, journey.id)]).toEqual(
      expect.arrayContaining([aliasOf(template, 'Api').id, only(template, 'Custom::CanaryIdentity').id]),
    );

    const ways = [...template.ofType('AWS::ApiGateway::Stage'), ...template.ofType('AWS::ApiGateway::BasePathMapping')];
    expect(ways.length).toBeGreaterThan(0);
    for (const { id } of ways) expect(waitsFor(template, id)).toContain(journey.id);
  });

  test('is tried once: nothing in the resource changes with a version', () => {
    const [now, later] = [cell, next.stack(STACKS.cell(HERE))].map((template) => only(template, 'Custom::FirstJourney').Properties);

    expect(now).toEqual(later);
    expect(Object.keys(Object(now)).toSorted()).toEqual(['ServiceTimeout', 'ServiceToken']);
  });
});

describe('the variables of the functions that deliver', () => {
  test.each([
    ['Canary', ['canaryKey', 'apiUrl', 'bakeAlarms', 'ignoreAlarms']],
    ['Delivery/BeforeTraffic', ['canaryKey', 'apiFunction', 'candidate', 'ignoreAlarms']],
    ['Delivery/AfterTraffic', ['candidate', 'bakeMinutes']],
    ['DeploymentEvents', ['prunedFunctions']],
    ['CanaryIdentity', ['canaryKey']],
    ['FirstJourney', ['canaryKey', 'apiFunction', 'candidate']],
  ] as const)('%s: those that every function gets, and what it reads', (construct, names) => {
    for (const template of [cell, ignoring]) {
      const expected = [...Object.values(ENV), ...names.map((name) => DELIVERY_ENV[name])];
      expect(Object.keys(variablesOf(template, construct)).toSorted()).toEqual(expected.toSorted());
    }
  });

  test('name the API, the key, and where the API is when no domain tells', () => {
    const key = `{${only(cell, 'AWS::KMS::Key').id}.Arn}`;
    for (const construct of ['Canary', 'Delivery/BeforeTraffic', 'CanaryIdentity', 'FirstJourney'])
      expect(joined(variablesOf(cell, construct)[DELIVERY_ENV.canaryKey])).toBe(key);
    for (const construct of ['Delivery/BeforeTraffic', 'FirstJourney'])
      expect(joined(variablesOf(cell, construct)[DELIVERY_ENV.apiFunction])).toBe(`{${functionOf(cell, 'Api').id}}`);
    expect(variablesOf(cell, 'Canary')[DELIVERY_ENV.apiUrl]).toBe('');
    expect(joined(variablesOf(ignoring, 'Canary')[DELIVERY_ENV.apiUrl])).toBe(
      `https://{${only(ignoring, 'AWS::ApiGateway::RestApi').id}}.execute-api.${HERE}.{AWS::URLSuffix}/live`,
    );
  });

  test('name every function whose versions are kept; the pruner adds its own', () => {
    const pruned = joined(variablesOf(cell, 'DeploymentEvents')[DELIVERY_ENV.prunedFunctions]).split(',');
    const own = functionOf(cell, 'DeploymentEvents').id;

    expect(pruned.toSorted()).toEqual(
      cell
        .ofType('AWS::Lambda::Function')
        .filter(({ id }) => id !== own)
        .map(({ id }) => `{${id}}`)
        .toSorted(),
    );
  });
});
