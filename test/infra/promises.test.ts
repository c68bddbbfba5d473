/** What the templates promise and no emulator checks, over configurations that differ in everything that may. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { DELIVERY_ENV, dnsNames, ENV, EVACUATE_TEXT, HEALTHY_TEXT, KEYS, STACKS, TABLES } from '../../functions/contract/names.ts';
import { HANDLERS } from '../../infra/bundle.ts';
import { checkerRegions, parseConfig } from '../../infra/config.ts';
import { functionOf, only, variablesOf } from './lookup.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, type Resource, type Synthesized, synthesize, type Template } from './system.ts';

const keyOf = (region: string) => `arn:aws:kms:${region}:123456789012:key/k`;
const MATRIX = {
  'two regions, nothing said': configOf(2),
  'two regions behind a domain, slow and short': configOf(2, {
    domain: DOMAIN,
    health: { intervalSeconds: 30, failureThreshold: 4, ttlSeconds: 60, drainSeconds: 45 },
    callers: { replicatedDeadlineMs: 2_000, tokenWaitMs: 0 },
    logRetentionDays: 7,
    backup: { pointInTimeDays: 9, retentionDays: 12 },
  }),
  'three regions, one joining, with an issuer and keys of their own': {
    ...configOf(3, {
      domain: DOMAIN,
      auth: { issuer: 'https://id.example.com/', audience: 'api' },
      encryptionKeys: Object.fromEntries(REGIONS.map((each) => [each, keyOf(each)])),
      home: REGIONS[1],
    }),
    regions: REGIONS.map((name, index) => ({ name, state: index === 2 ? 'joining' : 'serving' })),
  },
  'two regions, open to all, without tests of restores': configOf(2, {
    auth: 'none',
    apiGatewayAccountRole: false,
    backup: { restoreTest: false, lock: 'governance' },
    cors: { origins: ['https://app.example.com', 'http://localhost:3000'] },
  }),
} as const;

describe.each(Object.entries(MATRIX))('%s', (_, given) => {
  const config = parseConfig(given);
  const regions = config.regions.map(({ name }) => name);
  let system: Synthesized;
  let cells: readonly Template[] = [];
  beforeAll(() => {
    system = synthesize(given);
    system.remove();
    cells = regions.map((name) => system.stack(STACKS.cell(name)));
  });
  const each = (type: string): readonly Resource[] => cells.flatMap((cell) => cell.ofType(type));

  test('each replica of each table has a stream of both images, recovery, protection and expiry', () => {
    const protectedReplica = (region: string, table: string) => ({
      Region: region,
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: config.backup.pointInTimeDays },
      ...(table === TABLES.data ? { GlobalSecondaryIndexes: [{ IndexName: KEYS.ownerIndex.name }] } : {}),
      ...(config.encryptionKeys ? { SSESpecification: { KMSMasterKeyId: keyOf(region) } } : {}),
    });
    const tables = system.stack(STACKS.data).ofType('AWS::DynamoDB::GlobalTable');
    expect(tables).toHaveLength(2);
    for (const { Properties } of tables) {
      const table = String(dig(Properties, 'TableName'));
      const replicas = list(dig(Properties, 'Replicas')).toSorted((a, b) => (String(dig(a, 'Region')) < String(dig(b, 'Region')) ? -1 : 1));
      expect(replicas).toEqual(regions.toSorted().map((region) => protectedReplica(region, table)));
      expect(dig(Properties, 'StreamSpecification')).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
      expect(dig(Properties, 'TimeToLiveSpecification')).toEqual({ AttributeName: 'expires', Enabled: true });
      expect(dig(Properties, 'SSESpecification')).toEqual(
        config.encryptionKeys ? { SSEEnabled: true, SSEType: 'KMS' } : { SSEEnabled: false },
      );
    }
  });

  test('the stream is followed from its beginning, in batches that are split and reported, for two hours a record, and into a queue', () => {
    for (const cell of cells) {
      const { EventSourceArn, FunctionName, ...mapping } = Object(only(cell, 'AWS::Lambda::EventSourceMapping').Properties);
      const queue = only(cell, 'AWS::SQS::Queue');
      expect(mapping).toEqual({
        BatchSize: 100,
        MaximumBatchingWindowInSeconds: 1,
        StartingPosition: 'TRIM_HORIZON',
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        // Attempts are not counted: a region that waits to be let in fails all of its records.
        MaximumRecordAgeInSeconds: 7_200,
        FilterCriteria: {
          Filters: [
            { Pattern: '{"eventName":["INSERT","MODIFY"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"},{"prefix":"STOCK#"}]}}}}' },
          ],
        },
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queue.id, 'Arn'] } } },
      });
      expect(joined(EventSourceArn)).toBe(`{${only(cell, 'Custom::StreamLookup').id}.StreamArn}`);
      expect(JSON.stringify(FunctionName)).toContain(only(cell, 'AWS::Lambda::Alias', 'Housekeeping').id);
      expect(queue.Properties).toEqual({ MessageRetentionPeriod: 14 * 86_400, SqsManagedSseEnabled: true });
    }
  });

  test('every log ends when it is configured to, and each function writes JSON into one of its own', () => {
    const logs = each('AWS::Logs::LogGroup');
    const functions = each('AWS::Lambda::Function');
    // One more for the calls of each API.
    expect(logs).toHaveLength(functions.length + cells.length);
    for (const { Properties, DeletionPolicy } of logs)
      expect([dig(Properties, 'RetentionInDays'), DeletionPolicy]).toEqual([config.logRetentionDays, 'Delete']);
    for (const { Properties } of functions) expect(dig(Properties, 'LoggingConfig', 'LogFormat')).toBe('JSON');
    expect(new Set(functions.map(({ Properties }) => dig(Properties, 'LoggingConfig', 'LogGroup', 'Ref'))).size * cells.length).toBe(
      functions.length,
    );
  });

  test('whoever waits for a function waits longer than it may take', () => {
    for (const cell of cells) {
      for (const resource of cell.resources.filter(({ Type }) => Type.startsWith('Custom::'))) {
        const alias = cell.resources.find(({ id }) => id === dig(resource.Properties, 'ServiceToken', 'Ref'));
        const called = cell.resources.find(({ id }) => id === dig(alias?.Properties, 'FunctionName', 'Ref'));
        // It is asked by the alias: what CloudFormation calls is published.
        expect(alias?.Type, resource.id).toBe('AWS::Lambda::Alias');
        expect(Number(dig(resource.Properties, 'ServiceTimeout')), resource.id).toBe(2 * Number(dig(called?.Properties, 'Timeout')));
      }
      const [api, housekeeping] = ['Api', 'Housekeeping'].map((name) => Number(dig(functionOf(cell, name).Properties, 'Timeout')));
      for (const { Properties } of cell.ofType('AWS::ApiGateway::Method'))
        expect(dig(Properties, 'Integration', 'TimeoutInMillis')).toBe(1_000 * Number(api) + 2_000);
      // A batch that hangs is given back long before its records are too old.
      expect(Number(housekeeping)).toBe(30);
    }
  });

  test('whatever crosses a wire is encrypted', () => {
    for (const { Properties } of each('AWS::ApiGateway::DomainName'))
      expect([dig(Properties, 'SecurityPolicy'), dig(Properties, 'EndpointConfiguration', 'Types')]).toEqual(['TLS_1_2', ['REGIONAL']]);
    for (const cell of cells)
      for (const type of ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']) {
        const [denial] = list(dig(only(cell, type).Properties, 'PolicyDocument', 'Statement'));
        expect(dig(denial, 'Effect'), type).toBe('Deny');
        expect(dig(denial, 'Condition'), type).toEqual({ Bool: { 'aws:SecureTransport': 'false' } });
      }
  });

  test('a late call is given up where the next one does better, and no other', () => {
    for (const cell of cells) {
      const limits = cell
        .ofType('AWS::Lambda::EventInvokeConfig')
        .map(({ Properties }) => [dig(Properties, 'MaximumEventAgeInSeconds'), dig(Properties, 'MaximumRetryAttempts')]);
      // The canary; and the check of a restored table, which is there for eight hours.
      expect(limits.toSorted()).toEqual([...(config.backup.restoreTest ? [[21_600, 2]] : []), [60, 0]].toSorted());
    }
  });

  test('backups begin and end within their windows, and the restored table stays longer than its check is repeated', () => {
    for (const cell of cells) {
      expect(dig(only(cell, 'AWS::Backup::BackupPlan').Properties, 'BackupPlan', 'BackupPlanRule', 0)).toMatchObject({
        StartWindowMinutes: 60,
        CompletionWindowMinutes: 480,
        Lifecycle: { DeleteAfterDays: config.backup.retentionDays },
      });
      for (const { Properties } of cell.ofType('AWS::Backup::RestoreTestingSelection'))
        expect(dig(Properties, 'ValidationWindowHours')).toBe(8);
      for (const { Properties } of cell.ofType('AWS::Backup::RestoreTestingPlan')) {
        expect(dig(Properties, 'StartWindowHours')).toBe(1);
        expect(dig(Properties, 'RecoveryPointSelection', 'SelectionWindowDays')).toBe(7);
      }
    }
  });

  test('functions are told what is configured', () => {
    for (const cell of cells)
      expect(variablesOf(cell, 'Api')).toEqual({
        [ENV.regions]: regions.join(','),
        [ENV.auth]: JSON.stringify(
          typeof config.auth === 'string'
            ? { mode: config.auth }
            : { mode: 'oidc', issuer: config.auth.issuer, audience: config.auth.audience },
        ),
        [ENV.drainSeconds]: String(config.health.drainSeconds),
        [ENV.replicatedDeadlineMs]: String(config.callers.replicatedDeadlineMs),
        [ENV.tokenWaitMs]: String(config.callers.tokenWaitMs),
        [ENV.release]: expect.stringMatching(/^\d+\.\d+\.\d+-[0-9a-f]{8}$/),
        [ENV.domain]: config.domain?.name ?? '',
        [ENV.corsOrigins]: config.cors.origins.join(','),
      });
  });

  test('health checks ask exactly this', () => {
    const { health } = config;
    const found = config.domain
      ? system
          .stack(STACKS.global)
          .ofType('AWS::Route53::HealthCheck')
          .map(({ Properties }) => dig(Properties, 'HealthCheckConfig'))
      : [];
    const probe = (at: string, more: object) => ({
      Type: 'HTTPS_STR_MATCH',
      FullyQualifiedDomainName: dnsNames(DOMAIN.name, at).regional,
      Port: 443,
      EnableSNI: true,
      MeasureLatency: false,
      RequestInterval: health.intervalSeconds,
      Regions: checkerRegions(regions),
      ...more,
    });
    const expected = (config.domain ? regions : []).flatMap((region) => [
      probe(region, { ResourcePath: '/health', SearchString: HEALTHY_TEXT, FailureThreshold: health.failureThreshold, Inverted: false }),
      ...regions
        .filter((peer) => peer !== region)
        .map((peer) =>
          probe(peer, { ResourcePath: `/switch/${region}`, SearchString: EVACUATE_TEXT, FailureThreshold: 1, Inverted: true }),
        ),
    ]);
    const sorted = (checks: readonly unknown[]) =>
      checks.map((check) => JSON.stringify(Object.entries(Object(check)).toSorted())).toSorted();
    expect(sorted(found.filter((check) => dig(check, 'Type') !== 'CALCULATED'))).toEqual(sorted(expected));
    for (const check of found.filter((each) => dig(each, 'Type') === 'CALCULATED'))
      expect([dig(check, 'HealthThreshold'), dig(check, 'Inverted')]).toEqual([regions.length, false]);
  });

  test('no name is one that AWS keeps for itself, and each that is written out is known to the contract', () => {
    const written = cells.flatMap((cell) =>
      cell.resources.flatMap((resource) => NAMES.flatMap((name) => dig(resource.Properties, name) ?? [])),
    );
    expect(written.map(String).filter((name) => /^(aws|amazon|default$)/i.test(name))).toEqual([]);
  });
});

const NAMES = ['FunctionName', 'QueueName', 'TopicName', 'RoleName', 'AlarmName', 'BackupVaultName', 'RestApiName', 'StageName', 'Name'];

/** Where the cell makes the function of each handler that reads more than `ENV`. */
const READERS = {
  canary: 'Canary',
  'before-traffic': 'Delivery/BeforeTraffic',
  'after-traffic': 'Delivery/AfterTraffic',
  'deployment-events': 'DeploymentEvents',
  'canary-identity': 'CanaryIdentity',
  'first-journey': 'FirstJourney',
  'backup-watch': 'BackupWatch',
} as const;

