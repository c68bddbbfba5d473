import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Answer, type DecodedPacket, decode, encode, type Packet } from 'dns-packet';

export const query = (name: string, more: Packet = {}): Buffer =>
  encode({ type: 'query', id: 4_711, questions: [{ name, type: 'A', class: 'IN' }], ...more });

/** An OPT record; `data` is the content of a client subnet option. */
export const opt = (
  given: { readonly size?: number; readonly version?: number; readonly flags?: number; readonly subnet?: Buffer } = {},
): Answer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize: given.size ?? 1_232,
  extendedRcode: 0,
  ednsVersion: given.version ?? 0,
  flags: given.flags ?? 0,
  flag_do: false,
  options: given.subnet ? [{ code: 8, ip: undefined, data: given.subnet }] : [],
});

/** Client subnet 127.0.N.0/24. */
export const subnet = (n: number): Buffer => Buffer.from([0, 1, 24, 0, 127, 0, n]);

export const askUdp = async (port: number, message: Buffer, from = '127.0.0.1'): Promise<Buffer> => {
  const socket = createSocket('udp4');
  try {
    socket.bind({ address: from, port: 0 });
    await once(socket, 'listening');
    // Loopback loses datagrams only when a queue is full: asked again, as any resolver would.
    const again = setInterval(() => socket.send(message, port, '127.0.0.1'), 1_000);
    socket.send(message, port, '127.0.0.1');
    const [bytes]: unknown[] = await once(socket, 'message').finally(() => clearInterval(again));
    if (!Buffer.isBuffer(bytes)) throw new Error('no datagram');
    return bytes;
  } finally {
    socket.close();
  }
};

export const framed = (message: Buffer): Buffer => Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);

export const openTcp = async (port: number): Promise<Socket> => {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return socket;
};

/** Reads framed messages until there are as many, or the connection ends. */
export const readTcp = async (socket: Socket, count: number): Promise<readonly Buffer[]> => {
  const messages: Buffer[] = [];
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      messages.push(received.subarray(2, end));
      received = received.subarray(end);
    }
    if (messages.length >= count) break;
  }
  return messages;
};

export interface Decoded {
  readonly id: number;
  readonly rcode: number;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly packet: DecodedPacket;
  readonly opt: Extract<Answer, { type: 'OPT' }> | undefined;
}

export const parse = (bytes: Buffer): Decoded => {
  const packet = decode(bytes);
  const flags = bytes.readUInt16BE(2);
  const opts = (packet.additionals ?? []).flatMap((each) => (each.type === 'OPT' ? [each] : []));
  return {
    id: bytes.readUInt16BE(0),
    rcode: (flags & 0xf) | ((opts[0]?.extendedRcode ?? 0) << 4),
    opcode: (flags >> 11) & 0xf,
    authoritative: (flags & 0x400) !== 0,
    truncated: (flags & 0x200) !== 0,
    packet,
    opt: opts[0],
  };
};
