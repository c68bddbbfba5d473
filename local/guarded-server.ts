/**
 * HTTP on loopback for those who know a secret, and 403 for everybody else: pages in browsers, names that were bound to this
 * address anew, other users of the machine. Whatever this project serves here, but for front doors and DNS, is served by this.
 * docs/decisions/0023-who-does-not-know-the-runs-secret-gets-403.md
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Until all headers are there, and until all of the request is, its body too. */
const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 30_000;
const CHECK_EVERY_MS = 1_000;
/** Of those that have not proved that they know the secret. The oldest goes for the newest: strangers keep out nobody. */
const STRANGERS_MAX = 500;
const KEEP_ALIVE_MS = 60_000;

/** Of who knows the secret. */
export interface Asked {
  readonly method: string;
  /** Of the path, decoded; without the secret. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The request is at fault. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface GuardedServerProps {
  readonly address: string;
  /** @default any free one */
  readonly port?: number;
  readonly secret: string;
  /** That carries the secret. @default none: it is the first segment of the path */
  readonly header?: string;
  readonly bodyBytesMax: number;
  /** Until all of a request is there. @default 30_000 */
  readonly requestMsMax?: number;
  readonly answer: (asked: Asked) => Promise<Reply> | Reply;
  /** What to say to who knows the secret when `answer` failed, or a {@link Refusal} of this server's own. */
  readonly failed: (error: unknown) => Reply;
}

export interface GuardedServer {
  /** With the secret, where the path carries it; without a slash at its end. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** @throws when the address or the port cannot be had */
export const startGuardedServer = async (props: GuardedServerProps): Promise<GuardedServer> => {
  const { requestMsMax = REQUEST_MS_MAX } = props;
  const limits = {
    headersTimeout: Math.min(HEADERS_MS_MAX, requestMsMax),
    requestTimeout: requestMsMax,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  };
  const strangers = new Set<Socket>();
  const take = (request: IncomingMessage, response: ServerResponse, waits = false): void => {
    const enter = (): void => {
      strangers.delete(request.socket);
      if (waits) response.writeContinue();
    };
    serve(request, props, enter).then(
      (reply) => send(request, response, reply),
      () => response.destroy(),
    );
  };
  const server = createServer({ ...limits, keepAliveTimeout: KEEP_ALIVE_MS, requireHostHeader: false }, (...both) => take(...both));
  // Node would answer these by itself, strangers too.
  server.on('checkContinue', (...both) => take(...both, true));
  server.on('checkExpectation', (...both) => take(...both));
  server.on('connection', (socket) => {
    strangers.add(socket);
    socket.once('close', () => strangers.delete(socket));
    const [oldest] = strangers;
    if (strangers.size > STRANGERS_MAX) oldest?.destroy();
  });
  server.listen({ host: props.address, port: props.port ?? 0 });
  await once(server, 'listening');
  const at = server.address();
  const port = at !== null && typeof at === 'object' ? at.port : 0;
  const origin = `http://${props.address}:${port}`;
  return {
    url: props.header === undefined ? `${origin}/${props.secret}` : origin,
    port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const FORBIDDEN: Reply = {
  status: 403,
  contentType: 'application/json',
  body: JSON.stringify({ error: 'this port belongs to the local system that opened it: docs/local-differences.md says who gets in' }),
};

/** @throws {Refusal} */
export const jsonOf = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
};

export const jsonReply = (status: number, body: unknown, contentType = 'application/json'): Reply => ({
  status,
  contentType,
  body: JSON.stringify(body) ?? '',
});

/** @param enter called for who knows the secret */
const serve = async (request: IncomingMessage, props: GuardedServerProps, enter: () => void): Promise<Reply> => {
  if (!isFromHere(request, props) || !hasSecret(request, props)) return FORBIDDEN;
  try {
    enter();
    return await props.answer(await read(request, props));
  } catch (error) {
    return props.failed(error);
  }
};

/** Neither a browser nor a proxy; what a browser would say if it were one cannot be left out by a page. */
const isFromHere = ({ method, url, headers, headersDistinct, socket }: IncomingMessage, { address }: GuardedServerProps): boolean =>
  headersDistinct['host']?.join() === `${address}:${socket.localPort}` &&
  url?.startsWith('/') === true &&
  method !== 'OPTIONS' &&
  headers.origin === undefined &&
  (headers['sec-fetch-site'] ?? 'none') === 'none';

const hasSecret = ({ url = '', headersDistinct }: IncomingMessage, { secret, header }: GuardedServerProps): boolean => {
  const given = header === undefined ? /^\/([^/?]*)/.exec(url)?.[1] : headersDistinct[header]?.join();
  return timingSafeEqual(digestOf(given ?? ''), digestOf(secret));
};

/** Of one length, whatever is given. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** @throws {Refusal} */
const read = async (request: IncomingMessage, { header, bodyBytesMax }: GuardedServerProps): Promise<Asked> => {
  const [path = '', ...query] = (request.url ?? '').split('?');
  const segments = path
    .split('/')
    .filter((part) => part !== '')
    .slice(header === undefined ? 1 : 0);
  return {
    method: request.method ?? 'GET',
    segments: segments.map(decoded),
    query: new URLSearchParams(query.join('?')),
    headers: request.headers,
    body: await bodyOf(request, bodyBytesMax),
  };
};

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal(400, `given ${JSON.stringify(segment)} in the path; allowed: percent-encoded UTF-8`);
  }
};

const bodyOf = async (request: IncomingMessage, bytesMax: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.byteLength;
    if (bytes > bytesMax) throw new Refusal(413, `given a body of more than ${bytesMax} bytes`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString();
};

const send = (request: IncomingMessage, response: ServerResponse, reply: Reply): void => {
  const { status, contentType, body } = reply;
  // What was not read of the request would be taken for the next one. A stranger's connection is not kept.
  if (!request.complete || reply === FORBIDDEN) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' });
  response.end(body);
};
