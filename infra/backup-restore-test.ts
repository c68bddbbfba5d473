import { Duration, Stack } from 'aws-cdk-lib';
import { CfnRestoreTestingPlan, CfnRestoreTestingSelection, type IBackupVault } from 'aws-cdk-lib/aws-backup';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { BACKUPS, type EnvName, TABLES } from '../functions/contract/names.ts';
import type { Config } from './config.ts';
import { TandemFunction } from './function.ts';
import { acknowledge, wildcardBelow } from './strict.ts';
import type { Tables } from './tables.ts';

/** The longest that Lambda allows: the function reads what it can in it, and says how much that was. */
const TIMEOUT_SECONDS = 900;
/** Hours that a restored table is there for its check: longer than EventBridge and Lambda take to repeat one that failed. */
const VALIDATION_HOURS = 8;
/** A backup older than a week is not what anybody would restore first. */
const SELECTION_DAYS = 7;

export interface RestoreTestProps {
  readonly tables: Tables;
  readonly vault: IBackupVault;
  readonly schedule: Exclude<Config['backup']['restoreTest'], false>;
  readonly code: AssetCode;
  readonly environment: Readonly<Record<EnvName, string>>;
  readonly logRetentionDays: RetentionDays;
}

/**
 * Each week AWS Backup restores the newest backup of each table into a table of its own, a function holds what is in it
 * against the rules of the data, and AWS Backup deletes it.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
 */
export class RestoreTest extends Construct {
  readonly planArn: string;
  readonly #props: RestoreTestProps;

  constructor(scope: Construct, id: string, props: RestoreTestProps) {
    super(scope, id);
    this.#props = props;
    const { tables, vault, schedule } = props;
    const plan = new CfnRestoreTestingPlan(this, 'Plan', {
      restoreTestingPlanName: BACKUPS.restoreTestPlan,
      scheduleExpression: `cron(0 ${schedule.hour} ? * ${schedule.day} *)`,
      startWindowHours: 1,
      recoveryPointSelection: {
        algorithm: 'LATEST_WITHIN_WINDOW',
        includeVaults: [vault.backupVaultArn],
        recoveryPointTypes: ['SNAPSHOT'],
        selectionWindowDays: SELECTION_DAYS,
      },
    });
    this.planArn = plan.attrRestoreTestingPlanArn;
    const selection = new CfnRestoreTestingSelection(this, 'Replicas', {
      restoreTestingPlanName: plan.restoreTestingPlanName,
      restoreTestingSelectionName: 'replicas',
      protectedResourceType: 'DynamoDB',
      protectedResourceArns: [tables.dataArn, tables.controlArn],
      iamRoleArn: this.role().roleArn,
      validationWindowHours: VALIDATION_HOURS,
      restoreMetadataOverrides: tables.keyArn === undefined ? undefined : { encryptionType: 'KMS', kmsMasterKeyArn: tables.keyArn },
    });
    selection.addResourceDependency(plan);
    this.validate();
  }

  /**
   * The DynamoDB and key statements of AWSBackupServiceRolePolicyForRestores, narrowed to these tables' backups and to
   * tables of restore tests. AWS Backup deletes those by a role of its own.
   * https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForRestores.html
   */
  private role(): Role {
    const { tables } = this.#props;
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('backup.amazonaws.com'),
      description: 'Lets AWS Backup restore backups of the tables into tables of restore tests',
    });
    const allow = (actions: readonly string[], resources: string[], conditions?: Record<string, unknown>) =>
      role.addToPolicy(new PolicyStatement({ actions: [...actions], resources, conditions }));
    const inTable = ['Scan', 'Query', 'UpdateItem', 'PutItem', 'GetItem', 'DeleteItem', 'BatchWriteItem', 'DescribeTable'];
    allow(
      [...inTable, 'RestoreTableFromBackup', 'RestoreTableFromAwsBackup'].map((action) => `dynamodb:${action}`),
      [tables.restoredArn],
    );
    // Backups without the advanced features are the table's; those with them are the vault's, and name no table.
    allow(
      ['dynamodb:RestoreTableFromBackup'],
      [tables.dataArn, tables.controlArn].map((arn) => `${arn}/backup/*`),
    );
    if (tables.keyArn !== undefined) {
      allow(
        ['kms:DescribeKey', 'kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
        [tables.keyArn],
      );
      allow(['kms:CreateGrant'], [tables.keyArn], { Bool: { 'kms:GrantIsForAWSResource': 'true' } });
    }
    acknowledge(role, {
      ...restoredTables(this),
      ...Object.fromEntries(
        Object.values(TABLES).map((table) => [
          wildcardBelow(Stack.of(this), table, 'backup/*'),
          'AWS chooses the names of the backups it makes',
        ]),
      ),
    });
    return role;
  }

  private validate(): void {
    const { tables, code, environment, logRetentionDays } = this.#props;
    const { alias, role } = new TandemFunction(this, 'Validation', {
      description: 'Holds a restored table against the rules of the data',
      code,
      // Reading and parsing is all processor, and the sums over all orders are kept until the end.
      memoryMegabytes: 1_769,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment,
      logRetentionDays,
    });
    tables.grantRestored(role);
    role.addToPolicy(
      new PolicyStatement({ actions: ['backup:DescribeRestoreJob', 'backup:PutRestoreValidationResult'], resources: ['*'] }),
    );
    acknowledge(role, {
      ...restoredTables(this),
      'AwsSolutions-IAM5[Resource::*]': 'what is asked of restore jobs takes no resource',
    });
    const rule = new Rule(this, 'Restored', {
      description: 'Tables that were restored for a test',
      eventPattern: {
        source: ['aws.backup'],
        detailType: ['Restore Job State Change'],
        detail: { status: ['COMPLETED'], restoreTestingPlanArn: [this.planArn] },
      },
      targets: [new FunctionTarget(alias)],
    });
    alias.configureAsyncInvoke({ maxEventAge: Duration.hours(VALIDATION_HOURS - 2), retryAttempts: 2 });
    const reason = 'a restore that nobody judged times out in AWS Backup, and RestoreTestFailed tells';
    acknowledge(rule, { 'Serverless-EventBusDLQ': reason });
    acknowledge(alias, { 'Serverless-LambdaAsyncFailureDestination': reason });
  }
}

/** The finding of the wildcard for restored tables, as cdk-nag names it. */
const restoredTables = (scope: Construct): Readonly<Record<string, string>> => ({
  [wildcardBelow(Stack.of(scope), `${BACKUPS.restoredPrefix}*`)]: 'AWS Backup chooses the names of the tables it restores for tests',
});
