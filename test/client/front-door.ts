/** A region's front door on loopback that behaves as told. Disposed of with everything that hangs on it. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type HttpServer, startHttpServer, withBody } from '../support/http-server.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Behaviour = (received: Received, response: ServerResponse, request: IncomingMessage) => void;

export class FrontDoor implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly region: string;
  readonly url: string;
  behaviour: Behaviour;
  private readonly server: HttpServer;

  private constructor(region: string, behaviour: Behaviour, server: HttpServer) {
    this.region = region;
    this.behaviour = behaviour;
    this.server = server;
    this.url = server.url;
  }

  static async open(region: string, behaviour: Behaviour): Promise<FrontDoor> {
    const server = await startHttpServer(withBody((...asked) => door.handle(...asked)));
    const door = new FrontDoor(region, behaviour, server);
    return door;
  }

  /** What callers asked, without what the client looks up by itself. */
  get asked(): readonly Received[] {
    return this.received.filter(({ path }) => path !== '/health' && path !== '/regions');
  }

  /** Refuses connections from now on. */
  close(): Promise<void> {
    return this.server.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private handle(request: IncomingMessage, response: ServerResponse, body: string): void {
    const key = request.headers['idempotency-key'];
    const received = {
      method: request.method ?? '',
      path: request.url ?? '',
      key: typeof key === 'string' ? key : undefined,
      headers: request.headers,
      body,
    };
    this.received.push(received);
    // As each answer of the API names its region.
    response.setHeader('tandem-region', this.region);
    this.behaviour(received, response, request);
  }
}

export const answer =
  (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
export const problem = (status: number, name: string, more: object = {}): Behaviour =>
  answer(status, { type: `/problems/${name}`, title: name, status, correlationId: 'c-1', ...more });
export const silence: Behaviour = () => {};
export const reset: Behaviour = (_, __, request) => void request.socket.destroy();
export const cut: Behaviour = (_, response, request) => {
  response.writeHead(201, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"id":');
  setTimeout(() => request.socket.destroy(), 20);
};
export const late =
  (milliseconds: number, behaviour: Behaviour): Behaviour =>
  (received, response, request) => {
    setTimeout(() => behaviour(received, response, request), milliseconds);
  };
