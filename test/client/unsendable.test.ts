import { describe, expect, test } from 'vitest';
import { type ClientProps, TandemClient } from '../../client/client.ts';
import { Unsendable } from '../../client/sendable.ts';
import { serving } from './serving.ts';
import { ORDER, regions } from './two-regions.ts';

const ID = '1'.repeat(32);
const LONE = 'tea \ud83c';

/** A call as one without types makes it. */
const calling =
  (method: keyof TandemClient, ...given: readonly unknown[]) =>
  (client: TandemClient): Promise<unknown> =>
    Reflect.apply(client[method], client, given);
const putting = (value: unknown) => calling('putRecord', 'profile', value, { ifMatch: 'v1' });

const cyclic = (): object => {
  const value: Record<string, unknown> = { n: 1 };
  value['self'] = [value];
  return value;
};
const deep = (levels: number): object => (levels === 0 ? {} : { in: deep(levels - 1) });
const withHoles = (): unknown[] => {
  const list: unknown[] = [1, 2, 3];
  delete list[1];
  return list;
};

const NOT_CALLS: Readonly<Record<string, (client: TandemClient) => Promise<unknown>>> = {
  'an id that is a step in a path': calling('getHistory', '.'),
  'an id that is a step back': calling('getRecord', '..'),
  'a sku that is a step back': calling('receiveStock', '..', 'a', { quantity: 1 }),
  'a region that is a step': calling('receiveStock', 'tea', '.', { quantity: 1 }),
  'an empty id': calling('getOrder', ''),
  'no id': calling('getOrder'),
  'an id that is no text': calling('payOrder', 5, { amount: 1 }),
  'an id with half of a character': calling('getStock', LONE),
  'a cursor with half of a character': calling('listOrders', { cursor: LONE }),
  'a limit that is no text': calling('listOrders', { limit: 5 }),
  'a key with a new line': calling('placeOrder', ORDER, { idempotencyKey: 'a\nb: c' }),
  'a key beyond ASCII': calling('placeOrder', ORDER, { idempotencyKey: 'schlüssel' }),
  'a key with a space at its end': calling('payOrder', ID, { amount: 1 }, { idempotencyKey: 'key-0001 ' }),
  'an empty key': calling('placeOrder', ORDER, { idempotencyKey: '' }),
  'a key that is no text': calling('cancelOrder', ID, { idempotencyKey: 12345678 }),
  'a tag with a quotation mark': calling('putRecord', 'profile', {}, { ifMatch: 'a", "b' }),
  'a tag with a new line': calling('putRecord', 'profile', {}, { ifMatch: 'a\r\nx: y' }),
  'a tag that no outcome had': calling('putRecord', 'profile', {}, { ifMatch: undefined }),
  'an edit of something unsaid': calling('putRecord', 'profile', {}, {}),
  'a BigInt': putting({ n: 1n }),
  'what is no number': putting({ n: Number.NaN }),
  'what has no end': putting({ n: [Number.POSITIVE_INFINITY] }),
  'less than nothing, by nothing': putting({ n: -0 }),
  undefined: putting({ n: undefined }),
  'undefined in a list': putting({ n: [undefined] }),
  'a function': putting({ n: () => 1 }),
  'a symbol': putting({ n: Symbol('x') }),
  'a name that is a symbol': putting({ [Symbol('x')]: 1 }),
  'half of a character': putting({ n: LONE }),
  'half of a character as a name': putting({ [LONE]: 1 }),
  'a value that holds itself': putting(cyclic()),
  'a value that is too deep': putting(deep(64)),
  'a value that is far too deep': putting(deep(5_000)),
  'a date': putting({ at: new Date(0) }),
  'a map': putting({ n: new Map([['a', 1]]) }),
  'a boxed number': putting({ n: Object(1) }),
  bytes: putting({ n: new Uint8Array(2) }),
  'a list with holes': putting({ n: withHoles() }),
  'a list with a name': putting({ n: Object.assign([1], { x: 1 }) }),
  'a value that says what it is itself': putting({ toJSON: () => ({ other: 1 }) }),
  'a name that programs drop': putting(JSON.parse('{"__proto__":{"a":1}}')),
  'no value': putting(undefined),
  'an order of nothing': calling('placeOrder', undefined),
  'a payment that is no number': calling('payOrder', ID, { amount: Number.NaN }),
  'a note with half of a character': calling('placeOrder', { ...ORDER, note: LONE }),
};

const BAD_TOKENS: Readonly<Record<string, unknown>> = {
  'a new line': 'abc\nx-admin: 1',
  'a new line at its end': 'abc\n',
  'a space': 'abc def',
  nothing: '',
  'what is beyond ASCII': 'tökn',
  'what is beyond Latin-1': 'abc€',
  'a byte of nothing': 'abc\0',
  'no text': 17,
  null: null,
  undefined: undefined,
  'an object': { token: 'abc' },
};

const told = async (refused: Promise<unknown>): Promise<unknown> =>
  refused.then(
    () => 'it was sent',
    (error: unknown) => error,
  );

