/** Restores that AWS Backup makes to test them. */
import { BackupClient, DescribeRestoreJobCommand, PutRestoreValidationResultCommand } from '@aws-sdk/client-backup';
import { BACKUPS } from '../contract/names.ts';
import { clientLimits } from './client-limits.ts';
import { tableOf } from './table-arn.ts';

export interface RestoreJob {
  /** Name of the table that the backup was taken of. */
  readonly source: string;
  readonly restored: string;
  readonly judged: boolean;
}

export class RestoreJobs {
  readonly #client = new BackupClient(clientLimits());

  /** @throws {Error} for what is no restore of a test */
  async find(RestoreJobId: string): Promise<RestoreJob> {
    const command = new DescribeRestoreJobCommand({ RestoreJobId });
    const { SourceResourceArn, CreatedResourceArn, ValidationStatus } = await this.#client.send(command);
    const [source, restored] = [tableOf(SourceResourceArn), tableOf(CreatedResourceArn)];
    if (source === undefined || !restored?.startsWith(BACKUPS.restoredPrefix))
      throw new Error(
        `given the restore ${RestoreJobId} of ${SourceResourceArn} into ${CreatedResourceArn}; allowed: of a table into ${BACKUPS.restoredPrefix}*`,
      );
    return { source, restored, judged: ValidationStatus === 'SUCCESSFUL' || ValidationStatus === 'FAILED' };
  }

  /** For good: AWS Backup then deletes the restored table. */
  async judge(RestoreJobId: string, ValidationStatus: 'SUCCESSFUL' | 'FAILED', ValidationStatusMessage: string): Promise<void> {
    await this.#client.send(new PutRestoreValidationResultCommand({ RestoreJobId, ValidationStatus, ValidationStatusMessage }));
  }
}
