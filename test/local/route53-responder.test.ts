import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callersNear, edgeAddress } from '../../local/network.ts';
import { respond } from '../../local/route53/responder.ts';
import { answer, HUGE, types, WIDE } from './route53/answerer.ts';
import { type Decoded, opt, parse, query, subnet } from './route53/dns-client.ts';
import { DOMAIN, EU, US, ZONE } from './route53/templates.ts';

const reply = (message: Buffer, transport: 'udp' | 'tcp' = 'udp', source = '127.0.0.1'): Decoded =>
  parse(respond(message, source, transport, answer) ?? Buffer.alloc(12));

describe('an answer', () => {
  it('is authoritative, repeats id and RD and CD, and offers no recursion', () => {
    const bytes = respond(query(DOMAIN, { flags: 0x0110 }), '127.0.0.1', 'udp', answer);
    expect(bytes?.readUInt16BE(0)).toBe(4_711);
    expect(bytes?.readUInt16BE(2)).toBe(0x8510);
    expect(respond(query(DOMAIN), '127.0.0.1', 'udp', answer)?.readUInt16BE(2)).toBe(0x8400);
  });

  it('keeps the case of the question, and of the name that it answers', () => {
    const { packet } = reply(query('aPi.TANdem.tEST'));
    expect(packet.questions).toMatchObject([{ name: 'aPi.TANdem.tEST' }]);
    expect(packet.answers).toMatchObject([{ name: 'aPi.TANdem.tEST', data: `${EU}.origin.${DOMAIN}` }, { name: `${EU}.origin.${DOMAIN}` }]);
  });

  it('denies a name and a type with the SOA', () => {
    expect(reply(query(`nosuch.${DOMAIN}`))).toMatchObject({
      rcode: 3,
      authoritative: true,
      packet: { answers: [], authorities: [{ type: 'SOA', name: ZONE, ttl: 900 }] },
    });
    expect(reply(query(`origin.${DOMAIN}`))).toMatchObject({
      rcode: 0,
      authoritative: true,
      packet: { answers: [], authorities: [{ type: 'SOA' }] },
    });
  });

  it('sends a label with any byte back bit by bit, and mistakes no dot in a label for two labels', () => {
    const odd = query('apiXtandem.test');
    odd[odd.indexOf('X')] = 0x2e;
    expect(parse(respond(odd, '127.0.0.1', 'udp', answer) ?? odd).rcode).toBe(5);
    const binary = query(`aXb.${DOMAIN}`);
    binary[binary.indexOf('X')] = 0xff;
    const given = respond(binary, '127.0.0.1', 'udp', answer) ?? Buffer.alloc(0);
    expect(given.subarray(12, binary.length)).toEqual(binary.subarray(12));
    expect(given.readUInt16BE(2) & 0xf).toBe(3);
  });

  it('is REFUSED outside the zone, for other classes and for transfers', () => {
    const refused = [
      query('example.com'),
      query('.'),
      query(DOMAIN, { questions: [{ name: DOMAIN, type: 'TXT', class: 'CH' }] }),
      query(DOMAIN, { questions: [{ name: DOMAIN, type: 'A', class: 'ANY' }] }),
      query(ZONE, { questions: [{ name: ZONE, type: 'AXFR' }] }),
    ];
    for (const message of refused)
      expect(reply(message)).toMatchObject({ rcode: 5, authoritative: false, packet: { questions: { length: 1 }, answers: [] } });
  });

  it('is NOTIMP for every opcode but QUERY, also when the rest makes no sense', () => {
    for (let opcode = 1; opcode < 16; opcode += 1) {
      expect(reply(query(DOMAIN, { flags: opcode << 11 }))).toMatchObject({ rcode: 4, opcode, id: 4_711 });
      expect(reply(query(DOMAIN, { flags: opcode << 11, questions: [] }))).toMatchObject({ rcode: 4, opcode });
    }
  });

  it('to ANY holds one set of records, not the chain', () => {
    const any = query(DOMAIN);
    any.writeUInt16BE(255, any.length - 4);
    expect(types(reply(any))).toEqual(['CNAME']);
  });
});

