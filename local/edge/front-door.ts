/**
 * A region's front door: what API Gateway's regional endpoint is on AWS. It serves the custom domains of its region, and
 * plays the ways in which a region is lost to its callers. docs/local-differences.md says what it does not prove.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEADERS } from '../../functions/contract/names.ts';
import { PROBLEMS, type ProblemName } from '../../functions/contract/problems.ts';
import type { EdgeFault } from '../control/api.ts';
import { type Answer, Upstream, type UpstreamProps } from './upstream.ts';

/** Long enough that callers keep their connections, as they do on AWS: only then does a fault meet open ones. */
const KEEP_ALIVE_MS = 65_000;
/** Seconds that callers are asked to wait, for refusals that pass. */
const RETRY_AFTER_SECONDS = 1;

const FAULT_PROBLEMS = { 500: 'internal', 502: 'bad-gateway', 503: 'unavailable', 504: 'gateway-timeout' } as const satisfies Record<
  number,
  ProblemName
>;

export interface FrontDoorProps extends UpstreamProps {
  readonly region: string;
  readonly address: string;
  readonly port: number;
  /** Custom domains, lower case. Any other Host is refused, as API Gateway does. */
  readonly names: readonly string[];
}

export class FrontDoor {
  readonly #props: FrontDoorProps;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #upstream: Upstream;
  #fault: EdgeFault = { kind: 'none' };

  constructor(props: FrontDoorProps) {
    this.#props = props;
    this.#upstream = new Upstream(props);
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('clientError', (_, socket) => {
      if (this.#fault.kind !== 'blackhole') socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    });
  }

  /** Port that it listens on; 0 while it refuses connections. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Opens the door, unless the fault in force keeps it shut. @throws when the address or port cannot be had */
  async open(): Promise<void> {
    if (this.#fault.kind === 'refuse' || this.#server.listening) return;
    this.#server.listen({ host: this.#props.address, port: this.#props.port });
    await once(this.#server, 'listening');
  }

  /** Takes effect on open connections as well, and on requests under way. */
  async set(fault: EdgeFault): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    // What a black hole has swallowed stays lost: its connections never come back to life.
    if (before.kind === 'blackhole' && fault.kind !== 'blackhole') this.#disconnect();
    if (fault.kind === 'refuse') await this.#shut();
    else if (before.kind === 'refuse') await this.open();
  }

  async close(): Promise<void> {
    await this.#shut();
    await this.#upstream.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#fault;
    // Neither read nor answered: the kernel took what fits into its buffers, as a network would that leads nowhere.
    if (fault.kind === 'blackhole') return;
    const answer = await this.#answer(request, fault);
    const late = this.#fault;
    if (late.kind === 'slow') await sleep(late.delayMs);
    // Applied, and never acknowledged.
    if (this.#fault.kind === 'blackhole') return;
    this.#write(request, response, answer);
  }

  async #answer(request: IncomingMessage, fault: EdgeFault): Promise<Answer> {
    if (fault.kind === 'error') return { kind: 'problem', problem: FAULT_PROBLEMS[fault.status] };
    if (!this.#props.names.includes(hostName(request.headers.host))) return FORBIDDEN;
    return this.#upstream.forward(request);
  }

  #write(request: IncomingMessage, response: ServerResponse, given: Answer): void {
    const answer = given.kind === 'answer' ? given : problemAnswer(given.problem, this.#props.region);
    // What was not read of the request would be taken for the next one.
    if (!request.complete) response.setHeader('connection', 'close');
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    const hasBody = answer.status !== 204 && answer.status !== 304;
    if (hasBody && request.method !== 'HEAD') response.setHeader('content-length', answer.body.byteLength);
    response.writeHead(answer.status);
    response.end(hasBody ? answer.body : undefined);
  }

  async #shut(): Promise<void> {
    if (!this.#server.listening) return this.#disconnect();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#disconnect();
    await closed;
  }

  #disconnect(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

/** API Gateway's answer to a Host that is no custom domain of the region. */
const FORBIDDEN: Answer = {
  kind: 'answer',
  status: 403,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ForbiddenException' },
  body: Buffer.from('{"message":"Forbidden"}'),
};

/** What the stack's gateway responses make of API Gateway's own errors. */
const problemAnswer = (name: ProblemName, region: string): Extract<Answer, { readonly kind: 'answer' }> => {
  const { status, title } = PROBLEMS[name];
  const correlationId = randomUUID();
  return {
    kind: 'answer',
    status,
    headers: {
      'content-type': 'application/problem+json',
      [HEADERS.region]: region,
      [HEADERS.correlationId]: correlationId,
      ...(status > 500 ? { [HEADERS.retryAfter]: String(RETRY_AFTER_SECONDS) } : {}),
    },
    body: Buffer.from(JSON.stringify({ type: `/problems/${name}`, title, status, correlationId })),
  };
};

/** Of a Host header: without the port and the final dot. */
const hostName = (host: string | undefined): string => (host ?? '').toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
