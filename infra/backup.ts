import { Annotations, ArnFormat, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { BackupPlan, BackupPlanRule, BackupResource, BackupSelection, BackupVault, type IBackupVault } from 'aws-cdk-lib/aws-backup';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { BACKUPS, TABLES } from '../functions/contract/names.ts';
import { type Config, ConfigError } from './config.ts';
import { acknowledge, wildcardBelow } from './strict.ts';
import type { Tables } from './tables.ts';

/** An hour of the day at which few call, in UTC; with shorter intervals the backups are around it. */
const HOUR = 3;

export interface BackupProps {
  readonly tables: Tables;
  readonly settings: Config['backup'];
}

/**
 * Full copies of this region's replicas in this region's vault, at fixed times. Replication carries deletes and corruption
 * within a second, so backups are the answer to bad writes; and since every region keeps its own, none is copied to another
 * region. A copy in another account is for whoever may delete what this account has.
 *
 * The vault outlives the stack: a table can be made again, its past cannot.
 */
export class Backup extends Construct {
  readonly vault: BackupVault;
  /** The other account's vault; undefined when nothing is copied. */
  readonly copies: IBackupVault | undefined;
  readonly #props: BackupProps;

  /** @throws {ConfigError} when the other account is this one */
  constructor(scope: Construct, id: string, props: BackupProps) {
    super(scope, id);
    this.#props = props;
    const { tables, settings } = props;
    this.vault = new BackupVault(this, 'Vault', {
      backupVaultName: BACKUPS.vault(Stack.of(this).region),
      encryptionKey: tables.keyArn === undefined ? undefined : Key.fromKeyArn(this, 'Key', tables.keyArn),
      lockConfiguration: lockOf(settings.lock),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.copies = this.otherVault();
    const plan = new BackupPlan(this, 'Plan', {
      backupPlanName: BACKUPS.plan,
      backupPlanRules: [
        new BackupPlanRule({
          ruleName: 'replicas',
          backupVault: this.vault,
          scheduleExpression: Schedule.cron({ hour: hoursOf(settings.everyHours), minute: '0' }),
          startWindow: Duration.hours(1),
          completionWindow: Duration.hours(8),
          deleteAfter: Duration.days(settings.retentionDays),
          copyActions: this.copies && [
            {
              destinationBackupVault: this.copies,
              deleteAfter: Duration.days(settings.copyTo?.retentionDays ?? settings.retentionDays),
            },
          ],
        }),
      ],
    });
    const arns = [tables.dataArn, tables.controlArn];
    new BackupSelection(this, 'Replicas', {
      backupPlan: plan,
      role: this.role(arns),
      disableDefaultBackupPolicy: true,
      resources: arns.map((arn) => BackupResource.fromArn(arn)),
    });
    this.warn();
  }

  /**
   * In the same region: a copy that stays there needs no other region to be made, and every cell is like the others. The
   * vault's own policy lets this account's backups in, which only its account can say.
   * https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html
   */
  private otherVault(): IBackupVault | undefined {
    const { copyTo } = this.#props.settings;
    if (copyTo === undefined) return undefined;
    const stack = Stack.of(this);
    if (!Token.isUnresolved(stack.account) && stack.account === copyTo.account)
      throw new ConfigError([
        `backup.copyTo.account: given "${copyTo.account}", the account that is deployed to; allowed: another one, which whoever may delete here cannot reach; correct it, or leave copyTo out`,
      ]);
    const { account, vault: resourceName } = copyTo;
    const arn = stack.formatArn({
      service: 'backup',
      account,
      resource: 'backup-vault',
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return BackupVault.fromBackupVaultArn(this, 'Copies', arn);
  }

  /**
   * The DynamoDB, vault, tag and key statements of AWSBackupServiceRolePolicyForBackup, narrowed to these tables and these
   * vaults: https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
   */
  private role(tableArns: readonly string[]): Role {
    const { tables } = this.#props;
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
    const vaults = [this.vault, ...(this.copies ? [this.copies] : [])];
    allow(
      ['backup:DescribeBackupVault', 'backup:CopyIntoBackupVault'],
      vaults.map(({ backupVaultArn }) => backupVaultArn),
    );
    if (this.copies) allow(['backup:CopyFromBackupVault'], ['*']);
    allow(['tag:GetResources'], ['*']);
    if (tables.keyArn !== undefined) allow(['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey'], [tables.keyArn]);
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]': 'tag:GetResources takes no resource, and the id of a recovery point is known when it is copied',
      ...Object.fromEntries(
        Object.values(TABLES).map((table) => [
          wildcardBelow(Stack.of(this), table, 'backup/*'),
          'AWS chooses the names of the backups it makes',
        ]),
      ),
    });
    return role;
  }

  private warn(): void {
    const { lock, retentionDays } = this.#props.settings;
    if (typeof lock === 'string') return;
    Annotations.of(this).addWarningV2(
      'tandem:compliance-lock',
      `the vault is locked in COMPLIANCE MODE: ${lock.changeableDays} days after this deployment NOBODY CAN REMOVE THE LOCK OR A RECOVERY POINT, not you, not the root user, not AWS, for as long as the vault exists; what is in it is paid for ${retentionDays} days, and whatever is backed up into it at least ${lock.minRetentionDays}. Until then: aws backup delete-backup-vault-lock-configuration`,
    );
  }
}

/** The hours of a day at which a backup begins. */
const hoursOf = (everyHours: number): string => (everyHours === 24 ? String(HOUR) : `${HOUR % everyHours}/${everyHours}`);

/** https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html: without days until it is for good, it is governance. */
const lockOf = (lock: Config['backup']['lock']) => {
  if (lock === 'none') return undefined;
  if (lock === 'governance') return { minRetention: Duration.days(1) };
  return {
    minRetention: Duration.days(lock.minRetentionDays),
    maxRetention: Duration.days(lock.maxRetentionDays),
    changeableFor: Duration.days(lock.changeableDays),
  };
};
