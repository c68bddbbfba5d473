import { describe, expect, test } from 'vitest';
import { adaptTemplate, sumReplacements } from '../../local/deployment/adapt.ts';

const STAND_IN = 'AWS::CloudFormation::WaitConditionHandle';
const CHECK = { Type: 'AWS::Route53::HealthCheck', Properties: { HealthCheckConfig: { Type: 'HTTPS' } } };

describe('what an emulator cannot create', () => {
  test('becomes a stand-in without properties, and is told with what supplies it', () => {
    const { template, replaced } = adapt({ Check: CHECK, Other: CHECK, Queue: { Type: 'AWS::SQS::Queue' } });

    expect(template['Resources']).toEqual({ Check: { Type: STAND_IN }, Other: { Type: STAND_IN }, Queue: { Type: 'AWS::SQS::Queue' } });
    expect(replaced).toEqual([{ type: 'AWS::Route53::HealthCheck', count: 2, suppliedBy: expect.stringContaining('local/route53') }]);
  });

  test.each(['AWS::CodeDeploy::DeploymentGroup', 'AWS::FIS::ExperimentTemplate', 'AWS::Synthetics::Canary'])(
    'whole services are meant as well: %s',
    (Type) => {
      expect(adapt({ Thing: { Type } }).template['Resources']).toEqual({ Thing: { Type: STAND_IN } });
    },
  );

  test('keeps the order of creation and the condition', () => {
    const { template } = adapt({
      Check: { ...CHECK, DependsOn: ['Queue'], Condition: 'C' },
      Queue: { Type: 'AWS::SQS::Queue', DependsOn: 'Check' },
    });

    expect(template['Resources']).toEqual({
      Check: { Type: STAND_IN, DependsOn: ['Queue'], Condition: 'C' },
      Queue: { Type: 'AWS::SQS::Queue', DependsOn: 'Check' },
    });
  });

  test('a type that nobody has thought of is left for the emulator to refuse', () => {
    const unknown = { Type: 'AWS::Brand::New' };

    expect(adapt({ Unknown: unknown })).toEqual({ template: { Resources: { Unknown: unknown } }, replaced: [] });
  });
});

describe('references to a stand-in', () => {
  test.each([
    ['GetAtt as a list', { 'Fn::GetAtt': ['Check', 'HealthCheckId'] }, { Ref: 'Check' }],
    ['GetAtt as a text', { 'Fn::GetAtt': 'Check.HealthCheckId' }, { Ref: 'Check' }],
    ['Ref', { Ref: 'Check' }, { Ref: 'Check' }],
    ['Sub', { 'Fn::Sub': 'a/${Check.HealthCheckId}/${Queue.Arn}/${Check}' }, { 'Fn::Sub': 'a/${Check}/${Queue.Arn}/${Check}' }],
    [
      'Sub with variables',
      { 'Fn::Sub': ['${Check.Id}${x}', { x: { 'Fn::GetAtt': ['Check', 'Id'] } }] },
      { 'Fn::Sub': ['${Check}${x}', { x: { Ref: 'Check' } }] },
    ],
    ['a text that only looks like one', { 'Fn::Sub': '${!Check.Id}' }, { 'Fn::Sub': '${!Check.Id}' }],
    ['one inside another', { 'Fn::Join': ['', ['x', { 'Fn::GetAtt': ['Check', 'Id'] }]] }, { 'Fn::Join': ['', ['x', { Ref: 'Check' }]] }],
    ['GetAtt of what exists', { 'Fn::GetAtt': ['Queue', 'Arn'] }, { 'Fn::GetAtt': ['Queue', 'Arn'] }],
  ])('%s', (_, value, expected) => {
    const { template } = adaptTemplate(
      { Resources: { Check: CHECK, Queue: { Type: 'AWS::SQS::Queue', Properties: { value } } }, Outputs: { Out: { Value: value } } },
      'eu-west-1',
    );

    expect(template).toMatchObject({ Resources: { Queue: { Properties: { value: expected } } }, Outputs: { Out: { Value: expected } } });
  });
});

describe('a table with replicas', () => {
  const replica = (Region: string) => ({ Region, DeletionProtectionEnabled: true });
  const table = {
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: { TableName: 't', Replicas: [replica('eu-west-1'), replica('us-east-2')] },
  };

  test.each(['eu-west-1', 'us-east-2'])('is the replica of the region it is deployed to: %s', (region) => {
    const { template, replaced } = adaptTemplate({ Resources: { Table: table } }, region);

    expect(template).toMatchObject({ Resources: { Table: { Properties: { TableName: 't', Replicas: [replica(region)] } } } });
    expect(replaced).toEqual([
      { type: 'replica of AWS::DynamoDB::GlobalTable', count: 1, suppliedBy: expect.stringContaining('local/replication') },
    ]);
  });
});

test('the template that AWS gets is not touched', () => {
  const given = {
    Resources: { Check: CHECK, Queue: { Type: 'AWS::SQS::Queue', Properties: { value: { 'Fn::GetAtt': ['Check', 'Id'] } } } },
  };
  const before = structuredClone(given);

  adaptTemplate(given, 'eu-west-1');

  expect(given).toEqual(before);
});

test('counts of several templates are summed by type', () => {
  const one = { type: 'a', count: 2, suppliedBy: 's' };

  expect(
    sumReplacements([
      [one],
      [
        { ...one, count: 3 },
        { type: 'b', count: 1, suppliedBy: 't' },
      ],
    ]),
  ).toEqual([
    { type: 'a', count: 5, suppliedBy: 's' },
    { type: 'b', count: 1, suppliedBy: 't' },
  ]);
});

const adapt = (Resources: Readonly<Record<string, unknown>>) => adaptTemplate({ Resources }, 'eu-west-1');
