/**
 * HTTPS as a caller makes it: DNS is asked, the certificate must be one for the name and trusted, and everything ends in
 * time. One connection for as long as it is lent, and a new one the next time.
 */
import { Agent, request as open, type RequestOptions } from 'node:https';
import { type Answer, type Request, type Transport, TransportError, type TransportFailure } from '../canary/transport.ts';

/** Milliseconds from a request to the last byte of its answer, connection and handshake included. */
const REQUEST_MS = 5_000;
/** No answer of the API is near it. */
const ANSWER_BYTES_MAX = 2 ** 20;

export interface HttpsAddress {
  /** `https://NAME` or `https://NAME/STAGE`: certificate, SNI and Host are NAME's. */
  readonly url: string;
  /** The name to connect to, where it is another. @default the URL's */
  readonly via?: string | undefined;
  /** Authorities to trust. @default Node's */
  readonly ca?: string | undefined;
  /** @default 5,000 */
  readonly requestMs?: number | undefined;
}

export const withHttps = async <T>(address: HttpsAddress, work: (transport: Transport) => Promise<T>): Promise<T> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    return await work({ send: (request) => exchange(request, address, agent) });
  } finally {
    agent.destroy();
  }
};

const exchange = async ({ method, path, headers, body }: Request, address: HttpsAddress, agent: Agent): Promise<Answer> => {
  const { hostname, host, port, pathname } = new URL(address.url);
  const { via = hostname, ca, requestMs = REQUEST_MS } = address;
  const signal = AbortSignal.timeout(requestMs);
  const options: RequestOptions = {
    agent,
    method,
    path: `${pathname.replace(/\/$/, '')}${path}`,
    host: via,
    port: port === '' ? 443 : port,
    // Of the name that is asked for, whatever is connected to: what a caller's certificate check sees.
    servername: hostname,
    headers: { ...headers, host, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
    signal,
    ...(ca === undefined ? {} : { ca }),
  };
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const sent = open(options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) sent.destroy(new Error(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`));
        });
        response.on('error', reject);
        response.on('end', () => {
          const texts = Object.entries(response.headers).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.join(', ') : (value ?? ''),
          ]);
          resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(texts), body: Buffer.concat(chunks).toString() });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  } catch (error: unknown) {
    if (signal.aborted) throw new TransportError('timeout', `no whole answer of ${via} within ${requestMs} ms`, error);
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new TransportError(kindOf(code), `${via}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
};

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);
/** OpenSSL's verdicts on certificates, and what the handshake itself can end with: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|EPROTO$)/;

const kindOf = (code: string): TransportFailure => {
  if (UNREACHABLE.has(code)) return 'unreachable';
  if (code === 'ETIMEDOUT') return 'timeout';
  return TLS.test(code) ? 'tls' : 'broken';
};
