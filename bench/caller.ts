/** A registered key and a token of it. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { TOKEN } from '../functions/contract/names.ts';
import { SCOPES } from '../functions/contract/routes.ts';
import { keyItem } from '../functions/core/keys.ts';
import type { Item } from '../functions/core/store.ts';

export const makeCaller = (region: string): { readonly token: string; readonly item: Item } => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = privateKey.export({ format: 'jwk' });
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
  const signed = [{ alg: TOKEN.algorithm, kid: key.kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const token = `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  return { token, item: keyItem(key, { by: region, atMs: nowMs }) };
};
