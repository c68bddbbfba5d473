/** What a front door answers by itself. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { gatewayHeaders } from '../../functions/contract/cross-origin.ts';
import { HEADERS, SAFE_HEADERS } from '../../functions/contract/names.ts';
import { PROBLEMS, type ProblemName } from '../../functions/contract/problems.ts';
import type { EdgeFault } from '../control/api.ts';
import type { Refused } from './target.ts';
import type { Answer, Reply } from './upstream.ts';

/** Seconds that callers are asked to wait, for refusals that pass. */
const RETRY_AFTER_SECONDS = 1;

const FAULT_PROBLEMS = { 500: 'internal', 502: 'bad-gateway', 503: 'unavailable', 504: 'gateway-timeout' } as const satisfies Record<
  number,
  ProblemName
>;

/** API Gateway's answer to a Host that is no custom domain of the region. */
export const FORBIDDEN: Answer = {
  kind: 'answer',
  version: null,
  status: 403,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ForbiddenException' },
  body: Buffer.from('{"message":"Forbidden"}'),
};

/** To `OPTIONS *`. */
export const SERVER_ANSWER: Answer = { kind: 'answer', version: null, status: 204, headers: SAFE_HEADERS, body: Buffer.alloc(0) };

/** To a request that is none, or that can be understood in two ways. Nothing more is read from its connection. */
export const refusalAnswer = ({ status, reason }: Refused): Answer => ({
  kind: 'answer',
  version: null,
  status,
  headers: { ...SAFE_HEADERS, 'content-type': 'application/json', connection: 'close' },
  body: Buffer.from(JSON.stringify({ message: `${STATUS_CODES[status]}: ${reason}` })),
});

/** The same where the parser found it, and there is no request: as bytes. */
export const refusalBytes = (status: 400 | 408 | 431): string =>
  [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...SAFE_LINES, 'connection: close', 'content-length: 0', '', ''].join('\r\n');

const SAFE_LINES = Object.entries(SAFE_HEADERS).map(([name, value]) => `${name}: ${value}`);

export const faultAnswer = ({ status }: Extract<EdgeFault, { readonly kind: 'error' }>): Answer => ({
  kind: 'problem',
  version: null,
  problem: FAULT_PROBLEMS[status],
});

/** What the stack's gateway responses make of API Gateway's own errors. */
export const problemReply = (name: ProblemName, region: string, origins: readonly string[]): Reply => {
  const { status, title } = PROBLEMS[name];
  const correlationId = randomUUID();
  return {
    status,
    headers: {
      ...gatewayHeaders(origins),
      'content-type': 'application/problem+json',
      [HEADERS.region]: region,
      [HEADERS.correlationId]: correlationId,
      ...(status > 500 ? { [HEADERS.retryAfter]: String(RETRY_AFTER_SECONDS) } : {}),
    },
    body: Buffer.from(JSON.stringify({ type: `/problems/${name}`, title, status, correlationId })),
  };
};
