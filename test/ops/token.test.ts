import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JwtVerifier } from 'aws-jwt-verify';
import { describe, expect, it } from 'vitest';
import { TOKEN } from '../../functions/contract/names.ts';
import { SCOPES } from '../../functions/contract/routes.ts';
import { deleteKey, type KeyFile, makeKey, publicHalf, readKeys, saveKey, usableKey } from '../../ops/access/key-file.ts';
import { mintToken } from '../../ops/access/token.ts';

const now = Date.now();
const grant = { target: 'local', subjects: ['me', 'you'], scopes: ['orders:read', 'orders:write'], days: 1 } as const;
const key = makeKey(grant, now);

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

/** As the API verifies: a library of AWS, given the public half only. */
const verify = (token: string, by: KeyFile = key) => {
  const verifier = JwtVerifier.create({ issuer: TOKEN.issuer, audience: TOKEN.audience, jwksUri: 'https://unused.test/' });
  verifier.cacheJwks({ keys: [{ ...publicHalf(by), kid: by.kid, alg: TOKEN.algorithm, use: 'sig' }] });
  return verifier.verifySync(token);
};

describe('a token', () => {
  it('is accepted with the public half of its key, and by default speaks for the first subject with all scopes', () => {
    const claims = verify(mintToken(key, { minutes: 5 }, now));
    expect(claims).toMatchObject({ iss: 'tandem', aud: 'tandem-api', sub: 'me', scope: 'orders:read orders:write' });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(300);
  });

  it('is refused with any other key, or when it was changed', () => {
    const [header, , signature] = mintToken(key, { minutes: 5 }, now).split('.');
    const claims = Buffer.from(JSON.stringify({ ...claimsOf(mintToken(key, { minutes: 5 }, now)), sub: 'root' })).toString('base64url');
    expect(() => verify(`${header}.${claims}.${signature}`)).toThrow();
    const other = { ...makeKey(grant, now), kid: key.kid };
    expect(() => verify(mintToken(other, { minutes: 5 }, now))).toThrow();
  });

  it('never outlives its key', () => {
    const late = now + 86_400_000 - 60_000;
    expect(claimsOf(mintToken(key, { minutes: 60 }, late)).exp).toBe(Math.floor(Date.parse(key.expiresAt) / 1000));
    expect(() => mintToken(key, { minutes: 60 }, now + 86_400_000)).toThrow(/expired at .*; add a new one/);
  });

  it('is not made for a subject or scope that the key may not sign for', () => {
    expect(() => mintToken(key, { subject: 'them', minutes: 5 }, now)).toThrow('may not sign for subject them; allowed: me, you');
    expect(() => mintToken(key, { scopes: ['orders:ship'], minutes: 5 }, now)).toThrow(
      'may not sign for scope orders:ship; allowed: orders:read, orders:write',
    );
    expect(claimsOf(mintToken(key, { subject: 'you', scopes: ['orders:read'], minutes: 5 }, now))).toMatchObject({
      sub: 'you',
      scope: 'orders:read',
    });
  });
});

describe('key files', () => {
  const withFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-keys-'));
    return { folder: join(folder, 'keys'), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
  };

  it('leave nothing behind when they cannot be written', () => {
    using place = withFolder();
    mkdirSync(join(place.folder, `${key.kid}.json`), { recursive: true });
    expect(() => saveKey(place.folder, key)).toThrow();
    expect(readdirSync(place.folder)).toEqual([`${key.kid}.json`]);
  });

  it('are readable by their owner only, and hold what was saved, newest first', () => {
    using place = withFolder();
    const newer = makeKey(grant, now + 1000);
    for (const each of [key, newer]) saveKey(place.folder, each);
    expect(readKeys(place.folder)).toEqual([newer, key]);
    expect(readdirSync(place.folder).map((name) => statSync(join(place.folder, name)).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(statSync(place.folder).mode & 0o777).toBe(0o700);
    deleteKey(place.folder, key.kid);
    expect(readKeys(place.folder)).toEqual([newer]);
  });

  it('are none where there is no folder', () => expect(readKeys('/nonexistent/keys')).toEqual([]));

  it('that are damaged are named, with what to do', () => {
    using place = withFolder();
    saveKey(place.folder, key);
    writeFileSync(join(place.folder, 'x.json'), '{"kid":1}');
    expect(() => readKeys(place.folder)).toThrow(/x\.json is no key: .*; delete it/);
  });

  it('are used for their own target, until they expire', () => {
    const aws = makeKey({ ...grant, target: 'aws', scopes: SCOPES }, now);
    expect(usableKey([aws, key], 'local', now)).toBe(key);
    expect(usableKey([aws, key], 'aws', now)).toBe(aws);
    expect(usableKey([key], 'local', now + 2 * 86_400_000)).toBeUndefined();
  });
});
