/**
 * One probe by one Route 53 checker: a connection of its own, three time limits, the status, and the text in the first
 * 5,120 bytes. It always settles within the sum of the limits, whatever the other side does.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
 *
 * Differences on a laptop: HTTPS checks are made over HTTP, because the front doors speak plain HTTP; and bodies are asked
 * for, and searched, without compression.
 */
import { type IncomingMessage, request } from 'node:http';
import { CHECKER_LIMIT_SECONDS } from '../../functions/contract/failover-time.ts';

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  /** Host header: the name that is checked. */
  readonly host: string;
  readonly path: string;
  /** Null: the status alone decides. */
  readonly searchText: string | null;
  /** Names the check in the User-Agent, as AWS does. */
  readonly reference: string;
}

/** Milliseconds, each from the end of the one before. */
export interface ProbeLimits {
  readonly connectMs: number;
  readonly statusMs: number;
  readonly bodyMs: number;
}

export const PROBE_LIMITS: ProbeLimits = {
  connectMs: CHECKER_LIMIT_SECONDS.connect * 1_000,
  statusMs: CHECKER_LIMIT_SECONDS.status * 1_000,
  bodyMs: CHECKER_LIMIT_SECONDS.body * 1_000,
};

type ProbeFailure =
  | 'name does not resolve'
  | 'no connection in time'
  | 'connection refused or reset'
  | 'no status in time'
  | 'no HTTP'
  | `status ${number}`
  | 'no body in time'
  | 'text not found'
  | 'stopped';
export type ProbeOutcome = { readonly passed: true } | { readonly passed: false; readonly reason: ProbeFailure };

/** The text must stand wholly within this many bytes of the body. */
const SEARCHED_BYTES = 5_120;

export const probe = (target: ProbeTarget, signal: AbortSignal, limits: ProbeLimits = PROBE_LIMITS): Promise<ProbeOutcome> =>
  new Promise((settle) => {
    if (signal.aborted) return settle(failed('stopped'));
    const outgoing = request({
      host: target.address,
      port: target.port,
      path: target.path,
      agent: false,
      setHost: false,
      headers: {
        host: target.host,
        'user-agent': `Amazon-Route53-Health-Check-Service (ref ${target.reference}; local stand-in)`,
        accept: '*/*',
        connection: 'close',
      },
    });
    let timer: NodeJS.Timeout | undefined;
    const finish = (outcome: ProbeOutcome): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      settle(outcome);
      outgoing.destroy();
    };
    const onAbort = (): void => finish(failed('stopped'));
    const limit = (ms: number, reason: ProbeFailure): void => {
      clearTimeout(timer);
      timer = setTimeout(() => finish(failed(reason)), ms);
    };
    signal.addEventListener('abort', onAbort);
    limit(limits.connectMs, 'no connection in time');
    outgoing.once('socket', (socket) => socket.once('connect', () => limit(limits.statusMs, 'no status in time')));
    outgoing.on('error', (error) => finish(failed(isParseError(error) ? 'no HTTP' : 'connection refused or reset')));
    // A switch of protocols ends the request without a response: it is no success either.
    outgoing.on('upgrade', (response: IncomingMessage) => finish(failed(`status ${response.statusCode ?? 0}`)));
    outgoing.once('response', (response) => {
      const status = response.statusCode ?? 0;
      if (status < 200 || status >= 400) return finish(failed(`status ${status}`));
      if (target.searchText === null) return finish({ passed: true });
      limit(limits.bodyMs, 'no body in time');
      search(response, Buffer.from(target.searchText), finish);
    });
    outgoing.end();
  });

const search = (response: IncomingMessage, text: Buffer, finish: (outcome: ProbeOutcome) => void): void => {
  let body = Buffer.alloc(0);
  response.on('data', (chunk: Buffer) => {
    body = Buffer.concat([body, chunk]).subarray(0, SEARCHED_BYTES);
    if (body.includes(text)) finish({ passed: true });
    else if (body.length >= SEARCHED_BYTES) finish(failed('text not found'));
  });
  response.on('end', () => finish(failed('text not found')));
  response.on('error', () => finish(failed('connection refused or reset')));
};

const failed = (reason: ProbeFailure): ProbeOutcome => ({ passed: false, reason });

const isParseError = (error: NodeJS.ErrnoException): boolean => error.code?.startsWith('HPE_') ?? false;
