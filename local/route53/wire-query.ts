/**
 * DNS queries from bytes, strictly: the question must be sent back bit by bit (resolvers vary the case of its letters and
 * compare), and a label may hold any byte, dots too.
 */
import { CHECKING_DISABLED, DNSSEC_OK, RECURSION_DESIRED } from 'dns-packet';
import type { ClientSubnet } from './latency.ts';

export const CLASS_IN = 1;
export const OPCODE_QUERY = 0;
/** Type 41 stands in the additional section; as a question it is malformed. */
export const TYPE_OPT = 41;
export const EDNS_VERSION = 0;
export const OPTION_CLIENT_SUBNET = 8;
/** Types that the zone may hold. Others are named by number (RFC 3597). */
const TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'A', 2: 'NS', 5: 'CNAME', 6: 'SOA', 255: 'ANY' };

export const HEADER_BYTES = 12;
const NAME_BYTES_MAX = 255;

export interface QueryHeader {
  readonly id: number;
  readonly opcode: number;
  /** Of RD and CD, which an answer repeats. */
  readonly repeatedFlags: number;
}

export interface WireQuestion {
  /** As sent: name, type and class. */
  readonly bytes: Buffer;
  /** Lower case, without the final dot. Bytes that no hostname has are escaped, so that they equal no name of a zone. */
  readonly name: string;
  readonly nameAsSent: string;
  readonly typeNumber: number;
  readonly type: string;
  readonly classNumber: number;
}

export interface Edns {
  readonly version: number;
  readonly udpBytes: number;
  readonly dnssecOk: boolean;
  /** Of the only version that is known here; none of an option that is malformed. */
  readonly subnet: WireSubnet | undefined;
}

export interface WireSubnet {
  /** The option's content as sent. */
  readonly bytes: Buffer;
  /** What it says, when it is of IPv4. */
  readonly ipv4: ClientSubnet | undefined;
}

/** What was understood of a message: an answer repeats it also when the rest is malformed (RFC 6891, 6.1.1 and 7). */
export interface Understood {
  readonly header: QueryHeader;
  readonly question: WireQuestion | undefined;
  readonly edns: Edns | undefined;
}

export type Query =
  /** Too short to answer, or itself an answer: replying could start a loop. */
  | { readonly kind: 'ignored' }
  | ({ readonly kind: 'malformed' } & Understood)
  | ({ readonly kind: 'query'; readonly question: WireQuestion } & Understood);

export const parseQuery = (bytes: Buffer): Query => {
  if (bytes.length < HEADER_BYTES || bytes.readUInt8(2) >= 0x80) return { kind: 'ignored' };
  const flags = bytes.readUInt16BE(2);
  const header = { id: bytes.readUInt16BE(0), opcode: (flags >> 11) & 0xf, repeatedFlags: flags & (RECURSION_DESIRED | CHECKING_DISABLED) };
  const reading = new Reading(bytes);
  const wellFormed = reading.sections();
  const { question, edns } = reading;
  return wellFormed && question !== undefined ? { kind: 'query', header, question, edns } : { kind: 'malformed', header, question, edns };
};

class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** Reads as far as it can, so that an answer can repeat what was well formed of a message that as a whole is not. */
class Reading {
  question: WireQuestion | undefined;
  edns: Edns | undefined;
  readonly #bytes: Buffer;
  #wellFormed = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @returns whether all of it is as it must be */
  sections(): boolean {
    this.#try(() => this.#records(this.#questions()));
    return this.#wellFormed;
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof MalformedError || error instanceof RangeError)) throw error;
      this.#wellFormed = false;
    }
  }

  /** A query has one question (RFC 9619); of another number none counts. @returns where they end */
  #questions(): number {
    const count = this.#bytes.readUInt16BE(4);
    let offset = HEADER_BYTES;
    for (let index = 0; index < count; index += 1) {
      const question = readQuestion(this.#bytes, offset);
      if (count === 1) this.question = question;
      offset += question.bytes.length;
    }
    this.#wellFormed &&= count === 1;
    return offset;
  }

  #records(start: number): void {
    const bytes = this.#bytes;
    const before = bytes.readUInt16BE(6) + bytes.readUInt16BE(8);
    const count = before + bytes.readUInt16BE(10);
    let offset = start;
    for (let index = 0; index < count; index += 1) {
      const owner = readName(bytes, offset);
      const dataAt = owner.end + 10;
      const dataEnd = dataAt + bytes.readUInt16BE(owner.end + 8);
      if (dataEnd > bytes.length) throw new MalformedError('a record ends after the message');
      if (bytes.readUInt16BE(owner.end) === TYPE_OPT) {
        // One, of the root, in the additional section (RFC 6891, 6.1.1 and 6.1.2).
        this.#wellFormed &&= index >= before && this.edns === undefined && owner.end === offset + 1;
        this.#opt(owner.end, bytes.subarray(dataAt, dataEnd));
      }
      offset = dataEnd;
    }
    if (offset !== bytes.length) throw new MalformedError('bytes after the message');
  }

  /** The first one counts. Another version may have options of another form: they are not read (RFC 6891, 6.1.3). */
  #opt(at: number, data: Buffer): void {
    if (this.edns !== undefined) return;
    const version = this.#bytes.readUInt8(at + 5);
    const edns = {
      udpBytes: this.#bytes.readUInt16BE(at + 2),
      version,
      dnssecOk: (this.#bytes.readUInt16BE(at + 6) & DNSSEC_OK) !== 0,
    };
    this.edns = { ...edns, subnet: undefined };
    if (version === EDNS_VERSION)
      this.#try(() => {
        this.edns = { ...edns, subnet: readOptions(data) };
      });
  }
}

