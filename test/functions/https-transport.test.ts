import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpsAddress, withHttps } from '../../functions/aws/https-transport.ts';
import { type Authority, makeAuthority } from '../../local/edge/certificates.ts';
import { freePort } from '../support/free-port.ts';

const NAME = 'api.example.test';
const GET = { method: 'GET', path: '/orders?limit=2', headers: { authorization: 'Bearer x' } } as const;

const DAY_MS = 86_400_000;
/** Of a system that was started long ago: what it certified then has ended. */
const old = makeAuthority('example.test', Date.now() - 60 * DAY_MS);
const authority = makeAuthority('example.test', Date.now());
let server: Server;
let port: number;
/** What the server does with a request. */
let serve: (request: IncomingMessage, response: ServerResponse) => void;
const sockets: TLSSocket[] = [];

beforeAll(async () => {
  server = createServer(serverOf(authority), (request, response) => serve(request, response));
  server.on('secureConnection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = portOf(server);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Asks for the name, and connects to the machine itself. */
const there = (changes: Partial<HttpsAddress> = {}): HttpsAddress => ({
  url: `https://${NAME}:${port}`,
  via: '127.0.0.1',
  ca: authority.certificate,
  requestMs: 2_000,
  ...changes,
});

describe('HTTPS', () => {
  it('sends what was asked under the name, not under what it connects to, and brings the whole answer', async () => {
    const seen: unknown[] = [];
    serve = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers.host, request.headers['x-a'], Buffer.concat(chunks).toString()]);
        response.writeHead(201, { 'Tandem-Region': 'a' }).write('{"a":');
        setTimeout(() => response.end('"é"}'), 20);
      });
    };
    const address = there({ url: `https://${NAME}:${port}/live/` });
    const answer = await withHttps(address, ({ send }) =>
      send({ method: 'POST', path: '/orders', headers: { 'x-a': '1' }, body: '{"é":1}' }),
    );
    expect(answer).toMatchObject({ status: 201, headers: { 'tandem-region': 'a' }, body: '{"a":"é"}' });
    expect(seen).toEqual([['POST', '/live/orders', `${NAME}:${port}`, '1', '{"é":1}']]);
    expect(sockets.at(-1)?.servername).toBe(NAME);
  });

  it('keeps to one connection while it is lent, and opens another the next time', async () => {
    serve = (_request, response) => response.end('{}');
    const before = sockets.length;
    await withHttps(there(), async ({ send }) => {
      for (let n = 0; n < 5; n += 1) await send(GET);
    });
    expect(sockets.length - before).toBe(1);
    await withHttps(there(), ({ send }) => send(GET));
    expect(sockets.length - before).toBe(2);
    await Promise.all(sockets.map((socket) => socket.destroyed || once(socket, 'close')));
  });

  it.each([
    ['another name than the certificate has', () => there({ url: `https://other.example.test:${port}` })],
    ['an authority that nobody trusts', () => there({ ca: undefined })],
  ])('refuses %s', async (_what, address) => {
    serve = (_request, response) => response.end('{}');
    await expect(withHttps(address(), ({ send }) => send(GET))).rejects.toMatchObject({ name: 'TransportError', kind: 'tls' });
  });

  it('refuses a certificate that has ended, and a server that does not speak TLS', async () => {
    const ended = createServer(serverOf(old), (_request, response) => response.end('{}'));
    await served(ended, async (at) => {
      const address = there({ url: `https://${NAME}:${at}`, ca: old.certificate });
      await expect(withHttps(address, ({ send }) => send(GET))).rejects.toMatchObject({
        kind: 'tls',
        message: expect.stringContaining('expired'),
      });
    });
    await served(
      createTcpServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      async (at) => expect(await kindAt(at)).toBe('tls'),
    );
  });

  it('waits for silence no longer than it must: before the handshake, before an answer, and in the middle of one', async () => {
    await served(createTcpServer(), async (at) => expect(await kindAt(at, 300)).toBe('timeout'));
    serve = () => undefined;
    expect(await kindAt(port, 300)).toBe('timeout');
    serve = (_request, response) => response.writeHead(200).write('{');
    expect(await kindAt(port, 300)).toBe('timeout');
  });

  it('tells a connection that is refused, or a name that is not there, from one that breaks', async () => {
    expect(await kindAt(await freePort())).toBe('unreachable');
    const nowhere = there({ via: `${'x'.repeat(64)}.invalid` });
    await expect(withHttps(nowhere, ({ send }) => send(GET))).rejects.toMatchObject({ kind: 'unreachable' });
    serve = (request) => request.socket.destroy();
    expect(await kindAt(port)).toBe('broken');
    serve = (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{');
      setTimeout(() => request.socket.destroy(), 20);
    };
    expect(await kindAt(port)).toBe('broken');
  });

  it('takes no answer that does not end', async () => {
    serve = (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    expect(await kindAt(port)).toBe('broken');
  });
});

const kindAt = (at: number, requestMs = 2_000): Promise<unknown> =>
  withHttps(there({ url: `https://${NAME}:${at}`, requestMs }), ({ send }) => send(GET)).then(
    () => 'answered',
    (error: { readonly kind?: unknown }) => error.kind,
  );

const serverOf = (by: Authority): { readonly cert: string; readonly key: string } => {
  const { certificate, key } = by.issue(NAME, [NAME]);
  return { cert: certificate, key };
};

/** Lends the port of a server, and ends it with its connections. */
const served = async (listener: ReturnType<typeof createTcpServer>, work: (port: number) => Promise<void>): Promise<void> => {
  const open = new Set<Socket>();
  listener.on('connection', (socket: Socket) => open.add(socket.on('error', () => undefined)));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  try {
    await work(portOf(listener));
  } finally {
    for (const socket of open) socket.destroy();
    listener.close();
  }
};

const portOf = (listener: { address(): string | AddressInfo | null }): number => {
  const at = listener.address();
  if (at === null || typeof at === 'string') throw new Error('no port was given');
  return at.port;
};
