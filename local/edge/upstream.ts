/** Passes one request on to a region's emulator and collects the answer, within the limits of API Gateway. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { errors, Pool } from 'undici';
import { HEADERS } from '../../functions/contract/names.ts';
import type { ProblemName } from '../../functions/contract/problems.ts';
import { SECRET_HEADER } from '../emulator-access.ts';
import { type Stage, Stages, type StagesProps } from './stages.ts';
import { Turns } from './turns.ts';

/** API Gateway's limit for integrations: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const TIMEOUT_MS = 29_000;
/** API Gateway's limit for payloads, the same page. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;
const CONNECT_MS = 2_000;
/**
 * Requests that the emulator works on at once, of both stages together; more wait. It starts a process for each function
 * call that finds no idle one, and some dozens of cold starts at once take all of a small machine for seconds.
 */
const CONNECTIONS_MAX = 8;
/** Shorter than the emulator's own patience (5 s), so that no request goes out on a connection that is about to close. */
const KEEP_ALIVE_MS = 2_000;

const FAILED: Readonly<Record<number, ProblemName>> = { 502: 'bad-gateway', 503: 'unavailable', 504: 'gateway-timeout' };

/** Headers of one connection, not of the message: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

export type Headers = Readonly<Record<string, string | string[]>>;

/** As it goes to the caller. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** With the number of the Lambda version behind it; null: no function was asked. */
export type Answer = { readonly version: string | null } & (
  | ({ readonly kind: 'answer' } & Reply)
  /** What the front door itself has to say. */
  | { readonly kind: 'problem'; readonly problem: ProblemName }
);

export interface UpstreamProps extends StagesProps {
  /** Of the emulator. */
  readonly endpoint: string;
  /** What opens it; undefined when it is somebody else's, who shall not learn it. */
  readonly secret?: string;
  /** From the request's arrival, waiting included. @default 29_000 */
  readonly timeoutMs?: number;
}

export class Upstream {
  readonly stages: Stages;
  readonly #pool: Pool;
  readonly #turns = new Turns(CONNECTIONS_MAX);
  readonly #timeoutMs: number;
  readonly #own: Readonly<Record<string, string>>;

  constructor(props: UpstreamProps) {
    this.stages = new Stages(props);
    this.#timeoutMs = props.timeoutMs ?? TIMEOUT_MS;
    this.#own = props.secret === undefined ? {} : { [SECRET_HEADER]: props.secret };
    this.#pool = new Pool(new URL(props.endpoint).origin, {
      connections: CONNECTIONS_MAX,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_MS },
    });
  }

  /** @param path with its query */
  async forward(request: IncomingMessage, path: string): Promise<Answer> {
    const body = await bodyOf(request);
    if (body === undefined) return { kind: 'problem', version: null, problem: 'too-large' };
    // A region that was frozen finds a backlog of requests whose callers left long ago: to work on them first would keep
    // it from everybody who waits.
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    request.socket.once('close', leave);
    if (request.socket.destroyed) leave();
    const signal = AbortSignal.any([AbortSignal.timeout(this.#timeoutMs), gone.signal]);
    let stage: Stage | undefined;
    try {
      return await this.#turns.take(signal, async () => {
        // Not before: what waits when a version is taken back must not reach it.
        stage = this.stages.choose();
        return this.#send(request, path, body, stage, signal);
      });
    } catch (error) {
      return { kind: 'problem', version: stage?.version ?? null, problem: isTimeout(error) ? 'gateway-timeout' : 'bad-gateway' };
    } finally {
      request.socket.off('close', leave);
    }
  }

  async #send(request: IncomingMessage, path: string, body: Buffer, stage: Stage, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#pool.request({
      method: request.method ?? 'GET',
      path: `${stage.path}${path}`,
      headers: this.#requestHeaders(request),
      body: body.byteLength === 0 ? null : body,
      signal,
    });
    const received = Buffer.from(await answer.body.arrayBuffer());
    const said = versionOf(answer.headers[HEADERS.version]);
    stage.version = said ?? stage.version;
    // Without a version it is API Gateway's own answer: a refusal before any function was asked, or the end of one that died.
    const version = said ?? (answer.statusCode >= 500 ? stage.version : null);
    // The emulator's own words about a function that answered with none: on AWS a gateway response has them.
    if (answer.statusCode >= 500 && answer.headers[HEADERS.region] === undefined)
      return { kind: 'problem', version, problem: FAILED[answer.statusCode] ?? 'internal' };
    return {
      kind: 'answer',
      version,
      status: answer.statusCode,
      headers: renamed(endToEnd(answer.headers, 'content-length')),
      body: received,
    };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #requestHeaders(request: IncomingMessage): Record<string, string | string[]> {
    const before = request.headers['x-forwarded-for'];
    return {
      // A header that was given twice goes on twice, as API Gateway tells its function: nothing is chosen here.
      ...endToEnd(request.headersDistinct, 'host', 'content-length', 'expect'),
      'x-forwarded-for': [before ?? [], request.socket.remoteAddress ?? []].flat().join(', '),
      'x-forwarded-port': String(request.socket.localPort),
      'x-forwarded-proto': request.socket instanceof TLSSocket ? 'https' : 'http',
      ...this.#own,
    };
  }
}

/** Without the headers of the connection, those that its Connection header names, and `others`. */
export const endToEnd = (
  headers: IncomingHttpHeaders | NodeJS.Dict<string[]>,
  ...others: readonly string[]
): Record<string, string | string[]> => {
  const named = [headers['connection'] ?? []].flat().flatMap((each) =>
    each
      .toLowerCase()
      .split(',')
      .map((token) => token.trim()),
  );
  const dropped = new Set([...HOP_BY_HOP, ...named, ...others]);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined || dropped.has(name) ? [] : [[name, value]])),
  );
};

/** As API Gateway does: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html */
const renamed = ({ 'www-authenticate': challenge, ...headers }: Headers): Headers =>
  challenge === undefined ? headers : { ...headers, [HEADERS.challenge]: challenge };

/** The number in `RELEASE+NUMBER`, as functions name themselves; a release may have a `+` of its own. */
const versionOf = (header: string | string[] | undefined): string | null => {
  const [named] = [header ?? []].flat();
  const plus = named?.lastIndexOf('+') ?? -1;
  return named === undefined || plus === -1 ? null : named.slice(plus + 1);
};

/** Undefined when it is larger than API Gateway takes. */
const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.byteLength;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
};

const isTimeout = (error: unknown): boolean =>
  error instanceof errors.HeadersTimeoutError ||
  error instanceof errors.BodyTimeoutError ||
  (error instanceof Error && error.name === 'TimeoutError');
