/** What pages in browsers are told, by the function and by API Gateway itself: https://fetch.spec.whatwg.org/#http-cors-protocol */
import { HEADERS, SAFE_HEADERS } from './names.ts';

/** Headers of answers that a page may read beside those that it always may. */
const EXPOSED = [
  HEADERS.etag,
  HEADERS.retryAfter,
  HEADERS.replayed,
  HEADERS.token,
  HEADERS.stale,
  HEADERS.alone,
  HEADERS.durability,
  HEADERS.evacuated,
  HEADERS.region,
  HEADERS.version,
  HEADERS.correlationId,
  HEADERS.challenge,
] as const;

/** Headers of requests that a page may send beside those that it always may. */
const ALLOWED = [
  'authorization',
  'content-type',
  HEADERS.idempotencyKey,
  HEADERS.ifMatch,
  HEADERS.ifNoneMatch,
  HEADERS.token,
  HEADERS.durability,
  HEADERS.correlationId,
] as const;

export const CORS = {
  allowOrigin: 'access-control-allow-origin',
  allowMethods: 'access-control-allow-methods',
  allowHeaders: 'access-control-allow-headers',
  exposeHeaders: 'access-control-expose-headers',
  maxAge: 'access-control-max-age',
  exposed: EXPOSED.join(', '),
  allowed: ALLOWED.join(', '),
  /** For how long a browser need not ask again. */
  maxAgeSeconds: 600,
} as const;

/**
 * What every answer of API Gateway itself has. They are the same for everybody: with several origins they are for all pages,
 * for they hold nothing of a caller and no answer allows credentials.
 */
export const gatewayHeaders = ([origin, ...more]: readonly string[]): Readonly<Record<string, string>> => ({
  ...SAFE_HEADERS,
  ...(origin === undefined ? {} : { [CORS.allowOrigin]: more.length > 0 ? '*' : origin, [CORS.exposeHeaders]: CORS.exposed }),
});
