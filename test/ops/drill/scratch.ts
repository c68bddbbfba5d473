/** A folder of its own for a drill's marker and reports. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process id that nobody has: larger than any of Linux. */
export const DEAD = 2 ** 22 + 1;

export const scratch = async () => {
  const path = await mkdtemp(join(tmpdir(), 'tandem-drill-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

/** What a drill that began long ago left there. */
export const markerOf = (folder: string, marker: object) =>
  writeFile(join(folder, 'drill.json'), JSON.stringify({ startedAt: '2026-01-01T00:00:00Z', ...marker }));
