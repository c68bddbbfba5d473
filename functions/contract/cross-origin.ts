/** What pages in browsers are told, by the function and by API Gateway itself: https://fetch.spec.whatwg.org/#http-cors-protocol */
import { HEADERS } from './names.ts';

/** Headers of answers that a page may read beside those that it always may. */
const EXPOSED = [
  HEADERS.etag,
  HEADERS.retryAfter,
  HEADERS.replayed,
  HEADERS.token,
  HEADERS.stale,
  HEADERS.durability,
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
