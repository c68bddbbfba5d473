import { expect, it } from 'vitest';
import { goSettings } from '../../../ops/checkers/porcupine.ts';

it('Go gets where programs, files and modules are, and no credential of anybody', () => {
  const wanted = {
    PATH: '/bin',
    HOME: '/a',
    GOPROXY: 'http://127.0.0.1:9',
    GONOSUMDB: 'x',
    GOMODCACHE: '/a',
    https_proxy: 'http://127.0.0.1:9',
    SSL_CERT_FILE: '/a',
  };
  const secrets = {
    AWS_SECRET_ACCESS_KEY: 'x',
    GITHUB_TOKEN: 'x',
    ACTIONS_RUNTIME_TOKEN: 'x',
    GOOGLE_APPLICATION_CREDENTIALS: 'x',
    GO_TOKEN: 'x',
    GOOGLEAPIKEY: 'x',
    GODADDYSECRET: 'x',
    GOOS: 'plan9',
    npm_config_token: 'x',
  };
  expect(goSettings({ ...wanted, ...secrets })).toEqual(wanted);
});
