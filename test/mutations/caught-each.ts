/** Each mutation of a room as a test. They run in a process of their own, which starts a vitest of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestedMutation } from './mutation.ts';
import { MUTATED_ROOMS, type MutatedRoom } from './rooms.ts';
import type { Tried } from './runner.ts';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));
/** For all of a room: a machine that is busy with all other tests is slow. */
const TIMEOUT_MS = 1_800_000;

export const catchesEachOf = (room: MutatedRoom): void => {
  const mutations: readonly TestedMutation[] = MUTATED_ROOMS[room];
  const tried = new Map(mutations.map(({ name }) => [name, Promise.withResolvers<Tried>()]));
  let child: ChildProcess | undefined;

  beforeAll(() => {
    const running = spawn(process.execPath, [RUN, room], { stdio: ['ignore', 'pipe', 'pipe'], env: plainEnvironment() });
    child = running;
    let complaints = '';
    running.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = `${complaints}${text}`.slice(-COMPLAINTS_CHARACTERS_MAX);
    });
    createInterface(running.stdout).on('line', (line) => {
      const each: Tried = JSON.parse(line);
      tried.get(each.name)?.resolve(each);
    });
    running.once('close', (code) => {
      for (const [name, { resolve }] of tried)
        resolve({ name, caught: false, detail: `not tried: ${RUN} ended with ${code}: ${complaints}` });
    });
  });

  afterAll(() => {
    child?.kill();
  });

  it.each(mutations)('$name: $defect', { timeout: TIMEOUT_MS }, async ({ name }) => {
    expect(await tried.get(name)?.promise).toMatchObject({ caught: true });
  });
};

const COMPLAINTS_CHARACTERS_MAX = 4_000;

/** Without what vitest tells its own workers. */
const plainEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_ENV$|DEV$|PROD$|MODE$|SSR$|BASE_URL$)/.test(name)),
  );
