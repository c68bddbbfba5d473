/**
 * A copy of the source tree, in which files are edited: whatever loads them, vitest, esbuild, `cdk synth` or a child
 * process, loads the edited text.
 */
import { rmSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Brought by others, and the same for every copy. */
const LINKED: readonly string[] = ['node_modules', '.venv'];
/** Made by running, and nothing that a test may need. */
const LEFT_OUT: readonly string[] = ['.git', '.tandem', 'cdk.out', 'coverage'];

export interface Overlay {
  /** Ends without a slash. */
  readonly root: string;
  /** Text of a file, by its path from the root, as the repository has it. */
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

export const makeOverlay = async (): Promise<Overlay> => {
  const root = await mkdtemp(join(tmpdir(), 'tandem-mutations-'));
  // Also of a run that is ended half-way.
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const name of await readdir(ROOT)) {
    if (LINKED.includes(name)) await symlink(join(ROOT, name), join(root, name));
    else if (!LEFT_OUT.includes(name)) await cp(join(ROOT, name), join(root, name), { recursive: true });
  }
  return {
    root,
    read: (path) => readFile(join(ROOT, path), 'utf8'),
    write: (path, text) => writeFile(join(root, path), text),
    remove: () => rm(root, { recursive: true, force: true }),
  };
};
