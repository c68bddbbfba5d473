import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../functions/aws/authenticator.ts';
import { ROUTES, SCOPES } from '../../functions/contract/routes.ts';
import { foldKey, keyItem, keyRemovalItem } from '../../functions/core/keys.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { ownerOf } from '../../functions/core/owner.ts';
import { StoreUnavailable } from '../../functions/core/store.ts';
import { ApiWorld } from './api-world.ts';
import { makeTestKey, type TestKey, tokenOf } from './callers.ts';

const start = (keys: readonly TestKey[] = []) => {
  const control = new MemoryStore();
  for (const key of keys) control.place(key.item);
  const clock = { aheadMs: 0, now: () => Date.now() + clock.aheadMs };
  const authenticator = new Authenticator({ settings: { mode: 'keys' }, control, clock });
  const identify = (token: string) => authenticator.identify(`Bearer ${token}`);
  return { control, clock, authenticator, identify };
};
const seconds = () => Math.floor(Date.now() / 1000);

/** Milliseconds after which a removal that is here is obeyed. */
const OBEYED_MS = 30_000;

describe('a token of a registered key', () => {
  it('identifies its subject, with the scopes that both it and its key name', async () => {
    const key = makeTestKey({ scopes: ['orders:read', 'stock:read'] });
    const { identify } = start([key]);
    expect(await identify(key.token({ sub: 'ann', scope: 'orders:read orders:write' }))).toEqual({
      kind: 'identified',
      identity: { subject: 'ann', scopes: ['orders:read'] },
    });
  });

  const key = makeTestKey({ subjects: ['ann', 'shop-*'] });
  const stranger = makeTestKey();
  it.each<[string, () => string]>([
    ['of a key that nobody registered', () => stranger.token()],
    ["signed by a stranger under the key's name", () => stranger.token({}, { kid: key.kid })],
    ['for another audience', () => key.token({ aud: 'other' })],
    ['for no audience', () => key.token({ aud: undefined })],
    ['of another issuer', () => key.token({ iss: 'https://evil.example' })],
    ['of no issuer', () => key.token({ iss: undefined })],
    ['that is expired', () => key.token({ exp: seconds() - 1 })],
    ['that never expires', () => key.token({ exp: undefined })],
    ['that does not count yet', () => key.token({ nbf: seconds() + 60 })],
    ['without a subject', () => key.token({ sub: undefined })],
    ['with an empty subject', () => key.token({ sub: '' })],
    ['with a long subject', () => key.token({ sub: `shop-${'x'.repeat(256)}` })],
    ['for a subject that the key may not name', () => key.token({ sub: 'bob' })],
    ['for a subject that only begins like one', () => key.token({ sub: 'annie' })],
    ['that names no key', () => key.token({}, { kid: undefined })],
    ['that names a key by a path', () => key.token({}, { kid: `../${key.kid}` })],
    ['that says it needs no signature', () => key.token({}, { alg: 'none' })],
    ['that says it needs no signature, and has none', () => `${key.token({}, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`],
    ['whose header names another algorithm', () => key.token({}, { alg: 'ES384' })],
    ['that is signed with the public key as a secret', () => confused(key)],
    [
      'whose claims were changed after signing',
      () => key.token().replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ sub: 'shop-x' })).toString('base64url')}.`),
    ],
    ['with half a signature', () => key.token().slice(0, -20)],
    ['of only two parts', () => key.token().split('.').slice(0, 2).join('.')],
    ['that is too long', () => key.token({ sub: 'shop-1', more: 'x'.repeat(4_000) })],
    ['that is no JSON', () => 'e30x.e30x.e30x'],
    [
      'whose claims are a list',
      () => tokenOf(key.privateKey, { kid: key.kid }).replace(/\.[^.]+\./, `.${Buffer.from('[]').toString('base64url')}.`),
    ],
  ])('is refused: one %s', async (_what, token) => {
    const { identify } = start([key]);
    expect((await identify(key.token({ sub: 'shop-7' }))).kind).toBe('identified');
    expect((await identify(token())).kind).toBe('refused');
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a.b', 'Bearer a.b.c.d', 'a.b.c', 'Bearer x\ny.a.b'])(
    'is refused as header "%s"',
    async (header) => {
      const { authenticator } = start([key]);
      expect((await authenticator.identify(header)).kind).toBe('refused');
    },
  );

  it('is refused when its key is expired, even when the token was seen before', async () => {
    const soon = makeTestKey({ expiresAtMs: Date.now() + 10_000 });
    const { identify, clock } = start([soon]);
    const token = soon.token();
    expect((await identify(token)).kind).toBe('identified');
    clock.aheadMs = 10_001;
    expect(await identify(token)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('key') });
  });

  it('is refused soon after its key was removed, even when the token was seen before, and for ever', async () => {
    const { identify, clock, control } = start([key]);
    const token = key.token({ sub: 'shop-1', exp: seconds() + 86_400 });
    expect((await identify(token)).kind).toBe('identified');
    control.place(keyRemovalItem(key.kid, { by: 'us-east-2', atMs: Date.now() }));
    clock.aheadMs = OBEYED_MS;
    expect((await identify(token)).kind).toBe('refused');
    control.place({ ...key.item, sk: 'ADDED#eu-central-1', at: Date.now() + 1 });
    clock.aheadMs += OBEYED_MS;
    expect((await identify(token)).kind).toBe('refused');
  });

  it('is refused once its key item holds another public key, though its signature was seen to be right before', async () => {
    const { identify, clock, control } = start([key]);
    const token = key.token({ sub: 'shop-1' });
    expect((await identify(token)).kind).toBe('identified');
    control.place({ ...key.item, publicJwk: stranger.item['publicJwk'] });
    clock.aheadMs = OBEYED_MS;
    expect((await identify(token)).kind).toBe('refused');
  });

  it('is soon accepted when its key was registered after the first try', async () => {
    const { identify, clock, control } = start();
    expect((await identify(key.token({ sub: 'shop-1' }))).kind).toBe('refused');
    control.place(key.item);
    clock.aheadMs = 5_000;
    expect((await identify(key.token({ sub: 'shop-1' }))).kind).toBe('identified');
  });

  it('costs one read of the table in thirty seconds, however many callers come', async () => {
    const { control } = start([key]);
    let reads = 0;
    const query: MemoryStore['query'] = (...given) => {
      reads += 1;
      return control.query(...given);
    };
    const authenticator = new Authenticator({ settings: { mode: 'keys' }, control: { query }, clock: { now: () => Date.now() } });
    await Promise.all(Array.from({ length: 30 }, (_, n) => authenticator.identify(`Bearer ${key.token({ sub: `shop-${n}` })}`)));
    expect(reads).toBe(1);
  });

  it('of a key on another curve is refused', async () => {
    const p384 = makeTestKey({ curve: 'P-384' });
    const { identify } = start([p384]);
    expect((await identify(p384.token())).kind).toBe('refused');
  });
});

describe('a key item', () => {
  const key = {
    kid: 'k1',
    publicJwk: '{}',
    algorithm: 'ES256',
    issuer: 'i',
    audience: 'a',
    scopes: ['x'],
    subjects: ['s*'],
    expiresAtMs: 5,
  } as const;
  const added = keyItem(key, { by: 'a', atMs: 1 });

  it('folds to the key it was made of, whatever else it carries', () => expect(foldKey([{ ...added, v: 9, color: 'red' }])).toEqual(key));

  it('is nothing once any region removed it', () => {
    expect(foldKey([keyRemovalItem('k1', { by: 'b', atMs: 0 }), added])).toBeUndefined();
    expect(foldKey([added, keyRemovalItem('k1', { by: 'b', atMs: 0 })])).toBeUndefined();
  });

  it.each(['publicJwk', 'algorithm', 'issuer', 'audience', 'expiresAt'])('without %s is nothing', (name) =>
    expect(foldKey([{ ...added, [name]: null }])).toBeUndefined(),
  );
});

describe('access to each route', () => {
  const routes = Object.values(ROUTES);
  const pathOf = (path: string) => path.replace('{id}', '0'.repeat(32)).replace('{sku}', 'tea').replace('{region}', 'eu-central-1');

  it('needs the very scope of the route: without a token 401, without the scope 403', async () => {
    const world = await new ApiWorld().start();
    for (const { method, path, access } of routes) {
      if (access.kind !== 'user') {
        expect((await world.call(method, pathOf(path), { token: null })).status).toBe(200);
        continue;
      }
      const none = await world.call(method, pathOf(path), { token: null });
      expect([path, none.status, none.headers['www-authenticate']]).toEqual([path, 401, 'Bearer realm="tandem"']);
      const wrong = await world.call(method, pathOf(path), { token: 'a.b.c' });
      expect([path, wrong.status, wrong.headers['www-authenticate']]).toEqual([path, 401, 'Bearer realm="tandem", error="invalid_token"']);
      const others = SCOPES.filter((scope) => scope !== access.scope).join(' ');
      const lacking = await world.call(method, pathOf(path), { token: world.key.token({ scope: others }) });
      expect([path, lacking.status, lacking.headers['www-authenticate']]).toEqual([
        path,
        403,
        `Bearer realm="tandem", error="insufficient_scope", scope="${access.scope}"`,
      ]);
      const enough = await world.call(method, pathOf(path), { token: world.key.token({ scope: access.scope }) });
      expect([path, [401, 403].includes(enough.status)]).toEqual([path, false]);
    }
  });

  it('is open to everybody, as one subject, where the configuration says so', async () => {
    const world = new ApiWorld({ auth: { mode: 'none' } });
    expect((await world.get('/orders', { token: null })).status).toBe(200);
  });

  it('takes nobody for everybody whose key cannot be read now: it may be a canary', async () => {
    const control = { query: () => Promise.reject(new StoreUnavailable('gone')) };
    const authenticator = new Authenticator({ settings: { mode: 'none' }, control, clock: { now: () => Date.now() } });
    expect((await authenticator.identify(`Bearer ${makeTestKey().token()}`)).kind).toBe('unavailable');
  });
});

/** An HS256 token, keyed with what everybody may know. */
const confused = (key: TestKey): string => {
  const signed = key.token({ sub: 'shop-1' }, { alg: 'HS256' }).split('.').slice(0, 2).join('.');
  return `${signed}.${createHmac('sha256', String(key.item['publicJwk'])).update(signed).digest('base64url')}`;
};

describe('a token of the OpenID Connect issuer', () => {
  const settings = { mode: 'oidc', issuer: 'https://id.example.com/tenant', audience: 'shop' } as const;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const idToken = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) => {
    const all = { iss: settings.issuer, aud: settings.audience, sub: 'user-1', scope: 'orders:read', exp: seconds() + 600, ...claims };
    const signed = [{ alg: 'RS256', kid: 'rsa/1+=', ...header }, all]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), rsa.privateKey).toString('base64url')}`;
  };
  const provider = (issuer: string = settings.issuer) => {
    const state = { down: false, requests: 0 };
    const keys: object[] = [
      { kty: 'oct', kid: 'secret', k: 'x' },
      { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa/1+=', alg: 'RS256', use: 'sig', x5c: ['x'] },
    ];
    const documents: Record<string, unknown> = {
      'https://id.example.com/tenant/.well-known/openid-configuration': { issuer, jwks_uri: 'https://keys.example.com/jwks' },
      'https://keys.example.com/jwks': { keys },
    };
    const fetch = async (url: string): Promise<Response> => {
      state.requests += 1;
      if (state.down) throw new TypeError('fetch failed');
      return url in documents ? Response.json(documents[url]) : new Response('', { status: 404 });
    };
    const clock = { aheadMs: 0, now: () => Date.now() + clock.aheadMs };
    const control = new MemoryStore();
    const authenticator = new Authenticator({ settings, control, clock, fetch });
    return { state, keys, clock, control, identify: (token: string) => authenticator.identify(`Bearer ${token}`) };
  };

  it('identifies its subject, and its keys are fetched once', async () => {
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
    ['of a symmetric key', () => idToken({}, { kid: 'secret', alg: 'HS256' })],
  ])('is refused: one %s', async (_what, token) => {
    expect((await provider().identify(token())).kind).toBe('refused');
  });

  it('stands beside registered keys, and neither signs for the other', async () => {
    const { identify, control } = provider();
    const key = makeTestKey();
    control.place(key.item);
    expect((await identify(key.token())).kind).toBe('identified');
    expect((await identify(key.token({ iss: settings.issuer, aud: settings.audience }))).kind).toBe('refused');
  });

  it('is still accepted while the issuer is down, once its keys are known; before that nobody can tell', async () => {
    const { identify, state, clock } = provider();
    state.down = true;
    expect((await identify(idToken())).kind).toBe('unavailable');
    state.down = false;
    expect((await identify(idToken())).kind).toBe('identified');
    state.down = true;
    clock.aheadMs = 7_200_000;
    expect((await identify(idToken({ exp: seconds() + 86_400 }))).kind).toBe('identified');
  });

  it('with invented key names makes the function ask the issuer twice a minute at most', async () => {
    const { identify, state, clock } = provider();
    await identify(idToken());
    for (let n = 0; n < 60; n += 1) {
      clock.aheadMs = n * 1_000;
      expect((await identify(idToken({}, { kid: `made-up-${n}` }))).kind).toBe('refused');
    }
    expect(state.requests).toBeLessThanOrEqual(2 + 2 * 2);
  });

  it('is refused within an hour after the issuer has given up its key', async () => {
    const { identify, keys, clock } = provider();
    const token = idToken({ exp: seconds() + 86_400 });
    expect((await identify(token)).kind).toBe('identified');
    keys.splice(0);
    clock.aheadMs = 3_600_000;
    expect((await identify(token)).kind).toBe('refused');
  });

  it('makes one fetch of the keys, however many callers come at once', async () => {
    const { identify, state } = provider();
    await Promise.all(Array.from({ length: 10 }, (_, n) => identify(idToken({ sub: `user-${n}` }))));
    expect(state.requests).toBe(2);
  });

  it('cannot be told while the document of its keys is too long to be one', async () => {
    const { identify, keys } = provider();
    keys.push({ kty: 'oct', kid: 'x'.repeat(300_000) });
    expect((await identify(idToken())).kind).toBe('unavailable');
  });

  it('of a discovery document that names another issuer is not believed', async () => {
    expect((await provider('https://evil.example.com').identify(idToken())).kind).toBe('unavailable');
  });
});
