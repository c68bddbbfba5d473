/**
 * A region's front door: what API Gateway's regional endpoint is on AWS. It serves the custom domains of its region, by
 * HTTP and by TLS, divides calls between the version that is live and the one that is being tried, and plays the ways in
 * which a region is lost to its callers. docs/local-differences.md says what it does not prove.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeFault } from '../control/api.ts';
import type { Served } from '../region/protocol.ts';
import { FORBIDDEN, faultAnswer, problemReply, refusalAnswer, refusalBytes, SERVER_ANSWER } from './answers.ts';
import { Entrances, type EntrancesProps } from './entrances.ts';
import { routed } from './path.ts';
import { targetOf } from './target.ts';
import { type Answer, Upstream, type UpstreamProps } from './upstream.ts';

/** Long enough that callers keep their connections, as they do on AWS: only then does a fault meet open ones. */
const KEEP_ALIVE_MS = 65_000;

/** `names` are the custom domains; any other Host is refused, as API Gateway does. */
export interface FrontDoorProps extends UpstreamProps, EntrancesProps {
  readonly region: string;
  /** Whose pages may read what API Gateway itself says. @default nobody's */
  readonly origins?: readonly string[];
  /**
   * An answer went out. Not told: what a black hole swallowed, what a caller did not wait for, and what was no HTTP.
   * Its time runs from when the request is read, and includes waiting for a turn and the delay of a slow front door; a
   * frozen one reads nothing.
   */
  readonly onAnswer?: (answer: Served) => void;
}

/** Bytes of a request's line and headers, as for a REST API: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const HEADER_BYTES_MAX = 10_240;

/** Statuses of what Node's parser could not read, where they are not 400. */
const UNREADABLE: Readonly<Record<string, 408 | 431>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

export class FrontDoor {
  readonly #props: FrontDoorProps;
  readonly #entrances: Entrances;
  readonly #upstream: Upstream;
  #fault: EdgeFault = { kind: 'none' };
  /** Connections that end after a refusal. */
  readonly #refused = new WeakSet<Socket>();

  constructor(props: FrontDoorProps) {
    this.#props = props;
    this.#upstream = new Upstream(props);
    const take = (request: IncomingMessage, response: ServerResponse, waits = false): void => {
      this.#handle(request, response, waits).catch(() => response.destroy());
    };
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: false }, (...both) =>
      take(...both),
    );
    // Node would answer these by itself, before anybody has looked at the host, and out of a black hole.
    server.on('checkContinue', (...both) => take(...both, true));
    server.on('checkExpectation', (...both) => take(...both));
    const refuse = (socket: Duplex, status: Parameters<typeof refusalBytes>[0]): void => {
      if (this.#fault.kind !== 'blackhole' && socket.writable) socket.end(refusalBytes(status));
    };
    server.on('clientError', (error, socket) => refuse(socket, UNREADABLE[codeOf(error)] ?? 400));
    // A tunnel to whatever is named: API Gateway is no proxy.
    server.on('connect', (_, socket) => refuse(socket, 400));
    this.#entrances = new Entrances(server, props);
  }

  /** Ports that it listens on; 0 while it refuses connections. */
  get port(): number {
    return this.#entrances.port;
  }

  get tlsPort(): number {
    return this.#entrances.tlsPort;
  }

  /** Opens the door, unless the fault in force keeps it shut. @throws when the address or a port cannot be had */
  async open(): Promise<void> {
    if (this.#fault.kind !== 'refuse') await this.#entrances.open();
  }

  /** Takes effect on open connections as well, and on requests under way. */
  async set(fault: EdgeFault): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    this.#entrances.swallows = fault.kind === 'blackhole';
    // What a black hole has swallowed stays lost: its connections never come back to life.
    if (before.kind === 'blackhole' && fault.kind !== 'blackhole') this.#entrances.disconnect();
    if (fault.kind === 'refuse') await this.#entrances.shut();
    else if (before.kind === 'refuse') await this.open();
  }

  /**
   * From now on each call goes to the candidate's stage with probability `share` (0 to 1); those that are being answered
   * are left alone. `live` and `candidate`: numbers of the versions behind the stages.
   */
  shift(share: number, live: string, candidate: string): void {
    this.#upstream.stages.shift(share, live, candidate);
  }

  async close(): Promise<void> {
    await this.#entrances.shut();
    await this.#upstream.close();
  }

  /** @param waits whether the caller wants to be asked for the body */
  async #handle(request: IncomingMessage, response: ServerResponse, waits: boolean): Promise<void> {
    const beganMs = performance.now();
    const fault = this.#fault;
    // Neither read nor answered: the kernel took what fits into its buffers, as a network would that leads nowhere.
    if (fault.kind === 'blackhole') return;
    // What follows a request that was refused may be a part of it.
    if (this.#refused.has(request.socket)) return;
    const answer = await this.#answer(request, fault, () => {
      if (waits) response.writeContinue();
    });
    const late = this.#fault;
    if (late.kind === 'slow') await sleep(late.delayMs);
    // Applied, and never acknowledged.
    if (this.#fault.kind === 'blackhole') return;
    // Comes when all of it went out, and never for a caller that is gone.
    response.once('finish', () => {
      this.#props.onAnswer?.([answer.version, response.statusCode, Math.round(performance.now() - beganMs)]);
    });
    this.#write(request, response, answer);
  }

  /** @param ask called before the body is read */
  async #answer(request: IncomingMessage, fault: EdgeFault, ask: () => void): Promise<Answer> {
    const target = targetOf(request);
    if (target.kind === 'refused') {
      this.#refused.add(request.socket);
      return refusalAnswer(target);
    }
    if (fault.kind === 'error') return faultAnswer(fault);
    if (!this.#props.names.includes(target.host)) return FORBIDDEN;
    if (target.kind === 'server') return SERVER_ANSWER;
    ask();
    const path = routed(target.path);
    return path === undefined ? { kind: 'problem', version: null, problem: 'not-found' } : this.#upstream.forward(request, path);
  }

  #write(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const { status, headers, body } =
      answer.kind === 'answer' ? answer : problemReply(answer.problem, this.#props.region, this.#props.origins ?? []);
    // What was not read of the request would be taken for the next one.
    if (!request.complete) response.setHeader('connection', 'close');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const hasBody = status !== 204 && status !== 304;
    if (hasBody && request.method !== 'HEAD') response.setHeader('content-length', body.byteLength);
    response.writeHead(status);
    response.end(hasBody ? body : undefined);
  }
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');
