import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { startHttpServer, withBody } from '../support/http-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CHILD = join(import.meta.dirname, 'hostile-child.ts');
const NOWHERE = 'http://127.0.0.1:9';
/** As a shell may have them, each of which alone would end or redirect a call. */
const hostile = (home: string) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  AWS_PROFILE: 'nope',
  AWS_REGION: 'xx',
  AWS_DEFAULT_REGION: 'xx',
  AWS_ACCESS_KEY_ID: 'theirs',
  AWS_SECRET_ACCESS_KEY: 'theirs',
  AWS_SESSION_TOKEN: 'theirs',
  AWS_ENDPOINT_URL: NOWHERE,
  AWS_ENDPOINT_URL_DYNAMODB: NOWHERE,
  AWS_ENDPOINT_URL_SQS: NOWHERE,
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  AWS_MAX_ATTEMPTS: 'many',
  AWS_RETRY_MODE: 'bogus',
  AWS_DEFAULTS_MODE: 'bogus',
  AWS_ACCOUNT_ID_ENDPOINT_MODE: 'required',
  AWS_ENABLE_ENDPOINT_DISCOVERY: 'true',
  AWS_AUTH_SCHEME_PREFERENCE: 'sigv4a',
  AWS_SIGV4A_SIGNING_REGION_SET: 'xx',
  AWS_DISABLE_REQUEST_COMPRESSION: 'maybe',
  AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES: '-1',
  AWS_SDK_UA_APP_ID: 'theirs',
  AWS_CA_BUNDLE: '/nowhere',
  AWS_CONFIG_FILE: join(home, 'config'),
  AWS_SHARED_CREDENTIALS_FILE: join(home, 'config'),
  NODE_USE_ENV_PROXY: '1',
  HTTP_PROXY: NOWHERE,
  http_proxy: NOWHERE,
  HTTPS_PROXY: NOWHERE,
  https_proxy: NOWHERE,
});
const CONFIG = `[default]
region = xx
use_fips_endpoint = true
use_dualstack_endpoint = true
endpoint_url = ${NOWHERE}
retry_mode = bogus
max_attempts = many
`;
/** Looked at for a trace, for a warning about old Nodes, and for a limit that clientOptions sets. */
const HARMLESS = ['AWS_LAMBDA_FUNCTION_NAME', 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026'];

const report = z.object({
  looked: z.array(z.string()),
  clients: z.array(z.string()),
  ends: z.record(z.string(), z.string()),
  plain: z.number(),
});

it('whatever the shell says, a client of an emulator asks that emulator, with its own key, as often as it was told', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.aws'));
  for (const file of ['config', '.aws/config', '.aws/credentials']) writeFileSync(join(folder, file), CONFIG);
  const heard: { readonly path: string; readonly authorization: string; readonly agent: string }[] = [];
  const server = await startHttpServer(
    withBody(({ url = '', headers }, response) => {
      heard.push({ path: url, authorization: headers.authorization ?? '', agent: headers['user-agent'] ?? '' });
      response.writeHead(url === '/plain' ? 200 : 500).end();
    }),
  );
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, server.url], { env: hostile(folder) });
    const { looked, clients, ends, plain } = report.parse(JSON.parse(stdout));
    const calls = heard.filter(({ path }) => path !== '/plain');
    expect(calls, JSON.stringify(ends)).toHaveLength(2 * clients.length);
    for (const { authorization, agent } of calls) {
      expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=ours\/\d+\/eu-central-1\//);
      expect(agent).not.toContain('theirs');
    }
    expect(plain).toBe(200);
    // A setting of the SDK's next version is found here.
    expect(looked.filter((name) => !HARMLESS.includes(name))).toEqual([]);
  } finally {
    await server.stop();
  }
});

it('every SDK client that the project has is tried above', () => {
  const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
  );
  const tried = readFileSync(CHILD, 'utf8');
  const clients = Object.keys(dependencies).filter((name) => name.startsWith('@aws-sdk/client-'));
  expect(clients.filter((name) => !tried.includes(`'${name}'`))).toEqual([]);
});
