/** The command line as operators start it: a process of its own, in a folder without a configuration. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../ops/main.ts', import.meta.url));

export const startTandem = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawn(process.execPath, [MAIN, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** The same, until it ends: what it has told, and how. */
export const endOf = async (child: ReturnType<typeof startTandem>) => {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
};

export const tandem = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => endOf(startTandem(args, env));
