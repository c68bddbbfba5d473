/** What an issuer's documents are held to. */
import * as z from 'zod/mini';

const text = z.optional(z.string());
export const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https$/ }) });
export const jwks = z.object({ keys: z.array(z.unknown()) });
const key = { kid: z.string(), alg: text, use: z.optional(z.literal('sig')), key_ops: z.optional(z.array(z.string())) };
const jwk = z.discriminatedUnion('kty', [
  z.object({ ...key, kty: z.literal('RSA'), n: z.string(), e: z.string() }),
  z.object({ ...key, kty: z.literal('EC'), crv: z.string(), x: z.string(), y: z.string() }),
  z.object({ ...key, kty: z.literal('OKP'), crv: z.string(), x: z.string() }),
]);
export type IssuersKey = z.output<typeof jwk>;

/** The kinds of keys that each algorithm signs with. RFC 7518, 3.1 and 8037, 3.1; none is symmetric. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  RS256: ['RSA'],
  RS384: ['RSA'],
  RS512: ['RSA'],
  ES256: ['EC P-256'],
  ES384: ['EC P-384'],
  ES512: ['EC P-521'],
  EdDSA: ['OKP Ed25519', 'OKP Ed448'],
};

/** Algorithms that a key may sign tokens with. */
export const algorithmsOf = (given: IssuersKey): readonly string[] => {
  const kind = given.kty === 'RSA' ? given.kty : `${given.kty} ${given.crv}`;
  return Object.keys(KINDS).filter((name) => KINDS[name]?.includes(kind) && (given.alg === undefined || given.alg === name));
};

/** The key where it is one to check the signatures of tokens with. RFC 7517, 4.2 to 4.4 */
export const fitOf = (given: unknown): IssuersKey | undefined => {
  const { data } = jwk.safeParse(given);
  return data && (data.key_ops?.includes('verify') ?? true) && algorithmsOf(data).length > 0 ? data : undefined;
};
