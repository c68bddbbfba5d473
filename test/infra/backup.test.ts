import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CfnBackupPlan } from 'aws-cdk-lib/aws-backup';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { BACKUPS, DELIVERY_ENV, METRICS, STACKS, TABLES } from '../../functions/contract/names.ts';
import { Backup } from '../../infra/backup.ts';
import { backupAlarms } from '../../infra/backup-alarms.ts';
import { ConfigError, parseConfig } from '../../infra/config.ts';
import { Tables } from '../../infra/tables.ts';
import { alarmsOf, calledBy, metricsOf, only, statementsOf, variablesOf } from './lookup.ts';
import { configOf, dig, joined, list, REGIONS, synthesize, type Template } from './system.ts';

const [HERE] = REGIONS;
const OTHER_ACCOUNT = '111122223333';
const KEYS_BY_REGION = Object.fromEntries(
  REGIONS.slice(0, 2).map((region) => [region, `arn:aws:kms:${region}:123456789012:key/k-${region}`]),
);

const usual = synthesize(configOf(2));
const full = synthesize(
  configOf(2, {
    encryptionKeys: KEYS_BY_REGION,
    backup: {
      everyHours: 6,
      retentionDays: 90,
      copyTo: { account: OTHER_ACCOUNT, vault: 'copies', retentionDays: 365 },
      lock: { mode: 'compliance', minRetentionDays: 30, maxRetentionDays: 400, changeableDays: 7 },
      restoreTest: { day: 'WED', hour: 22 },
    },
  }),
);
const bare = synthesize(configOf(2, { backup: { lock: 'governance', restoreTest: false } }));
for (const each of [usual, full, bare]) afterAll(() => each.remove());
const [cell, copied, untested] = [usual, full, bare].map((each) => each.stack(STACKS.cell(HERE)));
if (!cell || !copied || !untested) throw new Error('three cells are needed');

