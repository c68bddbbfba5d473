import { describe, expect, test } from 'vitest';
import { adaptTemplate } from '../../local/deployment/adapt.ts';
import { gateHandle } from '../../local/deployment/gate.ts';
import { movesAlias } from '../../local/deployment/shifted-alias.ts';
import { type Json, referencesOf, resourcesOf } from '../../local/deployment/template.ts';

describe('the twin of the API, for the version that is being deployed', () => {
  test('has all that belongs to the REST API on an alias of its own, and leads to its own parts only', () => {
    const resources = adapted(CELL);

    expect(resources['LiveCandidate']).toEqual({
      Type: 'AWS::Lambda::Alias',
      DependsOn: ['Role'],
      Properties: { FunctionName: { Ref: 'Fn' }, FunctionVersion: { 'Fn::GetAtt': ['Version1', 'Version'] }, Name: 'candidate' },
    });
    const copied = ['Rest', 'Orders', 'Get', 'Model', 'Answers', 'Deployed', 'Stage', 'Permission'];
    for (const id of copied) {
      const [original, twin] = [resources[id] ?? {}, resources[`${id}Candidate`] ?? {}];
      expect(twin['Type'], id).toBe(original['Type']);
      const expected = [...referencesOf(original)].filter((each) => each !== 'Journey').map(moved([...copied, 'Live']));
      expect([...referencesOf(twin)].sort(), id).toEqual(expected.sort());
    }
    expect(resources['GetCandidate']).toMatchObject({
      Properties: { Integration: { Uri: { 'Fn::Join': ['', ['lambda:', { Ref: 'LiveCandidate' }, '/invocations']] } } },
    });
    expect(resources['PermissionCandidate']).toMatchObject({
      Properties: { SourceArn: { 'Fn::Sub': 'arn:aws:execute-api:::${RestCandidate}/*' } },
    });
  });

  test('does not wait for what comes after the alias that serves', () => {
    expect(adapted(CELL)['StageCandidate']).toMatchObject({ DependsOn: ['Account'] });
    expect(adapted(CELL)['DeployedCandidate']).toMatchObject({ DependsOn: ['GetCandidate', 'OrdersCandidate'] });
  });

  test('shares what there is once for an account or a name', () => {
    const twins = Object.keys(adapted(CELL)).filter((id) => id.endsWith('Candidate'));

    expect(twins.some((id) => /Account|Domain|Mapping|Log/.test(id))).toBe(false);
  });

  test('is told by an output, beside those that were there', () => {
    expect(adaptTemplate(CELL, 'eu-west-1').template['Outputs']).toEqual({
      RestApiId: { Value: { Ref: 'Rest' } },
      CandidateRestApiId: { Value: { Ref: 'RestCandidate' } },
    });
  });

  test('leaves the API of another alias alone', () => {
    const other = { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'other' } };

    expect(adapted(withResources({ Other: other }))).not.toHaveProperty('OtherCandidate');
  });

  test('is not made for an alias that is not shifted', () => {
    const { UpdatePolicy: _, ...plain } = LIVE;

    expect(Object.keys(adapted(withResources({ Live: plain }))).filter((id) => id.endsWith('Candidate'))).toEqual([]);
  });

  test('is refused for two APIs on one alias, by their names', () => {
    const second = {
      Rest2: { Type: 'AWS::ApiGateway::RestApi' },
      Get2: { Type: 'AWS::ApiGateway::Method', Properties: { RestApiId: { Ref: 'Rest2' }, Integration: { Uri: { Ref: 'Live' } } } },
    };

    expect(() => adapted(withResources(second))).toThrow('given 2 REST APIs on the alias Live (Rest, Rest2); allowed: one');
  });
});

describe('the gate before the alias', () => {
  const handle = gateHandle('d-ABC123XYZ');
  const gated = (template: Json) => resourcesOf(adaptTemplate(template, 'eu-west-1', { handle, seconds: 600 }).template);

  test('is there only when one is asked for', () => {
    expect(Object.keys(adapted(CELL)).filter((id) => id.startsWith('CodeDeploy'))).toEqual([]);
  });

  test('holds the alias until its handle is signalled, for as long as it is told', () => {
    expect(handle).toBe('CodeDeployHandledABC123XYZ');
    expect(gated(CELL)).toMatchObject({
      [handle]: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
      CodeDeployWaitdABC123XYZ: {
        Type: 'AWS::CloudFormation::WaitCondition',
        Properties: { Handle: { Ref: handle }, Timeout: '600', Count: 1 },
      },
      Live: { DependsOn: ['Role', 'CodeDeployWaitdABC123XYZ'] },
    });
  });

  test('comes after everything that can be there before the alias: version, hooks, alarms, candidate and its API', () => {
    const before = gated(CELL)[handle]?.['DependsOn'];

    expect(before).toEqual(expect.arrayContaining(['Version1', 'Hook', 'Math', 'Group', 'LiveCandidate', 'StageCandidate', 'Role']));
  });

  test('makes no circle: what is on the alias comes after it', () => {
    const before = gated(CELL)[handle]?.['DependsOn'];

    for (const id of ['Live', 'Get', 'Deployed', 'Stage', 'Permission', 'Mapping']) expect(before).not.toContain(id);
  });
});

