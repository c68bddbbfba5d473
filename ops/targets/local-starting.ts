/** A start that is under way, on disk: other terminals are told of it, and of the step that it is at. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { identityOf } from '../../local/process/identity.ts';
import type { Progress } from '../progress.ts';
import { processShape, stillRuns } from './local-process.ts';

const FILE = 'starting.json';
const content = z.strictObject({
  process: z.strictObject(processShape),
  sinceMs: z.int(),
  step: z.string(),
  stepSinceMs: z.int(),
});

const seconds = (sinceMs: number): string => `${Math.max(0, Math.round((Date.now() - sinceMs) / 1_000))} s`;

/** In words; undefined: nobody starts a system of this folder. */
export const startUnderWay = async (folder: string): Promise<string | undefined> => {
  const found = read(folder);
  if (found === undefined || !(await stillRuns(found.process))) return undefined;
  return `process ${found.process.pid}, begun ${seconds(found.sinceMs)} ago; for ${seconds(found.stepSinceMs)} at: ${found.step}`;
};

/** Undefined when there is none, or none that can be read. */
const read = (folder: string): z.infer<typeof content> | undefined => {
  try {
    return content.parse(JSON.parse(readFileSync(join(folder, FILE), 'utf8')));
  } catch {
    return undefined;
  }
};

/** Runs a start with a progress that also writes down its steps, and forgets them when it has ended. */
export const writtenDown = async <T>(folder: string, progress: Progress, start: (progress: Progress) => Promise<T>): Promise<T> => {
  const own = await identityOf(process.pid);
  const sinceMs = Date.now();
  const path = join(folder, FILE);
  const write = (step: string): void => {
    if (own === undefined) return;
    mkdirSync(folder, { recursive: true });
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ process: own, sinceMs, step, stepSinceMs: Date.now() }), { mode: 0o600 });
    renameSync(draft, path);
  };
  try {
    return await start({
      line: progress.line,
      step: (title, work) => {
        write(title);
        return progress.step(title, work);
      },
    });
  } finally {
    rmSync(path, { force: true });
  }
};
