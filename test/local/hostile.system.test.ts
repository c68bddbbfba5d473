import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { hostileEnvironment } from '../support/hostile.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { EU, US } from './local-system.ts';

const SYSTEM = join(import.meta.dirname, 'hostile-system.ts');

it('a system starts, answers and ends whatever the shell says about AWS, proxies, Python, folders and time', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'home'));
  const { stdout } = await promisify(execFile)(process.execPath, [SYSTEM, join(folder, 'state')], {
    env: hostileEnvironment(join(folder, 'home')),
  });
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
    regions: [EU, US].map((name) => ({ name, tables: 2, api: true })),
    silent: [],
  });
});
