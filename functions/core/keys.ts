/**
 * Registered signing keys: the public halves stand in the control table, so that every region knows every key without
 * calling anything. Each says what tokens of it may claim; a token that claims more is refused or cut down.
 *
 * | item | meaning |
 * |---|---|
 * | `KEY#kid / ADDED#W` | an operator registered the key, through W |
 * | `KEY#kid / REMOVED#W` | an operator removed it, through W. Beats every addition, for ever: a removed key comes back only as a new one |
 */
import { ITEM_VERSION, numberOf, textOf, writerOf } from './item.ts';
import { type Authority, ownerOf } from './owner.ts';
import type { Item } from './store.ts';
import { CANARY_SCOPES, canarySubject, isCanaryKid, isSynthetic, regionOfCanaryKid } from './synthetic.ts';
import { compareWriters } from './writer.ts';

export interface RegisteredKey {
  /** Names the key in the header of its tokens: 1 to 64 letters, digits, `-` and `_`. */
  readonly kid: string;
  /** JSON of the public JWK. */
  readonly publicJwk: string;
  readonly algorithm: 'ES256';
  readonly issuer: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  /** Subjects that its tokens may name: exactly, or by a prefix that ends with `*`. Synthetic ones only where it says so: not by `*` alone. */
  readonly subjects: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Who calls, and what the token lets it do. */
export interface Identity {
  /** The owner of what it makes: the token's subject under its issuer. See owner.ts. */
  readonly subject: string;
  readonly scopes: readonly string[];
}

/**
 * What an Authorization header turned out to be. `unavailable`: who could tell does not answer. `untold`: strangers ask for
 * more than is looked up for them, and this may be one. Neither is ever a reason to say no for good.
 */
export type Identified =
  | { readonly kind: 'identified'; readonly identity: Identity }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'untold'; readonly detail: string }
  | { readonly kind: 'unavailable'; readonly detail: string; readonly cause: unknown };

/** Characters of a subject: it is part of keys of items. */
const SUBJECT_LENGTH_MAX = 256;

export const keyKey = (kid: string): string => `KEY#${kid}`;

export const isKid = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);

export const keyItem = (key: RegisteredKey, given: { readonly by: string; readonly atMs: number }): Item => ({
  pk: keyKey(key.kid),
  sk: `ADDED#${given.by}`,
  v: ITEM_VERSION,
  publicJwk: key.publicJwk,
  algorithm: key.algorithm,
  issuer: key.issuer,
  audience: key.audience,
  scopes: key.scopes,
  subjects: key.subjects,
  expiresAt: key.expiresAtMs,
  at: given.atMs,
});

export const keyRemovalItem = (kid: string, given: { readonly by: string; readonly atMs: number }): Item => ({
  pk: keyKey(kid),
  sk: `REMOVED#${given.by}`,
  v: ITEM_VERSION,
  at: given.atMs,
});

/** The key that the items of one partition make; undefined when it is unknown, removed or damaged. */
export const foldKey = (items: readonly Item[]): RegisteredKey | undefined => {
  if (items.some((item) => item.sk.startsWith('REMOVED#'))) return undefined;
  const [item] = items.filter((each) => each.sk.startsWith('ADDED#')).sort((a, b) => compareWriters(writerOf(a), writerOf(b)));
  if (!item) return undefined;
  const [publicJwk, issuer, audience] = [textOf(item, 'publicJwk'), textOf(item, 'issuer'), textOf(item, 'audience')];
  const expiresAtMs = numberOf(item, 'expiresAt');
  if (textOf(item, 'algorithm') !== 'ES256' || !publicJwk || !issuer || !audience || expiresAtMs === undefined) return undefined;
  const kid = item.pk.slice(keyKey('').length);
  const granted = grantedTo(kid, { scopes: textsOf(item, 'scopes'), subjects: textsOf(item, 'subjects') });
  return granted && { kid, publicJwk, algorithm: 'ES256', issuer, audience, ...granted, expiresAtMs };
};

/** A cell registers its canary's keys by itself: whatever such an item says, they count for that canary, and for what it does. */
const grantedTo = (kid: string, said: Pick<RegisteredKey, 'scopes' | 'subjects'>): typeof said | undefined => {
  if (!isCanaryKid(kid)) return said;
  const region = regionOfCanaryKid(kid);
  return region === undefined
    ? undefined
    : { scopes: CANARY_SCOPES.filter((scope) => said.scopes.includes(scope)), subjects: [canarySubject(region)] };
};

/** Claims of a token whose signature, issuer and audience were found to be right. */
export interface Claims {
  readonly sub?: string | undefined;
  readonly scope?: string | undefined;
  /** Seconds since 1970. */
  readonly exp?: number | undefined;
}

export type ClaimCheck =
  | { readonly ok: true; readonly identity: Identity; readonly expiresAtMs: number }
  | { readonly ok: false; readonly detail: string };

/** What an authority may vouch for. */
export interface Grant extends Pick<RegisteredKey, 'scopes' | 'subjects' | 'expiresAtMs'> {
  readonly authority: Authority;
}

/** Whom the claims name, within what the token's issuer may grant. */
export const checkClaims = (claims: Claims, { authority, ...grant }: Grant, nowMs: number): ClaimCheck => {
  const { sub, exp, scope = '' } = claims;
  if (exp === undefined) return { ok: false, detail: 'the token does not expire; allowed: one with an "exp"' };
  const expiresAtMs = Math.min(exp * 1000, grant.expiresAtMs);
  if (expiresAtMs <= nowMs) return { ok: false, detail: exp * 1000 <= nowMs ? 'the token is expired' : 'the key of the token is expired' };
  if (sub === undefined || sub === '' || sub.length > SUBJECT_LENGTH_MAX)
    return { ok: false, detail: `the token names no subject of 1 to ${SUBJECT_LENGTH_MAX} characters` };
  // A half of a surrogate pair has no form in UTF-8: the table would keep another name.
  if (!sub.isWellFormed()) return { ok: false, detail: 'the subject of the token is no Unicode text' };
  // Synthetic callers are this system's own: another issuer's would be neither counted nor kept apart.
  if (!grant.subjects.some((pattern) => covers(pattern, sub)) || (isSynthetic(sub) && authority.kind !== 'own'))
    return { ok: false, detail: 'the key of the token may not sign for this subject' };
  const scopes = scope.split(' ').filter((each) => grant.scopes.includes(each));
  return { ok: true, identity: { subject: ownerOf(authority, sub), scopes }, expiresAtMs };
};

/** A pattern for all subjects means all users: no issuer of theirs can make a caller whose orders expire and whom nobody counts. */
const covers = (pattern: string, subject: string): boolean =>
  isSynthetic(pattern) === isSynthetic(subject) && (pattern.endsWith('*') ? subject.startsWith(pattern.slice(0, -1)) : subject === pattern);

const textsOf = (item: Item, attribute: string): readonly string[] => {
  const value = item[attribute];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
};
