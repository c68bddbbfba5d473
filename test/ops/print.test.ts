import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const simulate = fileURLToPath(new URL('../../ops/simulate.ts', import.meta.url));
let child: ChildProcess | undefined;

// Also after a test that hangs.
afterEach(() => {
  child?.kill('SIGKILL');
});

it('a tool that nobody reads any more ends, and says nothing', async () => {
  const tool = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', simulate, '--schedules', '1000000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = tool;
  let said = '';
  tool.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const closed = once(tool, 'close');
  await once(tool.stdout, 'data');
  tool.stdout.destroy();
  expect(await closed).toEqual([141, null]);
  expect(said).toBe('');
});

it('a line that a terminal breaks begins none that a build log obeys', () => {
  const program = `Object.assign(process.stdout, { isTTY: true, columns: 40 });
    const { print } = await import(process.argv[1]);
    for (let words = 1; words < 12; words += 1) print('word '.repeat(words) + '::add-mask::x and more of it');`;
  const printer = fileURLToPath(new URL('../../ops/print.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, printer], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^ +\\u003a:add-mask/m);
  expect(stdout).not.toMatch(/^\s*::/m);
});
