/** What a front door makes of requests that two readers could understand in two ways: RFC 9112, 3.2, 3.2.2 and 6.1. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FrontDoor } from '../../local/edge/front-door.ts';
import { NAME, openDoor, SHARED } from './front-door.ts';

const STRANGER = 'example.com';
const HOST = `host: ${NAME}\r\n`;

/** Whether the door was passed, and by which path. */
const passedBy = async (door: FrontDoor, bytes: string): Promise<string> => {
  const socket = connect(door.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  return answerOn(socket, bytes);
};

const answerOn = async (socket: Socket, bytes: string): Promise<string> => {
  socket.on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(Buffer.from(bytes, 'latin1'));
  // The door ends the connection, or is asked to.
  await once(socket, 'end');
  return Buffer.concat(chunks).toString('latin1');
};

const statuses = (answers: string): readonly number[] => [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

describe('the host of a request', () => {
  test.each([
    ['Host', `GET /x HTTP/1.1\r\n${HOST}`, 200, '/stage/x'],
    ['Host with a port', `GET /x HTTP/1.1\r\nhost: ${NAME}:8080\r\n`, 200, '/stage/x'],
    ['Host with an empty port', `GET /x HTTP/1.1\r\nhost: ${NAME}:\r\n`, 200, '/stage/x'],
    ['Host in upper case, with a final dot', `GET /x HTTP/1.1\r\nhost: ${NAME.toUpperCase()}.\r\n`, 200, '/stage/x'],
    ['Host of a stranger', `GET /x HTTP/1.1\r\nhost: ${STRANGER}\r\n`, 403, undefined],
    ['Host that only begins as ours', `GET /x HTTP/1.1\r\nhost: ${NAME}.${STRANGER}\r\n`, 403, undefined],
    ['Host of an address', 'GET /x HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n', 403, undefined],
    ['Host of an address of IPv6', 'GET /x HTTP/1.1\r\nhost: [::1]:8080\r\n', 403, undefined],
    ['an old client that names none', 'GET /x HTTP/1.0\r\n', 403, undefined],
    ['an old client that names it', `GET /x HTTP/1.0\r\n${HOST}`, 200, '/stage/x'],
    ['the target, not a stranger in Host', `GET http://${NAME}/x?y=1 HTTP/1.1\r\nhost: ${STRANGER}\r\n`, 200, '/stage/x?y=1'],
    ['the target of a stranger, not Host', `GET http://${STRANGER}/x HTTP/1.1\r\n${HOST}`, 403, undefined],
    ['the target, which Host repeats', `GET http://${NAME}/x HTTP/1.1\r\n${HOST}`, 200, '/stage/x'],
    ['the target with a port', `GET http://${NAME}:80/x HTTP/1.1\r\n${HOST}`, 200, '/stage/x'],
    ['the target in upper case', `GET HTTP://${NAME.toUpperCase()}/X HTTP/1.1\r\n${HOST}`, 200, '/stage/X'],
    ['the target without a path', `GET http://${NAME} HTTP/1.1\r\n${HOST}`, 200, '/stage/'],
    ['the target with a query and no path', `GET http://${NAME}?x=1 HTTP/1.1\r\n${HOST}`, 200, '/stage/?x=1'],
    [
      'the target, whose path is passed on as it is',
      `GET http://${NAME}/a/../b%20c?d//%2F HTTP/1.1\r\n${HOST}`,
      200,
      '/stage/a/../b%20c?d//%2F',
    ],
    ['the target, with an empty Host', `GET http://${NAME}/x HTTP/1.1\r\nhost:\r\n`, 200, '/stage/x'],
    ['Host, where a path looks like another: such a path is none', `GET //${STRANGER}/x HTTP/1.1\r\n${HOST}`, 404, undefined],
    ['Host, where a query holds another', `GET /x?u=http://${STRANGER}/ HTTP/1.1\r\n${HOST}`, 200, `/stage/x?u=http://${STRANGER}/`],
  ])('is that of %s', async (_, head, status, path) => {
    const { door, seen } = await openDoor((_request, response) => response.end());

    expect(statuses(await passedBy(door, `${head}connection: close\r\n\r\n`))).toEqual([status]);
    expect(seen.map(({ url }) => url)).toEqual(path === undefined ? [] : [path]);
  });
});

describe('a request is refused with 400, nothing of it goes on, and its connection ends', () => {
  const chunked = 'transfer-encoding: chunked\r\n';
  const body = '0\r\n\r\n';
  test.each([
    ['without Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['with an empty Host', 'GET / HTTP/1.1\r\nhost:\r\n\r\n'],
    ['with two Hosts', `GET / HTTP/1.1\r\n${HOST}host: ${STRANGER}\r\n\r\n`],
    ['with two Hosts that are the same', `GET / HTTP/1.1\r\n${HOST}Host: ${NAME}\r\n\r\n`],
    ['with two Hosts and a target that names one', `GET http://${NAME}/ HTTP/1.1\r\n${HOST}host: ${STRANGER}\r\n\r\n`],
    ['with a target that names the host, and no Host', `GET http://${NAME}/ HTTP/1.1\r\n\r\n`],
    ['with a Host of two names', `GET / HTTP/1.1\r\nhost: ${NAME}, ${STRANGER}\r\n\r\n`],
    ['with a Host of two names without a blank', `GET / HTTP/1.1\r\nhost: ${NAME},${STRANGER}\r\n\r\n`],
    ['with a Host of two words', `GET / HTTP/1.1\r\nhost: ${NAME} ${STRANGER}\r\n\r\n`],
    ['with a user in Host', `GET / HTTP/1.1\r\nhost: user@${NAME}\r\n\r\n`],
    ['with a path in Host', `GET / HTTP/1.1\r\nhost: ${NAME}/x\r\n\r\n`],
    ['with a scheme in Host', `GET / HTTP/1.1\r\nhost: http://${NAME}\r\n\r\n`],
    ['with two ports', `GET / HTTP/1.1\r\nhost: ${NAME}:80:81\r\n\r\n`],
    ['with a port that is no number', `GET / HTTP/1.1\r\nhost: ${NAME}:http\r\n\r\n`],
    ['with a port that is none', `GET / HTTP/1.1\r\nhost: ${NAME}:65536\r\n\r\n`],
    ['with a user in the target', `GET http://user@${NAME}/ HTTP/1.1\r\n${HOST}\r\n`],
    ['with a user and a password in the target', `GET http://${STRANGER}:80@${NAME}/ HTTP/1.1\r\n${HOST}\r\n`],
    ['with a target without a host', `GET http:///x HTTP/1.1\r\n${HOST}\r\n`],
    ['with a target of another scheme', `GET ftp://${NAME}/x HTTP/1.1\r\n${HOST}\r\n`],
    ['with a target of https, without TLS', `GET https://${NAME}/x HTTP/1.1\r\n${HOST}\r\n`],
    ['with a fragment', `GET /x#y HTTP/1.1\r\n${HOST}\r\n`],
    ['with a fragment in a whole target', `GET http://${NAME}/x#y HTTP/1.1\r\n${HOST}\r\n`],
    ['with an asterisk that is not asked for options', `GET * HTTP/1.1\r\n${HOST}\r\n`],
    ['with a host and a port as its target', `GET ${NAME}:80 HTTP/1.1\r\n${HOST}\r\n`],
    ['that wants a tunnel', `CONNECT ${NAME}:80 HTTP/1.1\r\n${HOST}\r\n`],
    ['with a path that does not begin', `GET x HTTP/1.1\r\n${HOST}\r\n`],
    ['with bytes in its path that are none of a URI', `GET /caf\xe9 HTTP/1.1\r\n${HOST}\r\n`],
    ['with bytes in its query that are none of a URI', `GET /orders?cursor=\xe9 HTTP/1.1\r\n${HOST}\r\n`],
    ['with a blank in its target', `GET /a b HTTP/1.1\r\n${HOST}\r\n`],
    ['with a header over two lines', `GET / HTTP/1.1\r\n${HOST}x: a\r\n b\r\n\r\n`],
    ['with Host over two lines', `GET / HTTP/1.1\r\nhost: ${NAME}\r\n .${STRANGER}\r\n\r\n`],
    ['with a blank before the colon', `GET / HTTP/1.1\r\nhost : ${NAME}\r\n\r\n`],
    ['with a blank before the first header', `GET / HTTP/1.1\r\n x: 1\r\n${HOST}\r\n`],
    ['with Content-Length, then Transfer-Encoding', `POST / HTTP/1.1\r\n${HOST}content-length: 5\r\n${chunked}\r\n${body}`],
    ['with Transfer-Encoding, then Content-Length', `POST / HTTP/1.1\r\n${HOST}${chunked}content-length: 5\r\n\r\n${body}`],
    ['with two Content-Lengths', `POST / HTTP/1.1\r\n${HOST}content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef`],
    ['with a list in Content-Length', `POST / HTTP/1.1\r\n${HOST}content-length: 5, 5\r\n\r\nabcde`],
    ['with a sign in Content-Length', `POST / HTTP/1.1\r\n${HOST}content-length: +5\r\n\r\nabcde`],
    ['with Transfer-Encoding twice', `POST / HTTP/1.1\r\n${HOST}${chunked}${chunked}\r\n${body}`],
    ['with chunked twice', `POST / HTTP/1.1\r\n${HOST}transfer-encoding: chunked, chunked\r\n\r\n${body}`],
    ['with chunked before another encoding', `POST / HTTP/1.1\r\n${HOST}transfer-encoding: chunked, gzip\r\n\r\n${body}`],
    ['with another encoding that has no end', `POST / HTTP/1.1\r\n${HOST}transfer-encoding: gzip\r\n\r\n`],
    ['with Transfer-Encoding of an old client', `POST / HTTP/1.0\r\n${HOST}${chunked}connection: keep-alive\r\n\r\n${body}`],
    ['with a chunk whose size is none', `POST / HTTP/1.1\r\n${HOST}${chunked}\r\n-1\r\nabc\r\n${body}`],
    ['with lines that end without a return', `GET / HTTP/1.1\nhost: ${NAME}\n\n`],
    ['with a name of no method', `get / HTTP/1.1\r\n${HOST}\r\n`],
  ])('%s', async (_, bytes) => {
    const { door, seen } = await openDoor((_request, response) => response.end());
    const smuggled = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`;

    expect(statuses(await passedBy(door, `${bytes}${smuggled}`))).toEqual([400]);
    // A chunk is found out when the request has begun already; it never goes on whole.
    expect(seen.map(({ url }) => url)).toEqual([]);
  });

  test.each([
    [501, 'with an encoding that is not known here', `POST / HTTP/1.1\r\n${HOST}transfer-encoding: gzip, chunked\r\n\r\n${body}`],
    [505, 'of a version that is not spoken', `GET / HTTP/2.0\r\n${HOST}\r\n`],
    [431, 'with headers that are too long', `GET / HTTP/1.1\r\n${HOST}x: ${'a'.repeat(10_240)}\r\n\r\n`],
    [431, 'with a target that is too long', `GET /${'a'.repeat(10_240)} HTTP/1.1\r\n${HOST}\r\n`],
  ])('or with %i: %s', async (status, _, bytes) => {
    const { door, seen } = await openDoor((_request, response) => response.end());

    expect(statuses(await passedBy(door, bytes))).toEqual([status]);
    expect(seen).toEqual([]);
  });

  test('and says what was wrong with it, where it was a request', async () => {
    const { door } = await openDoor((_request, response) => response.end());

    const answer = await passedBy(door, `GET / HTTP/1.1\r\n${HOST}host: ${STRANGER}\r\n\r\n`);

    expect(answer).toMatch(/connection: close/i);
    expect(answer).toContain('{"message":"Bad Request: more than one Host"}');
  });

  test('also while the front door answers errors; and a black hole says nothing to it', async () => {
    const { door } = await openDoor((_request, response) => response.end());
    await door.set({ kind: 'error', status: 503 });
    expect(statuses(await passedBy(door, 'GET / HTTP/1.1\r\n\r\n'))).toEqual([400]);
    await door.set({ kind: 'blackhole' });
    const socket = connect(door.port, '127.0.0.1');
    const heard = answerOn(socket, `CONNECT ${NAME}:80 HTTP/1.1\r\n${HOST}\r\n`);
    await door.close();
    socket.destroy();
    await expect(Promise.race([heard, once(socket, 'close').then(() => 'closed')])).resolves.not.toContain('HTTP');
  });
});

describe('a path', () => {
  test.each([
    ['/records/a%2Fhistory', '/stage/records/a%252Fhistory'],
    ['/records/a%2fhistory/', '/stage/records/a%252fhistory/'],
    ['/records/%252F', '/stage/records/%252F'],
    ['/records/%2e%2e?x=%2F', '/stage/records/%2e%2e?x=%2F'],
    ['/orders/', '/stage/orders/'],
    ['/?x//y', '/stage/?x//y'],
  ])('keeps its segments on its way to who finds the route: %s', async (given, passed) => {
    const { door, seen } = await openDoor((_request, response) => response.end());

    expect(statuses(await passedBy(door, `GET ${given} HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`))).toEqual([200]);
    expect(seen.map(({ url }) => url)).toEqual([passed]);
  });

  test.each(['/records//history', '//orders', '/orders//', '//'])('with an empty segment is no path of the API: %s', async (given) => {
    const { door, seen } = await openDoor((_request, response) => response.end());

    const answer = await passedBy(door, `GET ${given} HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`);

    expect([statuses(answer), answer.includes('/problems/not-found')]).toEqual([[404], true]);
    expect(seen).toEqual([]);
  });
});

describe('a request', () => {
  test('for the options of the server as a whole is answered here, for names that are served', async () => {
    const { door, seen } = await openDoor((_request, response) => response.end());

    expect(statuses(await passedBy(door, `OPTIONS * HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`))).toEqual([204]);
    expect(statuses(await passedBy(door, `OPTIONS * HTTP/1.1\r\nhost: ${STRANGER}\r\nconnection: close\r\n\r\n`))).toEqual([403]);
    expect(seen).toEqual([]);
  });

  test('of https is answered over TLS', async () => {
    const { door, ca, seen } = await openDoor((_request, response) => response.end());
    const socket = connectTls({ host: '127.0.0.1', port: door.tlsPort, servername: SHARED, ca });
    onTestFinished(() => void socket.destroy());

    const answer = await answerOn(socket, `GET https://${SHARED}/x HTTP/1.1\r\nhost: ${SHARED}\r\nconnection: close\r\n\r\n`);

    expect(statuses(answer)).toEqual([200]);
    expect(seen.map(({ url }) => url)).toEqual(['/stage/x']);
  });

  test('with a header twice goes on with both: which one counts is not decided here', async () => {
    const seen: string[][] = [];
    const { door } = await openDoor((request, response) => {
      seen.push(request.headersDistinct['authorization'] ?? [], request.headersDistinct['content-type'] ?? []);
      response.end();
    });

    const twice = 'authorization: Bearer good\r\nauthorization: Bearer forged\r\n';
    await passedBy(door, `POST / HTTP/1.1\r\n${HOST}${twice}content-type: application/json\r\nconnection: close\r\n\r\n`);

    expect(seen).toEqual([['Bearer good', 'Bearer forged'], ['application/json']]);
  });
});

describe('a request that expects something', () => {
  const expecting = (expectation: string, host: string): string =>
    `POST /x HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\nexpect: ${expectation}\r\ncontent-length: 2\r\n\r\n`;

  test.each([
    ['is asked for its body', '100-continue', NAME, [100, 200]],
    ['is served, where nobody knows what it expects', 'nonsense', NAME, [200]],
    ['is refused before its body, of a stranger', '100-continue', STRANGER, [403]],
    ['is refused as any other, of a stranger', 'nonsense', STRANGER, [403]],
  ] as const)('%s', async (_, expectation, host, expected) => {
    const { door, seen } = await openDoor((__, response) => response.end());

    expect(statuses(await passedBy(door, `${expecting(expectation, host)}{}`))).toEqual(expected);
    expect(seen.map(({ body }) => body)).toEqual(host === NAME ? ['{}'] : []);
  });
});
