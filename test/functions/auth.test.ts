import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../functions/aws/authenticator.ts';
import { ROUTES, SCOPES } from '../../functions/contract/routes.ts';
import { foldKey, keyItem, keyRemovalItem } from '../../functions/core/keys.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
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
