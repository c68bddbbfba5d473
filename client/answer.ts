/** Reads what one attempt came to. Pure. */

import type { Problem } from '../functions/contract/answers.ts';
import type { ProblemName } from '../functions/contract/problems.ts';
import { causeOf, isUnsent } from './errors.ts';
import { canonical } from './json.ts';
import { type ClientRoute, isProblemOf, SUCCESSES } from './routes.ts';
import { fits } from './shapes.ts';

export type Verdict =
  | {
      readonly kind: 'ok';
      readonly status: number;
      readonly body: string;
      readonly replayed: boolean;
      readonly tag: string | undefined;
      readonly correlationId: string | undefined;
      /** Names what the answer rests on; undefined for reads. */
      readonly token: string | undefined;
      readonly stale: boolean;
      readonly aloneSeconds: number | undefined;
      readonly durability: Durability | undefined;
    }
  /** A definite no, without any effect. `scope`: whom else it is worth asking. */
  | { readonly kind: 'refused'; readonly scope: RefusalScope; readonly problem: Problem; readonly stale: boolean }
  /** No definite answer. Not `sent`: no byte of the request can have left. */
  | {
      readonly kind: 'failed';
      readonly sent: boolean;
      readonly status: number | undefined;
      readonly result: string;
      readonly retryAfterMs: number | undefined;
    };

/** `local`: no other region was seen to hold it in time. */
export type Durability = 'replicated' | 'local';

export type RefusalScope =
  /** Every region would say the same. */
  | { readonly kind: 'final' }
  /** An answer about this region: another may hold the stock, or the order that has not arrived here yet. */
  | { readonly kind: 'here' }
  /** That region must be asked; undefined: one of the others, its name is not known. */
  | { readonly kind: 'region'; readonly region: string | undefined }
  /** Not now. */
  | { readonly kind: 'later'; readonly retryAfterMs: number | undefined };

/** The part of a `fetch` answer that the client reads. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** Read piece by piece, so that it can be bounded; absent: `text` is. */
  readonly body?: ReadableStream<Uint8Array> | null;
  text(): Promise<string>;
}

/** What was asked: whose answer counts as one. */
export interface Asked {
  readonly region: string;
  readonly route: ClientRoute;
  /** A write that is done in that region alone may be told by 202. */
  readonly replicated: boolean;
  /** Fields of the answer that repeat what was asked. */
  readonly echo: Readonly<Record<string, unknown>>;
}

/**
 * A region's refusal of an edit because it has not heard of what that was made from: the caller has it from another. It is
 * no news to the caller, who would read something older there, so it is worth the risk of an answer that never comes. The
 * other 412, `precondition-failed`, is final: that region knows that the record has moved on, and one that would take the
 * edit all the same has merely not heard of it, and would make a conflict of what was refused in time.
 */
const UNHEARD = 'unknown-version' satisfies ProblemName;
/** A region's refusal that names another one, which holds what it takes. */
const ELSEWHERE = 'wrong-region' satisfies ProblemName;
/** Refusals of a region that holds too little, or has not heard yet. */
const HERE = ['out-of-stock', 'not-found'] as const satisfies readonly ProblemName[];
const RETRY_AFTER_MAX_MS = 60_000;
/** To a write that is done here, and was to be done in another region as well. */
const NOT_YET = 202;
/** Characters of a stranger's words that are told. */
const SHOWN_MAX = 40;

/**
 * An answer that this API's region did not give to this request is none: something in between (a captive portal, a gateway
 * whose domain is gone, a cache) knows nothing of the operation, neither that it was done nor that it was not.
 *
 * @param body the whole text of the answer
 */
