/** Answers' form, in one place: successes as JSON, refusals as problem details (RFC 9457). */

import type { Problem } from '../contract/answers.ts';
import { HEADERS, SAFE_HEADERS } from '../contract/names.ts';
import { PROBLEMS } from '../contract/problems.ts';
import type { Scope } from '../contract/routes.ts';
import type { ApiAnswer } from './event.ts';
import type { Refusal } from './refusal.ts';

/** Seconds that callers are asked to wait when this region cannot serve now; another region can at once. */
export const RETRY_AFTER_SECONDS = { busy: 1, unavailable: 1, evacuated: 30 } as const;

/** Who answers. */
export interface Signature {
  readonly region: string;
  readonly version: string;
  readonly correlationId: string;
}

export const json = (status: number, body: unknown, by: Signature, headers: Readonly<Record<string, string>> = {}): ApiAnswer => ({
  statusCode: status,
  headers: { 'content-type': 'application/json', ...fixed(by), ...headers },
  body: JSON.stringify(body),
});

/** Without a body: the caller has what it would say (304), or there is nothing to say (204). */
export const empty = (status: 204 | 304, by: Signature, headers: Readonly<Record<string, string>>): ApiAnswer => ({
  statusCode: status,
  headers: { ...fixed(by), ...headers },
  body: '',
});

export const problem = ({ problem: name, detail, more }: Refusal, by: Signature): ApiAnswer => {
  const { status, title } = PROBLEMS[name];
  const body: Problem = { type: `/problems/${name}`, title, status, detail, correlationId: by.correlationId, ...more.members };
  const wait: Readonly<Record<string, string>> =
    name === 'unavailable' || name === 'busy' ? { [HEADERS.retryAfter]: String(RETRY_AFTER_SECONDS[name]) } : {};
  return json(status, body, by, { 'content-type': 'application/problem+json', ...wait, ...more.headers });
};

/** RFC 6750, section 3. */
export const challenge = (given: 'none' | 'invalid' | { readonly missing: Scope }): Readonly<Record<string, string>> => {
  const realm = 'Bearer realm="tandem"';
  if (given === 'none') return { 'www-authenticate': realm };
  if (given === 'invalid') return { 'www-authenticate': `${realm}, error="invalid_token"` };
  return { 'www-authenticate': `${realm}, error="insufficient_scope", scope="${given.missing}"` };
};

const fixed = (by: Signature): Record<string, string> => ({
  ...SAFE_HEADERS,
  [HEADERS.region]: by.region,
  [HEADERS.version]: by.version,
  [HEADERS.correlationId]: by.correlationId,
});