const readQuestion = (bytes: Buffer, start: number): WireQuestion => {
  const { labels, end: nameEnd } = readName(bytes, start);
  const typeNumber = bytes.readUInt16BE(nameEnd);
  const classNumber = bytes.readUInt16BE(nameEnd + 2);
  const nameAsSent = labels.map(showLabel).join('.');
  return {
    bytes: bytes.subarray(start, nameEnd + 4),
    name: nameAsSent.toLowerCase(),
    nameAsSent,
    typeNumber,
    type: TYPE_NAMES[typeNumber] ?? `TYPE${typeNumber}`,
    classNumber,
  };
};

/**
 * A name's labels; those behind a compression pointer are left out: no query needs them. It leads to what came before
 * (RFC 1035, 4.1.4), so there is no loop. Reading on behind the message throws.
 */
const readName = (bytes: Buffer, start: number): { readonly labels: readonly Buffer[]; readonly end: number } => {
  const labels: Buffer[] = [];
  for (let offset = start; offset - start < NAME_BYTES_MAX; ) {
    const length = bytes.readUInt8(offset);
    if (length === 0) return { labels, end: offset + 1 };
    if (length >= 0xc0 && start > HEADER_BYTES) {
      const target = bytes.readUInt16BE(offset) & 0x3fff;
      if (target < HEADER_BYTES || target >= start) throw new MalformedError('a pointer to what is no name before it');
      return { labels, end: offset + 2 };
    }
    if (length > 63) throw new MalformedError('a label longer than 63 bytes, or a pointer in the question');
    labels.push(bytes.subarray(offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  throw new MalformedError('a name longer than 255 bytes');
};

const showLabel = (label: Buffer): string =>
  label.toString('latin1').replace(/[^A-Za-z0-9_-]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`);

/** The client subnet among the options; those that are not known are left out. */
const readOptions = (data: Buffer): WireSubnet | undefined => {
  let subnet: WireSubnet | undefined;
  for (let offset = 0; offset < data.length; ) {
    const end = offset + 4 + data.readUInt16BE(offset + 2);
    if (end > data.length) throw new MalformedError('an option ends after its record');
    if (data.readUInt16BE(offset) === OPTION_CLIENT_SUBNET) {
      if (subnet !== undefined) throw new MalformedError('two client subnets: neither is the one');
      subnet = readSubnet(data.subarray(offset + 4, end));
    }
    offset = end;
  }
  return subnet;
};

/** RFC 7871, 6: exactly the bytes of the prefix, no bit beyond it, no scope. Family 0 goes with an empty prefix only. */
const readSubnet = (bytes: Buffer): WireSubnet => {
  const [family, prefixLength, scope, address] = [bytes.readUInt16BE(0), bytes.readUInt8(2), bytes.readUInt8(3), bytes.subarray(4)];
  const bitsMax = { 0: 0, 1: 32, 2: 128 }[family];
  const bitsBeyond = address.length * 8 - prefixLength;
  const strayBits = bitsBeyond > 0 ? (address.at(-1) ?? 0) & ((1 << bitsBeyond) - 1) : 0;
  if (bitsMax === undefined || prefixLength > bitsMax || scope !== 0 || address.length !== Math.ceil(prefixLength / 8) || strayBits !== 0)
    throw new MalformedError('a client subnet that is none');
  return { bytes, ipv4: family === 1 ? { address: [0, 1, 2, 3].map((index) => address[index] ?? 0).join('.'), prefixLength } : undefined };
};
