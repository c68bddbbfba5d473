import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../../client/client.ts';
import type { Attempt } from '../../../client/outcome.ts';
import { recordExchanges } from '../../../ops/drill/exchanges.ts';
import { servedStatus } from '../../../ops/drill/operations.ts';
import { plainResult } from '../../../ops/drill/plain.ts';

const regionOf = ({ hostname }: URL): string => hostname;
/** Answers by region, in the order in which they are asked for. */
const fetchOf = (bodies: Readonly<Record<string, readonly string[]>>): Fetch => {
  const left = new Map(Object.entries(bodies).map(([region, all]) => [region, all.values()]));
  return async (url) => {
    const region = new URL(url).hostname;
    const body = left.get(region)?.next().value ?? '';
    return { status: 200, headers: new Headers({ 'tandem-version': `${region}+1` }), text: async () => body };
  };
};
const attempt = (region: string, startMs: number, more: Partial<Attempt> = {}): Attempt => ({
  region,
  startMs,
  endMs: startMs + 10,
  status: 200,
  result: 'ok',
  correlationId: undefined,
  ...more,
});
/** What a client asks, one region after the other, and what it says of it. */
const sentBy = async (asked: readonly string[], attempts: readonly Attempt[], bodies: Readonly<Record<string, readonly string[]>>) => {
  const exchanges = recordExchanges(fetchOf(bodies), regionOf);
  const { signal } = new AbortController();
  const operation = async () => {
    for (const url of asked) await (await exchanges.fetch(url, { method: 'GET', headers: {}, signal, redirect: 'error' })).text();
    return { attempts };
  };
  const expectation = ({
    region,
    status,
    body,
  }: {
    readonly region: string | null;
    readonly status: number;
    readonly body: object | undefined;
  }) => `${region} ${status} ${JSON.stringify(body)}`;
  return (await exchanges.record(operation, expectation)).sent;
};

describe('what the failover client was answered', () => {
  test('is held against what it must say, each attempt by its own answer', async () => {
    const sent = await sentBy(['http://a/x', 'http://b/x', 'http://a/x'], [attempt('b', 2), attempt('a', 1), attempt('a', 3)], {
      a: ['{"n":1}', '{"n":3}'],
      b: ['{"n":2}'],
    });
    expect(sent.map(({ region, startMs, wrong, version, end }) => [region, startMs, wrong, version, end])).toEqual([
      ['a', 1, 'a 200 {"n":1}', 'a+1', 'answered'],
      ['b', 2, 'b 200 {"n":2}', 'b+1', 'answered'],
      ['a', 3, 'a 200 {"n":3}', 'a+1', 'answered'],
    ]);
  });

  test.each<[string, Partial<Attempt>, string, string, string | null]>([
    ['an answer', {}, '{}', 'answered', 'a 200 {}'],
    ['a refusal by the rules', { status: 409 }, '{}', 'answered', 'a 409 {}'],
    ['no answer', { status: undefined, result: 'timeout' }, '', 'failed', null],
    ['a failure', { status: 503 }, '{}', 'failed', null],
    ['an answer in no shape', {}, 'hello', 'failed', null],
    ['another region’s, which came first', { status: undefined, result: 'outrun by b' }, '', 'overtaken', null],
    ['another region’s, after an answer all the same', { result: 'outrun by b' }, '{}', 'answered', 'a 200 {}'],
  ])('is told as what it is: %s', async (_, more, body, end, wrong) => {
    expect(await sentBy(['http://a/x'], [attempt('a', 1, more)], { a: [body] })).toMatchObject([{ end, wrong }]);
  });

  test('is not taken for what the client asked in passing', async () => {
    const sent = await sentBy(['http://a/health', 'http://a/regions', 'http://a/x'], [attempt('a', 1)], {
      a: ['{"n":1}', '{"n":2}', '{"n":3}'],
    });
    expect(sent).toMatchObject([{ wrong: 'a 200 {"n":3}' }]);
  });
});

test.each([
  [199, false],
  [200, true],
  [299, true],
  [300, false],
  [400, false],
  [401, false],
  [403, false],
  [404, true],
  [409, true],
  [412, true],
  [413, false],
  [429, false],
  [500, false],
  [503, false],
])('a caller who got %i was served: %s', (status, served) => expect(servedStatus(status)).toBe(served));

describe('an answer to a plain request', () => {
  const put = { operation: 'placeOrder', key: 'k', lines: [] } as const;
  const get = { operation: 'getOrder', order: 'o' } as const;
  test.each<[string, typeof put | typeof get, number, object | undefined, object]>([
    ['that it is done', put, 201, { id: 'o' }, { outcome: 'ok', id: 'o', wrong: 'no', missed: false }],
    ['that it is done, in no shape', put, 201, undefined, { outcome: 'unknown', id: null, wrong: null }],
    ['that is read in no shape', get, 200, undefined, { outcome: 'failed', wrong: null }],
    ['that follows the rules', put, 409, {}, { outcome: 'ok', id: null, wrong: 'no' }],
    ['that it is not there', get, 404, {}, { outcome: 'ok', missed: true, wrong: 'no' }],
    ['that it failed', put, 500, {}, { outcome: 'unknown', wrong: null }],
    ['that a read failed', get, 500, {}, { outcome: 'failed', wrong: null }],
    ['that it was refused', put, 403, {}, { outcome: 'failed', wrong: null }],
    ['that it is elsewhere', put, 300, {}, { outcome: 'failed', id: null, wrong: null }],
  ])('says %s', (_, action, status, body, expected) => {
    const given = { region: 'a', version: null, status, startMs: 0, body };
    const result = plainResult(action, given, () => 'no');
    expect(result).toMatchObject(expected);
    expect(result.sent).toMatchObject([{ end: result.wrong === null ? 'failed' : 'answered', wrong: result.wrong }]);
  });
});
