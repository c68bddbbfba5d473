/**
 * Pages in browsers may call this API where an operator names their origins (`cors.origins`). Tokens come in a header, so no
 * answer ever allows credentials, which are cookies. https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import { CORS } from '../contract/cross-origin.ts';
import { methodsAt } from '../contract/routes.ts';
import type { ApiEvent } from './event.ts';
import type { Input } from './input.ts';
import { Refusal } from './refusal.ts';
import { noRoute } from './routing.ts';

/** What every answer says to a page: nothing where no origins are configured. */
export const toPages = (input: Input, origins: readonly string[]): Readonly<Record<string, string>> => {
  if (origins.length === 0) return {};
  const allowed = allowedOf(input.header('origin'), origins);
  return {
    vary: 'origin',
    ...(allowed === undefined ? {} : { [CORS.allowOrigin]: allowed, [CORS.exposeHeaders]: CORS.exposed }),
  };
};

/** Headers of the answer to OPTIONS. @throws {Refusal} where no page may call, or not this one, or there is nothing to call */
export const optionsOf = (event: ApiEvent, input: Input, origins: readonly string[]): Readonly<Record<string, string>> => {
  const methods = methodsAt(event.resource);
  if (methods.length === 0) throw noRoute(event);
  const allow = methods.join(', ');
  const refuse = (why: string) =>
    new Refusal('method-not-allowed', `${why}; allowed: ${allow}, and not from pages of other origins`, { headers: { allow } });
  if (origins.length === 0) throw refuse('no origins are configured (cors.origins), so no page in a browser may call this API');
  const origin = input.header('origin');
  if (origin === undefined) return { allow: `${allow}, OPTIONS` };
  if (allowedOf(origin, origins) === undefined) throw refuse('pages of this origin may not call this API (cors.origins)');
  return {
    allow: `${allow}, OPTIONS`,
    [CORS.allowMethods]: allow,
    [CORS.allowHeaders]: CORS.allowed,
    [CORS.maxAge]: String(CORS.maxAgeSeconds),
  };
};

const allowedOf = (origin: string | undefined, origins: readonly string[]): string | undefined => {
  if (origins.includes('*')) return '*';
  return origin !== undefined && origins.includes(origin) ? origin : undefined;
};
