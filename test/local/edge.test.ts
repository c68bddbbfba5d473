import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FrontDoor } from '../../local/edge/front-door.ts';
import { endToEnd } from '../../local/edge/upstream.ts';
import { freePort } from '../support/free-port.ts';
import { call, NAME, openDoor } from './front-door.ts';

/** Long enough to be sure that nothing comes, short enough to wait for. */
const SILENCE_MS = 300;

describe('a front door passes on', () => {
  test('method, path, query, body and headers, and tells where the call came from', async () => {
    const { door, seen } = await openDoor((_, response) => response.end('{}'));

    await call(
      door,
      { method: 'POST', path: '/orders/a%20b?x=1&x=2', headers: { 'idempotency-key': 'k', 'x-forwarded-for': '203.0.113.9' } },
      'body',
    );

    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/stage/orders/a%20b?x=1&x=2', body: 'body' });
    expect(seen[0]?.headers).toMatchObject({
      'idempotency-key': 'k',
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
    });
  });

  test('the answer as it is: status, repeated headers, bytes', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    const { door } = await openDoor((_, response) =>
      response.writeHead(422, { 'set-cookie': ['a=1', 'b=2'], 'content-type': 'x/y' }).end(bytes),
    );

    const answer = await call(door);

    expect(answer).toMatchObject({ status: 422, body: bytes });
    expect(answer.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'content-type': 'x/y', 'content-length': '5' });
  });

  test("a function's challenge by the name that API Gateway gives it", async () => {
    const { door } = await openDoor((_, response) => response.writeHead(401, { 'www-authenticate': 'Bearer realm="x"' }).end());

    const { headers } = await call(door);

    expect(headers).toMatchObject({ 'x-amzn-remapped-www-authenticate': 'Bearer realm="x"' });
    expect(headers).not.toHaveProperty('www-authenticate');
  });

  test('no header that belongs to one connection only, in either direction', async () => {
    const { door, seen } = await openDoor((_, response) =>
      response.writeHead(200, { connection: 'x-secret', 'x-secret': '1', 'x-kept': '2' }).end(),
    );

    const answer = await call(door, { headers: { connection: 'keep-alive, x-hop', 'x-hop': '1', te: 'trailers', 'x-kept': '2' } });

    expect(Object.keys(seen[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(['x-hop']));
    expect(seen[0]?.headers).toMatchObject({ 'x-kept': '2' });
    expect(seen[0]?.headers).not.toHaveProperty('te');
    expect(answer.headers).not.toHaveProperty('x-secret');
    expect(answer.headers).toMatchObject({ 'x-kept': '2' });
  });

  test('names are compared without case, port and final point', async () => {
    const { door } = await openDoor((_, response) => response.end());

    for (const host of [NAME.toUpperCase(), `${NAME}:8080`, `${NAME}.`]) expect((await call(door, { headers: { host } })).status).toBe(200);
  });

  test('conditional requests and their answers: a precondition in, an ETag out, and no body with 304', async () => {
    const { door, seen } = await openDoor((incoming, response) =>
      response.writeHead(incoming.method === 'PUT' ? 201 : 304, { etag: '"v1.v2"' }).end(),
    );

    const edited = await call(door, { method: 'PUT', path: '/records/r', headers: { 'if-match': '"v0"' } }, '{}');
    const read = await call(door, { path: '/records/r', headers: { 'if-none-match': 'W/"v1.v2", "v0"' } });

    expect(seen).toMatchObject([
      { method: 'PUT', url: '/stage/records/r', headers: { 'if-match': '"v0"' }, body: '{}' },
      { method: 'GET', headers: { 'if-none-match': 'W/"v1.v2", "v0"' } },
    ]);
    expect([edited, read]).toMatchObject([
      { status: 201, headers: { etag: '"v1.v2"' } },
      { status: 304, headers: { etag: '"v1.v2"' }, text: '' },
    ]);
    expect(read.headers).not.toHaveProperty('content-length');
  });

  test('an answer to HEAD has no body', async () => {
    const { door } = await openDoor((_, response) => response.end('never sent'));

    expect(await call(door, { method: 'HEAD' })).toMatchObject({ status: 200, body: Buffer.alloc(0) });
  });
});