describe('EDNS', () => {
  it('is in the answer only when it was in the question', () => {
    expect(reply(query(DOMAIN)).opt).toBeUndefined();
    expect(reply(query(DOMAIN, { additionals: [opt()] })).opt).toMatchObject({ udpPayloadSize: 1_232, ednsVersion: 0, options: [] });
    expect(reply(query('example.com', { additionals: [opt()] })).opt).toBeDefined();
  });
  it('repeats the DO bit and no other flag', () => {
    expect(reply(query(DOMAIN, { additionals: [opt({ flags: 0xffff })] })).opt?.flags).toBe(0x8000);
    expect(reply(query(DOMAIN, { additionals: [opt({ flags: 0x7fff })] })).opt?.flags).toBe(0);
  });
  it('of another version is BADVERS, with the version that is spoken', () =>
    expect(reply(query(DOMAIN, { additionals: [opt({ version: 1 })] }))).toMatchObject({
      rcode: 16,
      opt: { ednsVersion: 0 },
      packet: { answers: [] },
    }));

  const scope = (name: string, bytes: Buffer) => {
    const option = reply(query(name, { additionals: [opt({ subnet: bytes })] })).opt?.options[0];
    return option && 'scopePrefixLength' in option ? option : undefined;
  };
  it('client subnet decides, and is repeated with the scope that decided', () => {
    expect(reply(query(DOMAIN, { additionals: [opt({ subnet: subnet(2) })] })).packet.answers).toMatchObject([
      {},
      { data: edgeAddress(1) },
    ]);
    expect(scope(DOMAIN, subnet(2))).toMatchObject({ family: 1, sourcePrefixLength: 24, scopePrefixLength: 24, ip: callersNear(1) });
  });
  it('client subnet has no scope where it did not decide', () => {
    expect(scope(`${US}.${DOMAIN}`, subnet(2))).toMatchObject({ sourcePrefixLength: 24, scopePrefixLength: 0 });
    expect(scope(DOMAIN, Buffer.from([0, 1, 0, 0]))).toMatchObject({ sourcePrefixLength: 0, scopePrefixLength: 0 });
    expect(scope(DOMAIN, Buffer.from([0, 2, 56, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0]))).toMatchObject({
      family: 2,
      sourcePrefixLength: 56,
      scopePrefixLength: 0,
    });
  });
});

