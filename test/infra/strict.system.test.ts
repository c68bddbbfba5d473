import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { App, Stack } from 'aws-cdk-lib';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeStrict } from '../../infra/strict.ts';
import { configOf, DOMAIN, REGIONS, synthesize } from './system.ts';

const CFN_LINT = resolve(import.meta.dirname, '../../.venv/bin/cfn-lint');
const LINT_MS_MAX = 280_000;

/** Findings of cfn-lint that are accepted, each with its reason: there are no others. */
const IGNORED = {
  W3005: "CDK writes a function's dependency on its role twice, as DependsOn and as reference; the first also waits for the role's policy",
} as const;

const keys = Object.fromEntries(
  REGIONS.map((region) => [region, `arn:aws:kms:${region}:123456789012:key/11111111-2222-3333-4444-555555555555`]),
);
const CONFIGS = [
  ['two regions without a domain', configOf(2)],
  ['two regions with a domain', configOf(2, { domain: DOMAIN })],
  ['three regions without a domain, whose deployments ignore alarms', configOf(3, { delivery: { ignoreAlarms: true } })],
  [
    'three regions with a domain, keys of their own, and backups that are copied and locked',
    configOf(3, {
      domain: DOMAIN,
      encryptionKeys: keys,
      alarms: { emails: ['ops@example.com'] },
      backup: {
        everyHours: 6,
        copyTo: { account: '111122223333', vault: 'copies' },
        lock: { mode: 'compliance', minRetentionDays: 7, maxRetentionDays: 365, changeableDays: 3 },
      },
    }),
  ],
] as const;

describe.each(CONFIGS)('the templates of %s', (_, config) => {
  // Strict synthesis throws on every finding that is not acknowledged, with its place.
  const system = synthesize(config, { strict: true });
  afterAll(() => system.remove());

  test('pass strict CloudFormation validation and cdk-nag', () => {
    expect(system.templates.length).toBeGreaterThan(2);
  });

  test('pass cfn-lint', async () => {
    const files = readdirSync(system.folder).filter((file) => file.endsWith('.template.json'));
    expect(files).toHaveLength(system.templates.length);

    const findings = await lint(files.map((file) => join(system.folder, file)));

    expect(findings).toEqual([]);
  });
});

describe('the strict path', () => {
  test('is the same when the account is known', () => {
    vi.stubEnv('CDK_DEFAULT_ACCOUNT', '123456789012');

    const system = synthesize(configOf(2), { strict: true });

    system.remove();
    vi.unstubAllEnvs();
    expect(system.templates.some(({ text }) => text.includes('123456789012'))).toBe(true);
  });

  test('refuses what cdk-nag finds', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'tandem-careless-'));
    onTestFinished(() => rmSync(outdir, { recursive: true }));
    const app = new App({ outdir, analyticsReporting: false });
    makeStrict(app);
    new CfnBucket(new Stack(app, 'Careless'), 'Bucket', {});

    expect(() => app.synth()).toThrow();

    expect(readFileSync(join(outdir, 'validation-report.json'), 'utf8')).toContain('AwsSolutions-S1');
  });
});

const lint = async (files: readonly string[]): Promise<unknown[]> => {
  const args = ['--format', 'json', '--ignore-checks', ...Object.keys(IGNORED), '--', ...files];
  try {
    const { stdout } = await promisify(execFile)(CFN_LINT, args, { timeout: LINT_MS_MAX, maxBuffer: 50_000_000 });
    return JSON.parse(stdout);
  } catch (error: unknown) {
    // A finding is exit code 2 to 14, with the list on stdout; anything else is a broken linter.
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' && error.stdout.startsWith('['))
      return JSON.parse(error.stdout);
    throw error;
  }
};
