import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type GuardedServer, jsonOf, jsonReply, Refusal, startGuardedServer } from '../../local/guarded-server.ts';
import { attempt, BROKEN, STRANGERS } from '../support/strangers.ts';

const ADDRESS = '127.0.0.1';
const SECRET = 'a-secret-of-this-run';
const HEADER = 'tandem-test-secret';
/** More than a busy machine takes for what is there already. */
const REQUEST_MS_MAX = 10_000;
const SLOW_MS_MAX = 500;

/** All that comes back, until the other end closes. */
const allOf = async (port: number, text: string): Promise<string> => {
  const socket = connect({ host: ADDRESS, port });
  socket.write(text);
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  return said;
};

describe.each([
  ['whose path carries the secret', undefined],
  ['whose header carries the secret', HEADER],
] as const)('a server %s', (_, header) => {
  let server: GuardedServer | undefined;
  let answered = 0;
  const start = async (requestMsMax = REQUEST_MS_MAX): Promise<GuardedServer> => {
    answered = 0;
    server = await startGuardedServer({
      address: ADDRESS,
      secret: SECRET,
      ...(header && { header }),
      bodyBytesMax: 1_000,
      requestMsMax,
      answer: ({ method, segments, query, body }) => {
        answered += 1;
        return jsonReply(200, { method, segments, query: query.toString(), body: method === 'POST' ? jsonOf(body) : body });
      },
      failed: (error) => jsonReply(error instanceof Refusal ? error.status : 500, { error: String(error) }),
    });
    return server;
  };
  const ask = async (
    { url }: GuardedServer,
    path: string,
    init: RequestInit = {},
  ): Promise<{ readonly status: number; readonly body: unknown }> => {
    const answer = await fetch(`${url}${path}`, { ...init, headers: { ...(header && { [header]: SECRET }), ...init.headers } });
    return { status: answer.status, body: await answer.json() };
  };
  /** The start of a request of who knows the secret. */
  const head = ({ port }: GuardedServer, method: string, path: string, ...headers: readonly string[]): string =>
    `${[`${method} ${header ? path : `/${SECRET}${path}`} HTTP/1.1`, `host: ${ADDRESS}:${port}`, ...(header ? [`${header}: ${SECRET}`] : []), ...headers].join('\r\n')}\r\n\r\n`;

  afterEach(() => server?.close());

  it('answers who knows it, with path and query decoded', async () => {
    const body = { method: 'GET', segments: ['a b', 'c'], query: 'd=e', body: '' };
    expect(await ask(await start(), '/a%20b/c?d=e')).toEqual({ status: 200, body });
  });

  it.each(STRANGERS)('answers 403 to $title, and asks nobody', async ({ allowed, make }) => {
    const { port } = await start();
    expect(allowed).toContain(await attempt({ address: ADDRESS, port }, make(`${ADDRESS}:${port}`)));
    expect(answered).toBe(0);
  });

  it.each(['', 'b-secret-of-this-run', `${SECRET}x`, SECRET.slice(1), SECRET.toUpperCase()])(
    'answers 403 to who guesses %j',
    async (guess) => {
      const { port } = await start();
      const answer = await fetch(`http://${ADDRESS}:${port}/${header ? '' : guess}`, { headers: header ? { [header]: guess } : {} });
      expect(answer.status).toBe(403);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answered).toBe(0);
    },
  );

  it.each(['origin: https://evil.example', 'origin: null', 'sec-fetch-site: same-origin', 'host: evil.example'])(
    'answers 403 to who knows it and says %j',
    async (line) => {
      const running = await start();
      const outcome = await attempt({ address: ADDRESS, port: running.port }, { text: head(running, 'GET', '/', line) });
      expect(line.startsWith('host') ? [400, 403] : [403]).toContain(outcome);
      expect(answered).toBe(0);
    },
  );

  it.each(BROKEN)('outlives $title', async ({ allowed, make }) => {
    const running = await start();
    const { port } = running;
    expect(allowed).toContain(await attempt({ address: ADDRESS, port }, make(`${ADDRESS}:${port}`)));
    expect(await ask(running, '/after')).toMatchObject({ status: 200 });
  });

  it('asks no stranger for a body, and keeps no connection of one', async () => {
    const { port } = await start();
    const stranger = `POST / HTTP/1.1\r\nhost: ${ADDRESS}:${port}\r\n`;
    for (const rest of ['expect: 100-continue\r\ncontent-length: 2\r\n\r\n', 'content-length: 2\r\n\r\n{}'])
      expect(await allOf(port, stranger + rest)).toMatch(/^HTTP\/1\.1 403 .*\r\nconnection: close\r\n/is);
  });

  it('asks who knows it for the body, and takes any expectation', async () => {
    const running = await start();
    const said = (expectation: string) =>
      allOf(running.port, `${head(running, 'POST', '/', `expect: ${expectation}`, 'connection: close', 'content-length: 2')}{}`);
    expect(await said('100-continue')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(await said('nonsense')).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it('answers who knows it while strangers keep more connections than there may be', async () => {
    const running = await start();
    const sockets = Array.from({ length: 600 }, () => connect({ host: ADDRESS, port: running.port }).on('error', () => undefined));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))));
    expect(await ask(running, '/during')).toMatchObject({ status: 200 });
    for (const socket of sockets) socket.destroy();
  });

  it('tells who knows it what is wrong: text that is no JSON, a path that cannot be decoded, a body that is too large', async () => {
    const running = await start();
    expect(await ask(running, '/', { method: 'POST', body: '{"a":' })).toMatchObject({ status: 400 });
    expect(await ask(running, '/%E0%A4%A')).toMatchObject({ status: 400 });
    expect(await ask(running, '/', { method: 'POST', body: JSON.stringify('x'.repeat(1_000)) })).toMatchObject({ status: 413 });
  });

  it('outlives who knows it and hangs up within a body, and ends one that does not come', async () => {
    const running = await start(SLOW_MS_MAX);
    const place = { address: ADDRESS, port: running.port };
    const text = `${head(running, 'POST', '/', 'content-length: 100')}{`;
    expect(await attempt(place, { text, hangUp: true })).toBe('closed');
    expect([408, 'closed']).toContain(await attempt(place, { text }));
    expect(await ask(running, '/after')).toMatchObject({ status: 200 });
  });
});
