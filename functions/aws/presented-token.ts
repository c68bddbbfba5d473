/**
 * What a token says of itself, unproven: it tells where to look for its key, and refuses what no key could make right.
 * JWS (RFC 7515), JWT (RFC 7519) and their best current practices (RFC 8725). Keys that a token brings along or points at
 * (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
 */
import { decomposeUnverifiedJwt } from 'aws-jwt-verify/jwt';

export interface PresentedToken {
  readonly kid: string;
  readonly algorithm: string | undefined;
  readonly issuer: string | undefined;
  /** Seconds since 1970. */
  readonly expires: number | undefined;
}

/**
 * Each would have the rest read in another way than it is read here: extensions that must be understood (RFC 7515, 4.1.11),
 * a payload that is not encoded (RFC 7797) or compressed, and a token within the token (RFC 7519, 5.2).
 */
const READ_OTHERWISE = ['crit', 'b64', 'zip', 'cty'];
/** Types of tokens that say who calls. Others of the same issuer are for something else, for instance to log out. RFC 8725, 3.11 */
const TYPES = ['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'];

export const presentedToken = (token: string): PresentedToken | undefined => {
  try {
    if (!token.split('.', 2).every((part) => isReadOneWay(part))) return undefined;
    const { header, payload } = decomposeUnverifiedJwt(token);
    const { kid, alg: algorithm, typ } = header;
    const isTyped = typ === undefined || (typeof typ === 'string' && TYPES.includes(typ.toLowerCase()));
    if (kid === undefined || !isTyped || READ_OTHERWISE.some((name) => Object.hasOwn(header, name))) return undefined;
    return { kid, algorithm, issuer: payload.iss, expires: payload.exp };
  } catch {
    return undefined;
  }
};

/** UTF-8, and no name given twice: what two readers understand alike (RFC 8725, 2.6; RFC 7515, 5.2). */
const isReadOneWay = (part: string): boolean => {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
  JSON.parse(text);
  const names = new Set<string>();
  let depth = 0;
  for (const [word] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (word === '{' || word === '[') depth += 1;
    else if (word === '}' || word === ']') depth -= 1;
    else if (depth === 1 && word.endsWith(':')) {
      const name: unknown = JSON.parse(word.slice(0, word.lastIndexOf('"') + 1));
      if (typeof name !== 'string' || names.has(name)) return false;
      names.add(name);
    }
  }
  return true;
};
