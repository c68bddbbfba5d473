/** Asks one DNS server for the shared name, as a caller near a region would, and keeps the answer exactly as long as its TTL. */

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { type Answer, decode, encode, type Packet } from 'dns-packet';

export interface DnsQuestion {
  readonly name: string;
  readonly server: { readonly address: string; readonly port: number };
  /** EDNS client subnet, `a.b.c.d/n` or an address. */
  readonly subnet: string;
}

export interface DnsAnswer {
  readonly addresses: readonly string[];
  /** The smallest TTL on the way from the name to the addresses. */
  readonly ttlSeconds: number;
}

const TIMEOUT_MS = 1_000;
const TRIES = 3;
const CHAIN_MAX = 8;
/** EDNS option code, RFC 7871. */
const CLIENT_SUBNET = 8;

/** @throws {Error} when the server does not answer, or not with an address */
export const resolveName = async (question: DnsQuestion): Promise<DnsAnswer> => {
  let last: unknown;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    try {
      return readChain(question.name, await ask(question));
    } catch (error) {
      last = error;
    }
  }
  throw last;
};

/** Follows the CNAMEs of an answer to its addresses. Pure. */
export const readChain = (name: string, packet: Packet): DnsAnswer => {
  const answers = packet.answers ?? [];
  let current = name.toLowerCase();
  const ttls: number[] = [];
  for (let step = 0; step < CHAIN_MAX; step += 1) {
    const here = answers.filter((answer) => answer.name.toLowerCase() === current);
    const addresses = here.flatMap((answer) => (answer.type === 'A' ? [answer.data] : []));
    const cname = here.flatMap((answer) => (answer.type === 'CNAME' ? [answer.data] : []))[0];
    ttls.push(...here.map(ttlOf));
    if (addresses.length > 0) return { addresses, ttlSeconds: Math.min(...ttls) };
    if (cname === undefined) break;
    current = cname.toLowerCase();
  }
  throw new Error(`the answer for ${name} has no address`);
};

const ttlOf = (answer: Answer): number => ('ttl' in answer && typeof answer.ttl === 'number' ? answer.ttl : 0);

const ask = ({ name, server, subnet }: DnsQuestion): Promise<Packet> =>
  new Promise((resolve, reject) => {
    const id = randomInt(65_536);
    const [ip = subnet, prefix = '24'] = subnet.split('/');
    const query = encode({
      type: 'query',
      id,
      questions: [{ type: 'A', name, class: 'IN' }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [{ code: CLIENT_SUBNET, family: 1, sourcePrefixLength: Number(prefix), scopePrefixLength: 0, ip }],
        },
      ],
    });
    const socket = createSocket('udp4');
    const end = (finish: () => void) => {
      clearTimeout(timer);
      socket.close();
      finish();
    };
    const timer = setTimeout(
      () => end(() => reject(new Error(`no answer from ${server.address}:${server.port} within ${TIMEOUT_MS} ms`))),
      TIMEOUT_MS,
    );
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('message', (message) => {
      const packet = decodeOwn(message, id);
      if (packet) end(() => resolve(packet));
    });
    socket.send(query, server.port, server.address);
  });

/** The answer to our question; undefined when the packet is malformed or somebody else's. */
const decodeOwn = (message: Buffer, id: number): Packet | undefined => {
  try {
    const packet = decode(message);
    return packet.id === id && packet.type === 'response' ? packet : undefined;
  } catch {
    return undefined;
  }
};

export interface ResolverCacheProps {
  readonly resolve: () => Promise<DnsAnswer>;
  readonly now: () => number;
  /**
   * Part of the first answer's TTL that counts, above 0 up to 1: a population of callers did not resolve all in one moment, and
   * an answer is lost for up to a whole TTL only to the one who asked last.
   */
  readonly firstPart: number;
}

/** A caller's DNS cache: asks again when the TTL is over, not before and not later. */
export class ResolverCache {
  private readonly props: ResolverCacheProps;
  private answer: { readonly address: string; readonly expiresMs: number } | undefined;
  private asking: Promise<string> | undefined;
  private part: number;

  constructor(props: ResolverCacheProps) {
    this.props = props;
    this.part = props.firstPart;
  }

  /** @throws {Error} when no address is known; an expired answer is not used */
  async address(): Promise<string> {
    if (this.answer && this.props.now() < this.answer.expiresMs) return this.answer.address;
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return await this.asking;
  }

  private async ask(): Promise<string> {
    const { addresses, ttlSeconds } = await this.props.resolve();
    const [address] = addresses;
    if (address === undefined) throw new Error('the answer has no address');
    this.answer = { address, expiresMs: this.props.now() + ttlSeconds * 1_000 * this.part };
    this.part = 1;
    return address;
  }
}
