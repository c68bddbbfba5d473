/** The backups of a deployment. */
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import type { BackupObjectives } from '../restore/backup-status.ts';
import { AwsBackups } from '../targets/aws-backups.ts';
import type { BackupTarget } from '../targets/backups.ts';
import { runningLocal } from '../targets/local.ts';
import { configFileOf } from './regions-of.ts';
import type { TargetName } from './target-option.ts';

/**
 * Runs `work` with the system on this machine, or with the configuration's on AWS, and with what the configuration wants.
 * @throws {UserError} when none runs here
 */
export const withBackups = async <T>(
  target: TargetName,
  command: Command,
  work: (target: BackupTarget, objectives: BackupObjectives) => Promise<T>,
): Promise<T> => {
  const config = readConfig(configFileOf(command));
  if (target === 'aws') return work(new AwsBackups(config), config.objectives);
  const local = await runningLocal('use the one on AWS with `--target aws`');
  try {
    return await work(local, config.objectives);
  } finally {
    local.close();
  }
};
