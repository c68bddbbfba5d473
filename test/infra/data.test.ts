import { afterAll, describe, expect, test } from 'vitest';
import { KEYS, STACKS, TABLES } from '../../functions/contract/names.ts';
import { mistakesIn } from './mistakes.ts';
import { configOf, dig, list, REGIONS, type Resource, type Synthesized, synthesize, type Template } from './system.ts';

const keyOf = (region: string): string => `arn:aws:kms:${region}:123456789012:key/11111111-2222-3333-4444-555555555555`;

const two = synthesize(configOf(2));
const three = synthesize(
  configOf(3, { home: 'us-east-2', encryptionKeys: Object.fromEntries(REGIONS.map((region) => [region, keyOf(region)])) }),
);
afterAll(() => {
  two.remove();
  three.remove();
});

describe.each([
  ['two regions', two, 2],
  ['three regions, home in the second', three, 3],
] as const)('the tables of %s', (_, system, count) => {
  test('are the two of the contract, and nothing else is in their stack', () => {
    const data = system.stack(STACKS.data);

    expect(data.resources.map(({ Type }) => Type)).toEqual(['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::GlobalTable']);
    expect(data.resources.map(({ Properties }) => dig(Properties, 'TableName')).sort()).toEqual(Object.values(TABLES).sort());
  });

  test('have a replica in each region, each with point-in-time recovery and deletion protection', () => {
    for (const table of tables(system)) {
      const replicas = list(dig(table.Properties, 'Replicas'));
      expect(replicas.map((replica) => dig(replica, 'Region')).sort()).toEqual(REGIONS.slice(0, count).sort());
      for (const replica of replicas) {
        expect(dig(replica, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled')).toBe(true);
        expect(dig(replica, 'DeletionProtectionEnabled')).toBe(true);
      }
    }
  });

  test('outlive their stack, stream both images, expire items and are paid on demand', () => {
    for (const table of tables(system)) {
      expect([table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
      expect(dig(table.Properties, 'StreamSpecification', 'StreamViewType')).toBe('NEW_AND_OLD_IMAGES');
      expect(dig(table.Properties, 'TimeToLiveSpecification')).toEqual({ AttributeName: KEYS.ttl, Enabled: true });
      expect(dig(table.Properties, 'BillingMode')).toBe('PAY_PER_REQUEST');
      expect(dig(table.Properties, 'KeySchema')).toEqual([
        { AttributeName: KEYS.partition, KeyType: 'HASH' },
        { AttributeName: KEYS.sort, KeyType: 'RANGE' },
      ]);
    }
  });

  test("only the users' table has the index of owners", () => {
    const indexes = Object.fromEntries(
      tables(system).map(({ Properties }) => [
        String(dig(Properties, 'TableName')),
        list(dig(Properties, 'GlobalSecondaryIndexes')).map((index) => dig(index, 'IndexName')),
      ]),
    );

    expect(indexes).toEqual({ [TABLES.data]: [KEYS.ownerIndex.name], [TABLES.control]: [] });
  });
});

describe('encryption', () => {
  test('is with keys that AWS owns unless keys are configured', () => {
    for (const { Properties } of tables(two)) expect(dig(Properties, 'SSESpecification')).toEqual({ SSEEnabled: false });
  });

  test("uses each region's own customer-managed key, and the cell's functions may use that one through DynamoDB", () => {
    for (const { Properties } of tables(three)) {
      const keys = list(dig(Properties, 'Replicas')).map((replica) => [
        dig(replica, 'Region'),
        dig(replica, 'SSESpecification', 'KMSMasterKeyId'),
      ]);
      expect(Object.fromEntries(keys)).toEqual(Object.fromEntries(REGIONS.map((region) => [region, keyOf(region)])));
    }
    for (const region of REGIONS) {
      const cell = three.stack(STACKS.cell(region));
      expect(cell.text).toContain(keyOf(region));
      expect(cell.text).toContain(`dynamodb.${region}.amazonaws.com`);
      for (const other of REGIONS.filter((each) => each !== region)) expect(cell.text).not.toContain(keyOf(other));
    }
  });
});

describe('mistakes that no linter finds', () => {
  test('are in no template', () => {
    expect([...two.templates, ...three.templates].flatMap(mistakesIn)).toEqual([]);
  });

  test.each<[string, Pick<Resource, 'Type' | 'Properties'>]>([
    ['an undefined key', table({ AttributeDefinitions: [] })],
    ['no key schema', table({ KeySchema: [] })],
    ['no stream', table({ StreamSpecification: undefined })],
    ['a replica twice', table({ Replicas: [{ Region: 'a' }, { Region: 'a' }] })],
    ['an interval of 20 s', check({ RequestInterval: 20 })],
    ['a match of nothing', check({ Type: 'HTTPS_STR_MATCH' })],
    ['a disabled check', check({ Disabled: true })],
    ['two checker regions', check({ Regions: ['a', 'b'] })],
    ['a calculation from nothing', check({ Type: 'CALCULATED' })],
    ['a latency record without SetIdentifier', record({ Region: 'a' })],
    ['latency with weight', record({ Region: 'a', Weight: 1, SetIdentifier: 'x' })],
    ['a broken dashboard', { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardBody: '{"widgets":[' } }],
  ])('are found when planted: %s', (_, resource) => {
    expect(mistakesIn(templateOf(resource))).toHaveLength(1);
  });
});

function tables(system: Synthesized): readonly Resource[] {
  return system.stack(STACKS.data).ofType('AWS::DynamoDB::GlobalTable');
}

function table(more: object) {
  const sound = {
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    Replicas: [{ Region: 'a' }, { Region: 'b' }],
  };
  // Without a schema the attribute would be a second mistake.
  const undone = 'KeySchema' in more ? { AttributeDefinitions: [] } : {};
  return { Type: 'AWS::DynamoDB::GlobalTable', Properties: { ...sound, ...undone, ...more } };
}

function check(more: object) {
  return { Type: 'AWS::Route53::HealthCheck', Properties: { HealthCheckConfig: { Type: 'HTTPS', RequestInterval: 10, ...more } } };
}

function record(more: object) {
  return { Type: 'AWS::Route53::RecordSet', Properties: { Type: 'CNAME', ...more } };
}

function templateOf(resource: Pick<Resource, 'Type' | 'Properties'>): Template {
  const resources = [{ id: 'Planted', ...resource }];
  return { stack: 'Planted', text: '', resources, outputs: {}, ofType: () => resources };
}
