/** A front door with a real server behind it, and callers. */
import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, request } from 'node:http';
import { type RequestOptions, request as requestTls } from 'node:https';
import { onTestFinished } from 'vitest';
import { makeAuthority } from '../../local/edge/certificates.ts';
import { FrontDoor, type FrontDoorProps } from '../../local/edge/front-door.ts';
import type { Served } from '../../local/region/protocol.ts';
import { startHttpServer, withBody } from '../support/http-server.ts';

export const NAME = 'a.api.tandem.test';
export const SHARED = 'api.tandem.test';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export const openDoor = async (listener: RequestListener, options: Partial<FrontDoorProps> = {}) => {
  const seen: Seen[] = [];
  const upstream = await startHttpServer(
    withBody((incoming, response, body) => {
      seen.push({ method: incoming.method, url: incoming.url, headers: incoming.headers, body });
      listener(incoming, response);
    }),
  );
  const authority = makeAuthority(SHARED, Date.now());
  const served: Served[] = [];
  const door = new FrontDoor({
    region: 'a',
    address: '127.0.0.1',
    port: 0,
    tlsPort: 0,
    names: [NAME, SHARED],
    credentials: authority.issue('a', [NAME, SHARED]),
    endpoint: upstream.url,
    stagePath: '/stage',
    candidateStagePath: '/candidate',
    onAnswer: (answer) => served.push(answer),
    ...options,
  });
  await door.open();
  onTestFinished(async () => {
    await door.close();
    await upstream.stop();
  });
  return { door, seen, served, ca: authority.certificate, closeUpstream: upstream.stop };
};

export const call = (door: FrontDoor, options: RequestOptions = {}, body?: string | Buffer) =>
  answerTo(request({ host: '127.0.0.1', port: door.port, ...options, headers: { host: NAME, ...options.headers } }), body);

/** Asks for `options.servername`, at the door's address. */
export const callTls = (door: FrontDoor, ca: string, options: RequestOptions = {}) => {
  const servername = options.servername ?? NAME;
  const headers = { host: servername, ...options.headers };
  return answerTo(requestTls({ host: '127.0.0.1', port: door.tlsPort, ca, ...options, servername, headers }));
};

const answerTo = async (outgoing: ReturnType<typeof request>, body?: string | Buffer) => {
  // A server that refuses a body may close before it has all of it.
  const answered = once(outgoing, 'response');
  outgoing.end(body);
  const [response]: IncomingMessage[] = await answered;
  if (response === undefined) throw new Error('no answer');
  outgoing.on('error', () => undefined);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  const isProblem = response.headers['content-type'] === 'application/problem+json';
  return {
    status: response.statusCode,
    headers: response.headers,
    body: bytes,
    text: bytes.toString(),
    problem: isProblem ? JSON.parse(bytes.toString()).type : undefined,
  };
};
