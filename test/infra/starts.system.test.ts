/** What infrastructure gives each function, and what the function asks for, held against each other by starting it. */
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { bundle, type HandlerName } from '../../infra/bundle.ts';
import { variablesOf } from './lookup.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, synthesize } from './system.ts';

const [HERE] = REGIONS;
const START_MS_MAX = 240_000;

/** Where the cell makes each handler's function. */
const CONSTRUCTS: Readonly<Record<HandlerName, string>> = {
  api: 'Api',
  housekeeping: 'Housekeeping',
  'stream-lookup': 'StreamLookup',
  canary: 'Canary',
  'before-traffic': 'Delivery/BeforeTraffic',
  'after-traffic': 'Delivery/AfterTraffic',
  'deployment-events': 'DeploymentEvents',
  'canary-identity': 'CanaryIdentity',
  'first-journey': 'FirstJourney',
  'backup-watch': 'BackupWatch',
  'restore-validation': 'RestoreTest/Validation',
};

const isHandlerName = (name: string): name is HandlerName => Object.hasOwn(CONSTRUCTS, name);
const HANDLER_NAMES = Object.keys(CONSTRUCTS).filter(isHandlerName);

const app = { domain: synthesize(configOf(2, { domain: DOMAIN })), bare: synthesize(configOf(2)) };
for (const each of Object.values(app)) each.remove();
const code = bundle();

describe.each([
  ['with a domain', app.domain],
  ['without', app.bare],
])('a cell %s', (_, { stack }) => {
  test.each(HANDLER_NAMES)('gives %s all that it asks its environment for', async (handler) => {
    const variables = Object.entries(variablesOf(stack(STACKS.cell(HERE)), CONSTRUCTS[handler]));
    const environment = Object.fromEntries(variables.map(([name, value]) => [name, deployed(value)]));

    // Loading is where a function reads its environment: what is missing or wrong ends it there.
    const started = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
      env: { ...LAMBDA, ...environment, BUNDLE: pathToFileURL(code.module(handler)).href },
      timeout: START_MS_MAX,
    });

    await expect(started).resolves.toMatchObject({ stderr: '' });
  });
});

/** Ends at once: clients may keep sockets. */
const PROGRAM = 'const { handler } = await import(process.env.BUNDLE); process.exit(typeof handler === "function" ? 0 : 1);';

/** What Lambda itself sets. */
const LAMBDA = {
  AWS_REGION: HERE,
  AWS_LAMBDA_FUNCTION_NAME: 'starts',
  AWS_LAMBDA_FUNCTION_VERSION: '1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
};

/** A value as it is once everything exists: numbers of versions, ARNs, names. */
function deployed(value: unknown): string {
  const [, attribute] = list(dig(value, 'Fn::GetAtt'));
  if (attribute === 'Version') return '7';
  if (attribute === 'Arn') return `arn:aws:kms:${HERE}:123456789012:key/11111111-2222-3333-4444-555555555555`;
  return joined(value);
}
