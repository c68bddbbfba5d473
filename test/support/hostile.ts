/** An environment as a shell may have it: each of its variables would by itself end or redirect a call, or a program. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NOWHERE = 'http://127.0.0.1:9';
const CONFIG = `[default]
region = xx
use_fips_endpoint = true
use_dualstack_endpoint = true
endpoint_url = ${NOWHERE}
retry_mode = bogus
max_attempts = many
`;

/** @param home a folder, which gets files that are as hostile */
export const hostileEnvironment = (home: string): Readonly<Record<string, string>> => {
  mkdirSync(join(home, '.aws'));
  for (const file of ['config', '.aws/config', '.aws/credentials']) writeFileSync(join(home, file), CONFIG);
  writeFileSync(join(home, 'sitecustomize.py'), "raise SystemExit('the user’s own')\n");
  return {
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
    AWS_ENDPOINT_URL_LAMBDA: NOWHERE,
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
    CDK_OUTDIR: '/nowhere',
    CDK_DEFAULT_ACCOUNT: '1',
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: '/nowhere',
    NODE_OPTIONS: '--no-deprecation',
    HTTP_PROXY: NOWHERE,
    http_proxy: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    https_proxy: NOWHERE,
    all_proxy: NOWHERE,
    PYTHONPATH: home,
    PYTHONHOME: '/nowhere',
    PYTHONSTARTUP: '/nowhere',
    VIRTUAL_ENV: '/nowhere',
    GATEWAY_PORT: '1',
    LAMBDA_EXECUTOR: 'docker',
    TMPDIR: '/nowhere',
    TZ: 'Pacific/Kiritimati',
    LANG: 'C',
    NODE_ENV: 'production',
  };
};
