/** DNS answers to bytes. dns-packet encodes the records; the question goes back as it came. */
import { type Answer, AUTHORITATIVE_ANSWER, DNSSEC_OK, encode, type OptAnswer, TRUNCATED_RESPONSE } from 'dns-packet';
import { LOCATION_PREFIX_LENGTH } from './latency.ts';
import type { ResourceRecord } from './resolver.ts';
import {
  EDNS_VERSION,
  type Edns,
  HEADER_BYTES,
  OPTION_CLIENT_SUBNET,
  type QueryHeader,
  type WireQuestion,
  type WireSubnet,
} from './wire-query.ts';

export const RCODE = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5, badVers: 16 } as const;
export type Rcode = (typeof RCODE)[keyof typeof RCODE];

/** Largest UDP answer to a client without EDNS (RFC 1035), and to any client: it fits every network unfragmented (RFC 9715). */
const UDP_BYTES_PLAIN = 512;
const UDP_BYTES_MAX = 1_232;

export interface Response {
  readonly header: QueryHeader;
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly question: WireQuestion | undefined;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  /** Of the query: no EDNS in the answer unless asked. */
  readonly edns: Edns | undefined;
  /** Whether the answer depends on the client's subnet. */
  readonly byLocation: boolean;
}

/** Encodes an answer; over UDP one that is too long becomes an empty one with TC set, so that the client asks over TCP. */
export const encodeResponse = (response: Response, transport: 'udp' | 'tcp'): Buffer => {
  const whole = encodeOnce(response, 0);
  const udpBytes =
    response.edns === undefined ? UDP_BYTES_PLAIN : Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_PLAIN, response.edns.udpBytes));
  return transport === 'tcp' || whole.length <= udpBytes
    ? whole
    : encodeOnce({ ...response, answers: [], authorities: [] }, TRUNCATED_RESPONSE);
};

const encodeOnce = (response: Response, truncated: number): Buffer => {
  const { header, question, edns, rcode } = response;
  const bytes = encode({
    type: 'response',
    id: header.id,
    flags: (header.opcode << 11) | (response.authoritative ? AUTHORITATIVE_ANSWER : 0) | truncated | header.repeatedFlags | (rcode & 0xf),
    answers: response.answers.map((record) => toAnswer(record, question)),
    authorities: response.authorities.map((record) => toAnswer(record, question)),
    additionals: edns === undefined ? [] : [toOpt(edns, rcode, response.byLocation)],
  });
  if (question === undefined) return bytes;
  // dns-packet never compresses names, so nothing after the header points to a place that moves.
  bytes.writeUInt16BE(1, 4);
  return Buffer.concat([bytes.subarray(0, HEADER_BYTES), question.bytes, bytes.subarray(HEADER_BYTES)]);
};

const toAnswer = (record: ResourceRecord, question: WireQuestion | undefined): Answer => {
  const base = { name: record.name === question?.name ? question.nameAsSent : record.name, ttl: record.ttlSeconds };
  return record.type === 'SOA' ? { ...base, type: record.type, data: record.data } : { ...base, type: record.type, data: record.data };
};

const toOpt = (edns: Edns, rcode: Rcode, byLocation: boolean): OptAnswer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize: UDP_BYTES_MAX,
  extendedRcode: rcode >> 4,
  ednsVersion: EDNS_VERSION,
  flags: edns.dnssecOk ? DNSSEC_OK : 0,
  flag_do: edns.dnssecOk,
  options: edns.subnet === undefined ? [] : [{ code: OPTION_CLIENT_SUBNET, ip: undefined, data: echoSubnet(edns.subnet, byLocation) }],
});

/** The option as sent, with the scope filled in: how much of the address decided (RFC 7871, 7.2.1). */
const echoSubnet = (subnet: WireSubnet, byLocation: boolean): Buffer => {
  const echoed = Buffer.from(subnet.bytes);
  echoed.writeUInt8(byLocation && (subnet.ipv4?.prefixLength ?? 0) > 0 ? LOCATION_PREFIX_LENGTH : 0, 3);
  return echoed;
};
