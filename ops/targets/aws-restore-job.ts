/** Restores of AWS Backup, from a recovery point into a table of a name of one's own. */
import {
  type BackupClient,
  DescribeRestoreJobCommand,
  InvalidParameterValueException,
  InvalidRequestException,
  ResourceNotFoundException,
  StartRestoreJobCommand,
} from '@aws-sdk/client-backup';
import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { TABLES } from '../../functions/contract/names.ts';
import { messageOf, UserError } from '../errors.ts';

/**
 * Made by the console of AWS Backup when it is first used, with AWS's own policies for backups and restores. The roles of
 * the cells can restore into tables of restore tests only.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
 */
const DEFAULT_ROLE = 'service-role/AWSBackupDefaultServiceRole';

export interface RestoreJobRequest {
  readonly arn: string;
  readonly into: string;
  /** The table that the recovery point is of, as it is now. */
  readonly live: TableDescription | undefined;
  readonly role?: string;
}

/**
 * Each request is a job of its own. A token that the recovery point gave would make AWS Backup say yes and do nothing once
 * the table of an earlier job was deleted.
 *
 * @returns the job's id
 * @throws {UserError} when AWS Backup refuses it
 */
export const beginRestoreJob = async (client: BackupClient, { arn, into, live, role }: RestoreJobRequest): Promise<string> => {
  const IamRoleArn = role ?? defaultRole(arn);
  try {
    const { RestoreJobId } = await client.send(
      new StartRestoreJobCommand({ RecoveryPointArn: arn, ResourceType: 'DynamoDB', IamRoleArn, Metadata: metadataOf(into, live) }),
    );
    if (RestoreJobId === undefined) throw new Error(`AWS Backup began no job for ${arn}`);
    return RestoreJobId;
  } catch (error) {
    if (REFUSALS.some((refusal) => error instanceof refusal))
      throw new UserError(
        `AWS Backup does not restore ${arn} under the role ${IamRoleArn}: ${messageOf(error)}; --role names another role`,
        {
          cause: error,
        },
      );
    throw error;
  }
};

export const restoreJobState = async (client: BackupClient, id: string): Promise<{ readonly state: string; readonly why: string }> => {
  const { Status, StatusMessage } = await client.send(new DescribeRestoreJobCommand({ RestoreJobId: id }));
  return { state: Status ?? 'PENDING', why: StatusMessage ?? 'AWS Backup does not say why' };
};

const REFUSALS = [InvalidParameterValueException, InvalidRequestException, ResourceNotFoundException] as const;

/**
 * Encrypted as the live table is: by default a restored table would have the key of DynamoDB. It is deleted afterwards.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html
 */
const metadataOf = (into: string, live: TableDescription | undefined): Record<string, string> => {
  const { SSEType, KMSMasterKeyArn } = live?.SSEDescription ?? {};
  return {
    targetTableName: into,
    deletionProtection: 'false',
    ...(SSEType === 'KMS' && KMSMasterKeyArn !== undefined
      ? { encryptionType: 'KMS', kmsMasterKeyArn: KMSMasterKeyArn }
      : { encryptionType: 'Default' }),
  };
};

/** Of the recovery point's account and partition. */
const defaultRole = (arn: string): string => {
  const [, partition, , , account] = arn.split(':');
  if (partition === undefined || account === undefined)
    throw new UserError(`given the recovery point ${arn}; allowed: an ARN of ${TABLES.data}'s`);
  return `arn:${partition}:iam::${account}:role/${DEFAULT_ROLE}`;
};
