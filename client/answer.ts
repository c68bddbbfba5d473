/** Reads what one attempt came to. Pure. */

import type { Problem } from '../functions/contract/answers.ts';
import type { ProblemName } from '../functions/contract/problems.ts';

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
  text(): Promise<string>;
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

/** @param body the whole text of the answer */
export const readAnswer = (answer: FetchAnswer, body: string, nowMs: number): Verdict => {
  const { status } = answer;
  const correlationId = answer.headers.get('tandem-correlation-id') ?? undefined;
  const stale = answer.headers.get('tandem-stale') === 'true';
  const retryAfterMs = readRetryAfter(answer.headers.get('retry-after'), nowMs);
  if (status >= 200 && status < 300) {
    // A 2xx whose body is no JSON came from something in between, or was cut: the API did not say that.
    if (parseObject(body) === undefined)
      return { kind: 'failed', sent: true, status, result: 'unreadable answer', retryAfterMs: undefined };
    return {
      kind: 'ok',
      status,
      body,
      replayed: answer.headers.get('idempotent-replayed') === 'true',
      tag: readTag(answer.headers.get('etag')),
      correlationId,
      token: answer.headers.get('tandem-token') ?? undefined,
      stale,
      durability: readDurability(answer.headers.get('tandem-durability')),
    };
  }
  if (status < 400 || status >= 500 || status === 408)
    return { kind: 'failed', sent: true, status, result: `status ${status}`, retryAfterMs };
  const problem = readProblem(status, body, correlationId);
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

/** Errors behind an error that are looked at. */
const DEPTH_MAX = 8;
/**
 * Calls of the system that come before a connection stands. Codes prove nothing: a connection that stood can end with
 * EHOSTUNREACH, too, and what was sent on it may have been executed.
 */
const BEFORE_SENDING: readonly unknown[] = ['connect', 'getaddrinfo'];
/** What `fetch` of Node says when it gave up connecting. */
const CONNECT_TIMEOUT = 'UND_ERR_CONNECT_TIMEOUT';

/** Whether no connection stood, so that the request cannot have been executed. Of several addresses: none of theirs. */
const isUnsent = (error: unknown, depth = 0): boolean => {
  if (!(error instanceof Error) || depth >= DEPTH_MAX) return false;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every((each) => isUnsent(each, depth + 1));
  if ('syscall' in error) return BEFORE_SENDING.includes(error.syscall);
  return ('code' in error && error.code === CONNECT_TIMEOUT) || isUnsent(error.cause, depth + 1);
};

/**
 * What went wrong first: its code, else its words. `fetch` says only that it failed, and a connection to a name of several
 * addresses only that there are several errors.
 */
export const causeOf = (error: unknown): string => {
  const chain: Error[] = [];
  let next = error;
  while (next instanceof Error && chain.length < DEPTH_MAX) {
    chain.push(next);
    next = next instanceof AggregateError && next.errors.length > 0 ? next.errors[0] : next.cause;
  }
  const codes = chain.flatMap((each) => ('code' in each && typeof each.code === 'string' ? [each.code] : []));
  return codes.at(-1) ?? chain.findLast((each) => each.message !== '')?.message ?? chain.at(-1)?.name ?? 'error';
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

/** The answer's problem; or, from something in between that knows no problem+json, one made of the status. */
const readProblem = (status: number, body: string, correlationId: string | undefined): Problem => {
  const given = parseObject(body);
  const text = (name: string): string | undefined => {
    const value = given?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const detail = text('detail');
  const region = text('region');
  return {
    ...given,
    type: text('type') ?? 'about:blank',
    title: text('title') ?? `status ${status}`,
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

const readDurability = (value: string | null): Durability | undefined => (value === 'replicated' || value === 'local' ? value : undefined);

/** Seconds, or a date; never longer than a minute is believed. */
const readRetryAfter = (value: string | null, nowMs: number): number | undefined => {
  if (value === null) return undefined;
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds, 0), RETRY_AFTER_MAX_MS) : undefined;
};
