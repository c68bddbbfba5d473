/** Runs the CDK's own command line, as a user would, in an environment that has nothing of the user's account. */
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { startGroup } from '../process/group.ts';

const LAST_LINES = 25;
const RUN_MS_MAX = 180_000;

export interface CdkRun {
  /** The checkout whose `cdk` is run. */
  readonly projectFolder: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Home folder: the command line remembers which account an access key belongs to there. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Gets everything that is printed. */
  readonly logFile: string;
  readonly signal: AbortSignal;
  /** @default 180,000 */
  readonly msMax?: number;
}

/** The command line refused or failed. The message has the command, its last lines and where the rest is. */
export class CdkError extends Error {
  override readonly name = 'CdkError';
  constructor(args: readonly string[], outcome: string, log: string, logFile: string) {
    super(`"cdk ${args.join(' ')}" ${outcome}; all of its output is in ${logFile}. Its last lines:\n${lastLines(log)}`);
  }
}

/** @throws {CdkError} when it fails, or takes too long; the signal's reason when that is aborted */
export const runCdk = async ({ projectFolder, args, cwd, home, env, logFile, signal, msMax = RUN_MS_MAX }: CdkRun): Promise<void> => {
  signal.throwIfAborted();
  for (const folder of [cwd, home, dirname(logFile)]) mkdirSync(folder, { recursive: true });
  const log = openSync(logFile, 'w');
  writeSync(log, `$ cdk ${args.join(' ')}\n`);
  const group = await startGroup({
    command: process.execPath,
    args: [join(projectFolder, 'node_modules', 'aws-cdk', 'bin', 'cdk'), ...args, '--no-notices', '--no-color'],
    cwd,
    env: {
      // The app is started as `node ...`: by this process's own Node.
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
      HOME: home,
      TMPDIR: home,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CI: 'true',
      // Without it the command line asks a server that is on AWS machines only, and waits.
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  yieldProcessor(group.id);
  const abort = (): void => void group.kill();
  signal.addEventListener('abort', abort);
  // While the program was being started, nobody listened.
  if (signal.aborted) abort();
  const timer = setTimeout(abort, msMax);
  try {
    const { code, signal: killed } = await group.ended;
    signal.throwIfAborted();
    const outcome = killed === null ? `ended with exit code ${code}` : `was ended by ${killed}, at the latest after ${msMax / 1_000} s`;
    if (code !== 0) throw new CdkError(args, outcome, readFileSync(logFile, 'utf8'), logFile);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
};

/** A region is deployed again while the others serve: it must not take the processor from them. */
const yieldProcessor = (pid: number): void => {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already; how, the caller learns in a moment.
  }
};

/** Without the frames of its stacks: they say nothing to who runs it. */
const lastLines = (log: string): string =>
  log
    .trimEnd()
    .split('\n')
    .filter((line) => !/^\s+at \S/.test(line))
    .slice(-LAST_LINES)
    .map((line) => `  ${line}`)
    .join('\n');
