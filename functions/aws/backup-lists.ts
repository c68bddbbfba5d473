/** The lists of AWS Backup, as far back as they matter. */
import {
  BackupClient,
  DescribeBackupVaultCommand,
  ListBackupJobsCommand,
  ListCopyJobsCommand,
  ListRecoveryPointsByBackupVaultCommand,
  ListRestoreJobsCommand,
} from '@aws-sdk/client-backup';
import type { Event } from '../core/backup-state.ts';
import { clientLimits } from './client-limits.ts';
import { tableOf } from './table-arn.ts';

/** Pages of one list, 1,000 entries each. Backups of each hour make 360 points of a table in the time looked at. */
const PAGES_MAX = 20;
const PAGE_SIZE = 1_000;

export const backupClient = (): BackupClient => new BackupClient(clientLimits());

export const vaultMadeMs = async (client: BackupClient, vault: string): Promise<number> => {
  const { CreationDate } = await client.send(new DescribeBackupVaultCommand({ BackupVaultName: vault }));
  return CreationDate?.getTime() ?? 0;
};

export const recoveryPoints = async (client: BackupClient, vault: string, sinceMs: number): Promise<readonly Event[]> => {
  const points = await pages(async (NextToken) => {
    const input = { BackupVaultName: vault, ByCreatedAfter: new Date(sinceMs), MaxResults: PAGE_SIZE, NextToken };
    const page = await client.send(new ListRecoveryPointsByBackupVaultCommand(input));
    return { entries: page.RecoveryPoints ?? [], next: page.NextToken };
  });
  return points.map(({ ResourceArn, CreationDate, Status }) => ({
    table: tableOf(ResourceArn),
    atMs: CreationDate?.getTime() ?? 0,
    good: Status === 'COMPLETED' || Status === 'AVAILABLE',
    bad: false,
  }));
};

export const backupJobs = async (client: BackupClient, vault: string, sinceMs: number): Promise<readonly Event[]> => {
  const jobs = await pages(async (NextToken) => {
    const input = { ByBackupVaultName: vault, ByCreatedAfter: new Date(sinceMs), MaxResults: PAGE_SIZE, NextToken };
    const page = await client.send(new ListBackupJobsCommand(input));
    return { entries: page.BackupJobs ?? [], next: page.NextToken };
  });
  return jobs.map(({ ResourceArn, CreationDate, State }) => ended(ResourceArn, CreationDate, State));
};

export const copyJobs = async (client: BackupClient, vaultArn: string, sinceMs: number): Promise<readonly Event[]> => {
  const jobs = await pages(async (NextToken) => {
    const input = { ByDestinationVaultArn: vaultArn, ByCreatedAfter: new Date(sinceMs), MaxResults: PAGE_SIZE, NextToken };
    const page = await client.send(new ListCopyJobsCommand(input));
    return { entries: page.CopyJobs ?? [], next: page.NextToken };
  });
  return jobs.map(({ ResourceArn, CreationDate, State }) => ended(ResourceArn, CreationDate, State));
};

/** A restore is good once it was judged to be, and bad as well when its table could not be deleted. */
export const restoreTests = async (client: BackupClient, planArn: string, sinceMs: number): Promise<readonly Event[]> => {
  const jobs = await pages(async (NextToken) => {
    const input = { ByRestoreTestingPlanArn: planArn, ByCreatedAfter: new Date(sinceMs), MaxResults: PAGE_SIZE, NextToken };
    const page = await client.send(new ListRestoreJobsCommand(input));
    return { entries: page.RestoreJobs ?? [], next: page.NextToken };
  });
  return jobs.map(({ SourceResourceArn, CreationDate, Status, ValidationStatus, DeletionStatus }) => ({
    table: tableOf(SourceResourceArn),
    atMs: CreationDate?.getTime() ?? 0,
    good: Status === 'COMPLETED' && ValidationStatus === 'SUCCESSFUL',
    bad:
      Status === 'FAILED' ||
      Status === 'ABORTED' ||
      ValidationStatus === 'FAILED' ||
      ValidationStatus === 'TIMED_OUT' ||
      DeletionStatus === 'FAILED',
  }));
};

const BAD_ENDS: readonly (string | undefined)[] = ['FAILED', 'EXPIRED', 'ABORTED', 'PARTIAL'];

const ended = (arn: string | undefined, at: Date | undefined, state: string | undefined): Event => ({
  table: tableOf(arn),
  atMs: at?.getTime() ?? 0,
  good: state === 'COMPLETED',
  bad: BAD_ENDS.includes(state),
});

/** @throws {Error} when there are more pages than anybody makes */
const pages = async <T>(
  read: (token: string | undefined) => Promise<{ readonly entries: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> => {
  const all: T[] = [];
  let token: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { entries, next } = await read(token);
    all.push(...entries);
    if (next === undefined || next === '') return all;
    token = next;
  }
  throw new Error(`AWS Backup lists more than ${PAGES_MAX * PAGE_SIZE} entries; allowed: up to that; back up less often`);
};
