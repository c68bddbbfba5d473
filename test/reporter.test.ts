import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/temporary-folder.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** Runs vitest over one test file with this repository's reporter. */
const outcome = async (body: string, ...args: readonly string[]) => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(join(repository, 'node_modules', 'vitest'), join(root, 'node_modules', 'vitest'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'a.test.ts'), `import { afterAll, describe, expect, it } from 'vitest';\n${body}\n`);
  const reporter = JSON.stringify(join(repository, 'test', 'reporter.ts'));
  writeFileSync(
    join(root, 'vitest.config.ts'),
    `import { TotalReporter } from ${reporter};\nexport default { test: { reporters: [new TotalReporter()] } };\n`,
  );
  const child = spawn(process.execPath, [join(repository, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'] },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, lines: output.trim().split('\n') };
};

describe('a test run', () => {
  it('ends with its total on a line of its own', async () => {
    expect(await outcome("it('a', () => {}); it('b', () => {});")).toMatchObject({
      code: 0,
      lines: expect.arrayContaining(['2 passed, 0 failed']),
    });
  });

  it.each([
    ['a test fails', "it('a', () => {}); it('b', () => expect(1).toBe(2));", '1 passed, 1 failed'],
    ['a test is skipped', "it('a', () => {}); it.skip('b', () => {});", '1 passed, 1 failed'],
    ['a test is to be written', "it('a', () => {}); it.todo('b');", '1 passed, 1 failed'],
    ['a file holds no test', '', '0 passed, 1 failed'],
    ['a file does not load', "throw new Error('x'); it('a', () => {});", '0 passed, 1 failed'],
    ['a hook fails', "describe('x', () => { it('a', () => {}); afterAll(() => { throw new Error('x'); }); });", '1 passed, 1 failed'],
  ])('fails when %s', async (_what, body, total) => {
    const { code, lines } = await outcome(body);
    expect(lines.at(-1)).toBe(total);
    expect(code).not.toBe(0);
  });

  it('may leave tests out when they are chosen by name', async () => {
    const { code, lines } = await outcome("it('a', () => {}); it('b', () => {});", '-t', 'a');
    expect(lines.at(-1)).toBe('1 passed, 0 failed');
    expect(code).toBe(0);
  });
});
