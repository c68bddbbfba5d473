import { afterAll, describe, expect, test } from 'vitest';
import { KEYS, STACKS, TABLES } from '../../functions/contract/names.ts';
import { configOf, dig, list, REGIONS, type Resource, type Synthesized, synthesize } from './system.ts';

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
        expect(dig(replica, 'PointInTimeRecoverySpecification')).toEqual({ PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 });
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
      // Once: the API reads at its peers, and nobody else uses another region's key.
      for (const other of REGIONS.filter((each) => each !== region)) expect(cell.text.split(keyOf(other))).toHaveLength(2);
    }
  });
});

function tables(system: Synthesized): readonly Resource[] {
  return system.stack(STACKS.data).ofType('AWS::DynamoDB::GlobalTable');
}
