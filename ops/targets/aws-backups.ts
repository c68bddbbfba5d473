/**
 * Backups of the regions on AWS: recovery points of AWS Backup in each region's own vault, and point-in-time recovery of
 * DynamoDB. Never run against AWS: the tests hold the requests against what the AWS manuals say they are.
 */
import {
  BackupClient,
  type BackupClientConfig,
  DescribeRegionSettingsCommand,
  ListBackupPlansCommand,
  ListBackupSelectionsCommand,
  ResourceNotFoundException as NoSuchVault,
  paginateListRecoveryPointsByBackupVault,
  StartBackupJobCommand,
} from '@aws-sdk/client-backup';
import {
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  InvalidRestoreTimeException,
  PointInTimeRecoveryUnavailableException,
  ResourceNotFoundException,
  RestoreTableToPointInTimeCommand,
  TableAlreadyExistsException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { BACKUPS, TABLES } from '../../functions/contract/names.ts';
import type { Config } from '../../infra/config.ts';
import { CALLS } from '../delivery/aws-cells.ts';
import { messageOf, UserError } from '../errors.ts';
import { tellingWhere } from '../unanswered.ts';
import { beginRestoreJob, restoreJobState } from './aws-restore-job.ts';
import type { BackupTarget, PointInTime, PointRestore, RecoveryPoint, RegionBackups } from './backups.ts';

/** A restore takes minutes to hours, whatever the size: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/pointintimerecovery_beforeyoubegin.html */
const RESTORE_LOOK_MS = 15_000;
const RESTORE_MS_MAX = 6 * 3_600_000;
/** Pages of one list. */
const PAGES_MAX = 100;

/** What tests put in the place of AWS. */
export interface AwsBackupsOptions {
  readonly endpoint?: string;
  readonly credentials?: NonNullable<BackupClientConfig['credentials']>;
  /** @default 15 s */
  readonly lookMs?: number;
}

export class AwsBackups implements BackupTarget {
  readonly kind = 'aws';
  readonly regions: BackupTarget['regions'];
  /** Backups are copied to another account, which asks for one more opt-in. */
  readonly #copies: boolean;
  readonly #options: AwsBackupsOptions;
  readonly #dynamo = new Map<string, DynamoDBClient>();
  readonly #backup = new Map<string, BackupClient>();

  constructor({ regions, backup }: Pick<Config, 'regions' | 'backup'>, options: AwsBackupsOptions = {}) {
    this.regions = regions.map(({ name }) => ({ name }));
    this.#copies = backup.copyTo !== undefined;
    this.#options = options;
  }

  dynamo(region: string): DynamoDBClient {
    const { endpoint, credentials } = this.#options;
    const known = this.#dynamo.get(region);
    const client =
      known ??
      tellingWhere(dynamoClient({ region, ...CALLS, ...(endpoint ? { endpoint } : {}), ...(credentials ? { credentials } : {}) }), region);
    this.#dynamo.set(region, client);
    return client;
  }

  async backups(region: string): Promise<RegionBackups> {
    const [points, pointInTime, missing] = await Promise.all([this.#points(region), this.#pointInTime(region), this.#missing(region)]);
    return { region, points, pointInTime, missing };
  }

  async backUp(region: string, table: string): Promise<void> {
    const [resource, role] = await Promise.all([this.#describe(region, table), this.#role(region)]);
    if (resource?.TableArn === undefined) throw new UserError(`there is no table ${table} in ${region}; deploy it first`);
    const input = { BackupVaultName: BACKUPS.vault(region), ResourceArn: resource.TableArn, IamRoleArn: role };
    await this.#backupClient(region).send(new StartBackupJobCommand(input));
  }

  async restore(
    region: string,
    { table, atMs, into }: { readonly table: string; readonly atMs: number; readonly into: string },
  ): Promise<void> {
    if ((await this.#describe(region, into)) === undefined) await this.#beginRestore(region, table, atMs, into);
    await this.#untilReady(region, into, async () => true);
  }

  /** A table that is there already is being restored, or was: a second job into it would fail. */
  async restorePoint(region: string, { arn, into, role, say }: PointRestore): Promise<void> {
    if ((await this.#describe(region, into)) !== undefined) return this.#untilReady(region, into, async () => true);
    const client = this.#backupClient(region);
    const live = await this.#describe(region, TABLES.data);
    const job = await beginRestoreJob(client, { arn, into, live, ...(role === undefined ? {} : { role }) });
    let told = '';
    await this.#untilReady(region, into, async () => {
      const { state, why } = await restoreJobState(client, job);
      if (state !== told) say(`the restore job ${job} is ${state}`);
      told = state;
      // Another run was quicker: its table is this one.
      if (state !== 'FAILED' && state !== 'ABORTED') return state === 'COMPLETED';
      if ((await this.#describe(region, into)) !== undefined) return true;
      throw new UserError(`the restore job ${job} of ${arn} in ${region} is ${state}: ${why}; --role names another role for AWS Backup`);
    });
  }

  async #untilReady(region: string, into: string, jobIsOver: () => Promise<boolean>): Promise<void> {
    const endMs = Date.now() + RESTORE_MS_MAX;
    while (!(await jobIsOver()) || !isReady(await this.#describe(region, into))) {
      if (Date.now() > endMs)
        throw new UserError(
          `${into} in ${region} is not restored after ${RESTORE_MS_MAX / 3_600_000} hours; run it again to go on waiting`,
        );
      await new Promise((resolve) => setTimeout(resolve, this.#options.lookMs ?? RESTORE_LOOK_MS));
    }
  }

  async deleteTable(region: string, table: string): Promise<void> {
    try {
      await this.dynamo(region).send(new DeleteTableCommand({ TableName: table }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
  }

  async #beginRestore(region: string, table: string, atMs: number, into: string): Promise<void> {
    try {
      await this.dynamo(region).send(
        new RestoreTableToPointInTimeCommand({
          SourceTableName: table,
          TargetTableName: into,
          RestoreDateTime: new Date(atMs),
          BillingModeOverride: 'PAY_PER_REQUEST',
          // It is scanned and deleted: without indexes it is there sooner.
          GlobalSecondaryIndexOverride: [],
        }),
      );
    } catch (error) {
      if (error instanceof TableAlreadyExistsException) return;
      if (error instanceof InvalidRestoreTimeException || error instanceof PointInTimeRecoveryUnavailableException)
        throw new UserError(`${region} cannot restore ${table} as of ${new Date(atMs).toISOString()}: ${messageOf(error)}`, {
          cause: error,
        });
      throw error;
    }
  }

  async #describe(region: string, table: string): Promise<TableDescription | undefined> {
    try {
      return (await this.dynamo(region).send(new DescribeTableCommand({ TableName: table }))).Table;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async #points(region: string): Promise<readonly RecoveryPoint[] | undefined> {
    const found: RecoveryPoint[] = [];
    let pages = 0;
    try {
      for await (const { RecoveryPoints = [] } of paginateListRecoveryPointsByBackupVault(
        { client: this.#backupClient(region) },
        { BackupVaultName: BACKUPS.vault(region) },
      )) {
        found.push(
          ...RecoveryPoints.map(({ RecoveryPointArn = '', ResourceArn = '', CreationDate, Status }) => ({
            arn: RecoveryPointArn,
            table: ResourceArn.split('/').at(-1) ?? '',
            createdAtMs: CreationDate?.getTime() ?? 0,
            state: stateOf(Status),
          })),
        );
        pages += 1;
        if (pages >= PAGES_MAX) break;
      }
    } catch (error) {
      if (error instanceof NoSuchVault) return undefined;
      throw error;
    }
    return found.sort((a, b) => b.createdAtMs - a.createdAtMs);
  }

  async #pointInTime(region: string): Promise<ReadonlyMap<string, PointInTime>> {
    const tables = Object.values(TABLES).map(async (table): Promise<readonly [string, PointInTime]> => {
      const { ContinuousBackupsDescription } = await this.dynamo(region).send(new DescribeContinuousBackupsCommand({ TableName: table }));
      const { PointInTimeRecoveryStatus, EarliestRestorableDateTime, LatestRestorableDateTime } =
        ContinuousBackupsDescription?.PointInTimeRecoveryDescription ?? {};
      return [
        table,
        {
          enabled: PointInTimeRecoveryStatus === 'ENABLED',
          earliestMs: EarliestRestorableDateTime?.getTime(),
          latestMs: LatestRestorableDateTime?.getTime(),
        },
      ];
    });
    return new Map(await Promise.all(tables));
  }

  /** https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeRegionSettings.html */
  async #missing(region: string): Promise<RegionBackups['missing']> {
    const { ResourceTypeOptInPreference: optIn, ResourceTypeManagementPreference: management } = await this.#backupClient(region).send(
      new DescribeRegionSettingsCommand({}),
    );
    const set = (option: string) => `aws backup update-region-settings --region ${region} --${option} DynamoDB=true`;
    return [
      ...(optIn?.['DynamoDB'] === true
        ? []
        : [{ what: 'AWS Backup may back up DynamoDB', command: set('resource-type-opt-in-preference') }]),
      ...(management?.['DynamoDB'] === true || !this.#copies
        ? []
        : [
            {
              what: 'advanced features for DynamoDB, without which nothing is copied',
              command: set('resource-type-management-preference'),
            },
          ]),
    ];
  }

  /** The role under which the region's own plan backs up. */
  async #role(region: string): Promise<string> {
    const client = this.#backupClient(region);
    const { BackupPlansList = [] } = await client.send(new ListBackupPlansCommand({}));
    const plan = BackupPlansList.find((each) => each.BackupPlanName === BACKUPS.plan)?.BackupPlanId;
    const { BackupSelectionsList = [] } =
      plan === undefined ? {} : await client.send(new ListBackupSelectionsCommand({ BackupPlanId: plan }));
    const role = BackupSelectionsList[0]?.IamRoleArn;
    if (role === undefined)
      throw new UserError(`there is no backup plan ${BACKUPS.plan} with a selection in ${region}; deploy the cell first`);
    return role;
  }

  #backupClient(region: string): BackupClient {
    const { endpoint, credentials } = this.#options;
    const known = this.#backup.get(region);
    const client =
      known ??
      tellingWhere(
        new BackupClient({ region, ...CALLS, ...(endpoint ? { endpoint } : {}), ...(credentials ? { credentials } : {}) }),
        region,
      );
    this.#backup.set(region, client);
    return client;
  }
}

const isReady = (table: TableDescription | undefined): boolean =>
  table?.TableStatus === 'ACTIVE' && table.RestoreSummary?.RestoreInProgress !== true;

const stateOf = (status: string | undefined): RecoveryPoint['state'] => {
  switch (status) {
    case 'COMPLETED':
    case 'AVAILABLE':
      return 'complete';
    case 'DELETING':
      return 'deleting';
    case 'EXPIRED':
      return 'expired';
    default:
      return 'partial';
  }
};
