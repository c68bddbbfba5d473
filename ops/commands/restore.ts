import type { Command } from 'commander';
import { REPORTS_FOLDER } from '../folders.ts';
import { plainProgress, progressFor } from '../progress.ts';
import { restoreText, writeRestoreReport } from '../restore/report.ts';
import { restoreTables } from '../restore/restore.ts';
import { parseTime } from '../restore/time.ts';
import { withBackups } from './backups-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly at: number;
  readonly region?: string;
  readonly apply: boolean;
  readonly keepTable: boolean;
  readonly json: boolean;
}

/** `tandem restore`: shows what was lost since a time; puts it back with `--apply`. */
export const addRestore = (program: Command): void => {
  addTargetOption(
    program
      .command('restore')
      .summary("compare users' data with what it was at a time, and repair it")
      .description(
        'Restores what users own, as it was at a time, into a table of its own, and compares it with the live one: what is missing, what was changed, what is newer. Changes nothing but for --apply, which puts back what is missing or changed, item by item, each through the region that owns it, and computes stock anew. What came after the time stays. Switches, keys, heartbeats, audit and deployments are never touched.\nMay be ended at any time and run again with the same --at. Exit code 1 when --apply could not repair everything. docs/restore.md says more.',
      )
      .requiredOption('--at <time>', 'a time such as 2026-11-25T10:00:00Z or "5 minutes ago": just before the harm', parseTime(Date.now())),
  )
    .option('--region <region>', 'whose replica is restored (default: the first that answers)')
    .option('--apply', 'repair the live table', false)
    .option('--keep-table', 'leave the restored table where it is', false)
    .option('--json', 'print the report as JSON', false)
    .action((options: Options, command: Command) =>
      withBackups(options.target, command, async (target) => {
        const { at, region, apply, keepTable, json } = options;
        const progress = json ? plainProgress((line) => console.error(line)) : progressFor();
        const report = await restoreTables({ target, atMs: at, apply, keepTable, progress, ...(region === undefined ? {} : { region }) });
        const folder = await writeRestoreReport(REPORTS_FOLDER, report);
        console.log(json ? JSON.stringify(report, undefined, 2) : `\n${restoreText(report)}\n\nreport: ${folder}`);
        if (apply && !report.whole) process.exitCode = 1;
      }),
    );
};
