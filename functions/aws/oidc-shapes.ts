/** What an issuer's documents are held to. */
import * as z from 'zod/mini';

const KEYS_MAX = 100;

const text = z.optional(z.string());
export const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https$/ }) });
export const jwks = z.object({ keys: z.array(z.unknown()).check(z.maxLength(KEYS_MAX)) });
export const jwk = z.object({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: z.string(),
  alg: text,
  use: text,
  crv: text,
  n: text,
  e: text,
  x: text,
  y: text,
});
export type IssuersKey = z.output<typeof jwk>;
