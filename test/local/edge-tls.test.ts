import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../local/edge/certificates.ts';
import type { FrontDoor } from '../../local/edge/front-door.ts';
import { freePort } from '../support/free-port.ts';
import { call, callTls, NAME, openDoor, SHARED } from './front-door.ts';

/** Long enough to be sure that nothing comes, short enough to wait for. */
const SILENCE_MS = 300;
const ORIGIN = 'a.origin.api.tandem.test';

describe('the authority of a local system', () => {
  const atMs = Date.UTC(2026, 10, 24, 12);
  const authority = makeAuthority(SHARED, atMs);
  const ca = new X509Certificate(authority.certificate);

  test('signs itself, and may sign others', () => {
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(ca.checkIssued(ca)).toBe(true);
    expect(ca.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  });

  test('gives a region exactly the names that it is asked for, for a month', () => {
    const leaf = new X509Certificate(authority.issue('a', [NAME, SHARED]).certificate);

    expect(leaf.subjectAltName).toBe(`DNS:${NAME}, DNS:${SHARED}`);
    expect([leaf.ca, leaf.checkIssued(ca), leaf.verify(ca.publicKey)]).toEqual([false, true, true]);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect([leaf.validFromDate, leaf.validToDate]).toEqual([new Date('2026-11-24T11:00:00Z'), new Date('2026-12-24T12:00:00Z')]);
  });

  test('gives every certificate a key and a number of its own', () => {
    const [one, other] = [1, 2].map(() => new X509Certificate(authority.issue('a', [NAME]).certificate));

    expect(one?.serialNumber).not.toBe(other?.serialNumber);
    expect(one?.publicKey.equals(other?.publicKey ?? ca.publicKey)).toBe(false);
  });

  test('dates after 2049 are what RFC 5280 asks for', () => {
    expect(new X509Certificate(makeAuthority(SHARED, Date.UTC(2049, 11, 20)).certificate).validToDate).toEqual(
      new Date('2050-01-19T00:00:00Z'),
    );
  });

  test('cannot vouch for a name outside the API, whoever trusts it', async () => {
    const stranger = makeAuthority(SHARED, Date.now());
    const { door } = await openDoor((_, response) => response.end(), {
      names: ['www.example.org'],
      credentials: stranger.issue('a', ['www.example.org']),
    });

    await expect(callTls(door, stranger.certificate, { servername: 'www.example.org' })).rejects.toThrow('permitted subtree violation');
  });
});

describe('a front door with TLS', () => {
  test.each([NAME, SHARED, NAME.toUpperCase()])('serves %s like the plain one, and says how it was called', async (servername) => {
    const { door, seen, ca } = await openDoor((_, response) => response.end('hello'));

    expect(await callTls(door, ca, { servername, path: '/orders?x=1' })).toMatchObject({ status: 200, text: 'hello' });
    expect(seen).toMatchObject([{ url: '/stage/orders?x=1', headers: { 'x-forwarded-proto': 'https' } }]);
  });

  test.each([ORIGIN, 'b.api.tandem.test'])('fails the handshake of who asks for %s', async (servername) => {
    const { door, seen, ca } = await openDoor((_, response) => response.end());

    await expect(callTls(door, ca, { servername })).rejects.toThrow('handshake failure');
    await expect(callTls(door, ca, { servername, rejectUnauthorized: false })).rejects.toThrow('handshake failure');
    expect(seen).toEqual([]);
  });

  test('fails the handshake of who names nobody', async () => {
    const { door } = await openDoor((_, response) => response.end());
    const socket = connect({ host: '127.0.0.1', port: door.tlsPort, rejectUnauthorized: false });

    const [error] = await once(socket, 'error').catch((cause: unknown) => [cause]);

    expect(String(error)).toContain('handshake failure');
  });

  test('is not believed by who does not know the authority of this start', async () => {
    const { door } = await openDoor((_, response) => response.end());

    await expect(callTls(door, makeAuthority(SHARED, Date.now()).certificate)).rejects.toThrow(/certificate/);
  });

  test('refuses a Host that is not its own, whatever the server name', async () => {
    const { door, ca } = await openDoor((_, response) => response.end());

    expect(await callTls(door, ca, { headers: { host: ORIGIN } })).toMatchObject({ status: 403, text: '{"message":"Forbidden"}' });
  });

  test('speaks HTTP/1.1 and no TLS before 1.2', async () => {
    const { door, ca } = await openDoor((_, response) => response.end());
    const socket = await connectTls(door, ca, { ALPNProtocols: ['h2', 'http/1.1'] });

    expect([socket.alpnProtocol, socket.authorized]).toEqual(['http/1.1', true]);
    await expect(connectTls(door, ca, { maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow();
  });

  test('outlives callers that speak plain HTTP to it, or leave in the handshake', async () => {
    const { door, ca } = await openDoor((_, response) => response.end());
    const rude = connectPlain(door.tlsPort, '127.0.0.1');
    rude.on('error', () => undefined);
    rude.write('GET / HTTP/1.1\r\n\r\n');
    await once(rude, 'close');
    const brief = connectPlain(door.tlsPort, '127.0.0.1');
    await once(brief, 'connect');
    brief.resetAndDestroy();

    expect(await callTls(door, ca)).toMatchObject({ status: 200 });
  });
});

describe('faults of a front door with TLS', () => {
  test('refuse: both ports refuse, open connections are reset, and both come back', async () => {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const { door, ca } = await openDoor((_, response) => response.end(), { port, tlsPort });
    const kept = await connectTls(door, ca);
    const ended = closed(kept);

    await door.set({ kind: 'refuse' });

    await ended;
    for (const each of [port, tlsPort]) await expect(once(connectPlain(each, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
    await door.set({ kind: 'none' });
    expect([(await call(door)).status, (await callTls(door, ca)).status]).toEqual([200, 200]);
  });

  test('a port that is taken opens neither', async () => {
    const { door: other } = await openDoor((_, response) => response.end());
    const port = await freePort();

    await expect(openDoor((_, response) => response.end(), { port, tlsPort: other.tlsPort })).rejects.toThrow('EADDRINUSE');

    await expect(once(connectPlain(port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  test('black hole: a new connection gets no handshake', async () => {
    const { door } = await openDoor((_, response) => response.end());
    await door.set({ kind: 'blackhole' });
    const socket = connect({ host: '127.0.0.1', port: door.tlsPort, servername: NAME, rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');

    expect(await isQuiet(socket, ['secureConnect', 'error', 'close'])).toBe(true);
  });

  test('black hole: an open connection is swallowed, and reset when it ends', async () => {
    const { door, seen, ca } = await openDoor((_, response) => response.end());
    const kept = await connectTls(door, ca);
    kept.write(REQUEST);
    await once(kept, 'data');
    await door.set({ kind: 'blackhole' });

    kept.write(REQUEST);

    expect(await isQuiet(kept, ['data', 'close'])).toBe(true);
    expect(seen).toHaveLength(1);
    const ended = closed(kept);
    await door.set({ kind: 'none' });
    await ended;
    expect((await callTls(door, ca)).status).toBe(200);
  });

  test('error: answered on a kept connection as well', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => {
      agent.destroy();
    });
    const { door, ca, seen } = await openDoor((_, response) => response.end());
    await callTls(door, ca, { agent });

    await door.set({ kind: 'error', status: 503 });

    expect(await callTls(door, ca, { agent })).toMatchObject({ status: 503, problem: '/problems/unavailable' });
    expect(seen).toHaveLength(1);
  });
});

const REQUEST = `GET / HTTP/1.1\r\nhost: ${NAME}\r\n\r\n`;

const connectTls = async (door: FrontDoor, ca: string, options: ConnectionOptions = {}): Promise<TLSSocket> => {
  const socket = connect({ host: '127.0.0.1', port: door.tlsPort, ca, servername: NAME, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
};

/** Also when the end is not an orderly one. */
const closed = (socket: TLSSocket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));

const isQuiet = async (socket: TLSSocket, events: readonly string[]): Promise<boolean> => {
  const heard = Promise.race(events.map((event) => once(socket, event)));
  return Promise.race([heard.then(() => false), sleep(SILENCE_MS).then(() => true)]);
};
