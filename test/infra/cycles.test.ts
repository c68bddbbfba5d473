import { afterAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { cyclesIn } from './cycles.ts';
import { configOf, DOMAIN, REGIONS, type Resource, synthesize } from './system.ts';

const systems = [
  ['two regions without a domain', synthesize(configOf(2))],
  ['three regions with a domain', synthesize(configOf(3, { domain: DOMAIN }))],
] as const;
afterAll(() => {
  for (const [, system] of systems) system.remove();
});

describe.each(systems)('the templates of %s', (_, system) => {
  test('wait for nothing that waits for them, not even by way of an update policy', () => {
    for (const template of system.templates) expect(cyclesIn(template), template.stack).toEqual([]);
  });

  test('would be found out, were an alarm that stops deployments to refer to the stage', () => {
    // given the mistake that CDK's validator overlooks: alarm, stage, deployment, method, alias, deployment group, alarm
    const cell = system.stack(STACKS.cell(REGIONS[0]));
    const [stage] = cell.ofType('AWS::ApiGateway::Stage');
    const resources = cell.resources.map((resource) =>
      resource.Type === 'AWS::CloudWatch::Alarm' && resource.id.startsWith('AlarmsGateway5xx')
        ? { ...resource, Properties: { Dimensions: [{ Name: 'Stage', Value: { Ref: stage?.id } }] } }
        : resource,
    );

    const [cycle] = cyclesIn({ resources });

    expect(cycle?.join(' ')).toMatch(/Alarms/);
    expect(cycle?.join(' ')).toContain(stage?.id);
    expect(cycle?.join(' ')).toMatch(/ApiAlias/);
  });
});

describe('a cycle', () => {
  test.each([
    ['Ref', { Properties: { x: { Ref: 'B' } } }],
    ['GetAtt', { Properties: { x: { 'Fn::GetAtt': ['B', 'Arn'] } } }],
    ['GetAtt as a text', { Properties: { x: { 'Fn::GetAtt': 'B.Arn' } } }],
    ['Sub', { Properties: { x: { 'Fn::Sub': '${B}' } } }],
    ['Sub of an attribute', { Properties: { x: { 'Fn::Sub': 'a/${B.Arn}' } } }],
    ['Sub by a variable', { Properties: { x: { 'Fn::Sub': ['${y}', { y: { Ref: 'B' } }] } } }],
    ['DependsOn', { DependsOn: 'B' }],
    ['DependsOn of several', { DependsOn: ['C', 'B'] }],
    ['UpdatePolicy', { UpdatePolicy: { CodeDeployLambdaAliasUpdate: { ApplicationName: { Ref: 'B' } } } }],
  ])('by %s is found', (_, a) => {
    const resources = [resource('A', a), resource('B', { DependsOn: 'A' }), resource('C', {})];

    expect(cyclesIn({ resources })).toEqual([['A', 'B', 'A']]);
  });

  test.each([
    ['a text that only looks like one', { Properties: { x: { 'Fn::Sub': '${!B}' } } }],
    ['a variable of that name', { Properties: { x: { 'Fn::Sub': ['${B}', { B: '1' }] } } }],
    ['a pseudo parameter', { Properties: { x: { Ref: 'AWS::Region' } } }],
  ])('is not made by %s', (_, a) => {
    expect(cyclesIn({ resources: [resource('A', a), resource('B', { DependsOn: 'A' })] })).toEqual([]);
  });
});

function resource(id: string, body: Partial<Resource> & { readonly UpdatePolicy?: unknown }): Resource {
  return { id, Type: 'AWS::SNS::Topic', Properties: {}, ...body };
}