describe('what cannot be sent is refused at once, and says what is wrong; nothing is sent and nobody is blamed', () => {
  test.each(Object.entries(NOT_CALLS))('%s', async (what, call) => {
    await using world = await regions(serving(), serving());
    let asked = 0;
    const client = world.client({ circuit: { failuresToOpen: 1, probeAfterMs: 60_000 } }, { token: () => `t${asked++}` });
    const error = await told(call(client));
    // What is not there at all has no properties to look at.
    expect(error).toBeInstanceOf(what === 'an order of nothing' ? Error : Unsendable);
    expect([world.a.received, world.b.received, asked]).toEqual([[], [], 0]);
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'a' });
  });

  test.each(Object.entries(BAD_TOKENS))('a token of %s, given or told by what gives it', async (_, token) => {
    await using world = await regions(serving(), serving());
    const state = { token };
    const client = world.client(
      { circuit: { failuresToOpen: 1, probeAfterMs: 60_000 } },
      Object.defineProperty({}, 'token', { value: () => state.token, enumerable: true }),
    );
    const error = await told(client.placeOrder(ORDER));
    expect(error).toBeInstanceOf(Unsendable);
    // It is a secret, also where it is wrong.
    if (typeof token === 'string' && token !== '') expect(String(error)).not.toContain(token.trim());
    if (typeof token === 'string') expect(await told(world.client({}, { token }).placeOrder(ORDER))).toBeInstanceOf(Unsendable);
    expect([world.a.received, world.b.received]).toEqual([[], []]);
    state.token = 'abc';
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'ok', region: 'a', attempts: [{ result: 'ok' }] });
  });

  test('what JSON carries is sent as it is, to the last level', async () => {
    await using world = await regions(serving(), serving());
    const value = { text: 'tea \u{1f375}', n: [0, -1.5, 1e300, 5e-324, true, null, {}, []], '': { 'a b': '' }, deep: deep(60) };
    expect(await world.client().putRecord('a/b', value, { ifMatch: 'v1' })).toMatchObject({ kind: 'ok', region: 'a', value: { value } });
  });

  test.each([
    'x',
    '',
    'ftp://a.example',
    'https://user:secret@a.example',
    'https://a.example/?x=1',
    'https://a.example/#x',
    'http://',
    '/live',
  ])('an endpoint at %s', (url) => {
    expect(() => new TandemClient({ endpoints: [{ region: 'a', url }] })).toThrow('endpoint a: given');
  });

  test('an endpoint may have a path, and a slash at its end', async () => {
    await using world = await regions(
      (received, response, request) => serving()({ ...received, path: received.path.slice('/live'.length) }, response, request),
      serving(),
    );
    const endpoints = [{ region: 'a', url: `${world.a.url}/live/` }];
    expect(await world.client({}, { endpoints }).getOrder(ID)).toMatchObject({ kind: 'ok' });
    expect(world.a.received.map(({ path }) => path)).toEqual([`/live/orders/${ID}`]);
  });
});

describe('what gives the token', () => {
  const never: ClientProps['token'] = () => new Promise(() => {});

  test('counts in the time of the operation: one that hangs ends it', async () => {
    await using world = await regions(serving(), serving());
    const client = world.client({ operation: { deadlineMs: 50 } }, { token: never });
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'unknown', reason: 'deadline', mayHaveRun: false, attempts: [] });
    const again = await client.placeOrder(ORDER, { idempotencyKey: 'key-0001', mayHaveRun: true });
    expect(again).toMatchObject({ kind: 'unknown', reason: 'deadline', mayHaveRun: true, idempotencyKey: 'key-0001' });
    expect([world.a.received, world.b.received]).toEqual([[], []]);
  });

  test('counts in it where it comes too late, too: nothing is sent', async () => {
    await using world = await regions(serving(), serving());
    const state = { nowMs: 0 };
    const slow = async () => {
      state.nowMs += 300_001;
      return 'abc';
    };
    const client = world.client({ operation: { deadlineMs: 300_000 } }, { token: slow, runtime: { monotonic: () => state.nowMs } });
    expect(await client.placeOrder(ORDER)).toMatchObject({ kind: 'unknown', reason: 'deadline', mayHaveRun: false, attempts: [] });
    expect([world.a.asked, world.b.asked]).toEqual([[], []]);
  });

  test('is given up when the caller gives up, and is not asked where the caller has', async () => {
    await using world = await regions(serving(), serving());
    let asked = 0;
    const client = world.client({}, { token: () => new Promise(() => void asked++) });
    expect(await client.placeOrder(ORDER, { signal: AbortSignal.timeout(20) })).toMatchObject({
      kind: 'unknown',
      reason: 'aborted',
      mayHaveRun: false,
    });
    expect(await client.placeOrder(ORDER, { signal: AbortSignal.abort() })).toMatchObject({ kind: 'unknown', reason: 'aborted' });
    expect(asked).toBe(1);
  });

  test.each<[string, () => Promise<string>]>([
    ['rejects', async () => Promise.reject(new Error('no key'))],
    [
      'throws',
      () => {
        throw new Error('no key');
      },
    ],
  ])('that %s ends the operation with its own error, and nothing is sent', async (_, token) => {
    await using world = await regions(serving(), serving());
    await expect(world.client({}, { token }).getOrder(ID)).rejects.toThrow('no key');
    expect([world.a.received, world.b.received]).toEqual([[], []]);
  });
});
