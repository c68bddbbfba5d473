import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../functions/contract/values.ts';
import { type Answered, ApiWorld } from './api-world.ts';
import { recordJourneys } from './record-journeys.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await new ApiWorld().start();
});

recordJourneys('the API over memory', (region) => new ApiWorld({ region }).start());

const STRANGE = `"${'0'.repeat(32)}"`;

describe('the precondition of an edit (RFC 9110, 13.1; RFC 6585, 3)', () => {
  it.each([
    ['none', {}, 428, 'precondition-required'],
    ['the ETag', { 'If-Match': 'TAG' }, 200, undefined],
    ['the ETag and space', { 'If-Match': '  TAG ' }, 200, undefined],
    ['a weak ETag: the comparison is strong', { 'If-Match': 'W/TAG' }, 412, 'precondition-failed'],
    ['an ETag that this API never gave', { 'If-Match': '"abc"' }, 412, 'precondition-failed'],
    ['an empty ETag', { 'If-Match': '""' }, 412, 'precondition-failed'],
    ['the ETag of a state that this region has not heard of', { 'If-Match': STRANGE }, 412, 'unknown-version'],
    ['any ETag at all: the edit would not say what it was made from', { 'If-Match': '*' }, 400, 'bad-request'],
    ['several ETags: it would say two things', { 'If-Match': `TAG, ${STRANGE}` }, 400, 'bad-request'],
    ['no ETag', { 'If-Match': '' }, 400, 'bad-request'],
    ['an ETag without quotation marks', { 'If-Match': 'abc' }, 400, 'bad-request'],
    ['an ETag with something behind', { 'If-Match': 'TAG x' }, 400, 'bad-request'],
    ['an ETag, and then what is none', { 'If-Match': 'TAG, x' }, 400, 'bad-request'],
    ['that nothing is there, where something is', { 'If-None-Match': '*' }, 412, 'precondition-failed'],
    ['that something else is there', { 'If-None-Match': STRANGE }, 400, 'bad-request'],
    ['two that contradict each other', { 'If-Match': 'TAG', 'If-None-Match': '*' }, 400, 'bad-request'],
  ])('given %s', async (_, headers, status, problem) => {
    const { path, tag } = await made();
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('TAG', tag)]));
    const answer = await world.call('PUT', path, { body: { value: { n: 2 } }, headers: sent });
    expect([answer.status, nameOf(answer)]).toEqual([status, problem]);
    expect((await world.get(path)).body).toMatchObject({ value: { n: status === 200 ? 2 : 1 } });
  });

  it.each([
    ['as a proxy that compresses marks it', 'TAG-gzip'],
    ['as another does', 'TAG;br'],
    ['as a third does', 'TAG--zstd'],
    ['with something before it', 'gzip:TAG'],
    ['weakened', 'W/'],
  ])('names what has changed the ETag of an answer: %s', async (_, form) => {
    const { path, tag } = await made();
    const sent = form === 'W/' ? `W/${tag}` : `"${form.replace('TAG', tag.slice(1, -1))}"`;
    const headers = { 'If-Match': sent };
    for (const answer of [await world.call('PUT', path, { body: { value: {} }, headers }), await world.get(path, { headers })]) {
      expect([answer.status, nameOf(answer)]).toEqual([412, 'precondition-failed']);
      expect(answer.body['detail']).toMatch(/a proxy or cache .*compresses/);
    }
  });

  it('given in two lines is several ETags, also where they are the same', async () => {
    const { path, tag } = await made();
    const event = world.event('PUT', path, { body: { value: {} } });
    const answer = await world.handle({ ...event, multiValueHeaders: { ...event.multiValueHeaders, 'if-match': [tag, tag] } });
    expect(answer.statusCode).toBe(400);
  });

  it('is checked before anything is read, and says what is allowed', async () => {
    const answer = await world.call('PUT', `/records/${randomUUID()}`, { body: { value: {} } });
    expect(answer.body).toMatchObject({ detail: "allowed: if-match with the record's ETag, or if-none-match: * for a new one" });
  });
});

describe('a conditional read', () => {
  it.each([
    ['If-None-Match', 'TAG', 304],
    ['If-None-Match', 'W/TAG', 304],
    ['If-None-Match', `${STRANGE}, TAG`, 304],
    ['If-None-Match', `W/${STRANGE} ,\tTAG,`, 304],
    ['If-None-Match', '*', 304],
    ['If-None-Match', STRANGE, 200],
    ['If-None-Match', 'no tag', 400],
    ['If-None-Match', '', 400],
    ['If-Match', 'abc', 400],
    ['If-Match', 'TAG, x', 400],
    ['If-None-Match', '"TAG', 400],
    ['If-Match', 'TAG', 200],
    ['If-Match', '*', 200],
    ['If-Match', 'W/TAG', 412],
    ['If-Match', STRANGE, 412],
  ])('%s: %s is answered with %s', async (header, value, status) => {
    const { path, tag } = await made();
    const answer = await world.get(path, { headers: { [header]: value.replace('TAG', tag) } });
    expect(answer.status).toBe(status);
    expect(answer.headers['etag']).toBe(status >= 400 ? undefined : tag);
    expect(answer.text === '').toBe(status === 304);
    expect('content-type' in answer.headers).toBe(status !== 304);
  });

  it('of what is not there is 404 all the same', async () => {
    expect((await world.get('/records/none', { headers: { 'If-None-Match': '*' } })).status).toBe(404);
  });
});