describe('a front door answers itself', () => {
  test('403 like API Gateway to a name that is no custom domain of the region', async () => {
    const { door, seen } = await openDoor((_, response) => response.end());

    const answer = await call(door, { headers: { host: 'b.api.tandem.test' } });

    expect(answer).toMatchObject({ status: 403, text: '{"message":"Forbidden"}' });
    expect(seen).toEqual([]);
  });

  test('502 when nobody answers behind it', async () => {
    const { door } = await openDoor((_, response) => response.destroy());

    expect(await call(door)).toMatchObject({ status: 502, problem: '/problems/bad-gateway' });
  });

  test('502 when nobody listens behind it', async () => {
    const { door, closeUpstream } = await openDoor((_, response) => response.end());
    await closeUpstream();

    expect(await call(door)).toMatchObject({ status: 502, problem: '/problems/bad-gateway' });
  });

  test('504 when the answer takes too long', async () => {
    const { door } = await openDoor(() => undefined, { timeoutMs: 100 });

    expect(await call(door)).toMatchObject({ status: 504, problem: '/problems/gateway-timeout' });
  });

  test.each([
    [[], undefined],
    [['https://app.example.com'], 'https://app.example.com'],
    [['https://app.example.com', 'http://localhost:3000'], '*'],
  ])('what nobody keeps, and pages of %j may read', async (origins, allowed) => {
    const { door } = await openDoor((_, response) => response.destroy(), { origins });

    const { headers } = await call(door);

    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(headers['access-control-allow-origin']).toBe(allowed);
  });

  test('413 to more than API Gateway takes, and the connection is not used again', async () => {
    const { door, seen } = await openDoor((_, response) => response.end());

    const answer = await call(door, { method: 'POST' }, Buffer.alloc(10 * 1024 * 1024 + 1));

    expect(answer).toMatchObject({ status: 413, problem: '/problems/too-large' });
    expect(answer.headers).toMatchObject({ connection: 'close' });
    expect(seen).toEqual([]);
  });

  test('400 to what is not HTTP', async () => {
    const { door } = await openDoor((_, response) => response.end());
    const socket = await connectTo(door);

    socket.write('nonsense\r\n\r\n');

    const [bytes] = await once(socket, 'data');
    expect(String(bytes)).toContain('400 Bad Request');
  });
});

