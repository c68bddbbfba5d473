/**
 * Tokens name what a caller was told of, item by item: a region holds them or does not. Never a watermark, because items
 * replicate by themselves, in no order: a region that holds a later write may lack an earlier one.
 *
 * A token is its subject's. It carries a MAC over the keys and the subject, so that nobody can ask whether items exist of
 * which they were never told. What cannot be judged here, because another release made it or because its secret has not
 * arrived, is no fault of its caller: it counts as what this region lacks, and nothing is read for it.
 *
 * The text: eight characters of a digest of all that follows, then a list in JSON and base64url, of which the first member
 * says what the others are. Both hold for every release: by the digest a token that was cut or altered is told from one
 * that only another release understands.
 */
import { hashOf } from './hash.ts';
import type { Secret, Secrets } from './secrets.ts';
import type { Key } from './store.ts';

/** Of one token: no answer is carried by more items. */
const KEYS_MAX = 4;
/** Tokens that a request may carry. */
export const TOKENS_MAX = 8;
/** This release's tokens: `[1, secret, keys, MAC]`. */
const FORM = 1;
const DIGEST_LENGTH = 8;

export type Judged =
  | { readonly kind: 'right'; readonly keys: readonly Key[] }
  /** Another release's, or its secret has not arrived. */
  | { readonly kind: 'unknown' }
  /** Altered, made up, or told to somebody else. */
  | { readonly kind: 'wrong' };

/** What carries an answer, as text for a header; undefined where nothing does. */
export const tokenOf = (carriers: readonly Key[], subject: string, secret: Secret): string | undefined => {
  if (carriers.length === 0) return undefined;
  const pairs = pairsOf(carriers);
  return sealed([FORM, secret.id, pairs, secret.macOf(FORM, subject, pairs)]);
};

/** The text of a token with these parts, of whatever release. */
export const sealed = (parts: readonly unknown[]): string => {
  const text = Buffer.from(JSON.stringify(parts)).toString('base64url');
  return `${digestOf(text)}${text}`;
};

/** What a token of this subject names. */
export const judge = (token: string, subject: string, secrets: Secrets): Judged => {
  const parts = partsOf(token);
  if (parts === undefined) return WRONG;
  const [form, id, pairs, mac] = parts;
  const secret = form === FORM ? secrets.byId(id) : undefined;
  const keys = keysOf(pairs);
  if (secret === undefined || keys === undefined || typeof mac !== 'string') return UNKNOWN;
  return secret.made(mac, FORM, subject, pairsOf(keys)) ? { kind: 'right', keys } : WRONG;
};

/** The keys that a token names, whoever made it for whom; undefined when it is none of this release's form. */
export const namedIn = (token: string): readonly Key[] | undefined => {
  const [form, , keys] = partsOf(token) ?? [];
  return form === FORM ? keysOf(keys) : undefined;
};

const pairsOf = (keys: readonly Key[]) => keys.map(({ pk, sk }) => [pk, sk]);

const WRONG: Judged = { kind: 'wrong' };
const UNKNOWN: Judged = { kind: 'unknown' };

const partsOf = (token: string): readonly unknown[] | undefined => {
  const text = token.slice(DIGEST_LENGTH);
  return token.startsWith(digestOf(text)) ? parsed(Buffer.from(text, 'base64url').toString()) : undefined;
};

const keysOf = (pairs: unknown): readonly Key[] | undefined => {
  if (!Array.isArray(pairs) || pairs.length === 0 || pairs.length > KEYS_MAX) return undefined;
  const keys = pairs.flatMap((pair) => {
    const [pk, sk, ...more]: readonly unknown[] = Array.isArray(pair) ? pair : [];
    return typeof pk === 'string' && typeof sk === 'string' && more.length === 0 ? [{ pk, sk }] : [];
  });
  return keys.length === pairs.length ? keys : undefined;
};

const digestOf = (text: string): string => hashOf('token', text).slice(0, DIGEST_LENGTH);

const parsed = (text: string): readonly unknown[] | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
