import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BackupPlan, BackupPlanRule, BackupResource, BackupSelection, BackupVault } from 'aws-cdk-lib/aws-backup';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { TABLES } from '../functions/contract/names.ts';
import { acknowledge, wildcardBelow } from './strict.ts';
import type { Tables } from './tables.ts';

/** Name of a region's vault: operators and other regions find it without a reference. */
const vaultName = (region: string): string => `tandem-${region}`;

export interface BackupProps {
  readonly tables: Tables;
  readonly retentionDays: number;
}

/**
 * A daily backup of this region's replicas into this region's vault. Replication carries deletes and corruption within a
 * second, so backups are the answer to bad writes; and since every region keeps its own, none is copied.
 * The vault outlives the stack: a table can be made again, its past cannot.
 */
export class Backup extends Construct {
  constructor(scope: Construct, id: string, props: BackupProps) {
    super(scope, id);
    const { tables } = props;
    const { region } = Stack.of(this);
    const vault = new BackupVault(this, 'Vault', {
      backupVaultName: vaultName(region),
      encryptionKey: tables.keyArn === undefined ? undefined : Key.fromKeyArn(this, 'Key', tables.keyArn),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const plan = new BackupPlan(this, 'Plan', {
      backupPlanName: 'tandem-daily',
      backupPlanRules: [
        new BackupPlanRule({
          ruleName: 'daily',
          backupVault: vault,
          scheduleExpression: Schedule.cron({ hour: '3', minute: '0' }),
          startWindow: Duration.hours(1),
          completionWindow: Duration.hours(8),
          deleteAfter: Duration.days(props.retentionDays),
        }),
      ],
    });
    const arns = [tables.dataArn, tables.controlArn];
    new BackupSelection(this, 'Replicas', {
      backupPlan: plan,
      role: this.role(vault, arns, tables.keyArn),
      disableDefaultBackupPolicy: true,
      resources: arns.map((arn) => BackupResource.fromArn(arn)),
    });
  }

  /**
   * The DynamoDB, vault, tag and key statements of AWSBackupServiceRolePolicyForBackup, narrowed to these tables and this
   * vault: https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
   */
  private role(vault: BackupVault, tableArns: readonly string[], keyArn: string | undefined): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('backup.amazonaws.com'),
      description: 'Lets AWS Backup read the tables',
    });
    const allow = (actions: string[], resources: string[]) => role.addToPolicy(new PolicyStatement({ actions, resources }));
    allow(['dynamodb:DescribeTable', 'dynamodb:CreateBackup', 'dynamodb:StartAwsBackupJob', 'dynamodb:ListTagsOfResource'], [...tableArns]);
    allow(
      ['dynamodb:DescribeBackup', 'dynamodb:DeleteBackup'],
      tableArns.map((arn) => `${arn}/backup/*`),
    );
    allow(['backup:DescribeBackupVault', 'backup:CopyIntoBackupVault'], [vault.backupVaultArn]);
    allow(['tag:GetResources'], ['*']);
    if (keyArn !== undefined) allow(['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey'], [keyArn]);
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]': 'tag:GetResources takes no resource',
      ...Object.fromEntries(
        Object.values(TABLES).map((table) => [
          wildcardBelow(Stack.of(this), table, 'backup/*'),
          'AWS chooses the names of the backups it makes',
        ]),
      ),
    });
    return role;
  }
}
