/** The authoritative name server: UDP and TCP on one loopback port. Whatever arrives, it goes on. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket, type Server as TcpServer } from 'node:net';
import { type Answerer, respond } from './responder.ts';

export interface DnsServerProps {
  /** @default '127.0.0.1' */
  readonly address?: string;
  /** 0: any free one, the same for UDP and TCP. */
  readonly port: number;
  readonly answer: Answerer;
  /** TCP connections at once; more are closed. @default 100 */
  readonly connectionsMax?: number;
  /** Milliseconds without a complete query after which a TCP connection is closed. @default 10_000 */
  readonly idleMs?: number;
}

export interface DnsServer {
  readonly address: string;
  readonly port: number;
  /** Frees the port and ends every connection. May be called more than once. */
  close(): Promise<void>;
}

/** The port cannot be had. The caller knows which option changes it. */
export class DnsPortError extends Error {
  override readonly name = 'DnsPortError';
  readonly port: number;
  /** True when another program has it. */
  readonly busy: boolean;
  constructor(address: string, port: number, transport: 'UDP' | 'TCP', cause: unknown) {
    const busy = codeOf(cause) === 'EADDRINUSE';
    super(
      busy
        ? `DNS port ${port} (${transport}) of ${address} is used by another program`
        : `DNS port ${port} (${transport}) of ${address} cannot be opened: ${codeOf(cause)}`,
      { cause },
    );
    this.port = port;
    this.busy = busy;
  }
}

const ANY_PORT_ATTEMPTS_MAX = 20;
const LENGTH_BYTES = 2;

/** @throws {DnsPortError} */
export const startDnsServer = async (props: DnsServerProps): Promise<DnsServer> => {
  const address = props.address ?? '127.0.0.1';
  for (let attempt = 1; ; attempt += 1) {
    const sockets = new Set<Socket>();
    const tcp = tcpServer(props, sockets);
    const port = await listen(tcp, address, props.port);
    const udp = udpSocket(props);
    try {
      await bind(udp, address, port);
      let closed: Promise<void> | undefined;
      const closeOnce = (): Promise<void> => {
        closed ??= close(tcp, udp, sockets);
        return closed;
      };
      return { address, port, close: closeOnce };
    } catch (error) {
      await close(tcp, undefined, sockets);
      // The system chose a port that is free for TCP only: let it choose again.
      if (props.port !== 0 || attempt >= ANY_PORT_ATTEMPTS_MAX) throw error;
    }
  }
};

const udpSocket = (props: DnsServerProps): UdpSocket => {
  const udp = createSocket('udp4');
  udp.on('message', (bytes, peer) => {
    const answer = respond(bytes, peer.address, 'udp', props.answer);
    // A caller that is gone is no error of the server's.
    if (answer !== undefined && peer.port > 0) udp.send(answer, peer.port, peer.address, () => undefined);
  });
  return udp;
};

const tcpServer = (props: DnsServerProps, sockets: Set<Socket>): TcpServer => {
  const tcp = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, props);
  });
  tcp.maxConnections = props.connectionsMax ?? 100;
  return tcp;
};

/** Messages with their length before them, several on one connection, answered in order (RFC 7766). */
const serve = (socket: Socket, props: DnsServerProps): void => {
  const source = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  let received = Buffer.alloc(0);
  // Only complete queries keep a connection: one that drips bytes is closed too.
  const idle = setTimeout(() => socket.destroy(), props.idleMs ?? 10_000);
  socket.on('close', () => clearTimeout(idle));
  socket.on('error', () => socket.destroy());
  socket.on('drain', () => socket.resume());
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= LENGTH_BYTES && received.length >= LENGTH_BYTES + received.readUInt16BE(0)) {
      const end = LENGTH_BYTES + received.readUInt16BE(0);
      const answer = respond(received.subarray(LENGTH_BYTES, end), source, 'tcp', props.answer);
      if (answer === undefined) return socket.destroy();
      received = received.subarray(end);
      idle.refresh();
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(answer.length);
      // A caller that asks and does not read is not read any further either.
      if (!socket.write(Buffer.concat([length, answer]))) socket.pause();
    }
  });
};

const listen = async (tcp: TcpServer, address: string, port: number): Promise<number> => {
  try {
    tcp.listen({ host: address, port });
    await once(tcp, 'listening');
  } catch (error) {
    throw new DnsPortError(address, port, 'TCP', error);
  }
  tcp.on('error', () => undefined);
  return portOf(tcp.address());
};

const bind = async (udp: UdpSocket, address: string, port: number): Promise<void> => {
  try {
    udp.bind({ address, port, exclusive: true });
    await once(udp, 'listening');
  } catch (error) {
    udp.close();
    throw new DnsPortError(address, port, 'UDP', error);
  }
  udp.on('error', () => undefined);
};

const close = async (tcp: TcpServer, udp: UdpSocket | undefined, sockets: ReadonlySet<Socket>): Promise<void> => {
  const closed = [once(tcp, 'close'), ...(udp === undefined ? [] : [once(udp, 'close')])];
  tcp.close();
  udp?.close();
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
};

const portOf = (address: string | AddressInfo | null): number => (typeof address === 'object' && address !== null ? address.port : 0);

const codeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause));
