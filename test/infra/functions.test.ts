import { afterAll, describe, expect, test } from 'vitest';
import { ALIAS, BACKUPS, ENV, STACKS, TABLES } from '../../functions/contract/names.ts';
import { functionOf, only, statementsOf, variablesOf, versionNumberOf } from './lookup.ts';
import { configOf, DOMAIN, dig, joined, REGIONS, synthesize, within } from './system.ts';

const system = synthesize(configOf(3, { domain: DOMAIN }));
afterAll(() => system.remove());

const [HERE] = REGIONS;
const cell = system.stack(STACKS.cell(HERE));
/** Each function by its construct, with the seconds that it may take. */
const FUNCTIONS = {
  Api: 10,
  StreamLookup: 30,
  Housekeeping: 30,
  Canary: 55,
  CanaryIdentity: 30,
  'Delivery/BeforeTraffic': 300,
  'Delivery/AfterTraffic': 30,
  FirstJourney: 150,
  DeploymentEvents: 60,
  BackupWatch: 60,
  'RestoreTest/Validation': 900,
} as const;
const names = Object.keys(FUNCTIONS);

describe('the functions', () => {
  test('run on arm64 and Node 24, with a time limit, a log group that ends, and no reserved concurrency', () => {
    expect(cell.ofType('AWS::Lambda::Function')).toHaveLength(names.length);
    for (const [name, seconds] of Object.entries(FUNCTIONS)) {
      const { Properties } = functionOf(cell, name);
      expect(dig(Properties, 'Runtime')).toBe('nodejs24.x');
      expect(dig(Properties, 'Architectures')).toEqual(['arm64']);
      expect(dig(Properties, 'Handler')).toBe('index.handler');
      expect(dig(Properties, 'Timeout')).toBe(seconds);
      expect(dig(Properties, 'ReservedConcurrentExecutions')).toBeUndefined();
      expect(cell.resources.find(({ id }) => id === dig(Properties, 'LoggingConfig', 'LogGroup', 'Ref'))?.Type).toBe('AWS::Logs::LogGroup');
    }
    for (const { Properties } of cell.ofType('AWS::Logs::LogGroup')) expect(dig(Properties, 'RetentionInDays')).toBe(30);
  });

  test('have each an alias on the newest version, and keep the versions before', () => {
    const versions = cell.ofType('AWS::Lambda::Version');
    expect(versions).toHaveLength(names.length);
    for (const version of versions)
      expect([version.DeletionPolicy, version.UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
    for (const name of names) {
      expect(dig(only(cell, 'AWS::Lambda::Alias', name).Properties, 'Name')).toBe(ALIAS);
      expect(versionNumberOf(cell, name)).toBe(`{${only(cell, 'AWS::Lambda::Version', name).id}.Version}`);
    }
  });

  test('of the API and housekeeping get exactly the variables of the contract, the same in every region', () => {
    for (const region of REGIONS) {
      for (const name of ['Api', 'Housekeeping']) {
        const variables = variablesOf(system.stack(STACKS.cell(region)), name);
        expect(Object.keys(variables).sort()).toEqual(Object.values(ENV).sort());
        expect(variables[ENV.regions]).toBe(REGIONS.join(','));
        expect(variables[ENV.auth]).toBe('{"mode":"keys"}');
        expect(variables[ENV.release]).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{8}$/);
      }
    }
  });

  test('may touch the tables of their own region only and what is restored of them, but for the items that the API looks for at its peers', () => {
    for (const region of REGIONS) {
      const template = system.stack(STACKS.cell(region));
      const arns = [...within(template.ofType('AWS::IAM::Policy'))].map(joined).filter((text) => /^arn:.*:dynamodb:/.test(text));
      const foreign = arns.filter((arn) => !arn.includes(`:dynamodb:${region}:`));
      expect(arns.length).toBeGreaterThan(foreign.length);
      for (const arn of arns.filter((each) => !foreign.includes(each)))
        expect(arn).toMatch(
          new RegExp(
            `^arn:\\{AWS::Partition\\}:dynamodb:${region}:\\{AWS::AccountId\\}:table/(tandem-(data|control)(/.+)?|${BACKUPS.restoredPrefix}\\*)$`,
          ),
        );
      const peers = REGIONS.filter((each) => each !== region);
      const replicas = peers.map((peer) => `arn:{AWS::Partition}:dynamodb:${peer}:{AWS::AccountId}:table/${TABLES.data}`);
      expect(foreign.sort()).toEqual([...replicas].sort());
      const looks = statementsOf(template, 'Api').filter(({ resources }) => resources.some((resource) => replicas.includes(resource)));
      expect(looks.flatMap(({ actions }) => actions)).toEqual(peers.map(() => 'dynamodb:GetItem'));
      expect(looks.flatMap(({ resources }) => resources).sort()).toEqual([...replicas].sort());
    }
  });
});

describe('the functions that serve', () => {
  test('may only read the control table, and delete nothing', () => {
    for (const name of ['Api', 'Housekeeping', 'StreamLookup']) {
      const control = statementsOf(cell, name).filter(({ resources }) => resources.some((resource) => resource.endsWith(TABLES.control)));
      for (const { actions } of control) expect(actions).toEqual(['dynamodb:Query']);
      for (const { actions } of statementsOf(cell, name)) expect(actions.join()).not.toMatch(/Delete|\*|Scan|Batch/);
    }
    expect(statementsOf(cell, 'StreamLookup').flatMap(({ actions }) => actions)).toContain('dynamodb:DescribeTable');
  });

  test('may call no function, sign nothing and deploy nothing', () => {
    for (const name of ['Api', 'Housekeeping', 'StreamLookup'])
      expect(
        statementsOf(cell, name)
          .flatMap(({ actions }) => actions)
          .join(),
      ).not.toMatch(/lambda:|kms:|codedeploy:|cloudwatch:/);
  });
});
