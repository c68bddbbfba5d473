/** How commands find the system that runs: a file that only its owner can read, because it holds the token. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemFile } from './api.ts';
import { SYSTEM_FILE } from './client.ts';

/** @returns what removes it */
export const writeSystemFile = (stateFolder: string, file: SystemFile): (() => void) => {
  const path = join(stateFolder, SYSTEM_FILE);
  // A file that is there keeps its mode.
  rmSync(path, { force: true });
  writeFileSync(path, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  return () => rmSync(path, { force: true });
};
