/** What uses addresses, once more where loopback has one: there every region's front door is a port of it. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { withOneAddress } from './one-address.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
/** Beginnings of the names of test files. */
const TESTS = ['network.', 'loopback.', 'region-network.', 'route53', 'system-ends.', 'region-functions.'] as const;
const RUN_MS_MAX = 900_000;

const there = async (program: string, ...args: readonly string[]): Promise<string> => {
  const [command, ...given] = withOneAddress(program, ...args);
  const { stdout } = await promisify(execFile)(command, given, {
    cwd: PROJECT,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', NO_COLOR: '1' },
    timeout: RUN_MS_MAX,
  }).catch((error: Error & { readonly stdout?: string }) => {
    throw new Error(`${error.message}\n${error.stdout}`);
  });
  return stdout;
};

describe('where loopback has 127.0.0.1 only, as on macOS', () => {
  it('the network is on ports of it', async () => {
    const program = `
      const { networkHere, networkNote } = await import('./local/network.ts');
      console.log(networkNote((await networkHere({ edge: 8080, edgeTls: 8443, dns: 8053 }, 2)).regions));`;

    expect(await there(process.execPath, '--input-type=module', '--eval', program)).toMatch(/^loopback has 127\.0\.0\.1 only/);
  });

  it(
    'a system starts, its regions and their functions find each other by name, and the tests of all that uses addresses hold',
    async () => {
      const files = TESTS.map((beginning) => `test/local/${beginning}`);
      const told = await there(process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...files);

      for (const file of files) expect(told).toContain(file);
      expect(told).toMatch(/\n\d+ passed, 0 failed/);
    },
    RUN_MS_MAX,
  );
});
