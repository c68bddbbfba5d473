import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Served } from '../../local/region/protocol.ts';
import { eventually } from '../support/eventually.ts';
import { call, callTls, NAME, openDoor } from './front-door.ts';

describe('the version behind an answer', () => {
  test.each([
    ['1.2.3+7', '7'],
    ['1.2.3+build.5+7', '7'],
    ['0.0.0+$LATEST', '$LATEST'],
  ])('is the number in "%s", whatever the stage was said to be', async (header, version) => {
    const { door, served } = await openDoor((_, response) => response.writeHead(404, { 'tandem-version': header }).end());
    door.shift(1, '3', '4');

    await call(door);

    await told(served, [[version, 404]]);
  });

  test.each([500, 502, 504])("is the stage's when the function died: %i without a name", async (status) => {
    const { door, served } = await openDoor((_, response) => response.writeHead(status).end('{"message": "Internal server error"}'));
    door.shift(1, '3', '4');
    await call(door);
    door.shift(0, '3', '4');
    await call(door);

    await told(served, [
      ['4', status],
      ['3', status],
    ]);
  });

  test("is the stage's when nobody answers, or not in time", async () => {
    const { door, served } = await openDoor((request) => request.url?.includes('/dies') && request.socket.destroy(), { timeoutMs: 200 });
    door.shift(1, '3', '4');

    await call(door, { path: '/dies' });
    await call(door, { path: '/hangs' });

    await told(served, [
      ['4', 502],
      ['4', 504],
    ]);
  });

  test('is learnt from answers where nobody has said it, and unknown before', async () => {
    const { door, served } = await openDoor((request, response) => {
      const isAlive = request.url === '/stage/lives';
      response.writeHead(isAlive ? 200 : 502, isAlive ? { 'tandem-version': '1.0.0+3' } : {}).end();
    });

    for (const path of ['/dies', '/lives', '/dies']) await call(door, { path });

    await told(served, [
      [null, 502],
      ['3', 200],
      ['3', 502],
    ]);
  });

  test('of an answer that was on its way when the versions changed says nothing about the new ones', async () => {
    const answer = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const { door, served } = await openDoor((request, response) => {
      if (request.url === '/stage/dies') return response.writeHead(502).end();
      arrived.resolve();
      return void answer.promise.then(() => response.writeHead(200, { 'tandem-version': '1.0.0+3' }).end());
    });
    door.shift(0, '3', '4');
    const old = call(door);
    await arrived.promise;

    door.shift(0, '4', '4');
    answer.resolve();
    await old;
    await call(door, { path: '/dies' });

    await told(served, [
      ['3', 200],
      ['4', 502],
    ]);
  });

  test('is nobody when no function was asked: refusals of API Gateway and of the front door', async () => {
    const { door, served, ca } = await openDoor((request, response) =>
      response.writeHead(request.url?.includes('nowhere') ? 403 : 429).end(),
    );
    door.shift(1, '3', '4');

    await call(door, { path: '/nowhere' });
    await call(door, { path: '/throttled' });
    await call(door, { headers: { host: 'www.example.org' } });
    await callTls(door, ca, { headers: { host: 'www.example.org' } });
    await call(door, { method: 'POST' }, Buffer.alloc(10 * 1024 * 1024 + 1));
    await door.set({ kind: 'error', status: 503 });
    await call(door);

    await told(
      served,
      [403, 429, 403, 403, 413, 503].map((status) => [null, status] as const),
    );
  });
});

describe('what is counted', () => {
  test('every call of a connection, with its time', async () => {
    const { door, served } = await openDoor((_, response) => void setTimeout(() => response.end(), 50));
    const socket = connect(door.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nhost: ${NAME}\r\n\r\n`.repeat(3));
    await eventually(() => served.length === 3);
    socket.destroy();

    for (const [, , milliseconds] of served) {
      expect(milliseconds).toBeGreaterThanOrEqual(49);
      expect(Number.isInteger(milliseconds)).toBe(true);
    }
  });

  test('a slow front door, with its delay', async () => {
    const { door, served } = await openDoor((_, response) => response.end());
    await door.set({ kind: 'slow', delayMs: 200 });

    await call(door);

    await told(served, [[null, 200]]);
    expect(served[0]?.[2]).toBeGreaterThanOrEqual(199);
  });

  test('nothing that a black hole swallowed, before and after it was carried out', async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { door, served, seen } = await openDoor((_, response) => {
      arrived.resolve();
      void answer.promise.then(() => response.end());
    });
    const underWay = call(door);
    underWay.catch(() => undefined);
    await arrived.promise;
    await door.set({ kind: 'blackhole' });
    const swallowed = call(door);
    swallowed.catch(() => undefined);
    answer.resolve();
    await sleep(100);
    await door.set({ kind: 'none' });

    await expect(underWay).rejects.toThrow();
    await expect(swallowed).rejects.toThrow();
    await call(door);

    await told(served, [[null, 200]]);
    expect(seen).toHaveLength(2);
  });

  test('nothing that its caller did not wait for', async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { door, served } = await openDoor((incoming, response) => {
      if (incoming.url === '/stage/stays') return response.end();
      arrived.resolve();
      return void answer.promise.then(() => response.end());
    });
    const leaving = request({ host: '127.0.0.1', port: door.port, headers: { host: NAME } });
    leaving.on('error', () => undefined);
    leaving.end();
    await arrived.promise;
    leaving.destroy();
    await sleep(50);
    answer.resolve();

    await call(door, { path: '/stays' });
    await sleep(50);

    await told(served, [[null, 200]]);
  });

  test('nothing that was no HTTP', async () => {
    const { door, served } = await openDoor((_, response) => response.end());
    const socket = connect(door.port, '127.0.0.1');
    socket.write('nonsense\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();

    expect(served).toEqual([]);
  });
});

/** A caller can have its answer a moment before it is told. */
const told = async (served: readonly Served[], expected: readonly (readonly [string | null, number])[]): Promise<void> => {
  await eventually(() => served.length >= expected.length);
  expect(served.map(([version, status]) => [version, status])).toEqual(expected);
};