/** RFC 6891, 6.1.1, 6.1.2, 6.1.3 and 7; RFC 7871, 6 and 7.1.2; RFC 9619. */
describe('a query with EDNS that is not as it must be', () => {
  const HEADER = (questions: number, additionals: number, flags = 0) =>
    Buffer.from([0x12, 0x67, flags >> 8, flags & 0xff, 0, questions, 0, 0, 0, 0, 0, additionals]);
  const NAME = Buffer.from([3, ...Buffer.from('api'), 6, ...Buffer.from('tandem'), 4, ...Buffer.from('test'), 0]);
  const QUESTION = Buffer.concat([NAME, Buffer.from([0, 1, 0, 1])]);
  const rawOpt = (data: readonly number[] = [], { version = 0, owner = [0], flags = 0x80, size = [4, 208] } = {}) =>
    Buffer.from([...owner, 0, 41, ...size, 0, version, flags, 0, data.length >> 8, data.length & 0xff, ...data]);
  const ecs = (...content: readonly number[]) => [0, 8, 0, content.length, ...content];
  const message = (...parts: readonly Buffer[]) => Buffer.concat([HEADER(1, parts.length), QUESTION, ...parts]);
  const GOOD = ecs(0, 1, 24, 0, 127, 0, 2);
  const [ASKED, NOTHING] = [1, 0];

  it.each([
    ['a subnet with bits beyond its prefix', 1, ASKED, message(rawOpt(ecs(0, 1, 23, 0, 127, 0, 1)))],
    ['a subnet with one bit beyond an odd prefix', 1, ASKED, message(rawOpt(ecs(0, 1, 17, 0, 127, 0, 64)))],
    ['a subnet of an unknown family', 1, ASKED, message(rawOpt(ecs(0, 3, 8, 0, 1)))],
    ['a subnet of family 0 with a prefix', 1, ASKED, message(rawOpt(ecs(0, 0, 8, 0, 1)))],
    ['a subnet with a scope', 1, ASKED, message(rawOpt(ecs(0, 1, 24, 24, 127, 0, 2)))],
    ['a subnet of too few bytes', 1, ASKED, message(rawOpt(ecs(0, 1, 24, 0, 127, 0)))],
    ['a subnet of too many bytes', 1, ASKED, message(rawOpt(ecs(0, 1, 24, 0, 127, 0, 2, 0)))],
    ['a subnet longer than an address', 1, ASKED, message(rawOpt(ecs(0, 1, 33, 0, 127, 0, 2, 1, 0)))],
    ['a subnet longer than an address of IPv6', 1, ASKED, message(rawOpt(ecs(0, 2, 129, 0, ...Array<number>(17).fill(0))))],
    ['a subnet that is cut off', 1, ASKED, message(rawOpt(ecs(0, 1)))],
    ['an empty subnet', 1, ASKED, message(rawOpt(ecs()))],
    ['two subnets', 1, ASKED, message(rawOpt([...GOOD, ...ecs(0, 1, 24, 0, 127, 0, 1)]))],
    ['an option longer than its record', 1, ASKED, message(rawOpt([0, 10, 0, 9, 1, 2]))],
    ['a code without a length', 1, ASKED, message(rawOpt([0, 10]))],
    ['a good subnet before an option that is cut off', 1, ASKED, message(rawOpt([...GOOD, 0, 10, 0, 1]))],
    ['two OPT records', 1, ASKED, message(rawOpt(), rawOpt())],
    ['two OPT records, the second of another version', 1, ASKED, message(rawOpt(), rawOpt([], { version: 1 }))],
    ['an OPT record of a name', 1, ASKED, message(rawOpt([], { owner: [3, 97, 98, 99, 0] }))],
    ['an OPT record of a pointer to the root', 1, ASKED, message(rawOpt([], { owner: [0xc0, 12 + NAME.length - 1] }))],
    [
      'an OPT record among the answers',
      1,
      ASKED,
      Buffer.concat([Buffer.from([0x12, 0x67, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]), QUESTION, rawOpt()]),
    ],
    ['bytes behind it', 1, ASKED, Buffer.concat([message(rawOpt()), Buffer.of(0)])],
    ['more records counted than there are', 1, ASKED, Buffer.concat([HEADER(1, 3), QUESTION, rawOpt()])],
    ['a record behind it that is cut off', 1, ASKED, Buffer.concat([HEADER(1, 2), QUESTION, rawOpt(), Buffer.from([0, 0, 1, 0, 1, 0, 0])])],
    ['no question', 1, NOTHING, Buffer.concat([HEADER(0, 1), rawOpt()])],
    ['two questions', 1, NOTHING, Buffer.concat([HEADER(2, 1), QUESTION, QUESTION, rawOpt()])],
    ['another version', 16, ASKED, message(rawOpt([], { version: 1 }))],
    ['the highest version', 16, ASKED, message(rawOpt([], { version: 255 }))],
    ['another version and options that are none', 16, ASKED, message(rawOpt([0, 8, 0, 99, 1], { version: 1 }))],
    ['another version and a bad subnet', 16, ASKED, message(rawOpt(ecs(0, 1, 23, 0, 127, 0, 1), { version: 1 }))],
    ['another version and an unknown opcode', 16, ASKED, Buffer.concat([HEADER(1, 1, 15 << 11), QUESTION, rawOpt([], { version: 1 })])],
    ['an unknown opcode', 4, ASKED, Buffer.concat([HEADER(1, 1, 15 << 11), QUESTION, rawOpt()])],
    ['an unknown opcode and no question', 4, NOTHING, Buffer.concat([HEADER(0, 1, 2 << 11), rawOpt()])],
    ['a name outside of the zone', 5, ASKED, Buffer.concat([HEADER(1, 1), Buffer.from([3, 99, 111, 109, 0, 0, 1, 0, 1]), rawOpt()])],
  ])('by %s gets code %i, EDNS, and the question where it was understood', (_, rcode, questions, bytes) => {
    for (const transport of ['udp', 'tcp'] as const) {
      const given = respond(bytes, '127.0.0.1', transport, answer) ?? Buffer.alloc(12);
      expect(parse(given)).toMatchObject({
        id: 0x1267,
        rcode,
        authoritative: false,
        truncated: false,
        packet: { answers: [], authorities: [] },
      });
      expect(parse(given).opt).toMatchObject({ name: '.', ednsVersion: 0, udpPayloadSize: 1_232, flags: 0x8000, options: [] });
      expect(given.readUInt16BE(4)).toBe(questions);
      if (questions === ASKED && rcode !== 5) expect(given.subarray(12, 12 + QUESTION.length)).toEqual(QUESTION);
    }
  });

  it.each([
    ['an option that nobody knows', message(rawOpt([0xff, 0xfe, 0, 2, 1, 2]))],
    ['an empty option', message(rawOpt([0, 3, 0, 0]))],
    ['a cookie', message(rawOpt([0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]))],
    ['a flag that nobody knows', message(rawOpt([], { flags: 0xff }))],
    ['a size below 512', message(rawOpt([], { size: [0, 1] }))],
    ['another record before it', Buffer.concat([HEADER(1, 2), QUESTION, Buffer.from([0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 1, 0]), rawOpt()])],
  ])('is none by %s: it is answered', (_, bytes) =>
    expect(parse(respond(bytes, '127.0.0.1', 'udp', answer) ?? bytes)).toMatchObject({
      rcode: 0,
      authoritative: true,
      packet: { answers: [{ type: 'CNAME' }, { type: 'A' }] },
      opt: { flags: 0x8000, options: [] },
    }),
  );
});