export const readAnswer = (answer: FetchAnswer, body: string, asked: Asked): Verdict => {
  const { status, headers } = answer;
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), headers.get('date'));
  const failed = (result: string): Verdict => ({ kind: 'failed', sent: true, status, result, retryAfterMs });
  if (status >= 500 || status === 408) return failed(`status ${status}`);
  const region = headers.get('tandem-region');
  if (region !== asked.region)
    return failed(`status ${status} of ${region === null ? 'something that is no region' : region.slice(0, SHOWN_MAX)}`);
  const value = parseObject(body);
  const stale = headers.get('tandem-stale') === 'true';
  const correlationId = headers.get('tandem-correlation-id') ?? undefined;
  if (isSuccess(status, asked)) {
    if (!value || !fits(asked.route, value)) return failed(`status ${status} with a body that is no answer to ${asked.route}`);
    const other = Object.keys(asked.echo).find((name) => comparable(value[name]) !== comparable(asked.echo[name]));
    if (other !== undefined) return failed(`status ${status} about another ${other}`);
    return {
      kind: 'ok',
      status,
      body,
      replayed: headers.get('idempotent-replayed') === 'true',
      tag: readTag(headers.get('etag')),
      correlationId,
      token: headers.get('tandem-token') ?? undefined,
      stale,
      aloneSeconds: readSeconds(headers.get('tandem-alone')),
      durability: readDurability(headers.get('tandem-durability')),
    };
  }
  const problem = value && readProblem(value, status, correlationId);
  if (!problem || !isProblemOf(asked.route, problemName(problem), status))
    return failed(`status ${status}, which is no refusal of ${asked.route}`);
  return { kind: 'refused', problem, scope: scopeOf(problem, retryAfterMs), stale };
};

/** @param error what `fetch` threw */
export const readError = (error: unknown): Verdict => ({
  kind: 'failed',
  sent: !isUnsent(error),
  status: undefined,
  result: causeOf(error),
  retryAfterMs: undefined,
});

/** Name of a problem: the end of its `type`. */
export const problemName = (problem: Problem): string => problem.type.split('/').at(-1) ?? problem.type;

/** Lines by the units of their skus: answers merge equal ones. */
const comparable = (value: unknown): string => {
  if (!Array.isArray(value)) return canonical(value);
  const units = new Map<unknown, number>();
  for (const { sku, quantity } of value) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return canonical([...units].map(([sku, sum]) => canonical([sku, sum])).sort());
};

const isSuccess = (status: number, { route, replicated }: Asked): boolean => {
  const successes: readonly number[] = SUCCESSES[route];
  return successes.includes(status) || (replicated && status === NOT_YET);
};

const scopeOf = (problem: Problem, retryAfterMs: number | undefined): RefusalScope => {
  if (problem.status === 429) return { kind: 'later', retryAfterMs };
  const name = problemName(problem);
  if (name === ELSEWHERE && problem.region !== undefined) return { kind: 'region', region: problem.region };
  if (name === UNHEARD) return { kind: 'region', region: undefined };
  return HERE.some((each) => each === name) ? { kind: 'here' } : { kind: 'final' };
};

/** Without its quotation marks, and strong: what compresses answers on the way weakens their tags. */
const readTag = (value: string | null): string | undefined => /^(?:W\/)?"(.*)"$/.exec(value ?? '')?.[1];

/** A problem as this API writes it (RFC 9457); undefined: it did not. */
const readProblem = (given: Readonly<Record<string, unknown>>, status: number, correlationId: string | undefined): Problem | undefined => {
  const text = (name: string): string | undefined => {
    const value = given[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [type, title, detail, region] = [text('type'), text('title'), text('detail'), text('region')];
  if (type === undefined || !/^\/problems\/[a-z0-9-]+$/.test(type) || title === undefined || given['status'] !== status) return undefined;
  return {
    ...given,
    type,
    title,
    status,
    correlationId: text('correlationId') ?? correlationId ?? '',
    ...(detail === undefined ? {} : { detail }),
    ...(region === undefined ? {} : { region }),
  };
};

const parseObject = (body: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};

const readSeconds = (value: string | null): number | undefined => (value !== null && /^\d{1,10}$/.test(value) ? Number(value) : undefined);

const readDurability = (value: string | null): Durability | undefined => (value === 'replicated' || value === 'local' ? value : undefined);

/**
 * Seconds, or a date as the answer's own clock has it: this machine's may be wrong. Never longer than a minute is believed.
 */
const readRetryAfter = (value: string | null, date: string | null): number | undefined => {
  if (value === null) return undefined;
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - Date.parse(date ?? '');
  return Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds, 0), RETRY_AFTER_MAX_MS) : undefined;
};
