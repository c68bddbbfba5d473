import { CustomResource, Duration } from 'aws-cdk-lib';
import type { IBackupVault } from 'aws-cdk-lib/aws-backup';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvName } from '../functions/contract/names.ts';
import { deliveryEnvironment } from './environment.ts';
import { TandemFunction } from './function.ts';
import { acknowledge } from './strict.ts';
import type { Tables } from './tables.ts';

const TIMEOUT_SECONDS = 60;

export interface BackupWatchProps {
  readonly tables: Tables;
  readonly vault: IBackupVault;
  /** The other account's vault; undefined when nothing is copied. */
  readonly copies: IBackupVault | undefined;
  /** Undefined when no restore is tested. */
  readonly restoreTestPlanArn: string | undefined;
  readonly code: AssetCode;
  readonly environment: Readonly<Record<EnvName, string>>;
  readonly logRetentionDays: RetentionDays;
}

/**
 * Looks each hour at what AWS Backup and DynamoDB hold, and tells it as metrics. It asks and is not told: events of AWS
 * Backup are best effort, and a backup that never began makes none.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
 */
export class BackupWatch extends Construct {
  /** Looked at once, when the cell gets this: alarms that wait for it begin with something to see, not with silence. */
  readonly firstLook: CustomResource;

  constructor(scope: Construct, id: string, props: BackupWatchProps) {
    super(scope, id);
    const { alias, role } = new TandemFunction(this, 'Handler', {
      description: 'Tells how old the backups are, and which failed',
      code: props.code,
      memoryMegabytes: 256,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {
        ...props.environment,
        ...deliveryEnvironment<'backup-watch'>({
          restoreTestPlan: props.restoreTestPlanArn ?? '',
          copyVault: props.copies?.backupVaultArn ?? '',
        }),
      },
      logRetentionDays: props.logRetentionDays,
    });
    props.tables.grantContinuousBackups(role);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['backup:DescribeBackupVault', 'backup:ListRecoveryPointsByBackupVault'],
        resources: [props.vault.backupVaultArn],
      }),
    );
    // Lists of jobs take no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbackup.html
    role.addToPolicy(
      new PolicyStatement({ actions: ['backup:ListBackupJobs', 'backup:ListCopyJobs', 'backup:ListRestoreJobs'], resources: ['*'] }),
    );
    acknowledge(role, { 'AwsSolutions-IAM5[Resource::*]': 'the lists of jobs take no resource' });
    const everyHour = new Rule(this, 'EveryHour', {
      description: 'Age of the backups, and which failed',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new FunctionTarget(alias)],
    });
    const reason = 'a look that failed is superseded by the next, and RecoveryPointOld tells when nobody looks';
    acknowledge(everyHour, { 'Serverless-EventBusDLQ': reason });
    acknowledge(alias, { 'Serverless-LambdaAsyncFailureDestination': reason });
    this.firstLook = new CustomResource(this, 'FirstLook', {
      resourceType: 'Custom::FirstLook',
      serviceToken: alias.functionArn,
      serviceTimeout: Duration.seconds(2 * TIMEOUT_SECONDS),
    });
    this.firstLook.node.addDependency(props.vault);
  }
}
