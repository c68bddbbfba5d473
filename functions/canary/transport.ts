/**
 * How a journey reaches an API: a port. Adapters are HTTPS and Lambda's Invoke (`functions/aws`); tests have scripts.
 * A transport keeps to one connection, so that a journey stays in the region in which it began.
 */
import type { Clock } from '../core/store.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  /** With its query, percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Megabytes in use by what answered, where that is told. */
  readonly memoryMb?: number;
}

/**
 * - `unreachable`: no connection, or nobody by that name: the request was not sent.
 * - `timeout`: no whole answer in time.
 * - `tls`: the certificate is not one for this name, or is not trusted, or has ended.
 * - `broken`: the connection ended before the answer did, or what came is no answer.
 * - `crash`: the function ended with an error instead of an answer, at its start or later.
 */
export type TransportFailure = 'unreachable' | 'timeout' | 'tls' | 'broken' | 'crash';

export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly kind: TransportFailure;

  constructor(kind: TransportFailure, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.kind = kind;
  }
}

export interface Transport {
  /** @throws {TransportError} when no answer comes back; always within a bound of the transport's own */
  send(request: Request): Promise<Answer>;
}

/** A clock that can be waited for. */
export interface PatientClock extends Clock {
  sleep(ms: number): Promise<void>;
}
