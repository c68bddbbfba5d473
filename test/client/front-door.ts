/** A region's front door on loopback that behaves as told. Disposed of with everything that hangs on it. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

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
  url = '';
  behaviour: Behaviour;
  private readonly server = createServer((request, response) => void this.handle(request, response));

  private constructor(region: string, behaviour: Behaviour) {
    this.region = region;
    this.behaviour = behaviour;
  }

  static async open(region: string, behaviour: Behaviour): Promise<FrontDoor> {
    const door = new FrontDoor(region, behaviour);
    await new Promise<void>((resolve) => door.server.listen(0, '127.0.0.1', resolve));
    const { port }: AddressInfo = addressOf(door.server.address());
    door.url = `http://127.0.0.1:${port}`;
    return door;
  }

  /** What callers asked, without what the client looks up by itself. */
  get asked(): readonly Received[] {
    return this.received.filter(({ path }) => path !== '/health' && path !== '/regions');
  }

  /** Refuses connections from now on. */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = request.headers['idempotency-key'];
    const received = {
      method: request.method ?? '',
      path: request.url ?? '',
      key: typeof key === 'string' ? key : undefined,
      headers: request.headers,
      body: await text(request),
    };
    this.received.push(received);
    this.behaviour(received, response, request);
  }
}

const addressOf = (address: string | AddressInfo | null): AddressInfo => {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return address;
};

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
