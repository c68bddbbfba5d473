/** What backups, and restoring from them, need of a system: one adapter each for the laptop and AWS. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Say } from '../progress.ts';

/** A full copy of one region's replica of a table. */
export interface RecoveryPoint {
  readonly arn: string;
  readonly table: string;
  readonly createdAtMs: number;
  readonly state: 'complete' | 'partial' | 'deleting' | 'expired';
}

/** Continuous backups of a replica. */
export interface PointInTime {
  readonly enabled: boolean;
  /** Milliseconds since 1970; undefined while it is off. */
  readonly earliestMs: number | undefined;
  readonly latestMs: number | undefined;
}

export interface RegionBackups {
  readonly region: string;
  /** Of the region's own vault, newest first. Undefined: there is no vault. */
  readonly points: readonly RecoveryPoint[] | undefined;
  /** By table. */
  readonly pointInTime: ReadonlyMap<string, PointInTime>;
  /** Opt-ins of the account that are missing, each with the command that sets it. */
  readonly missing: readonly { readonly what: string; readonly command: string }[];
}

export interface PointRestore {
  readonly arn: string;
  readonly into: string;
  /** Under which AWS Backup restores. @default the role that AWS Backup makes for itself */
  readonly role?: string;
  readonly say: Say;
}

export interface BackupTarget {
  readonly kind: 'local' | 'aws';
  readonly regions: readonly { readonly name: string }[];
  /** SDK client for a region's replicas. */
  dynamo(region: string): DynamoDBClient;
  backups(region: string): Promise<RegionBackups>;
  /** Begins a backup of the region's replica of a table into its vault. */
  backUp(region: string, table: string): Promise<void>;
  /**
   * Restores a replica as it was at a time into a new table of the region, and waits until it can be read. A table of that
   * name that is there already is taken as it is: a restore that was interrupted goes on.
   * @throws {UserError} when the time cannot be restored
   */
  restore(region: string, given: { readonly table: string; readonly atMs: number; readonly into: string }): Promise<void>;
  /**
   * The same from a recovery point.
   * @throws {UserError} when it cannot be restored
   */
  restorePoint(region: string, given: PointRestore): Promise<void>;
  deleteTable(region: string, table: string): Promise<void>;
}
