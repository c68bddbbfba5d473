/** Cold starts, import and first request, of the API function and of a bare DynamoDB client, in turns. */
import { fork } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { ENV, TOKEN } from '../functions/contract/names.ts';
import { SCOPES } from '../functions/contract/routes.ts';
import { keyItem } from '../functions/core/keys.ts';
import { BUNDLE_OPTIONS, bundle } from '../infra/bundle.ts';
import { median, quartiles, type Result } from './statistics.ts';
import { startStubTable } from './stub-table.ts';

const ROUNDS = 25;
const CHILD_MS_MAX = 30_000;
const REGION = 'eu-central-1';
const GOALS = { withoutToken: 1.1, withToken: 1.2 } as const;

interface Subject {
  readonly name: string;
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly event: object;
  readonly status: number;
  readonly milliseconds: number[];
}

export const benchCold = async (): Promise<readonly Result[]> => {
  const { token, item } = makeToken();
  const table = await startStubTable([item, { pk: 'STOCK#tea', sk: `HELD#${REGION}`, v: 1, available: 1 }]);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  try {
    const bare = join(folder, 'bare.mjs');
    buildSync({ ...BUNDLE_OPTIONS, sourcemap: false, entryPoints: [join(import.meta.dirname, 'bare.handler.ts')], outfile: bare });
    const api = join(bundle().folder('api'), 'index.mjs');
    const event = { httpMethod: 'GET', resource: '/stock/{sku}', pathParameters: { sku: 'tea' } };
    const subjects: readonly Subject[] = [
      { name: 'bare', path: bare, env: {}, event: {}, status: 200, milliseconds: [] },
      { name: 'api', path: api, env: { [ENV.auth]: '{"mode":"none"}' }, event, status: 200, milliseconds: [] },
      { name: 'api with token', path: api, env: { [ENV.auth]: '{"mode":"keys"}' }, event: { ...event, headers: { authorization: `Bearer ${token}` } }, status: 200, milliseconds: [] },
    ];
    // In turns, so that a busy moment of the machine meets all alike; the first round warms its file cache.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const subject of subjects) {
        const milliseconds = await coldStart(subject, table.endpoint);
        if (round > 0) subject.milliseconds.push(milliseconds);
      }
    }
    return resultsOf(subjects);
  } finally {
    await table.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const coldStart = async ({ name, path, env, event, status }: Subject, endpoint: string): Promise<number> => {
  const child = fork(join(import.meta.dirname, 'cold-child.ts'), [path, JSON.stringify(event)], {
    env: {
      PATH: process.env['PATH'],
      HOME: tmpdir(),
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      [ENV.regions]: `${REGION},us-east-2`,
      [ENV.drainSeconds]: '30',
      [ENV.release]: 'bench',
      [ENV.domain]: '',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    timeout: CHILD_MS_MAX,
  });
  const told = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the cold start of ${name} ended with ${code} and told nothing`)));
  });
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  if (typeof told !== 'object' || told === null || !('milliseconds' in told) || !('statusCode' in told)) throw new Error(`the cold start of ${name} told nothing`);
  if (told.statusCode !== status) throw new Error(`the cold start of ${name} was answered ${String(told.statusCode)}`);
  return Number(told.milliseconds);
};

const resultsOf = ([bare, ...others]: readonly Subject[]): readonly Result[] =>
  others.map(({ name, milliseconds }) => {
    const base = bare?.milliseconds ?? [];
    // Of the rounds' ratios, not of the medians: each round met the same machine.
    const ratio = median(milliseconds.map((each, round) => each / (base[round] ?? Number.NaN)));
    const goal = name === 'api' ? GOALS.withoutToken : GOALS.withToken;
    const spread = quartiles(milliseconds).map((each) => each.toFixed(0)).join('-');
    return {
      name: `cold start, ${name === 'api' ? 'no token to verify' : 'with a token to verify'}`,
      measured: `${ratio.toFixed(2)} x a bare client (${median(milliseconds).toFixed(0)} ms, quartiles ${spread}; bare ${median(base).toFixed(0)} ms)`,
      goal: `<= ${goal.toFixed(1)} x`,
      passed: ratio <= goal,
    };
  });

const makeToken = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' });
  const nowMs = Date.now();
  const key = {
    kid: 'bench',
    publicJwk: JSON.stringify({ kty, crv, x, y }),
    algorithm: TOKEN.algorithm,
    issuer: TOKEN.issuer,
    audience: TOKEN.audience,
    scopes: SCOPES,
    subjects: ['*'],
    expiresAtMs: nowMs + 3_600_000,
  };
  const claims = { iss: TOKEN.issuer, aud: TOKEN.audience, sub: 'bench', scope: SCOPES.join(' '), exp: Math.floor(nowMs / 1000) + 3_600 };
  const signed = [{ alg: TOKEN.algorithm, kid: key.kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signer = createPrivateKey({ key: { kty, crv, x, y, d }, format: 'jwk' });
  const token = `${signed}.${sign('sha256', Buffer.from(signed), { key: signer, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  return { token, item: keyItem(key, { by: REGION, atMs: nowMs }) };
};
