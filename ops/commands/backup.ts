import type { Command } from 'commander';
import { TABLES } from '../../functions/contract/names.ts';
import { print, printError, printJson, printText } from '../print.ts';
import { backupStatus, describeBackups } from '../restore/backup-status.ts';
import { beginBackups, describePoints, pointsOf } from '../restore/points.ts';
import { tandem } from '../tandem.ts';
import { waitingFor } from '../waiting.ts';
import { withBackups } from './backups-of.ts';
import { chosenRegions } from './cells-of.ts';
import { changing, NOTHING_DONE, reading } from './effect.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly region?: string;
}

interface NowOptions extends Options {
  readonly yes: boolean;
}

interface StatusOptions extends Options {
  readonly json: boolean;
}

/** `tandem backup status`, `tandem backup list` and `tandem backup now`. */
export const addBackup = (program: Command): void => {
  const backup = program
    .command('backup')
    .summary('show how backups are, or take one')
    .description('How each region can be restored, and whether that is recent. docs/backup.md has the plan; `restore` puts back.');
  addTargetOption(
    reading(backup.command('status'))
      .summary('show the recovery points of each region, and their age')
      .description(
        "Shows what is in each region's vault, and between which times its tables can be restored.\nExit code 1 when a table has no recovery point or an old one, or no point-in-time recovery, or when the account has not opted in: each with what to do.",
      ),
  )
    .option('--region <region>', 'of one region only')
    .option('--json', 'print JSON', false)
    .action((options: StatusOptions, command: Command) =>
      withBackups(options.target, command, async (target, objectives) => {
        const names = chosenRegions(
          target.regions.map(({ name }) => name),
          options.region,
        );
        const statuses = await waitingFor('waiting for the regions to answer', () => backupStatus(target, names, objectives, Date.now()));
        if (options.json) printJson(statuses);
        else printText(describeBackups(statuses));
        if (statuses.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
      }),
    );
  addTargetOption(
    reading(backup.command('list'))
      .summary('list the recovery points of each region')
      .description(
        `Lists what is in each region's vault, newest first, with the ARN that \`restore --from\` takes: of complete ones of tandem-data.\nExit code 1 when a region does not answer or has no vault; the others are listed.`,
      ),
  )
    .option('--region <region>', 'of one region only')
    .option('--json', 'print JSON', false)
    .action((options: StatusOptions, command: Command) =>
      withBackups(options.target, command, async (target) => {
        const names = chosenRegions(
          target.regions.map(({ name }) => name),
          options.region,
        );
        const { points, problems } = await waitingFor('waiting for the regions to answer', () => pointsOf(target, names));
        if (options.json) printJson(points);
        else if (points.length > 0 || problems.length === 0) printText(describePoints(points));
        tellProblems(problems);
      }),
    );
  addTargetOption(
    changing(backup.command('now'), 'begin them')
      .summary('begin a backup of every table')
      .description(
        `Begins a backup of each region's replicas of both tables into its vault, beside the planned ones. \`${tandem('backup', 'status')}\` shows when they are there.\nExit code 1 when a region does not begin one; the others do.`,
      ),
  )
    .option('--region <region>', 'of one region only')
    .action((options: NowOptions, command: Command) =>
      withBackups(options.target, command, async (target) => {
        const names = chosenRegions(
          target.regions.map(({ name }) => name),
          options.region,
        );
        if (!options.yes) {
          for (const name of names)
            print(`${name}: a backup of ${Object.values(TABLES).join(' and one of ')} would begin, into its vault.`);
          return printText(`\n${NOTHING_DONE}`);
        }
        tellProblems(await beginBackups(target, names, print));
      }),
    );
};

/** Beside what was asked for, which scripts read. */
const tellProblems = (problems: readonly string[]): void => {
  for (const problem of problems) printError(`tandem: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
};
