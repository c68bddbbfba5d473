/**
 * Tokens name what a caller was told of, item by item: a region holds them or does not. Never a watermark, because items
 * replicate by themselves, in no order: a region that holds a later write may lack an earlier one.
 *
 * A token is no secret and not signed. It can only be asked whether items exist, and only items whose keys hold the hash of
 * a request, which nobody knows who did not make it.
 */
import type { Key } from './store.ts';

/** Of one token: no answer is carried by more items. */
const KEYS_MAX = 4;
/** Tokens that a request may carry: as many reads as there are keys may be needed for it. */
export const TOKENS_MAX = 8;

/** Keys that end with the hash of a request and a writer: facts and versions, which are written once. */
const CARRIER =
  /^(ORDER#[0-9a-f]{32}\n(PLACED|END#[a-z0-9.-]+|E#(paid|cancel)#[0-9a-f]{32})|STOCK#[A-Za-z0-9._-]{1,64}\n(RECEIPT|BOOKED)#[0-9a-f]{32}|RECORD#[0-9a-f]{32}\nV#[0-9a-f]{32})#[a-z0-9.-]{1,40}$/;

/** What carries an answer, as text for a header; undefined where nothing does. */
export const tokenOf = (carriers: readonly Key[]): string | undefined =>
  carriers.length === 0 ? undefined : Buffer.from(JSON.stringify([1, ...carriers.map(({ pk, sk }) => [pk, sk])])).toString('base64url');

/** The keys that a token names; undefined when it is none. */
export const keysOf = (token: string): readonly Key[] | undefined => {
  const [version, ...pairs] = parsed(Buffer.from(token, 'base64url').toString());
  if (version !== 1 || pairs.length === 0 || pairs.length > KEYS_MAX) return undefined;
  const keys = pairs.flatMap((pair) => {
    const [pk, sk]: readonly unknown[] = Array.isArray(pair) ? pair : [];
    return typeof pk === 'string' && typeof sk === 'string' && CARRIER.test(`${pk}\n${sk}`) ? [{ pk, sk }] : [];
  });
  return keys.length === pairs.length ? keys : undefined;
};

const parsed = (text: string): readonly unknown[] => {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
};
