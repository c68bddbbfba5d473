/** Tokens: JWTs (RFC 7519) signed with ES256 (RFC 7518, section 3.4) by a key of this machine. */
import { createPrivateKey, sign } from 'node:crypto';
import { TOKEN } from '../../functions/contract/names.ts';
import type { Scope } from '../../functions/contract/routes.ts';
import { UserError } from '../errors.ts';
import { tandem } from '../tandem.ts';
import type { KeyFile } from './key-file.ts';

export interface TokenWish {
  /** Default: the key's first. */
  readonly subject?: string;
  /** Default: all the key's. */
  readonly scopes?: readonly Scope[];
  readonly minutes: number;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Exactly, or by a prefix that ends with `*`: as the API compares (functions/core/keys.ts). */
const covers = (pattern: string, wish: string): boolean =>
  pattern.endsWith('*') ? wish.startsWith(pattern.slice(0, -1)) : wish === pattern;

const within = <T extends string>(what: string, wish: readonly T[], allowed: readonly T[], kid: string): readonly T[] => {
  const refused = wish.filter((each) => !allowed.some((pattern) => covers(pattern, each)));
  if (refused.length === 0) return wish;
  throw new UserError(
    `key ${kid} may not sign for ${what} ${refused.join(', ')}; allowed: ${allowed.join(', ')}; add a key for more with \`${tandem('keys', 'add', '--yes')}\``,
  );
};

/**
 * A token that the API accepts until it expires, or its key does, or its key is removed.
 *
 * @throws {UserError} when the key may not sign for that
 */
export const mintToken = (key: KeyFile, wish: TokenWish, nowMs: number): string => {
  const [subject = ''] = within('subject', [wish.subject ?? key.subjects[0] ?? ''], key.subjects, key.kid);
  const scopes = within('scope', wish.scopes ?? key.scopes, key.scopes, key.kid);
  const issued = Math.floor(nowMs / 1000);
  const end = Math.floor(Date.parse(key.expiresAt) / 1000);
  if (end <= issued)
    throw new UserError(`key ${key.kid} expired at ${key.expiresAt}; add a new one with \`${tandem('keys', 'add', '--yes')}\``);
  const header = { alg: TOKEN.algorithm, typ: 'JWT', kid: key.kid };
  const claims = {
    iss: TOKEN.issuer,
    aud: TOKEN.audience,
    sub: subject,
    scope: scopes.join(' '),
    iat: issued,
    exp: Math.min(issued + Math.round(wish.minutes * 60), end),
  };
  const signed = `${encode(header)}.${encode(claims)}`;
  const privateKey = createPrivateKey({ key: key.privateKey, format: 'jwk' });
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
