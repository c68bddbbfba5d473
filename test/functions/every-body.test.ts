/** What holds for the body of every write: it comes back as it was sent, or it is refused by place, and nothing is done. */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answered, ApiWorld, type Sent } from './api-world.ts';
import { EVERY_WRITE, leftIn, openWorld, sendWrite } from './every-write.ts';

const SEED = 20_261_130;
const problemOf = ({ status, body }: Answered) => [status, body['type']];
const placesOf = ({ body }: Answered): string => JSON.stringify(body['errors']);

/** Texts that one program or another would alter. */
const HALF = fc.constantFrom('"\\ud800"', '"a\\uDFFF"', '"\\udc00\\ud800"', '{"\\ud9ab":1}', '["\\uDBFF x"]');
const TWICE = fc.constantFrom('{"a":1,"a":1}', '{"a":1,"b":2,"\\u0061":3}', '[{"":1,"":2}]', '{"__proto__":1}', '{"\\u005f_proto__":{}}');
const NUMBER = fc.constantFrom(
  '1e400',
  '-1e400',
  '-0',
  '-0.0',
  '-0e7',
  '1e-400',
  '9007199254740993',
  '0.1000000000000000055511151231257827',
);
const DEEP = fc.integer({ min: 64, max: 2_000 }).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`);
const LOST = fc.oneof(HALF, TWICE, NUMBER, DEEP);

/** The text with one more member in one of its objects. */
const spoilt = (text: string, lost: string, at: number): string => {
  const opened = [...text.matchAll(/\{/g)].map(({ index }) => index);
  const index = opened[at % opened.length] ?? 0;
  const comma = /^\{\s*\}/.test(text.slice(index)) ? '' : ',';
  return `${text.slice(0, index + 1)}"spoilt":${lost}${comma}${text.slice(index + 1)}`;
};

describe.each(EVERY_WRITE)('the body of $what', (write) => {
  it('is refused by place where a part of it would not come back, in whatever way it came; and leaves nothing there', async () => {
    const { world, data } = await openWorld();
    const request = await write.prepare(world);
    const before = leftIn(data);
    await fc.assert(
      fc.asyncProperty(LOST, fc.nat(9), fc.boolean(), async (lost, at, base64) => {
        const rawBody = spoilt(JSON.stringify(request.sent.body), lost, at);
        const answer = await sendWrite(world, write, request, { rawBody, base64 });
        expect([rawBody.slice(0, 200), ...problemOf(answer)]).toEqual([rawBody.slice(0, 200), 400, '/problems/bad-request']);
        expect(placesOf(answer)).toMatch(/"at":"body\..*spoilt/);
        expect(answer.text.isWellFormed()).toBe(true);
      }),
      { seed: SEED, numRuns: 100 },
    );
    expect(leftIn(data)).toEqual(before);
  });

  it.each<[string, Sent, number]>([
    ['half a character as it is', { rawBody: '{"\ud800":1}' }, 400],
    ['what stands for bytes that were lost', { rawBody: '{"\ufffd":1}' }, 400],
    ['a byte order mark', { rawBody: '\ufeff{}' }, 400],
    ['a byte order mark, as bytes', { rawBody: '\ufeff{}', base64: true }, 400],
    ['another charset', { headers: { 'Content-Type': 'application/json; charset=iso-8859-1' } }, 415],
    ['another charset, after the right one', { headers: { 'Content-Type': 'application/json;charset=utf-8;charset=utf-16' } }, 415],
    ['another charset in quotation marks', { headers: { 'Content-Type': 'application/json; charset="us-ascii"' } }, 415],
    ['gzip', { headers: { 'Content-Encoding': 'gzip' } }, 415],
    ['a coding in a list', { headers: { 'Content-Encoding': 'identity, br' } }, 415],
    ['a coding that nobody knows', { headers: { 'Content-Encoding': 'x-own' } }, 415],
  ])('is refused with %s, and leaves nothing there', async (_, more, status) => {
    const { world, data } = await openWorld();
    const request = await write.prepare(world);
    const before = leftIn(data);
    const answer = await sendWrite(world, write, request, more);
    expect(answer.status).toBe(status);
    expect(answer.headers['accept-encoding']).toBe('Content-Encoding' in (more.headers ?? {}) ? 'identity' : undefined);
    expect(leftIn(data)).toEqual(before);
  });

  it.each<Readonly<Record<string, string>>>([
    { 'Content-Type': 'application/json; charset=UTF-8' },
    { 'Content-Type': 'Application/JSON ; Charset="utf-8"; profile=x' },
    { 'Content-Encoding': 'identity' },
    { 'Content-Encoding': 'Identity, ' },
  ])('may come with %o', async (headers) => {
    const { world } = await openWorld();
    const request = await write.prepare(world);
    expect((await sendWrite(world, write, request, { headers })).status).toBe(write.status);
  });
});

describe('what is kept of a caller', () => {
  const put = async (world: ApiWorld, value: string, more: Sent = {}) => {
    const path = `/records/${randomUUID()}`;
    const answer = await world.call('PUT', path, { rawBody: `{"value":${value}}`, ...more, headers: { 'If-None-Match': '*' } });
    return { answer, read: answer.status === 201 ? await world.get(path) : undefined };
  };

  it('comes back as it was sent, whatever the value', async () => {
    const world = await new ApiWorld().start();
    const value = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }), { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(value, async (sent) => {
        const text = JSON.stringify(sent);
        const { answer, read } = await put(world, text);
        const refused = Object.hasOwn(sent, '__proto__') || text.includes('\ufffd') || text.includes('"__proto__":');
        expect([text, answer.status]).toEqual([text, refused ? 400 : 201]);
        if (!refused) expect(read?.body['value']).toEqual(JSON.parse(text));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('comes back as the same number, or is refused: no number is another one', async () => {
    const world = await new ApiWorld().start();
    const digits = fc.stringMatching(/^(0|[1-9]\d{0,24})$/);
    const number = fc
      .tuple(fc.constantFrom('', '-'), digits, fc.stringMatching(/^(\.\d{1,25})?$/), fc.stringMatching(/^([eE][+-]?\d{1,3})?$/))
      .map((parts) => parts.join(''));
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(number, async (text) => {
        const { answer, read } = await put(world, `{"n":${text}}`);
        if (answer.status === 400) {
          expect(placesOf(answer)).toContain('body.value.n');
          return;
        }
        kept += 1;
        const [, told = ''] = /"value":\{"n":([^}]+)\}/.exec(read?.text ?? '') ?? [];
        expect([text, isSame(text, told)]).toEqual([text, true]);
      }),
      { seed: SEED, numRuns: 500 },
    );
    expect(kept).toBeGreaterThan(50);
    for (const text of ['0', '1.50', '1E2', '5e-324', '-9007199254740991', '1.7976931348623157e308', '1e23', '0.1'])
      expect([text, (await put(world, `{"n":${text}}`)).answer.status]).toEqual([text, 201]);
  });

  it('is text of the bytes that were sent, or is refused, decided alike where API Gateway made text of them', async () => {
    const world = await new ApiWorld().start();
    const piece = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }).map((text) => Buffer.from(text)),
      // Overlong, halves of a pair, beyond the last character, cut off, and a mark within.
      fc.constantFrom(
        [0xc0, 0xaf],
        [0xe0, 0x80, 0xaf],
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xf0, 0x9f, 0xab],
        [0xef, 0xbb, 0xbf],
      ),
    );
    const bytes = fc
      .array(piece, { maxLength: 4 })
      .map((pieces) => Buffer.concat(pieces.map((each) => Buffer.from(each))))
      .filter((all) => !all.some((byte) => byte < 0x20 || byte === 0x22 || byte === 0x5c));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(bytes, async (inner) => {
        const body = Buffer.concat([Buffer.from('{"value":{"a":"'), inner, Buffer.from('"}}')]);
        const send = async (more: { readonly body: string; readonly isBase64Encoded: boolean }) => {
          const event = world.event('PUT', `/records/${randomUUID()}`, { body: {}, headers: { 'If-None-Match': '*' } });
          return world.handle({ ...event, ...more });
        };
        const binary = await send({ body: body.toString('base64'), isBase64Encoded: true });
        const plain = await send({ body: body.toString('utf8'), isBase64Encoded: false });
        expect(binary.statusCode).toBe(isUtf8(body) ? 201 : 400);
        if (!body.includes('\ufffd')) expect(plain.statusCode).toBe(binary.statusCode);
        if (binary.statusCode === 201) expect(JSON.parse(binary.body)).toMatchObject({ value: { a: inner.toString('utf8') } });
        else refused += 1;
      }),
      { seed: SEED, numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(50);
  });
});

/** Whether two numbers are the same, digit by digit. */
const isSame = (one: string, other: string): boolean => {
  const [[a, x], [b, y]] = [exactly(one), exactly(other)];
  const low = Math.min(x, y);
  return a * 10n ** BigInt(x - low) === b * 10n ** BigInt(y - low);
};

const exactly = (text: string): readonly [bigint, number] => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  return [BigInt(`${sign}${whole}${fraction}`), Number(exponent) - fraction.length];
};