describe('an answer that is too long', () => {
  const size = (name: string, edns?: number) => {
    const given = reply(query(name, edns === undefined ? {} : { additionals: [opt({ size: edns })] }));
    return { truncated: given.truncated, answers: given.packet.answers?.length, opt: given.opt !== undefined };
  };
  it('for 512 bytes is empty and says so to clients without EDNS', () =>
    expect(size(WIDE)).toEqual({ truncated: true, answers: 0, opt: false }));
  it('for 512 bytes is whole for clients that take more', () =>
    expect(size(WIDE, 1_232)).toEqual({ truncated: false, answers: 8, opt: true }));
  it('for the size that the client says is empty; less than 512 counts as 512', () => {
    expect(size(WIDE, 512)).toEqual({ truncated: true, answers: 0, opt: true });
    expect(size(DOMAIN, 10)).toEqual({ truncated: false, answers: 2, opt: true });
  });
  it('for 1,232 bytes is empty whatever the client says', () =>
    expect(size(HUGE, 65_535)).toEqual({ truncated: true, answers: 0, opt: true }));
  it('is whole over TCP', () => {
    for (const name of [WIDE, HUGE])
      expect(reply(query(name), 'tcp')).toMatchObject({ truncated: false, packet: { answers: { length: 8 } } });
  });
});

describe('a malformed message', () => {
  const good = query(DOMAIN);
  const withCounts = (...counts: readonly number[]) => {
    const bytes = Buffer.from(good);
    for (const [index, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + 2 * index);
    return bytes;
  };
  it.each([
    ['no question', query(DOMAIN, { questions: [] })],
    [
      'two questions',
      query(DOMAIN, {
        questions: [
          { name: DOMAIN, type: 'A' },
          { name: DOMAIN, type: 'A' },
        ],
      }),
    ],
    ['a count of questions without questions', withCounts(2)],
    ['a count of records without records', withCounts(1, 0, 0, 65_535)],
    ['a question that is cut off', good.subarray(0, -1)],
    ['bytes behind the message', Buffer.concat([good, Buffer.from([0])])],
    ['a pointer in the question', Buffer.concat([good.subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])])],
    ['a label of a reserved kind', Buffer.concat([good.subarray(0, 12), Buffer.from([0x41, 0, 0, 1, 0, 1])])],
    [
      'a name longer than 255 bytes',
      Buffer.concat([
        good.subarray(0, 12),
        ...Array.from({ length: 5 }, () => Buffer.from([63, ...Buffer.alloc(63, 'a')])),
        Buffer.from([0, 0, 1, 0, 1]),
      ]),
    ],
    ['two OPT records', query(DOMAIN, { additionals: [opt(), opt()] })],
    ['an OPT record among the answers', query(DOMAIN, { answers: [opt()] })],
    ['a question for OPT', query(DOMAIN, { questions: [{ name: DOMAIN, type: 'OPT' }] })],
  ])('with %s is FORMERR', (_, message) => expect(reply(message)).toMatchObject({ rcode: 1, id: 4_711, packet: { answers: [] } }));

  it.each([
    ['itself', good.length],
    ['what follows', 0x3fff],
    ['the header', 4],
  ])('with a record whose name is a pointer to %s is FORMERR', (_, target) => {
    const name = Buffer.alloc(2);
    name.writeUInt16BE(0xc000 | target);
    const record = Buffer.concat([name, Buffer.from([0, 1, 0, 1, 0, 0, 0, 0, 0, 0])]);
    expect(reply(Buffer.concat([withCounts(1, 0, 0, 1), record]))).toMatchObject({ rcode: 1, id: 4_711, packet: { answers: [] } });
  });

  it('that is too short, or itself an answer, is not answered', () => {
    const answerItself = Buffer.from(good);
    answerItself[2] = 0x84;
    for (const message of [Buffer.alloc(0), good.subarray(0, 11), answerItself])
      expect(respond(message, '127.0.0.1', 'udp', answer)).toBeUndefined();
  });

  it('never throws, whatever it is; what is answered can be read, has the id, and is short enough', () => {
    const seeds = [good, query(DOMAIN, { additionals: [opt({ subnet: subnet(2) })] }), query(HUGE, { additionals: [opt({ size: 512 })] })];
    const changed = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 6 }),
        fc.nat(300),
        fc.uint8Array({ maxLength: 12 }),
      )
      .map(([seed, changes, cut, tail]) => {
        const bytes = Buffer.concat([seed.subarray(0, cut < 250 ? seed.length : cut - 200), tail.length < 8 ? Buffer.alloc(0) : tail]);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    const random = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: changed }, random), (bytes) => {
        const given = respond(bytes, '127.0.0.1', 'udp', answer);
        if (given === undefined) return bytes.length < 12 || (bytes[2] ?? 0) >= 0x80;
        const read = parse(given);
        return (
          read.id === bytes.readUInt16BE(0) &&
          given.readUInt8(2) >= 0x80 &&
          given.length <= 1_232 &&
          (read.opt !== undefined || given.length <= 512)
        );
      }),
      { numRuns: 20_000 },
    );
  });
});
