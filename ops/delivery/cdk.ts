/** Runs the project's own `cdk`, with the credentials of the environment. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { ROOT } from '../folders.ts';

const LAST_LINES = 20;

export interface CdkProps {
  readonly args: readonly string[];
  /** Gets everything that is printed. */
  readonly logFile: string;
}

/**
 * In a session of its own: a Ctrl-C in the terminal is for whoever started it, who stops the deployment in good order.
 *
 * @throws {UserError} with its last lines, when it fails
 */
export const runCdk = async ({ args, logFile }: CdkProps): Promise<void> => {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk'), ...args, '--no-notices', '--no-color'], {
    cwd: ROOT,
    // The app is started as `node ...`: by this process's own Node.
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CI: 'true',
    },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code === 0) return;
  const last = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
  throw new UserError([
    `"cdk ${args.join(' ')}" ended with ${code ?? 'a signal'}; all of its output is in ${logFile}. Its last lines:`,
    ...last.map((line) => `  ${line}`),
  ]);
};