describe('whether an update moves the alias', () => {
  const withVersion = (id: string) =>
    withResources({ Live: { ...LIVE, Properties: { ...LIVE.Properties, FunctionVersion: { 'Fn::GetAtt': [id, 'Version'] } } } });

  test.each([
    ['another version', CELL, withVersion('Version2'), true],
    ['the same version', CELL, withResources({ New: { Type: 'AWS::SQS::Queue' } }), false],
    ['no alias before', { Resources: {} }, CELL, false],
    ['no alias after', CELL, { Resources: {} }, false],
  ])('%s', (_, before, after, expected) => {
    expect(movesAlias(before, after)).toBe(expected);
  });

  test('two shifted aliases in one stack are refused', () => {
    expect(() => adapted(withResources({ Second: LIVE }))).toThrow('given 2 aliases with an update policy (Live, Second); allowed: one');
  });
});

describe('alarms that the emulator lacks', () => {
  test('become alarms with the same name, text and actions, on a metric that nobody puts', () => {
    const { template, replaced } = adaptTemplate(CELL, 'eu-west-1');

    expect(resourcesOf(template)['Math']).toEqual({
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: 'ratio',
        AlarmDescription: 'page: why',
        AlarmActions: [{ Ref: 'Topic' }],
        Namespace: 'Local/Placeholder',
        MetricName: 'None',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 0,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'ignore',
      },
    });
    expect(resourcesOf(template)['Both']).toMatchObject({ Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'both' } });
    expect(replaced).toEqual(
      expect.arrayContaining([
        { type: 'AWS::CloudWatch::Alarm with metric math', count: 1, suppliedBy: expect.stringContaining('local/cloudwatch') },
        { type: 'AWS::CloudWatch::CompositeAlarm', count: 1, suppliedBy: expect.stringContaining('local/cloudwatch') },
      ]),
    );
  });

  test('are referred to as the originals are', () => {
    const value = { a: { Ref: 'Both' }, b: { 'Fn::GetAtt': ['Math', 'Arn'] } };

    expect(adapted(withResources({ Queue: { Type: 'AWS::SQS::Queue', Properties: value } }))['Queue']).toMatchObject({ Properties: value });
  });

  test('an alarm on one metric stays as it is', () => {
    const plain = { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'm' } };

    expect(adapted(withResources({ Plain: plain }))['Plain']).toEqual(plain);
  });
});

describe('a rule on events of AWS', () => {
  const rule = (source: unknown) => ({ Type: 'AWS::Events::Rule', Properties: { EventPattern: { source, detail: { state: ['STOP'] } } } });

  test.each([
    [['aws.codedeploy'], ['local.aws.codedeploy']],
    [
      ['mine', 'aws.s3'],
      ['mine', 'local.aws.s3'],
    ],
    [[{ prefix: 'aws.code' }], [{ prefix: 'local.aws.code' }]],
    [['mine.aws.s3'], ['mine.aws.s3']],
  ])('%j hears %j', (given, heard) => {
    expect(adapted(withResources({ Rule: rule(given) }))['Rule']).toEqual(rule(heard));
  });

  test('on a schedule stays as it is', () => {
    const schedule = { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'rate(1 minute)' } };

    expect(adapted(withResources({ Rule: schedule }))['Rule']).toEqual(schedule);
  });
});

test('what refers to an application or a group of CodeDeploy gets a name, as on AWS, not the address of a stand-in', () => {
  const named = { Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: { DeploymentGroupName: 'given' } };
  const rule = { Properties: { a: { Ref: 'App' }, b: { 'Fn::Sub': 'x/${App}/${Named}' } } };

  expect(adapted(withResources({ Named: named, Rule: { Type: 'AWS::SQS::Queue', ...rule } }))['Rule']).toMatchObject({
    Properties: { a: 'App', b: { 'Fn::Sub': 'x/App/given' } },
  });
});

