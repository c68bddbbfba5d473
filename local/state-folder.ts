/** The folder that a system writes to: looked at before anything is started, because what fails for it later fails half-way. */
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A start writes 40 MiB; functions under load and reports of drills write more. */
const FREE_MIB_MIN = 128;
const MIB_BYTES = 1_048_576;

/** Of every process of a local system, and of the commands beside it: what they write is their user's alone. */
export const PRIVATE_UMASK = 0o077;

/** It cannot be written to, or not much more. */
export class StateFolderError extends Error {
  override readonly name = 'StateFolderError';
}

/**
 * Makes the folder where there is none.
 *
 * @param freeMiBMin what must be left of its disk
 * @throws {StateFolderError} with what to do
 */
export const checkStateFolder = (folder: string, freeMiBMin = FREE_MIB_MIN): void => {
  const probe = join(folder, `probe.${process.pid}`);
  let freeMiB: number;
  try {
    mkdirSync(folder, { recursive: true });
    const { bavail, bsize } = statfsSync(folder);
    freeMiB = Math.floor((bavail * bsize) / MIB_BYTES);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StateFolderError(`cannot write to ${folder}, where a system keeps its state (${why}); make it writable`, { cause });
  }
  if (freeMiB < freeMiBMin)
    throw new StateFolderError(
      `the disk of ${folder}, where a system keeps its state, has ${freeMiB} MiB left; needed: ${freeMiBMin} MiB; make room there`,
    );
};
