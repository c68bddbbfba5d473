/** A request without any library of ours, and what it came to. */
import { pathOf, SIGNATURES } from '../../client/routes.ts';
import { HEADERS } from '../../functions/contract/names.ts';
import { tagOf } from '../../functions/core/record-fold.ts';
import { editValue, idOf, isMiss, sawIn } from './callers.ts';
import type { Expectation } from './expectations.ts';
import { type Action, isWrite, type Result, servedStatus } from './operations.ts';

/** Milliseconds until a caller without the failover client gives up on a request. */
export const PLAIN_TIMEOUT_MS = 2_000;

/** A header that was sent once, else null. */
export const textIn = (header: string | string[] | undefined): string | null => (typeof header === 'string' ? header : null);

/** What a caller sends who knows nothing but a name. */
export const plainRequest = (action: Action, host: string, token: string) => {
  const signature = SIGNATURES[action.operation];
  const path = pathOf(signature, paramsOf(action), {});
  const headers: Record<string, string> = { host, authorization: `Bearer ${token}`, accept: 'application/json' };
  if (!isWrite(action)) return { method: 'GET' as const, path, headers };
  const own = action.operation === 'putRecord' ? preconditionOf(action.parents) : {};
  return {
    method: action.operation === 'putRecord' ? ('PUT' as const) : ('POST' as const),
    path,
    headers: { ...headers, ...own, [HEADERS.idempotencyKey]: action.key, 'content-type': 'application/json' },
    body: JSON.stringify(bodyOf(action)),
  };
};

const preconditionOf = (parents: readonly string[]): Record<string, string> =>
  parents.length === 0 ? { [HEADERS.ifNoneMatch]: '*' } : { [HEADERS.ifMatch]: `"${tagOf(parents)}"` };

const paramsOf = (action: Action): Readonly<Record<string, string>> => {
  switch (action.operation) {
    case 'placeOrder':
      return {};
    case 'getOrder':
    case 'payOrder':
    case 'shipOrder':
    case 'cancelOrder':
      return { id: action.order };
    case 'getStock':
      return { sku: action.sku };
    case 'receiveStock':
      return { sku: action.sku, region: action.region };
    case 'getRecord':
    case 'putRecord':
      return { id: action.record };
  }
};

const bodyOf = (action: Extract<Action, { key: string }>): object => {
  switch (action.operation) {
    case 'placeOrder':
      return { lines: action.lines, ...(action.note === undefined ? {} : { note: action.note }) };
    case 'payOrder':
      return { amount: action.amount };
    case 'receiveStock':
      return { quantity: action.quantity };
    case 'shipOrder':
    case 'cancelOrder':
      return {};
    case 'putRecord':
      return { value: editValue(action.key) };
  }
};

interface PlainAnswer {
  readonly region: string | null;
  readonly version: string | null;
  readonly status: number;
  readonly startMs: number;
  readonly body: object | undefined;
}

export const plainResult = (action: Action, { region, version, status, startMs, body }: PlainAnswer, expectation: Expectation): Result => {
  const done = status >= 200 && status < 300;
  const served = done ? body !== undefined : servedStatus(status);
  const wrong = served ? expectation({ region, status, body }) : null;
  return {
    outcome: served ? 'ok' : isWrite(action) && (status >= 500 || done) ? 'unknown' : 'failed',
    region,
    status,
    id: done ? idOf(action, body) : null,
    ...(done ? sawIn(action, body) : {}),
    missed: isMiss(action, status),
    attempts: 1,
    wrong,
    sent: [{ region, version, status, startMs, endMs: Date.now(), end: served ? 'answered' : 'failed', wrong }],
    detail: `status ${status}`,
  };
};

/** What it came to when nobody answered. `sentTo`: undefined when no request can have left. */
export const unanswered = (
  action: Action,
  code: string,
  sentTo: { readonly startMs: number; readonly region: string | null } | undefined,
): Result => ({
  outcome: sentTo !== undefined && isWrite(action) && code !== 'ECONNREFUSED' ? 'unknown' : 'failed',
  region: null,
  status: null,
  id: null,
  missed: false,
  attempts: sentTo === undefined ? 0 : 1,
  wrong: null,
  sent:
    sentTo === undefined
      ? []
      : [{ region: sentTo.region, version: null, status: null, startMs: sentTo.startMs, endMs: Date.now(), end: 'failed', wrong: null }],
  detail: code,
});