test('the start says that a version is shifted, and by what', () => {
  expect(adaptTemplate(CELL, 'eu-west-1').replaced).toEqual(
    expect.arrayContaining([
      { type: 'UpdatePolicy of AWS::Lambda::Alias', count: 1, suppliedBy: expect.stringContaining('local/codedeploy') },
      { type: 'AWS::CodeDeploy::DeploymentGroup', count: 1, suppliedBy: expect.stringContaining('local/codedeploy') },
    ]),
  );
  expect(adapted(CELL)['Live']).not.toHaveProperty('UpdatePolicy');
});

const LIVE = {
  Type: 'AWS::Lambda::Alias',
  DependsOn: 'Role',
  Properties: { FunctionName: { Ref: 'Fn' }, FunctionVersion: { 'Fn::GetAtt': ['Version1', 'Version'] }, Name: 'live' },
  UpdatePolicy: {
    CodeDeployLambdaAliasUpdate: {
      ApplicationName: { Ref: 'App' },
      DeploymentGroupName: { Ref: 'Group' },
      BeforeAllowTrafficHook: { Ref: 'Hook' },
    },
  },
};

/** As CDK writes a cell, shortened. */
const CELL = {
  Resources: {
    Role: { Type: 'AWS::IAM::Role' },
    Fn: { Type: 'AWS::Lambda::Function' },
    Version1: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Fn' } } },
    Hook: { Type: 'AWS::Lambda::Function' },
    Live: LIVE,
    App: { Type: 'AWS::CodeDeploy::Application' },
    Group: { Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: { ApplicationName: { Ref: 'App' } } },
    Topic: { Type: 'AWS::SNS::Topic' },
    Math: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { AlarmName: 'ratio', AlarmDescription: 'page: why', AlarmActions: [{ Ref: 'Topic' }], Metrics: [], Threshold: 5 },
    },
    Both: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmName: 'both', AlarmRule: 'ALARM(ratio)' } },
    Rest: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'api' } },
    Orders: {
      Type: 'AWS::ApiGateway::Resource',
      Properties: { RestApiId: { Ref: 'Rest' }, ParentId: { 'Fn::GetAtt': ['Rest', 'RootResourceId'] } },
    },
    Get: {
      Type: 'AWS::ApiGateway::Method',
      Properties: {
        RestApiId: { Ref: 'Rest' },
        ResourceId: { Ref: 'Orders' },
        RequestModels: { json: { Ref: 'Model' } },
        Integration: { Uri: { 'Fn::Join': ['', ['lambda:', { Ref: 'Live' }, '/invocations']] } },
      },
    },
    Model: { Type: 'AWS::ApiGateway::Model', Properties: { RestApiId: { Ref: 'Rest' } } },
    Answers: { Type: 'AWS::ApiGateway::GatewayResponse', Properties: { RestApiId: { Ref: 'Rest' } } },
    Deployed: { Type: 'AWS::ApiGateway::Deployment', DependsOn: ['Get', 'Orders'], Properties: { RestApiId: { Ref: 'Rest' } } },
    Log: { Type: 'AWS::Logs::LogGroup' },
    Stage: {
      Type: 'AWS::ApiGateway::Stage',
      DependsOn: ['Account', 'Journey'],
      Properties: {
        RestApiId: { Ref: 'Rest' },
        DeploymentId: { Ref: 'Deployed' },
        AccessLogSetting: { DestinationArn: { 'Fn::GetAtt': ['Log', 'Arn'] } },
      },
    },
    Account: { Type: 'AWS::ApiGateway::Account' },
    Journey: { Type: 'Custom::FirstJourney', DependsOn: ['Live'] },
    Domain: { Type: 'AWS::ApiGateway::DomainName' },
    Mapping: { Type: 'AWS::ApiGateway::BasePathMapping', Properties: { RestApiId: { Ref: 'Rest' }, Stage: { Ref: 'Stage' } } },
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: { FunctionName: { Ref: 'Live' }, SourceArn: { 'Fn::Sub': 'arn:aws:execute-api:::${Rest}/*' } },
    },
  },
  Outputs: { RestApiId: { Value: { Ref: 'Rest' } } },
};

const withResources = (more: Readonly<Record<string, Json>>): Json => ({ ...CELL, Resources: { ...CELL.Resources, ...more } });
const adapted = (template: Json) => resourcesOf(adaptTemplate(template, 'eu-west-1').template);
const moved =
  (ids: readonly string[]) =>
  (id: string): string =>
    ids.includes(id) ? `${id}Candidate` : id;
