/**
 * Where callers come in: one address, a port for plain HTTP and one for TLS. Both lead to the same HTTP server; connections
 * are counted below TLS, so that a fault meets them whatever they speak.
 */
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Credentials } from './certificates.ts';

/** What the cell's custom domains ask for: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html */
const MIN_VERSION = 'TLSv1.2';

export interface EntrancesProps {
  readonly address: string;
  /** Of plain HTTP. 0: any free one, as for the next. */
  readonly port: number;
  readonly tlsPort: number;
  /** Server names that are served, lower case. */
  readonly names: readonly string[];
  readonly credentials: Credentials;
}

export class Entrances {
  readonly #props: EntrancesProps;
  readonly #http: HttpServer;
  readonly #tls: Server;
  readonly #sockets = new Set<Socket>();
  #swallows = false;

  /** `http` must listen nowhere else. */
  constructor(http: HttpServer, props: EntrancesProps) {
    this.#props = props;
    this.#http = http;
    http.on('connection', (socket) => {
      if (!(socket instanceof TLSSocket)) this.#keep(socket);
    });
    const handshakes = tlsServer(props);
    handshakes.on('secureConnection', (socket) => http.emit('connection', socket));
    this.#tls = createServer({ noDelay: true }, (socket) => {
      this.#keep(socket);
      // As a network that leads nowhere: connections open, and not even a handshake comes back.
      if (!this.#swallows) handshakes.emit('connection', socket);
    });
  }

  /** Ports that it listens on; 0 while it does not. */
  get port(): number {
    return portOf(this.#http);
  }

  get tlsPort(): number {
    return portOf(this.#tls);
  }

  /** Whether new connections get no TLS handshake. */
  set swallows(value: boolean) {
    this.#swallows = value;
  }

  /** Nothing to do when it is open. @throws when the address or a port cannot be had; then neither is open */
  async open(): Promise<void> {
    const { address: host, port, tlsPort } = this.#props;
    try {
      for (const [server, wanted] of [
        [this.#http, port],
        [this.#tls, tlsPort],
      ] as const) {
        if (server.listening) continue;
        server.listen({ host, port: wanted });
        await once(server, 'listening');
      }
    } catch (error) {
      await this.shut();
      throw error;
    }
  }

  /** Listens no more, and resets every connection. */
  async shut(): Promise<void> {
    const closed = [this.#http, this.#tls].flatMap((server) => {
      if (!server.listening) return [];
      const end = once(server, 'close');
      server.close();
      return [end];
    });
    this.disconnect();
    await Promise.all(closed);
  }

  /** Resets every connection. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // A caller that is gone is no error of the front door's.
    socket.on('error', () => undefined);
  }
}

/**
 * Without a certificate for strangers: whoever asks for another name gets an alert. AWS shows such callers the
 * certificate of `*.execute-api.REGION.amazonaws.com`, which fails all that verify it:
 * https://repost.aws/knowledge-center/api-gateway-domain-certificate
 */
const tlsServer = ({ names, credentials: { certificate, key } }: EntrancesProps): TlsServer => {
  const context = createSecureContext({ cert: certificate, key, minVersion: MIN_VERSION });
  return createTlsServer({
    ALPNProtocols: ['http/1.1'],
    minVersion: MIN_VERSION,
    SNICallback: (name, found) => found(null, names.includes(name.toLowerCase()) ? context : undefined),
  });
};

const portOf = (server: Server): number => {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
};
