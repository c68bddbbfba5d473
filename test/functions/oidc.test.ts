import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../functions/aws/authenticator.ts';
import { type Fetch, UNKNOWN_KIDS } from '../../functions/aws/oidc-keys.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { ownerOf } from '../../functions/core/owner.ts';
import { eventually } from '../support/eventually.ts';
import { makeTestKey } from './callers.ts';

const settings = { mode: 'oidc', issuer: 'https://id.example.com/tenant', audience: 'shop' } as const;
const KID = 'rsa/1+=';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwkOf = (pair: { readonly publicKey: KeyObject }, more: object = {}) => ({
  ...pair.publicKey.export({ format: 'jwk' }),
  kid: KID,
  alg: 'RS256',
  use: 'sig',
  ...more,
});
const seconds = () => Math.floor(Date.now() / 1000);
const HOUR_MS = 3_600_000;

const idToken = (
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  signing: { readonly privateKey: KeyObject } = rsa,
) => {
  const all = { iss: settings.issuer, aud: settings.audience, sub: 'user-1', scope: 'orders:read', exp: seconds() + 86_400, ...claims };
  const signed = [{ alg: 'RS256', kid: KID, ...header }, all]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), signing.privateKey).toString('base64url')}`;
};

const provider = (issuer: string = settings.issuer) => {
  const state: { mode: 'answers' | 'down' | 'hangs'; requests: number; givenUp: number; held?: Promise<void> } = {
    mode: 'answers',
    requests: 0,
    givenUp: 0,
  };
  const keys: object[] = [{ kty: 'oct', kid: 'secret', k: 'x' }, jwkOf(rsa, { x5c: ['x'] })];
  const documents: Record<string, unknown> = {
    'https://id.example.com/tenant/.well-known/openid-configuration': { issuer, jwks_uri: 'https://keys.example.com/jwks' },
    'https://keys.example.com/jwks': { keys },
  };
  const fetch: Fetch = async (url, { signal }) => {
    state.requests += 1;
    if (state.mode === 'down') throw new TypeError('fetch failed');
    if (state.mode === 'hangs')
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          state.givenUp += 1;
          reject(new TypeError('aborted'));
        });
      });
    const answer = url in documents ? Response.json(documents[url]) : new Response('', { status: 404 });
    if (url.endsWith('/jwks')) await state.held;
    return answer;
  };
  const clock = { aheadMs: 0, now: () => Date.now() + clock.aheadMs };
  const control = new MemoryStore();
  const authenticator = new Authenticator({ settings, control, clock, fetch });
  return { state, keys, clock, control, identify: (token: string) => authenticator.identify(`Bearer ${token}`) };
};
type Provider = ReturnType<typeof provider>;
const kindOf = async ({ identify }: Provider, token: string) => (await identify(token)).kind;
/** Uses up what strangers are looked up with. */
const exhaust = async (given: Provider) => {
  for (let n = 0; n <= UNKNOWN_KIDS.atOnce; n += 1) await given.identify(idToken({}, { kid: `made-up-${n}` }));
};

describe('a token of the OpenID Connect issuer', () => {
  it('identifies its subject under its issuer, and its keys are fetched once', async () => {
    const { identify, state } = provider();
    for (let n = 0; n < 3; n += 1)
      expect(await identify(idToken({ sub: `user-${n}` }))).toEqual({
        kind: 'identified',
        identity: { subject: ownerOf({ kind: 'oidc', issuer: settings.issuer }, `user-${n}`), scopes: ['orders:read'] },
      });
    expect(state.requests).toBe(2);
  });

  it.each<[string, () => string]>([
    ['for another audience', () => idToken({ aud: 'other' })],
    ['of another issuer', () => idToken({ iss: 'https://other.example.com' })],
    ['that is expired', () => idToken({ exp: seconds() - 1 })],
    ['of an algorithm that its key is not for', () => idToken({}, { alg: 'RS384' })],
    ['of no algorithm', () => idToken({}, { alg: undefined })],
  ])('is refused: one %s', async (_what, token) => {
    expect(await kindOf(provider(), token())).toBe('refused');
  });

  it('stands beside registered keys, and neither signs for the other', async () => {
    const given = provider();
    const key = makeTestKey();
    given.control.place(key.item);
    expect(await kindOf(given, key.token())).toBe('identified');
    expect(await kindOf(given, key.token({ iss: settings.issuer, aud: settings.audience }))).toBe('refused');
  });

  it('is still accepted while the issuer is down, once its keys are known; before that nobody can tell', async () => {
    const given = provider();
    given.state.mode = 'down';
    expect(await kindOf(given, idToken())).toBe('unavailable');
    given.state.mode = 'answers';
    expect(await kindOf(given, idToken())).toBe('identified');
    given.state.mode = 'down';
    given.clock.aheadMs = 2 * HOUR_MS;
    expect(await kindOf(given, idToken())).toBe('identified');
  });

  it('makes one fetch of the keys, however many callers come at once', async () => {
    const { identify, state } = provider();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => identify(idToken({ sub: `user-${n}` }))));
    expect([new Set(answers.map(({ kind }) => kind)), state.requests]).toEqual([new Set(['identified']), 2]);
  });

  it('with a name that is made up, makes one more fetch for all that come at once: it was asked after they came', async () => {
    const { identify, state } = provider();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => identify(idToken({}, { kid: `made-up-${n}` }))));
    expect([new Set(answers.map(({ kind }) => kind)), state.requests]).toEqual([new Set(['refused']), 4]);
  });

  it('cannot be told while the document of its keys is too long to be one', async () => {
    const given = provider();
    given.keys.push({ kty: 'oct', kid: 'x'.repeat(300_000) });
    expect(await kindOf(given, idToken())).toBe('unavailable');
  });

  it('of a discovery document that names another issuer is not believed', async () => {
    expect(await kindOf(provider('https://evil.example.com'), idToken())).toBe('unavailable');
  });
});

describe("the issuer's set of keys", () => {
  it.each<[string, object]>([
    ['for another use', { use: 'enc' }],
    ['for other operations', { key_ops: ['encrypt', 'wrapKey'] }],
    ['of another algorithm', { alg: 'RS512' }],
    ['of an algorithm of encryption', { alg: 'RSA-OAEP' }],
    ['of another kind', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', alg: 'ES256' }],
    ['that is damaged', { n: 'AA' }],
    ['whose use is no text', { use: 7 }],
  ])('may hold, under the name of a right key, one %s: before it or after', async (_what, more) => {
    for (const keys of [
      [jwkOf(other, more), jwkOf(rsa)],
      [jwkOf(rsa), jwkOf(other, more)],
    ]) {
      const given = provider();
      given.keys.splice(0, given.keys.length, ...keys);
      expect(await kindOf(given, idToken())).toBe('identified');
      expect(await kindOf(given, idToken({}, {}, other))).toBe('refused');
    }
  });

  it('may hold several right keys under one name: each signs', async () => {
    const given = provider();
    given.keys.push(jwkOf(other, { alg: undefined, use: undefined, key_ops: ['verify'] }));
    expect(await kindOf(given, idToken())).toBe('identified');
    expect(await kindOf(given, idToken({}, {}, other))).toBe('identified');
    expect(await kindOf(given, idToken({ sub: 'x' }, {}, generateKeyPairSync('rsa', { modulusLength: 2048 })))).toBe('refused');
  });

  it('is cut where it is large, and not refused', async () => {
    const given = provider();
    given.keys.push(...Array.from({ length: 1_500 }, (_, n) => ({ kty: 'OKP', crv: 'Ed25519', x: 'AA', kid: `more-${n}` })));
    expect(await kindOf(given, idToken())).toBe('identified');
  });

  it('tells of a key that is new, though it was fetched a second ago', async () => {
    const given = provider();
    expect(await kindOf(given, idToken())).toBe('identified');
    given.keys.push(jwkOf(other, { kid: 'new' }));
    given.clock.aheadMs = 1_000;
    expect(await kindOf(given, idToken({}, { kid: 'new' }, other))).toBe('identified');
  });

  it('never refuses what is new by an answer that was under way before', async () => {
    const given = provider();
    expect(await kindOf(given, idToken())).toBe('identified');
    const { promise, resolve } = Promise.withResolvers<void>();
    given.state.held = promise;
    const strangers = kindOf(given, idToken({}, { kid: 'made-up' }));
    await eventually(() => given.state.requests === 4);
    given.keys.push(jwkOf(other, { kid: 'new' }));
    const users = kindOf(given, idToken({}, { kid: 'new' }, other));
    resolve();
    expect([await strangers, await users]).toEqual(['refused', 'identified']);
  });

  it('leaves untold what is new while strangers use up the fetches, and never refuses it; known keys do not notice', async () => {
    const given = provider();
    await exhaust(given);
    given.keys.push(jwkOf(other, { kid: 'new' }));
    expect(await kindOf(given, idToken())).toBe('identified');
    const told = new Set<string>();
    for (let second = 0; second < 60 && !told.has('identified'); second += 1) {
      given.clock.aheadMs = second * 1_000;
      if (second % 2 === 0) await given.identify(idToken({}, { kid: `made-up-too-${second}` }));
      told.add(await kindOf(given, idToken({}, { kid: 'new' }, other)));
      expect(await kindOf(given, idToken({ sub: `user-${second}` }))).toBe('identified');
    }
    expect(told).toEqual(new Set(['untold', 'identified']));
  });

  it('is fetched for names that strangers make up so often as the budget says, and no more', async () => {
    const given = provider();
    await given.identify(idToken());
    const before = given.state.requests;
    for (let n = 0; n < 600; n += 1) {
      given.clock.aheadMs = n * 100;
      expect(await kindOf(given, idToken({}, { kid: `made-up-${n}` }))).not.toBe('identified');
    }
    expect(given.state.requests - before).toBeLessThanOrEqual(2 * (UNKNOWN_KIDS.atOnce + 60 * UNKNOWN_KIDS.perSecond));
    expect(await kindOf(given, idToken())).toBe('identified');
  });

  it('refuses at once what the issuer has withdrawn, and costs no fetch by it', async () => {
    const given = provider();
    expect(await kindOf(given, idToken())).toBe('identified');
    given.keys.splice(0);
    given.clock.aheadMs = HOUR_MS;
    expect(await kindOf(given, idToken())).toBe('refused');
    await exhaust(given);
    const before = given.state.requests;
    for (let n = 0; n < 9; n += 1) expect(await kindOf(given, idToken({ sub: `user-${n}` }))).toBe('refused');
    expect(given.state.requests).toBe(before);
  });

  it('is renewed beside the requests that use it, before it is an hour old', async () => {
    const given = provider();
    expect(await kindOf(given, idToken())).toBe('identified');
    given.keys.splice(0);
    given.clock.aheadMs = HOUR_MS / 2;
    expect(await kindOf(given, idToken())).toBe('identified');
    await eventually(
      () => kindOf(given, idToken()),
      (kind) => kind === 'refused',
    );
  });

  it.each([HOUR_MS / 2, HOUR_MS, 9 * HOUR_MS])(
    'holds no request up whose key is known, while the issuer hangs (%i ms old)',
    async (ageMs) => {
      const given = provider();
      expect(await kindOf(given, idToken())).toBe('identified');
      given.state.mode = 'hangs';
      given.clock.aheadMs = ageMs;
      for (let n = 0; n < 50; n += 1) expect(await kindOf(given, idToken({ sub: `user-${n}` }))).toBe('identified');
      expect([given.state.requests, given.state.givenUp]).toEqual([3, 0]);
    },
  );

  it('cannot tell of an unknown name while the issuer hangs, and says so in bounded time', async () => {
    const given = provider();
    expect(await kindOf(given, idToken())).toBe('identified');
    given.state.mode = 'hangs';
    expect(await kindOf(given, idToken({}, { kid: 'new' }, other))).toBe('unavailable');
  });
});
