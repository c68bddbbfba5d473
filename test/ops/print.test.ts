import { type ChildProcess, spawn } from 'node:child_process';
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
