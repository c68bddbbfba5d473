/** From the bytes of a query to the bytes of its answer. Pure but for what `answer` looks at. */
import type { ClientSubnet } from './latency.ts';
import type { Question, Resolution } from './resolver.ts';
import { encodeResponse, RCODE, type Rcode, type Response } from './wire-answer.ts';
import { CLASS_IN, EDNS_VERSION, OPCODE_QUERY, parseQuery, type Query, TYPE_OPT } from './wire-query.ts';

interface Asker {
  /** Address that the query came from. */
  readonly source: string;
  readonly subnet: ClientSubnet | undefined;
}

export type Answerer = (question: Question, asker: Asker) => Resolution;

/** IXFR, AXFR, MAILB, MAILA: transfers and long dead requests, which no stranger gets. */
const REFUSED_TYPES: readonly number[] = [251, 252, 253, 254];

/** @returns undefined when the message must not be answered */
export const respond = (bytes: Buffer, source: string, transport: 'udp' | 'tcp', answer: Answerer): Buffer | undefined => {
  const query = parseQuery(bytes);
  return query.kind === 'ignored' ? undefined : encodeResponse(reply(query, source, answer), transport);
};

const reply = (query: Exclude<Query, { kind: 'ignored' }>, source: string, answer: Answerer): Response => {
  const { header, edns } = query;
  const empty = { header, authoritative: false, answers: [], authorities: [], byLocation: false };
  const isQuery = header.opcode === OPCODE_QUERY;
  // Sections of other opcodes mean other things, so whether they are well formed does not matter.
  if (query.kind === 'malformed') return { ...empty, question: query.question, edns, rcode: isQuery ? RCODE.formErr : RCODE.notImp };
  const { question } = query;
  const refusal = (rcode: Rcode): Response => ({ ...empty, question, edns, rcode });
  if (edns !== undefined && edns.version !== EDNS_VERSION) return refusal(RCODE.badVers);
  if (!isQuery) return refusal(RCODE.notImp);
  if (question.typeNumber === TYPE_OPT) return refusal(RCODE.formErr);
  if (question.classNumber !== CLASS_IN || REFUSED_TYPES.includes(question.typeNumber)) return refusal(RCODE.refused);
  try {
    const resolution = answer(question, { source, subnet: edns?.subnet?.ipv4 });
    if (resolution.kind === 'out-of-zone') return refusal(RCODE.refused);
    const { answers, authorities, byLocation } = resolution;
    return {
      header,
      question,
      edns,
      authoritative: true,
      answers,
      authorities,
      byLocation,
      rcode: resolution.kind === 'no-such-name' ? RCODE.nxDomain : RCODE.noError,
    };
  } catch {
    return refusal(RCODE.servFail);
  }
};
