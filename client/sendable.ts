/** What can be sent as it is given. What cannot is refused before anything is sent: no region is asked, and none is blamed. */
import { isWellFormed, lossIn } from './json.ts';

/** Thrown where a call cannot be sent as it was given: nothing was sent, and nothing was done. */
export class Unsendable extends Error {
  override readonly name = 'Unsendable';
}

/** Characters of what was given that are told. */
const SHOWN_MAX = 40;
const show = (given: unknown): string =>
  typeof given === 'string' ? JSON.stringify(given.length > SHOWN_MAX ? `${given.slice(0, SHOWN_MAX)}...` : given) : `${typeof given}`;

const refuse = (at: string, given: unknown, allowed: string): never => {
  throw new Unsendable(`${at}: given ${show(given)}, allowed: ${allowed}; nothing was sent`);
};

/** A bearer token (RFC 6750, 2.1), told without a word of it: it is a secret. */
export const sendableToken = (given: unknown): string => {
  if (typeof given === 'string' && /^[\x21-\x7e]+$/.test(given)) return given;
  const what = typeof given === 'string' ? `${given.length} characters that do not fit` : typeof given;
  throw new Unsendable(`token: given ${what}, allowed: visible ASCII characters without spaces; nothing was sent`);
};

/** An Idempotency-Key. */
export const sendableKey = (given: unknown): string =>
  typeof given === 'string' && /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(given)
    ? given
    : refuse('idempotencyKey', given, 'ASCII characters, visible at both ends');

/** An entity tag without its quotation marks. */
export const sendableTag = (given: unknown): string =>
  typeof given === 'string' && /^[\x21\x23-\x7e]+$/.test(given) ? given : refuse('ifMatch', given, 'the tag of an outcome, as it was told');

/** What says that a record is to be new. */
export const sendableStar = (given: unknown): string =>
  given === '*' ? '*' : refuse('ifNoneMatch', given, '*, or ifMatch with the tag of an outcome');

/** Of a path: what a URL's reader takes for a step through the path, or for none, names nothing (RFC 3986, 5.2.4). */
export const sendableSegment = (name: string, given: unknown): string =>
  typeof given === 'string' && !/^\.{0,2}$/.test(given) && isWellFormed(given)
    ? encodeURIComponent(given)
    : refuse(name, given, 'text that is not empty, not . and not ..');

/** Of a query. */
export const sendableValue = (name: string, given: unknown): string =>
  typeof given === 'string' && isWellFormed(given) ? encodeURIComponent(given) : refuse(name, given, 'text');

/** @throws {Unsendable} where the text would come back as another value */
export const sendableJson = (body: unknown): string => {
  const loss = lossIn(body, 'body');
  if (loss !== undefined) throw new Unsendable(`${loss}; leave it out or write it as text; nothing was sent`);
  return JSON.stringify(body);
};

/** The base URL of a front door, without a slash at its end. */
export const sendableBase = (region: string, given: unknown): string => {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  const plain = url && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (!url || !plain)
    throw new Error(`endpoint ${region}: given ${show(given)}, allowed: an http or https URL without user, query and fragment`);
  return url.href.replace(/\/+$/, '');
};
