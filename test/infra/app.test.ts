import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const APP = resolve(import.meta.dirname, '../../infra/app.ts');
const folder = mkdtempSync(join(tmpdir(), 'tandem-app-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the app, asked for a version that is broken on purpose', () => {
  test('names the faults that there are when it is asked for another', () => {
    const { status, stderr } = run({ regions: [{ name: 'eu-central-1' }, { name: 'us-east-2' }], auth: 'keys' }, { fault: 'nonsense' });

    expect(status).toBe(1);
    expect(stderr).toContain('fault: given "nonsense"; allowed: ');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('the app, given a bad configuration', () => {
  test('names every problem on stderr, without a stack trace, and ends with 1', () => {
    const { status, stderr } = run({ regions: [{ name: 'eu' }], colour: 'red' });

    expect(status).toBe(1);
    expect(stderr).toContain('the configuration has 4 problems');
    expect(stderr).toContain('regions.0.name: given "eu"');
    expect(stderr).toContain('auth: missing');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('says so when the context names no configuration', () => {
    const { status, stderr } = run(undefined);

    expect(status).toBe(1);
    expect(stderr).toContain('tandem: missing');
  });

  test('reads the file that the context names, relative to the working directory', () => {
    writeFileSync(join(folder, 'mine.json'), JSON.stringify({ regions: [], auth: 'keys' }));

    const { status, stderr } = run('mine.json');

    expect(status).toBe(1);
    expect(stderr).toContain('regions: given []');
  });
});

function run(tandem: unknown, more: Readonly<Record<string, string>> = {}) {
  const env = { PATH: process.env['PATH'], CDK_CONTEXT_JSON: JSON.stringify({ tandem, ...more }), CDK_OUTDIR: join(folder, 'cdk.out') };
  return spawnSync(process.execPath, [APP], { cwd: folder, env, encoding: 'utf8', timeout: 240_000 });
}
