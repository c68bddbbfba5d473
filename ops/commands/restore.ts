import { type Command, InvalidArgumentError } from 'commander';
import { UserError } from '../errors.ts';
import { REPORTS_FOLDER } from '../folders.ts';
import { printError, printErrorText, printJson, printText } from '../print.ts';
import { plainProgress, progressFor } from '../progress.ts';
import { copyName, isPointArn, optionOf, type Past } from '../restore/past.ts';
import { restoreText, writeRestoreReport } from '../restore/report.ts';
import { restoreTables } from '../restore/restore.ts';
import { parseTime } from '../restore/time.ts';
import { Interrupted, interruptible, rejectedWhenAborted } from '../signals.ts';
import { tandem } from '../tandem.ts';
import { visible } from '../visible.ts';
import { withBackups } from './backups-of.ts';
import { changing } from './effect.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly at?: number;
  readonly from?: string;
  readonly table?: string;
  readonly role?: string;
  readonly region?: string;
  readonly apply: boolean;
  readonly keepTable: boolean;
  readonly replace: readonly string[];
  readonly json: boolean;
}

/** `tandem restore`: shows what was lost since a point of the past; puts it back with `--apply`. */
export const addRestore = (program: Command): void => {
  addTargetOption(
    changing(program.command('restore'), 'repair the live table', '--apply')
      .summary("compare users' data with what it was, and repair it")
      .description(
        'Restores what users own, as it was, into a table of its own, and compares it with the live one: what is missing, what was changed, what is newer. Changes nothing but for --apply, which puts back what is missing or changed, item by item, each through the region that owns it, and computes stock anew. What came after stays, and so does what was told anew under an old key: both are listed, and --replace puts an old one over it. Switches, keys, heartbeats, audit and deployments are never touched.\nThe past is given by one of --at, --from and --table. May be ended at any time and run again with the same one. Exit code 1 when --apply could not repair everything. docs/restore.md says more.',
      ),
  )
    .option('--at <time>', 'a time such as 2026-11-25T10:00:00Z or "5 minutes ago": just before the harm', parseTime(Date.now()))
    .option('--from <arn>', `a recovery point of the vault; \`${tandem('backup', 'list')}\` shows them`, pointArn)
    .option('--table <name>', 'a table that was restored already; it is never deleted')
    .option('--role <arn>', 'with --from on AWS: the role under which AWS Backup restores (default: AWSBackupDefaultServiceRole)')
    .option('--region <region>', 'whose replica is restored, or whose table is read (default: the first that answers)')
    .option('--keep-table', 'leave the restored table where it is', false)
    .option('--replace <fact...>', 'with --apply: put these back although they were told anew since, each as "PK SK" from the report', [])
    .option('--json', 'print the report as JSON', false)
    .action(async (options: Options, command: Command) => {
      const past = pastOf(options);
      await withBackups(options.target, command, async (target) => {
        const { region, apply, keepTable, replace, json } = options;
        const progress = json ? plainProgress(printError, printErrorText) : progressFor();
        const props = { target, past, apply, keepTable, replace, progress, ...(region === undefined ? {} : { region }) };
        const report = await endable(past, () => restoreTables(props));
        const folder = await writeRestoreReport(REPORTS_FOLDER, report);
        if (json) printJson(report);
        else printText(`\n${restoreText(report)}\n\nreport: ${visible(folder)}`);
        if (apply && !report.whole) process.exitCode = 1;
      });
    });
};

const pointArn = (given: string): string => {
  if (isPointArn(given)) return given;
  throw new InvalidArgumentError(`allowed: the ARN of a recovery point, as \`${tandem('backup', 'list')}\` shows them`);
};

/** @throws {UserError} when none or several are given */
const pastOf = ({ at, from, table, role, target }: Options): Past => {
  const pasts: readonly Past[] = [
    ...(at === undefined ? [] : [{ kind: 'time', atMs: at } as const]),
    ...(from === undefined ? [] : [{ kind: 'point', arn: from, ...(role === undefined ? {} : { role }) } as const]),
    ...(table === undefined ? [] : [{ kind: 'table', name: table } as const]),
  ];
  const [past] = pasts;
  if (past === undefined || pasts.length > 1)
    throw new UserError(
      `given ${past === undefined ? 'no past' : pasts.map((each) => optionOf(each).split(' ')[0]).join(' and ')}; allowed: one of --at TIME, --from RECOVERY_POINT_ARN, --table NAME`,
    );
  if (role !== undefined && (from === undefined || target !== 'aws'))
    throw new UserError('given --role; allowed: with --from and --target aws, because nobody else restores under a role; leave it out');
  return past;
};

/** Nothing has to be undone: what is repaired is right, and another run goes on with the rest. */
const endable = async <T>(past: Past, work: () => Promise<T>): Promise<T> => {
  try {
    return await interruptible((signal) => Promise.race([work(), rejectedWhenAborted(signal)]));
  } catch (error) {
    if (error instanceof Interrupted)
      printError(`what was put back stays, and so does ${copyName(past)} where it was made; run it again with ${optionOf(past)} to go on`);
    throw error;
  }
};
