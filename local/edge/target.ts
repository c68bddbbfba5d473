/**
 * What a request is for: one host and one path, or nothing. Whatever two readers could understand in two ways is refused,
 * because the next one may be the other reader: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

export type RequestTarget =
  /** `host` in lower case, without port and final dot; empty when an old client names none. `path` with its query, as sent. */
  | { readonly kind: 'resource'; readonly host: string; readonly path: string }
  /** `OPTIONS *`: the server as a whole. */
  | { readonly kind: 'server'; readonly host: string }
  | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly status: 400 | 501 | 505;
  readonly reason: string;
}

type Received = Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'headersDistinct'> & { readonly socket: unknown };

const PORT_MAX = 65_535;
/** A name or an address, and a port that may be empty (RFC 3986, 3.2.2). A comma would be two hosts, an `@` a user. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|(?:[\w.~!$&'()*+;=-]|%[0-9a-f]{2})+)(?::(\d*))?$/i;
const ABSOLUTE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is;

export const targetOf = (request: Received): RequestTarget => {
  const { method = 'GET', url = '', httpVersion, headersDistinct } = request;
  if (httpVersion !== '1.0' && httpVersion !== '1.1')
    return { kind: 'refused', status: 505, reason: `HTTP/${httpVersion} is not spoken here` };
  const framing = framingProblem(headersDistinct['transfer-encoding'], httpVersion);
  if (framing !== undefined) return framing;
  const [given, ...more] = headersDistinct['host'] ?? [];
  if (more.length > 0) return refused('more than one Host');
  if (given === undefined && httpVersion === '1.1') return refused('no Host');
  const named = given === undefined || given === '' ? '' : hostOf(given);
  if (named === undefined) return refused('a Host that is none');
  // As bytes they are text of no charset that anybody has named (RFC 3986, 2).
  if (!/^[!-~]*$/.test(url)) return refused('a target with characters that are not those of a URI');
  const absolute = ABSOLUTE.exec(url);
  if (absolute !== null) return absoluteTarget(absolute, request.socket instanceof TLSSocket);
  // What is asked of no host can be meant for any.
  if (given === '') return refused('an empty Host');
  if (url === '*' && method === 'OPTIONS') return { kind: 'server', host: named };
  if (!url.startsWith('/')) return refused('a target that is no path');
  return url.includes('#') ? refused('a target with a fragment') : { kind: 'resource', host: named, path: url };
};

/** The host of the target counts, whatever Host says (RFC 9112, 3.2.2). */
const absoluteTarget = ([, scheme = '', authority = '', rest = '']: readonly string[], secured: boolean): RequestTarget => {
  const host = hostOf(authority);
  if (host === undefined) return refused('a target whose authority is none');
  if (!/^https?$/i.test(scheme)) return refused('a target of another scheme than http and https');
  // RFC 9110, 7.4: such a resource is not answered where nothing shows that this is its host.
  if (scheme.toLowerCase() === 'https' && !secured) return refused('a target of https over a connection without TLS');
  if (rest.includes('#')) return refused('a target with a fragment');
  return { kind: 'resource', host, path: rest.startsWith('/') ? rest : `/${rest}` };
};

/** Undefined for what is no host with an optional port. */
const hostOf = (authority: string): string | undefined => {
  const [, host, port = ''] = AUTHORITY.exec(authority) ?? [];
  return host === undefined || Number(port) > PORT_MAX ? undefined : host.toLowerCase().replace(/\.$/, '');
};

/** Beside what Node's parser refuses, such as Content-Length with Transfer-Encoding (RFC 9112, 6.1 and 6.3). */
const framingProblem = (encodings: readonly string[] | undefined, httpVersion: string): Refused | undefined => {
  if (encodings === undefined) return undefined;
  if (httpVersion === '1.0') return refused('Transfer-Encoding in HTTP/1.0');
  return encodings.join().trim().toLowerCase() === 'chunked'
    ? undefined
    : { kind: 'refused', status: 501, reason: 'a Transfer-Encoding other than chunked' };
};

const refused = (reason: string): Refused => ({ kind: 'refused', status: 400, reason });
