/** Runs one of the children and returns what it tells. */
import { fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { ENV } from '../functions/contract/names.ts';

export const REGION = 'eu-central-1';
const CHILD_MS_MAX = 120_000;

/** What a function of this region would find in its environment, and nothing else. */
const ENVIRONMENT = {
  PATH: process.env['PATH'],
  HOME: tmpdir(),
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_LAMBDA_FUNCTION_VERSION: '1',
  [ENV.regions]: `${REGION},us-east-2`,
  [ENV.auth]: '{"mode":"keys"}',
  [ENV.drainSeconds]: '30',
  [ENV.replicatedDeadlineMs]: '1500',
  [ENV.tokenWaitMs]: '500',
  [ENV.release]: 'bench',
  [ENV.domain]: '',
  [ENV.corsOrigins]: '',
};

/** @param file a path, or a name in this folder */
export const askChild = async (file: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<unknown> => {
  const child = fork(resolve(import.meta.dirname, file), [...args], {
    env: { ...ENVIRONMENT, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    timeout: CHILD_MS_MAX,
  });
  const told = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} and told nothing`)));
  });
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  return told;
};
