/** The emulators are Python tools. They are installed when a system is about to start, and by nothing else. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { ROOT } from '../folders.ts';

/**
 * Does nothing, quickly, where they are there.
 *
 * @throws {UserError} when they cannot be installed; what is in the way stands above, on stderr
 */
export const installEmulators = async (signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'bootstrap.mjs')], {
    // It writes out by itself what installers get of this.
    env: process.env,
    stdio: ['ignore', 2, 2],
  });
  const end = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    signal.throwIfAborted();
    if (code !== 0) throw new UserError('the emulators are not installed; what is in the way stands above');
  } finally {
    signal.removeEventListener('abort', end);
  }
};