describe('backups', () => {
  test('are made each day of both replicas into a vault of the region that outlives the stack', () => {
    const vault = only(cell, 'AWS::Backup::BackupVault');

    expect([dig(vault.Properties, 'BackupVaultName'), vault.DeletionPolicy]).toEqual([BACKUPS.vault(HERE), 'Retain']);
    expect(dig(only(cell, 'AWS::Backup::BackupPlan').Properties, 'BackupPlan', 'BackupPlanName')).toBe(BACKUPS.plan);
    expect(ruleOf(cell)).toMatchObject({ Lifecycle: { DeleteAfterDays: 35 }, ScheduleExpression: 'cron(0 3 * * ? *)' });
    expect(dig(ruleOf(cell), 'CopyActions')).toBeUndefined();
    const tables = list(dig(only(cell, 'AWS::Backup::BackupSelection').Properties, 'BackupSelection', 'Resources')).map(joined);
    expect(tables.map((arn) => arn.split('/').at(-1)).sort()).toEqual(Object.values(TABLES).sort());
    for (const arn of tables) expect(arn).toContain(`:dynamodb:${HERE}:`);
  });

  test('are made at the same distances all day when they are made more often', () => {
    const hours = (everyHours: number) => {
      const stack = new Stack(new App({ analyticsReporting: false }), 'Hours');
      const tables = new Tables(stack, 'Tables', { regions: [HERE], encryptionKeys: undefined });
      new Backup(stack, 'Backup', { tables, settings: parseConfig(configOf(2, { backup: { everyHours } })).backup });
      const plan = stack.node.findAll().find((each) => each instanceof CfnBackupPlan);
      return dig(stack.resolve(plan?.backupPlan), 'backupPlanRule', 0, 'scheduleExpression');
    };

    expect(dig(ruleOf(copied), 'ScheduleExpression')).toBe('cron(0 3/6 * * ? *)');
    expect([hours(1), hours(2), hours(12)]).toEqual(['cron(0 0/1 * * ? *)', 'cron(0 1/2 * * ? *)', 'cron(0 3/12 * * ? *)']);
  });

  test('are copied into the vault of another account, which is in the same region', () => {
    const [copy, ...more] = list(dig(ruleOf(copied), 'CopyActions'));
    const arn = `arn:{AWS::Partition}:backup:${HERE}:${OTHER_ACCOUNT}:backup-vault:copies`;

    expect([joined(dig(copy, 'DestinationBackupVaultArn')), dig(copy, 'Lifecycle', 'DeleteAfterDays'), more]).toEqual([arn, 365, []]);
    expect(statementsOf(copied, 'Backup/Role').find(({ actions }) => actions.includes('backup:CopyIntoBackupVault'))?.resources).toContain(
      arn,
    );
    expect(joined(variablesOf(copied, 'BackupWatch')[DELIVERY_ENV.copyVault])).toBe(arn);
    expect(variablesOf(cell, 'BackupWatch')[DELIVERY_ENV.copyVault]).toBe('');
  });

  test('are not copied into another vault of the account that they are to be safe from', () => {
    vi.stubEnv('CDK_DEFAULT_ACCOUNT', OTHER_ACCOUNT);
    try {
      const config = configOf(2, { backup: { copyTo: { account: OTHER_ACCOUNT, vault: 'copies' } } });
      expect(() => synthesize(config)).toThrow(ConfigError);
      expect(() => synthesize(config)).toThrow(/backup\.copyTo\.account: given "111122223333", .*; allowed: another one/);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('the lock of a vault', () => {
  const lockOf = (template: Template) => dig(only(template, 'AWS::Backup::BackupVault').Properties, 'LockConfiguration');

  test('is none, or one that can be removed, unless it is written out that nobody ever shall', () => {
    expect(lockOf(cell)).toBeUndefined();
    expect(lockOf(untested)).toEqual({ MinRetentionDays: 1 });
    expect(lockOf(copied)).toEqual({ MinRetentionDays: 30, MaxRetentionDays: 400, ChangeableForDays: 7 });
  });

  test('is warned of in every cell when nobody ever can remove it', () => {
    const loud = full.warnings.filter((warning) => warning.includes('COMPLIANCE MODE'));

    expect(loud).toHaveLength(2);
    for (const warning of loud) expect(warning).toContain('7 days after this deployment NOBODY CAN REMOVE');
    expect([...usual.warnings, ...bare.warnings].join()).not.toContain('COMPLIANCE');
  });
});

describe('restore tests', () => {
  const restoreTest = (template: Template) => [
    only(template, 'AWS::Backup::RestoreTestingPlan').Properties,
    only(template, 'AWS::Backup::RestoreTestingSelection').Properties,
  ];

  test('restore the newest backup of both tables each week, out of the vault of the region', () => {
    const [plan, selection] = restoreTest(cell);

    expect(plan).toMatchObject({ RestoreTestingPlanName: BACKUPS.restoreTestPlan, ScheduleExpression: 'cron(0 5 ? * SUN *)' });
    expect(dig(plan, 'RecoveryPointSelection')).toMatchObject({ Algorithm: 'LATEST_WITHIN_WINDOW', RecoveryPointTypes: ['SNAPSHOT'] });
    expect(joined(dig(plan, 'RecoveryPointSelection', 'IncludeVaults', 0))).toBe(
      `{${only(cell, 'AWS::Backup::BackupVault').id}.BackupVaultArn}`,
    );
    expect(list(dig(selection, 'ProtectedResourceArns')).map((arn) => joined(arn).split('/').at(-1))).toEqual(Object.values(TABLES));
    expect(dig(selection, 'RestoreMetadataOverrides')).toBeUndefined();
    expect(dig(restoreTest(copied)[0], 'ScheduleExpression')).toBe('cron(0 22 ? * WED *)');
  });

  test('keep the key of the tables', () => {
    const key = KEYS_BY_REGION[HERE];

    expect(dig(restoreTest(copied)[1], 'RestoreMetadataOverrides')).toEqual({ encryptionType: 'KMS', kmsMasterKeyArn: key });
    for (const role of ['RestoreTest/Role', 'RestoreTest/Validation'])
      expect(statementsOf(copied, role).find(({ actions }) => actions.includes('kms:Decrypt'))?.resources).toEqual([key]);
  });

  test('may write into tables of restore tests, and into no other', () => {
    const writing = statementsOf(cell, 'RestoreTest/Role').filter(({ actions }) =>
      actions.some((action) => /Put|Update|Delete|Write/.test(action)),
    );

    expect(writing.flatMap(({ resources }) => resources.map((arn) => arn.split(':').at(-1)))).toEqual([`table/${BACKUPS.restoredPrefix}*`]);
  });

  test('have what they restored judged by the function, for this plan alone', () => {
    const rule = only(cell, 'AWS::Events::Rule', 'RestoreTest');

    expect(rule.Properties).toMatchObject({
      EventPattern: { source: ['aws.backup'], 'detail-type': ['Restore Job State Change'], detail: { status: ['COMPLETED'] } },
    });
    expect(joined(dig(rule.Properties, 'EventPattern', 'detail', 'restoreTestingPlanArn', 0))).toBe(
      `{${only(cell, 'AWS::Backup::RestoreTestingPlan').id}.RestoreTestingPlanArn}`,
    );
    expect(calledBy(cell, rule)).toEqual([only(cell, 'AWS::Lambda::Alias', 'RestoreTest').id]);
  });

  test('are left out with all that belongs to them', () => {
    expect(untested.text).not.toMatch(/RestoreTesting|RestoreTest(Failed|Old)/);
    expect(variablesOf(untested, 'BackupWatch')[DELIVERY_ENV.restoreTestPlan]).toBe('');
  });
});

describe('the alarms on backups', () => {
  const names = (template: Template) => [...alarmsOf(template).keys()].filter((name) => ALL.includes(name));
  const alarm = (name: string) => {
    const found = alarmsOf(copied).get(name);
    if (!found) throw new Error(`no alarm ${name}`);
    return found;
  };

  test('are those that the configuration gives something to watch', () => {
    expect(names(copied)).toEqual(ALL);
    expect(names(cell)).toEqual(ALL.filter((name) => name !== 'CopyFailed'));
    expect(names(untested)).toEqual(['RecoveryPointOld', 'PointInTimeOff', 'BackupFailed']);
  });

  test('look at the worst table, at the objective, and take silence about the age for the worst', () => {
    expect(metricsOf(alarm('RecoveryPointOld'))).toEqual([
      { namespace: METRICS.namespace, name: METRICS.recoveryPointAge, statistic: 'Maximum', dimensions: {} },
    ]);
    expect(alarm('RecoveryPointOld').Properties).toMatchObject({ Threshold: 9 * 3_600, Period: 3_600, TreatMissingData: 'breaching' });
    expect(metricsOf(alarm('PointInTimeOff'))).toMatchObject([{ name: METRICS.pointInTimeRecovery, statistic: 'Minimum', dimensions: {} }]);
  });

  test('begin when somebody has looked, so that a new cell raises none', () => {
    const look = only(cell, 'Custom::FirstLook');

    expect(alarmsOf(cell).get('RecoveryPointOld')?.DependsOn).toContain(look.id);
    // One look and two hours of silence before it are not three bad hours.
    expect(alarm('RecoveryPointOld').Properties).toMatchObject({ DatapointsToAlarm: 3, EvaluationPeriods: 3 });
  });

  test('each have a heading in docs/backup.md', () => {
    const headings = readFileSync(resolve(import.meta.dirname, '../../docs/backup.md'), 'utf8').matchAll(/^### (\w+)$/gm);

    expect([...headings].map(([, name]) => name)).toEqual(ALL);
  });
});

const ALL = backupAlarms(parseConfig(configOf(2, { backup: { copyTo: { account: OTHER_ACCOUNT, vault: 'copies' } } }))).map(
  ({ name }) => name,
);

function ruleOf(template: Template): unknown {
  return dig(only(template, 'AWS::Backup::BackupPlan').Properties, 'BackupPlan', 'BackupPlanRule', 0);
}
