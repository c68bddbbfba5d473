/** What drills of the toy system are given, in seconds instead of minutes, and what they leave. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OperationRecord, operationRecord } from '../../../ops/drill/operations.ts';
import type { ToySystem } from './toy-system.ts';

export const drillOf = (system: ToySystem, folder: string) => ({
  target: system,
  baselineSeconds: 2,
  steadySecondsMax: 5,
  afterSeconds: 1,
  watchSecondsMax: 30,
  settleSecondsMax: 20,
  callersPerRegion: 2,
  reportFolder: join(folder, 'reports'),
  stateFolder: folder,
  token: () => 'toy',
  read: system.read,
  signal: new AbortController().signal,
  progress: () => {},
});

export const abortOf = (system: ToySystem, stateFolder: string) => ({
  target: system,
  stateFolder,
  rebuild: system.rebuild,
  restore: system.restore,
  read: system.read,
  progress: () => {},
});

/** Ends a drill from outside, wherever it then is: a signal of time alone is told in other words by each request that it ends. */
export const enoughAfter = (ms: number): AbortSignal => {
  const ended = new AbortController();
  setTimeout(() => ended.abort(new Error('enough')), ms);
  return ended.signal;
};

/** A file of the one report that a drill wrote. */
export const reportFile = async (folder: string, file: string): Promise<string> => {
  const [name = ''] = await readdir(join(folder, 'reports'));
  return readFile(join(folder, 'reports', name, file), 'utf8');
};

export const operationsIn = async (folder: string): Promise<readonly OperationRecord[]> =>
  (await reportFile(folder, 'operations.jsonl'))
    .trim()
    .split('\n')
    .map((line) => operationRecord.parse(JSON.parse(line)));
