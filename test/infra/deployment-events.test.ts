import { afterAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { aliasOf, calledBy, only } from './lookup.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, synthesize } from './system.ts';

const [HERE] = REGIONS;
const behindDomain = synthesize(configOf(2, { domain: DOMAIN }));
afterAll(() => behindDomain.remove());
const cell = behindDomain.stack(STACKS.cell(HERE));

describe('the end of a deployment', () => {
  const PATTERN = {
    source: ['aws.codedeploy'],
    'detail-type': ['CodeDeploy Deployment State-change Notification'],
    detail: { application: [{ Ref: only(cell, 'AWS::CodeDeploy::Application').id }] },
  };

  test('is told to the function that records it and prunes', () => {
    const rule = only(cell, 'AWS::Events::Rule', 'DeploymentEvents/Ended');

    expect(rule.Properties).toMatchObject({ EventPattern: PATTERN, State: 'ENABLED' });
    expect(dig(rule.Properties, 'EventPattern', 'detail', 'state')).toEqual(['SUCCESS', 'FAILURE', 'STOP']);
    expect(dig(rule.Properties, 'Targets', 0, 'Arn', 'Ref')).toBe(aliasOf(cell, 'DeploymentEvents').id);
    expect(calledBy(cell, rule)).toEqual([aliasOf(cell, 'DeploymentEvents').id]);
  });

  test('is told to people when it is a bad one, in words', () => {
    const rule = only(cell, 'AWS::Events::Rule', 'DeploymentEvents/EndedBadly');
    const topic = only(cell, 'AWS::SNS::Topic').id;

    expect(rule.Properties).toMatchObject({ EventPattern: PATTERN, State: 'ENABLED' });
    expect(dig(rule.Properties, 'EventPattern', 'detail', 'state')).toEqual(['FAILURE', 'STOP']);
    expect(dig(rule.Properties, 'Targets', 0, 'Arn', 'Ref')).toBe(topic);
    const { InputPathsMap: paths, InputTemplate: template } = Object(dig(rule.Properties, 'Targets', 0, 'InputTransformer'));
    const text = joined(template);
    expect(text).toMatch(/^"Deployment <.+> of \{ApiFunction\w+\} in <.+>: <.+>\. .*bin\/tandem deployments --target aws --region <.+>"$/);
    for (const [, place = ''] of text.matchAll(/<(.+?)>/g)) expect(dig(paths, place)).toMatch(/^\$\.detail\.(deploymentId|region|state)$/);
  });

  test('may be published by this rule, and alarms by CloudWatch; by no other service, account or rule', () => {
    const statements = list(dig(only(cell, 'AWS::SNS::TopicPolicy').Properties, 'PolicyDocument', 'Statement'));
    const allowed = statements.filter((each) => dig(each, 'Effect') === 'Allow');

    expect(
      allowed.map((each) => [
        dig(each, 'Principal', 'Service'),
        dig(each, 'Action'),
        dig(each, 'Condition', 'StringEquals', 'aws:SourceAccount', 'Ref'),
        joined(dig(each, 'Condition', 'ArnLike', 'aws:SourceArn')),
      ]),
    ).toEqual([
      ['cloudwatch.amazonaws.com', 'sns:Publish', 'AWS::AccountId', `arn:{AWS::Partition}:cloudwatch:${HERE}:{AWS::AccountId}:alarm:*`],
      [
        'events.amazonaws.com',
        'sns:Publish',
        'AWS::AccountId',
        `{${only(cell, 'AWS::Events::Rule', 'DeploymentEvents/EndedBadly').id}.Arn}`,
      ],
    ]);
  });
});
