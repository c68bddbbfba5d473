import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkClaims, foldKey, type Grant, keyItem, keyRemovalItem, type RegisteredKey } from '../../functions/core/keys.ts';
import type { Item } from '../../functions/core/store.ts';
import { canaryKid } from '../../functions/core/synthetic.ts';

const NOW_MS = 1_790_000_000_000;
const KEY: RegisteredKey = {
  kid: 'shop',
  publicJwk: '{}',
  algorithm: 'ES256',
  issuer: 'issuer',
  audience: 'audience',
  scopes: ['orders:read', 'orders:write'],
  subjects: ['shop-*', 'ann'],
  expiresAtMs: NOW_MS + 60_000,
};
const ADDED = keyItem(KEY, { by: 'eu-west-1.2', atMs: NOW_MS });

describe('the claims of a token', () => {
  const authority = { kind: 'own', issuer: KEY.issuer } as const;
  const check = (claims: Parameters<typeof checkClaims>[0], grant: Partial<Grant> = {}) =>
    checkClaims({ sub: 'ann', exp: NOW_MS / 1_000 + 30, scope: 'orders:read', ...claims }, { ...KEY, authority, ...grant }, NOW_MS);

  it('name a subject that the key may sign for: itself, or what begins as it says', () => {
    const signs = ['ann', 'shop-', 'shop-1', 'shop-*'].map((sub) => check({ sub }).ok);
    const signsNot = ['ann2', 'an', 'shop', 'shopper', 'xshop-1', 'Ann', 'canary:shop-1', ''].map((sub) => check({ sub }).ok);
    expect([signs, signsNot]).toEqual([Array(4).fill(true), Array(8).fill(false)]);
    for (const sub of ['', undefined, 'x'.repeat(257)]) expect(check({ sub }, { subjects: ['*'] }).ok).toBe(false);
    expect(check({ sub: 'x'.repeat(256) }, { subjects: ['*'] }).ok).toBe(true);
  });

  it('name a subject that has a form in UTF-8, for the table keeps no other', () => {
    for (const sub of ['\ud800', 'a\udc00', '\udfff\ud800']) expect(check({ sub }, { subjects: ['*'] }).ok).toBe(false);
    expect(check({ sub: '\u{1f600}' }, { subjects: ['*'] }).ok).toBe(true);
  });

  it("name a synthetic caller by this system's own issuer alone", () => {
    const grant = { subjects: ['canary:*'] };
    expect(check({ sub: 'canary:x' }, grant)).toMatchObject({ ok: true, identity: { subject: 'canary:x' } });
    for (const kind of ['registered', 'oidc'] as const)
      expect(check({ sub: 'canary:x' }, { ...grant, authority: { kind, issuer: KEY.issuer } }).ok).toBe(false);
  });

  it('grant the scopes that both the token and its key name, and no others', () => {
    const words = ['orders:read', 'orders:write', 'stock:read', '', 'orders'];
    fc.assert(
      fc.property(fc.subarray(words), fc.subarray(words.slice(0, 3)), (asked, granted) => {
        const result = check({ scope: asked.join(' ') }, { scopes: granted });
        expect(result).toMatchObject({ ok: true, identity: { subject: 'ann', scopes: asked.filter((each) => granted.includes(each)) } });
      }),
    );
    expect(check({ scope: undefined })).toMatchObject({ ok: true, identity: { scopes: [] } });
  });

  it('end with the token or with its key, whichever ends first, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -60_000, max: 60_000 }), (seconds, keysMs) => {
        const result = check({ exp: NOW_MS / 1_000 + seconds }, { expiresAtMs: NOW_MS + keysMs });
        const endMs = Math.min(NOW_MS + seconds * 1_000, NOW_MS + keysMs);
        expect(result).toMatchObject(
          endMs > NOW_MS ? { ok: true, expiresAtMs: endMs } : { ok: false, detail: expect.stringContaining('expired') },
        );
      }),
    );
    expect(check({ exp: undefined }).ok).toBe(false);
  });
});

describe('the items of a key', () => {
  it('are a key as it was added first, whatever else stands there', () => {
    const later = { ...keyItem({ ...KEY, publicJwk: '{"later":1}' }, { by: 'eu-west-1.10', atMs: 1 }) };
    const note: Item = { pk: ADDED.pk, sk: 'A#a', v: 2 };
    fc.assert(
      fc.property(fc.shuffledSubarray([ADDED, later, note], { minLength: 3 }), (items) => {
        expect(foldKey(items)).toEqual(KEY);
      }),
    );
    expect(ADDED.v).toBe(1);
  });

  it("of a name that a region's role may write are its canary's key, whatever they say", () => {
    const said = { ...ADDED, scopes: ['orders:read', 'orders:ship', 'stock:write'], subjects: ['*', 'canary:us-east-2'] };
    const foldOf = (kid: string) => foldKey([{ ...said, pk: `KEY#${kid}` }]);
    for (const kid of ['canary-eu-west-1-x', 'canary-eu-west-1-', 'canary-eu-west-1-us-east-2-x', canaryKid('eu-west-1', 'arn')])
      expect([kid, foldOf(kid)]).toEqual([
        kid,
        expect.objectContaining({ subjects: ['canary:eu-west-1'], scopes: ['orders:read', 'stock:write'] }),
      ]);
    for (const kid of ['canary-', 'canary-x', 'canary-eu-west-1', 'canary-EU-WEST-1-x'])
      expect([kid, foldOf(kid)]).toEqual([kid, undefined]);
    expect(foldOf('canary')).toMatchObject({ subjects: ['*', 'canary:us-east-2'] });
  });

  it('are none once one region removed it, and hold only what is text of what they grant', () => {
    expect(foldKey([ADDED, keyRemovalItem(KEY.kid, { by: 'us-east-2', atMs: 1 })])).toBeUndefined();
    expect(foldKey([{ ...ADDED, scopes: ['orders:read', 7, null], subjects: '*' }])).toMatchObject({
      scopes: ['orders:read'],
      subjects: [],
    });
  });
});
