import { describe, expect, it } from 'vitest';
import { readAssembly } from '../../../ops/delivery/assembly.ts';
import { changeText, type Template, uncoveredChanges } from '../../../ops/delivery/uncovered.ts';
import { configOf, DOMAIN, synthesize } from '../../infra/system.ts';

const base: Template = {
  Resources: {
    Api: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Key: 'one.zip' } } },
    Alias: {
      Type: 'AWS::Lambda::Alias',
      Properties: { FunctionName: { Ref: 'Api' }, FunctionVersion: { Ref: 'Version1' } },
      UpdatePolicy: { CodeDeployLambdaAliasUpdate: { ApplicationName: 'x' } },
    },
    Housekeeping: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Key: 'one.zip' } } },
    Orders: { Type: 'AWS::ApiGateway::Method', Properties: { HttpMethod: 'GET' } },
    Role: { Type: 'AWS::IAM::Role', Properties: { Statement: ['read'] } },
    Shield: { Type: 'AWS::WAFv2::WebACL', Properties: { Rules: [] } },
    Table: { Type: 'AWS::DynamoDB::GlobalTable', Properties: { Replicas: ['a'] } },
    Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { Threshold: 1 } },
  },
};
const next = (resources: Template['Resources'], without: readonly string[] = []): Template => ({
  Resources: Object.fromEntries(Object.entries({ ...base.Resources, ...resources }).filter(([id]) => !without.includes(id))),
});
const found = (to: Template) => uncoveredChanges(base, to).map(changeText);

describe('what the canary does not try', () => {
  it('is nothing when only the API’s code changes, or what no caller sees', () => {
    const to = next({
      Api: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Key: 'two.zip' } } },
      Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { Threshold: 2 } },
    });
    expect(found(to)).toEqual([]);
  });

  it.each([
    [
      'Housekeeping',
      { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Key: 'two.zip' } } },
      /^other functions: 1 changed \(Housekeeping\): /,
    ],
    ['Orders', { Type: 'AWS::ApiGateway::Method', Properties: { HttpMethod: 'POST' } }, /^API Gateway: 1 changed \(Orders\): /],
    ['Role', { Type: 'AWS::IAM::Role', Properties: { Statement: [] } }, /^IAM: 1 changed \(Role\): /],
    ['Shield', { Type: 'AWS::WAFv2::WebACL', Properties: { Rules: ['x'] } }, /^WAF: 1 changed/],
    ['Table', { Type: 'AWS::DynamoDB::GlobalTable', Properties: { Replicas: ['a', 'b'] } }, /^tables: 1 changed/],
    ['Fresh', { Type: 'AWS::ApiGateway::Resource' }, /^API Gateway: 1 added \(Fresh\)/],
  ])('names a change of %s in words', (id, resource, text) => {
    expect(found(next({ [id]: resource }))).toEqual([expect.stringMatching(text)]);
  });

  it('names what is removed, and cuts long lists', () => {
    expect(found(next({}, ['Shield']))).toEqual(['WAF: 1 removed (Shield): what is let in']);
    const many = Object.fromEntries(['A', 'B', 'C', 'D', 'E'].map((id) => [`New${id}`, { Type: 'AWS::IAM::Policy' }]));
    expect(found(next(many))).toEqual(['IAM: 5 added (NewA, NewB, NewC, NewD, ...): what functions and services may do']);
  });

  it('takes order of keys and metadata for no change', () => {
    const role = { Type: 'AWS::IAM::Role', Properties: { Statement: ['read'] }, Metadata: { 'aws:cdk:path': 'moved' } };
    expect(found(next({ Role: role }))).toEqual([]);
  });
});

describe('the assembly', () => {
  const [before, after] = [{}, { throttling: { user: { rate: 5, burst: 5 } } }].map((more) => {
    const { folder, remove } = synthesize(configOf(2, { domain: DOMAIN, ...more }));
    try {
      return readAssembly(folder);
    } finally {
      remove();
    }
  });

  it('tells the stacks in the order of `cdk deploy --all`: the tables, cell by cell, routing', () => {
    expect(before?.map(({ name, region }) => [name, region])).toEqual([
      ['Tandem-Data', 'eu-central-1'],
      ['Tandem-Cell-eu-central-1', 'eu-central-1'],
      ['Tandem-Cell-us-east-2', 'us-east-2'],
      ['Tandem-Global', 'us-east-1'],
    ]);
  });

  it('shows a throttle that is set in the configuration as a change of the gateway, in each cell and nowhere else', () => {
    const areas = (before ?? []).map(({ name, template }) => [
      name,
      uncoveredChanges(template, after?.find((each) => each.name === name)?.template ?? { Resources: {} }).map((each) => each.area),
    ]);
    expect(areas).toEqual([
      ['Tandem-Data', []],
      ['Tandem-Cell-eu-central-1', ['API Gateway']],
      ['Tandem-Cell-us-east-2', ['API Gateway']],
      ['Tandem-Global', []],
    ]);
  });
});