describe('a value', () => {
  it.each([
    ['numbers', '{"a":1e21,"b":-0.5,"c":1.50,"d":5e-324,"e":9007199254740991,"f":1E2,"g":0.1,"i":0e9}'],
    ['a character in two escapes, and control characters', '{"a":"\\ud83e\\udED6","\\ufffd":"\\u0000","b":"\\u2028🫖","c":"\\\\ud800"}'],
    [
      'names of the language',
      '{"constructor":1,"toString":{"prototype":[]},"hasOwnProperty":null,"":{"":""},"value":{"value":"__proto__"}}',
    ],
    ['empty things', '{"a":{},"b":[],"c":"","d":null,"e":false}'],
    ['nesting as deep as is allowed', `{"a":${'['.repeat(LIMITS.depth - 2)}${']'.repeat(LIMITS.depth - 2)}}`],
    ['nothing', '{}'],
  ])('comes back as it was sent: %s', async (_, text) => {
    const path = `/records/${randomUUID()}`;
    const answer = await world.call('PUT', path, { rawBody: `{"value":${text}}`, headers: { 'If-None-Match': '*' } });
    expect(answer.status).toBe(201);
    const [read, history] = [await world.get(path), await world.get(`${path}/history`)];
    const sent: unknown = JSON.parse(text);
    expect([answer.body['value'], read.body['value']]).toEqual([sent, sent]);
    expect(history.body).toMatchObject({ versions: [{ value: sent }] });
  });

  it.each([
    ['a number beyond a double', '{"a":1e400}', 'the number 1e400'],
    ['a number that becomes none', '{"a":1e-400}', 'the number 1e-400'],
    ['a number of too many digits', '{"a":[12345678901234567890]}', 'the number 12345678901234567890'],
    ['a fraction of too many digits', '{"a":0.1234567890123456789}', 'the number 0.1234567890123456789'],
    ['a long number', `{"a":1${'0'.repeat(9_000)}1}`, 'the number 10000'],
    ['a zero with a sign, which JSON drops', '{"a":-0}', 'the number -0'],
    ['the same, written otherwise', '{"a":-0.0e5}', 'the number -0.0e5'],
    ['half a character', '{"a":["\\uD83E"]}', 'body.value.a.0'],
    ['two halves in the wrong order', '{"a":"\\udED6\\ud83e"}', 'half a character'],
    ['half a character in a name', '{"\\udfff":1}', 'half a character'],
    ['a name that programs drop', '{"a":{"__proto__":{"b":1}}}', '__proto__'],
    ['the same, written otherwise', '{"\\u005f_proto__":1}', '__proto__'],
    ['a name twice', '{"a":{"b":1,"\\u0062":2}}', 'twice'],
    ['nesting', `{"a":${'['.repeat(LIMITS.depth - 1)}${']'.repeat(LIMITS.depth - 1)}}`, 'nested deeper than 64'],
    ['nesting that no program follows', `{"a":${'['.repeat(8_000)}${']'.repeat(8_000)}}`, 'nested deeper than 64'],
    ['nested objects that no program follows', `{"a":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}}`, 'nested deeper than 64'],
  ])('that would not come back is refused: %s', async (_, text, told) => {
    const headers = { 'If-None-Match': '*' };
    const answer = await world.call('PUT', `/records/${randomUUID()}`, { rawBody: `{"value":${text}}`, headers });
    expect([answer.status, nameOf(answer), answer.text]).toEqual([400, 'bad-request', expect.stringContaining(told)]);
  });

  it('is an object, in a body of nothing else', async () => {
    for (const body of [{ value: [] }, { value: 'text' }, { value: null }, {}, { value: {}, more: 1 }, []]) {
      const answer = await world.call('PUT', `/records/${randomUUID()}`, { body, headers: { 'If-None-Match': '*' } });
      expect([JSON.stringify(body), answer.status]).toEqual([JSON.stringify(body), 400]);
    }
  });

  it('is bounded as it is sent and as it is kept: a short number may be a long text', async () => {
    const headers = { 'If-None-Match': '*' };
    const put = (value: string) => world.call('PUT', `/records/${randomUUID()}`, { rawBody: `{"value":${value}}`, headers });
    const largest = `{"a":"${'x'.repeat(LIMITS.bodyBytes - '{"value":{"a":""}}'.length)}"}`;
    const statuses = [await put(largest), await put(`${largest} `), await put(`{"a":[${Array(2_000).fill('1e20').join(',')}]}`)];
    expect(statuses.map(({ status }) => status)).toEqual([201, 413, 413]);
  });

  it('that is no UTF-8 is refused, not altered', async () => {
    const event = world.event('PUT', `/records/${randomUUID()}`, { body: { value: {} }, headers: { 'If-None-Match': '*' } });
    const bytes = Buffer.concat([Buffer.from('{"value":{"a":"'), Buffer.from([0xff]), Buffer.from('"}}')]);
    const answer = await world.handle({ ...event, body: bytes.toString('base64'), isBase64Encoded: true });
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('UTF-8')]);
  });
});

describe('the scopes of records', () => {
  it('are two, and an edit needs the one for writing', async () => {
    const { path, tag } = await made();
    const token = world.key.token({ scope: 'records:read orders:write' });
    const answers = [
      await world.get(path, { token }),
      await world.get(`${path}/history`, { token }),
      await world.put(path, {}, tag, { token }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403]);
    expect((await world.get(path, { token: world.key.token({ scope: 'records:write' }) })).status).toBe(403);
  });
});

const made = async () => {
  const path = `/records/${randomUUID()}`;
  const { headers } = await world.put(path, { n: 1 });
  return { path, tag: String(headers['etag']) };
};

const nameOf = ({ body }: Answered): string | undefined => {
  const { type } = body;
  return typeof type === 'string' ? type.split('/').at(-1) : undefined;
};
