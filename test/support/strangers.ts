/** What pages, names that were bound anew, other users and broken programs send to a port: as bytes, as a client would not. */
import { connect } from 'node:net';
import type { Place } from '../../local/network.ts';

/** An answer's status; `closed`: none came; `open`: the server waits for more. */
export type Outcome = number | 'closed' | 'open';

export interface Attempt {
  readonly title: string;
  /** What a guarded port may do with it. */
  readonly allowed: readonly Outcome[];
  readonly make: (host: string) => Outgoing;
}

interface Outgoing {
  readonly text: string;
  /** Sent again and again, until the other end has enough. */
  readonly endless?: string;
  /** Hangs up right after it. */
  readonly hangUp?: boolean;
  /** How long to wait for what may never come. @default 60_000 */
  readonly waitMsMax?: number;
}

const WAIT_MS_MAX = 60_000;
/** Of requests that nobody need answer yet. */
const UNFINISHED_MS = 200;
const ENDLESS_BYTES_MAX = 64 * 1_024 * 1_024;
const PIECE = `${(16 * 1_024).toString(16)}\r\n${'x'.repeat(16 * 1_024)}\r\n`;

const get = (host: string, path: string, ...headers: readonly string[]): string =>
  `${[`GET ${path} HTTP/1.1`, `host: ${host}`, ...headers].join('\r\n')}\r\n\r\n`;
const post = (host: string, path: string, body: string, ...headers: readonly string[]): string =>
  `${[`POST ${path} HTTP/1.1`, `host: ${host}`, `content-length: ${body.length}`, ...headers].join('\r\n')}\r\n\r\n${body}`;

/** Every one of them is refused with 403 by a port that keeps strangers out, by whoever knows no secret. */
export const STRANGERS: readonly Attempt[] = [
  { title: 'another user of the machine', allowed: [403], make: (host) => ({ text: get(host, '/') }) },
  {
    title: 'a form of a page',
    allowed: [403],
    make: (host) => ({ text: post(host, '/2015-03-31/functions', '{}', 'content-type: text/plain', 'origin: https://evil.example') }),
  },
  {
    title: 'an image of a page',
    allowed: [403],
    make: (host) => ({ text: get(host, '/system', 'sec-fetch-site: cross-site', 'sec-fetch-mode: no-cors') }),
  },
  {
    title: 'a preflight',
    allowed: [403],
    make: (host) => ({
      text: `OPTIONS / HTTP/1.1\r\nhost: ${host}\r\norigin: https://evil.example\r\naccess-control-request-method: POST\r\naccess-control-request-headers: *\r\n\r\n`,
    }),
  },
  { title: 'a name that was bound anew', allowed: [403], make: () => ({ text: get('evil.example', '/system') }) },
  {
    title: 'a name that was bound anew, with the port',
    allowed: [403],
    make: (host) => ({ text: get(`evil.example:${host.split(':')[1]}`, '/') }),
  },
  { title: 'a target that names another', allowed: [403], make: (host) => ({ text: get(host, 'http://evil.example/') }) },
  {
    title: 'an expectation that nobody knows',
    allowed: [403],
    make: (host) => ({ text: post(host, '/', '{}', 'expect: nonsense') }),
  },
  {
    title: 'who wants to be asked for the body',
    allowed: [403],
    make: (host) => ({ text: `POST / HTTP/1.1\r\nhost: ${host}\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n` }),
  },
  { title: 'a path that cannot be decoded', allowed: [403], make: (host) => ({ text: get(host, '/%E0%A4%A/%ff') }) },
];

/** None of them may end the process, or keep others from being answered. */
export const BROKEN: readonly Attempt[] = [
  { title: 'no HTTP at all', allowed: [400, 'closed'], make: () => ({ text: `\x16\x03\x01\x02\x00${'\x00'.repeat(64)}\r\n\r\n` }) },
  { title: 'two hosts', allowed: [400, 403, 'closed'], make: (host) => ({ text: get(host, '/', 'host: evil.example') }) },
  { title: 'no host', allowed: [400, 403, 'closed'], make: () => ({ text: 'GET / HTTP/1.1\r\n\r\n' }) },
  {
    title: 'a tunnel',
    allowed: [400, 403, 404, 405, 'closed'],
    make: (host) => ({ text: `CONNECT evil.example:443 HTTP/1.1\r\nhost: ${host}\r\n\r\n` }),
  },
  {
    title: 'an upgrade',
    allowed: [400, 403],
    make: (host) => ({
      text: get(
        host,
        '/',
        'connection: upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 13',
        'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
      ),
    }),
  },
  {
    title: 'headers without end',
    allowed: [400, 431, 'closed'],
    make: (host) => ({ text: `GET / HTTP/1.1\r\nhost: ${host}\r\n`, endless: `x-a: ${'y'.repeat(4_096)}\r\n` }),
  },
  {
    title: 'a body without end',
    allowed: [400, 403, 413, 'closed'],
    make: (host) => ({ text: `POST / HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: chunked\r\n\r\n`, endless: PIECE }),
  },
  {
    title: 'a hang-up within headers',
    allowed: ['closed'],
    make: (host) => ({ text: `GET / HTTP/1.1\r\nhost: ${host}\r\n`, hangUp: true }),
  },
  {
    title: 'a hang-up within a body',
    allowed: ['closed', 403],
    make: (host) => ({ text: `POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 100\r\n\r\n{`, hangUp: true }),
  },
  {
    title: 'headers that do not come',
    allowed: ['open', 'closed', 408],
    make: (host) => ({ text: `GET / HTTP/1.1\r\nhost: ${host}\r\n`, waitMsMax: UNFINISHED_MS }),
  },
  {
    title: 'a length that is none',
    allowed: [400, 403, 'closed'],
    make: (host) => ({ text: `POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: -1\r\n\r\n` }),
  },
];

/** What the other end does. */
export const attempt = ({ address, port }: Place, { text, endless, hangUp = false, waitMsMax = WAIT_MS_MAX }: Outgoing): Promise<Outcome> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let seen = '';
    let sent = 0;
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => end('open'), waitMsMax);
    const flood = (): void => {
      while (endless !== undefined && !socket.destroyed && sent < ENDLESS_BYTES_MAX) {
        sent += endless.length;
        if (!socket.write(endless, 'latin1')) return;
      }
    };
    socket.on('connect', () => {
      socket.write(text, 'latin1', () => (hangUp ? end('closed') : flood()));
    });
    socket.on('drain', flood);
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      // The emulators' own server asks for a body before it lets anybody see the request: what counts is the answer after it.
      const status = /^(?:HTTP\/1\.[01] 100[^\r]*\r\n(?:[^\r]+\r\n)*\r\n)?HTTP\/1\.[01] ([2-5]\d\d)/.exec(seen)?.[1];
      if (status !== undefined) end(Number(status));
    });
    socket.on('error', () => end('closed'));
    socket.on('close', () => end('closed'));
  });
