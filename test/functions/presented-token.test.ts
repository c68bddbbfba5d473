import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../functions/aws/authenticator.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { makeTestKey } from './callers.ts';

const key = makeTestKey();
const stranger = makeTestKey();
const strangers: unknown = JSON.parse(String(stranger.item['publicJwk']));

const identify = async (token: string) => {
  const control = new MemoryStore();
  control.place(key.item);
  const fetch = () => Promise.reject(new Error('the token led somewhere'));
  const settings = { mode: 'oidc', issuer: 'https://id.example.com', audience: 'shop' } as const;
  return new Authenticator({ settings, control, clock: { now: () => Date.now() }, fetch }).identify(`Bearer ${token}`);
};

const nowSeconds = Math.floor(Date.now() / 1_000);
const HEADER = `"alg":"ES256","kid":"${key.kid}"`;
const CLAIMS = `"iss":"tandem","aud":"tandem-api","sub":"ann","scope":"orders:read","exp":${nowSeconds + 600}`;

/** Rightly signed, whatever the texts are. */
const signed = (header: string | Buffer, claims: string | Buffer): string => {
  const text = [header, claims].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
const withHeader = (more: string) => signed(`{${HEADER}${more}}`, `{${CLAIMS}}`);
const withClaims = (more: string) => signed(`{${HEADER}}`, `{${CLAIMS}${more}}`);
/** In place of the claim of that name. */
const withClaim = (name: string, value: string) =>
  signed(`{${HEADER}}`, `{${CLAIMS.replace(new RegExp(`"${name}":("[^"]*"|\\d+)`), `"${name}":${value}`)}}`);

describe('a rightly signed token', () => {
  it.each<[string, string]>([
    ['nothing more', withHeader('')],
    ['the type of a JWT', withHeader(',"typ":"JWT"')],
    ['the type of an access token (RFC 9068)', withHeader(',"typ":"at+jwt"')],
    ['a whole media type', withHeader(',"typ":"application/AT+JWT"')],
    ['a key of its own, which is not looked at', withHeader(`,"jwk":${JSON.stringify(strangers)}`)],
    ['addresses of keys, which are not asked', withHeader(',"jku":"https://evil.example","x5u":"https://evil.example"')],
    ['certificates, which are not looked at', withHeader(',"x5c":["AA"],"x5t":"AA","x5t#S256":"AA"')],
    ['headers and claims that are unknown', signed(`{${HEADER},"color":"red"}`, `{${CLAIMS},"color":{"exp":1,"exp":2}}`)],
    ['several audiences', withClaim('aud', '["other","tandem-api"]')],
    ['an end with a fraction', withClaim('exp', `${nowSeconds + 600}.5`)],
    ['an end in a thousand years', withClaim('exp', '33000000000')],
    ['a time of issue', withClaims(`,"iat":${nowSeconds}`)],
    ['spaces', signed(`{ ${HEADER} }`, ` {${CLAIMS}}\n`)],
  ])('counts with %s', async (_what, token) => {
    expect(await identify(token)).toMatchObject({ kind: 'identified', identity: { subject: 'ann', scopes: ['orders:read'] } });
  });

  it.each<[string, string]>([
    ['an extension that must be understood', withHeader(',"crit":["x"],"x":1')],
    ['an extension that must be understood and is absent', withHeader(',"crit":["exp"]')],
    ['no extension that must be understood', withHeader(',"crit":[]')],
    ['a null where extensions are named', withHeader(',"crit":null')],
    ['a payload that is not encoded', withHeader(',"b64":false,"crit":["b64"]')],
    ['a payload that is not encoded, in passing', withHeader(',"b64":false')],
    ['a compressed payload', withHeader(',"zip":"DEF"')],
    ['a token within', withHeader(',"cty":"JWT"')],
    ['the type of a token to log out', withHeader(',"typ":"logout+jwt"')],
    ['the type of a proof', withHeader(',"typ":"dpop+jwt"')],
    ['a type that is no text', withHeader(',"typ":["JWT"]')],
    ['a null for its type', withHeader(',"typ":null')],
    ['another algorithm first', signed(`{"alg":"none",${HEADER}}`, `{${CLAIMS}}`)],
    ['a name given twice', withHeader(`,"kid":"${key.kid}"`)],
    ['a name given twice, once in escapes', withHeader(`,"\\u006bid":"${key.kid}"`)],
    ['a claim given twice', withClaims(',"sub":"ann"')],
    ['an end given twice', withClaims(`,"exp":${nowSeconds + 900}`)],
    ['a key name that is a number', signed('{"alg":"ES256","kid":7}', `{${CLAIMS}}`)],
    ['a header that is a list', signed('[]', `{${CLAIMS}}`)],
    ['claims that are text', signed(`{${HEADER}}`, '"ann"')],
    ['claims that are a token', signed(`{${HEADER}}`, JSON.stringify(key.token()))],
    [
      'bytes that are no UTF-8',
      signed(`{${HEADER}}`, Buffer.concat([Buffer.from(`{${CLAIMS},"x":"`), Buffer.from([0xe9]), Buffer.from('"}')])),
    ],
    ['a byte order mark', signed(`{${HEADER}}`, `\ufeff{${CLAIMS}}`)],
    ['half a character for its subject', withClaim('sub', '"\\ud800"')],
    ['an end that is text', withClaim('exp', `"${nowSeconds + 600}"`)],
    ['an end beyond all numbers', withClaim('exp', '1e400')],
    ['an end that is null', withClaim('exp', 'null')],
    ['an end that is a list', withClaim('exp', `[${nowSeconds + 600}]`)],
    ['an end before 1970', withClaim('exp', '-1')],
    ['a beginning that is text', withClaims(`,"nbf":"${nowSeconds}"`)],
    ['a beginning that is null', withClaims(',"nbf":null')],
    ['a beginning beyond all numbers', withClaims(',"nbf":1e400')],
    ['a time of issue that is text', withClaims(`,"iat":"${nowSeconds}"`)],
    ['an audience that is an object', withClaim('aud', '{"tandem-api":true}')],
    ['an audience beside what is none', withClaim('aud', '["tandem-api",7]')],
    ['an empty audience', withClaim('aud', '[]')],
    ['an audience that only begins so', withClaim('aud', '"tandem-api-2"')],
    ['an issuer in a list', withClaim('iss', '["tandem"]')],
    ['a subject that is a number', withClaim('sub', '7')],
    ['scopes in a list', withClaim('scope', '["orders:read"]')],
  ])('is refused with %s', async (_what, token) => {
    expect((await identify(token)).kind).toBe('refused');
  });

  it('is refused by any key but its own, wherever it brings or names another', async () => {
    for (const more of [{ jwk: strangers }, { jku: 'https://evil.example' }, { x5u: 'https://evil.example' }])
      expect((await identify(stranger.token({}, { kid: key.kid, ...more }))).kind).toBe('refused');
  });
});
