import { afterAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { waitsFor } from './cycles.ts';
import { aliasOf, calledBy, functionOf, only } from './lookup.ts';
import { configOf, DOMAIN, dig, REGIONS, synthesize } from './system.ts';

const [HERE] = REGIONS;
const behindDomain = synthesize(configOf(2, { domain: DOMAIN }));
const open = synthesize(configOf(2));
afterAll(() => {
  behindDomain.remove();
  open.remove();
});
const cell = behindDomain.stack(STACKS.cell(HERE));
const bare = open.stack(STACKS.cell(HERE));

describe('the canary', () => {
  test('is called each minute, not for minutes that are over, and never twice at once', () => {
    const rule = only(cell, 'AWS::Events::Rule', 'Canary');
    const alias = aliasOf(cell, 'Canary');

    expect(dig(rule.Properties, 'ScheduleExpression')).toBe('rate(1 minute)');
    expect(dig(rule.Properties, 'Targets', 0, 'Arn', 'Ref')).toBe(alias.id);
    expect(dig(rule.Properties, 'Targets', 0, 'RetryPolicy')).toEqual({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 1 });
    expect(only(cell, 'AWS::Lambda::EventInvokeConfig', 'Canary').Properties).toMatchObject({
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
    });
    expect(Number(dig(functionOf(cell, 'Canary').Properties, 'Timeout'))).toBeLessThan(60);
    expect(calledBy(cell, rule)).toEqual([alias.id]);
  });

  test.each([
    ['behind a domain', cell],
    ['without one', bare],
  ])('sets out only when the way in is there, %s', (_, template) => {
    const needed = waitsFor(template, only(template, 'AWS::Events::Rule', 'Canary').id);
    const ways = ['AWS::ApiGateway::Stage', 'AWS::ApiGateway::BasePathMapping', 'AWS::Route53::RecordSet'].flatMap(template.ofType);

    for (const { id } of ways) expect(needed).toContain(id);
  });

  test('signs with a key of its cell, made for the algorithm of the tokens, whose public half is registered anew with each key', () => {
    const key = only(cell, 'AWS::KMS::Key');

    expect(key.Properties).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    expect(only(cell, 'Custom::CanaryIdentity').Properties).toMatchObject({ Key: { 'Fn::GetAtt': [key.id, 'Arn'] } });
  });
});
