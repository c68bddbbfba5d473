/** Keys and tokens for tests. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { TOKEN } from '../../functions/contract/names.ts';
import { SCOPES } from '../../functions/contract/routes.ts';
import { keyItem, type RegisteredKey } from '../../functions/core/keys.ts';
import type { Item } from '../../functions/core/store.ts';

export interface TestKey {
  readonly kid: string;
  readonly item: Item;
  /** A token; what is given replaces header and claims, `undefined` leaves one out. */
  readonly token: (claims?: Record<string, unknown>, header?: Record<string, unknown>) => string;
  readonly privateKey: KeyObject;
}

let count = 0;

export const makeTestKey = (changes: Partial<RegisteredKey> & { readonly curve?: string } = {}): TestKey => {
  count += 1;
  const { curve = 'P-256', ...grant } = changes;
  const pair = generateKeyPairSync('ec', { namedCurve: curve });
  const jwk = pair.privateKey.export({ format: 'jwk' });
  const kid = changes.kid ?? `key-${count}`;
  const key: RegisteredKey = {
    kid,
    publicJwk: JSON.stringify({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }),
    algorithm: TOKEN.algorithm,
    issuer: TOKEN.issuer,
    audience: TOKEN.audience,
    scopes: SCOPES,
    subjects: ['*'],
    expiresAtMs: Date.now() + 3_600_000,
    ...grant,
  };
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return {
    kid,
    privateKey,
    item: keyItem(key, { by: 'eu-central-1', atMs: Date.now() }),
    token: (claims, header) => tokenOf(privateKey, { kid, ...header }, claims),
  };
};

export const tokenOf = (privateKey: KeyObject, header: Record<string, unknown>, claims: Record<string, unknown> = {}): string => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const full = {
    iss: TOKEN.issuer,
    aud: TOKEN.audience,
    sub: 'ann',
    scope: SCOPES.join(' '),
    iat: nowSeconds,
    exp: nowSeconds + 600,
    ...claims,
  };
  const signed = [{ alg: TOKEN.algorithm, typ: 'JWT', ...header }, full]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