describe('the variables of a function', () => {
  let cell: Template;
  beforeAll(() => {
    const system = synthesize(configOf(2));
    system.remove();
    cell = system.stack(STACKS.cell(REGIONS[0]));
  });
  const names: ReadonlyMap<string, string> = new Map(Object.entries(DELIVERY_ENV));

  test.each(Object.entries(HANDLERS))('of %s are each read, and each that is read is there', (handler, path) => {
    const source = readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');
    const construct = new Map<string, string>(Object.entries(READERS)).get(handler);
    const read = [...source.matchAll(/\bfrom\.\w+\('(\w+)'\)/g)].map(([, name = '']) => names.get(name) ?? name);
    const given =
      construct === undefined ? [] : Object.keys(variablesOf(cell, construct)).filter((name) => [...names.values()].includes(name));

    expect(given.toSorted()).toEqual([...new Set(read)].toSorted());
    expect(read.length > 0).toBe(construct !== undefined);
  });

  test('of every other function are those of the contract, or none', () => {
    const usual = Object.values(ENV).toSorted();
    for (const construct of ['Api', 'Housekeeping', 'RestoreTest/Validation'])
      expect(Object.keys(variablesOf(cell, construct)).toSorted()).toEqual(usual);
    expect(variablesOf(cell, 'StreamLookup')).toEqual({});
  });
});