describe('faults', () => {
  test('refuse: new connections are refused and open ones are reset', async () => {
    const { door } = await openDoor((_, response) => response.end());
    const kept = await connectTo(door);
    const port = door.port;
    const reset = isReset(kept);

    await door.set({ kind: 'refuse' });

    expect(await reset).toBe(true);
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  test('refuse, then none: the same port serves again', async () => {
    const port = await freePort();
    const { door } = await openDoor((_, response) => response.end(), { port });
    await door.set({ kind: 'refuse' });

    await door.set({ kind: 'none' });

    expect(door.port).toBe(port);
    expect((await call(door)).status).toBe(200);
  });

  test('black hole: connections open, and are never answered', async () => {
    const { door, seen } = await openDoor((_, response) => response.end());
    await door.set({ kind: 'blackhole' });

    expect(await silent(await connectTo(door))).toBe(true);
    expect(seen).toEqual([]);
  });

  test('black hole: a connection that was kept alive is swallowed as well', async () => {
    const { door, seen } = await openDoor((_, response) => response.end());
    const kept = await connectTo(door);
    kept.write(REQUEST);
    await once(kept, 'data');

    await door.set({ kind: 'blackhole' });

    expect(await silent(kept)).toBe(true);
    expect(seen).toHaveLength(1);
  });

  test('black hole: what was under way is carried out and not acknowledged', async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { door, seen } = await openDoor((_, response) => {
      arrived.resolve();
      void answer.promise.then(() => response.end());
    });
    const socket = await connectTo(door);
    socket.write(REQUEST);
    await arrived.promise;

    await door.set({ kind: 'blackhole' });
    answer.resolve();

    expect(await isQuiet(socket)).toBe(true);
    expect(seen).toHaveLength(1);
  });

  test.each([
    ['nonsense', 'nonsense\r\n\r\n'],
    ['a request without a host', 'GET / HTTP/1.1\r\n\r\n'],
    ['who wants to be asked for the body', `POST / HTTP/1.1\r\nhost: ${NAME}\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`],
    ['an expectation', `POST / HTTP/1.1\r\nhost: ${NAME}\r\nexpect: x\r\ncontent-length: 2\r\n\r\n{}`],
    ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('black hole: does not answer %s either', async (_, bytes) => {
    const { door } = await openDoor((__, response) => response.end());
    await door.set({ kind: 'blackhole' });
    const socket = await connectTo(door);

    socket.write(bytes);

    expect(await isQuiet(socket)).toBe(true);
  });

  test('black hole, then none: what was swallowed stays lost, new calls are served', async () => {
    const { door, seen } = await openDoor((_, response) => response.end());
    await door.set({ kind: 'blackhole' });
    const swallowed = await connectTo(door);
    swallowed.write(REQUEST);
    await sleep(SILENCE_MS);
    const reset = isReset(swallowed);

    await door.set({ kind: 'none' });

    expect(await reset).toBe(true);
    expect((await call(door)).status).toBe(200);
    expect(seen).toHaveLength(1);
  });

  test('slow: the call is carried out at once and answered late', async () => {
    let carriedOutMs = Number.POSITIVE_INFINITY;
    const { door } = await openDoor((_, response) => {
      carriedOutMs = performance.now();
      response.end();
    });
    await door.set({ kind: 'slow', delayMs: 400 });

    expect((await call(door)).status).toBe(200);

    expect(performance.now() - carriedOutMs).toBeGreaterThan(390);
  });

  test.each([
    [500, 'internal'],
    [502, 'bad-gateway'],
    [503, 'unavailable'],
    [504, 'gateway-timeout'],
  ] as const)('error %i: answered at once, also on a kept connection, and nothing gets through', async (status, problem) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => {
      agent.destroy();
    });
    const { door, seen } = await openDoor((_, response) => response.end());
    expect((await call(door, { agent })).status).toBe(200);

    await door.set({ kind: 'error', status });

    expect(await call(door, { agent })).toMatchObject({ status, problem: `/problems/${problem}` });
    expect(seen).toHaveLength(1);
  });
});

test('headers that Connection names are dropped whatever their case', () => {
  expect(endToEnd({ connection: 'Close, X-Trace', 'x-trace': '1', accept: '*/*' })).toEqual({ accept: '*/*' });
});

const REQUEST = `GET / HTTP/1.1\r\nhost: ${NAME}\r\n\r\n`;

const connectTo = async (door: FrontDoor): Promise<Socket> => {
  const socket = connect(door.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
};

/** Waits for the end of a connection; true when it was not an orderly one. */
const isReset = (socket: Socket): Promise<boolean> => new Promise((resolve) => socket.once('close', resolve));

/** Sends a call; true when neither an answer nor an end comes. */
const silent = async (socket: Socket): Promise<boolean> => {
  socket.write(REQUEST);
  return isQuiet(socket);
};

const isQuiet = async (socket: Socket): Promise<boolean> => {
  const heard = Promise.race(['data', 'end', 'close'].map((event) => once(socket, event)));
  return Promise.race([heard.then(() => false), sleep(SILENCE_MS).then(() => true)]);
};
