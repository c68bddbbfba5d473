/**
 * The file that says "a recovery runs", so that two never run at once on this machine: the second would empty, or merge
 * over, what the first has merged. Of operators on other machines it knows nothing.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { drillRuns, readMarker } from '../drill/marker.ts';
import { UserError } from '../errors.ts';
import { ownProcess, processShape, stillRuns } from '../targets/local-process.ts';

const holder = z.strictObject({ ...processShape, what: z.string() });

/** Runs `work` unless a drill or another recovery runs. What a killed recovery left is no obstacle. @throws {UserError} */
export const asOnlyRecovery = async <T>(stateFolder: string, what: string, work: () => Promise<T>): Promise<T> => {
  const other = await atWork(stateFolder);
  if (other !== undefined) throw new UserError(other);
  await mkdir(stateFolder, { recursive: true });
  const path = pathIn(stateFolder);
  await rm(path, { force: true });
  try {
    await writeFile(path, `${JSON.stringify({ ...(await ownProcess()), what })}\n`, { flag: 'wx' });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    throw new UserError(`another recovery began at the same moment; wait for it (${path})`, { cause });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
};

const pathIn = (stateFolder: string): string => join(stateFolder, 'recovery.json');

/** What runs on this machine that a recovery would disturb, and what to do; undefined when nothing does. */
export const atWork = async (stateFolder: string): Promise<string | undefined> => {
  const drill = await readMarker(stateFolder);
  if (drill && (await drillRuns(drill)))
    return `a drill runs (process ${drill.pid}), which repairs what it breaks; wait for it, or stop it with Ctrl-C`;
  const before = await readHolder(pathIn(stateFolder));
  return before && (await stillRuns(before))
    ? `"${before.what}" runs already (process ${before.pid}); wait for it, or stop it with Ctrl-C where it runs`
    : undefined;
};

/** Undefined when there is none; damaged, it is nobody's. */
const readHolder = async (path: string): Promise<z.infer<typeof holder> | undefined> => {
  try {
    return holder.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
};
