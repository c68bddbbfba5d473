/** Answers that are not this API's to this request: they settle nothing, and the next region is asked. */
import { describe, expect, test } from 'vitest';
import { BODY_BYTES_MAX } from '../../client/body.ts';
import type { TandemClient } from '../../client/client.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { ClientRoute } from '../../client/routes.ts';
import { type Behaviour, cut, problem, type Received } from './front-door.ts';
import { ORDER_ID as ID, serving, toldOf } from './serving.ts';
import { ORDER, regions } from './two-regions.ts';

const CALLS: Readonly<Record<ClientRoute, (client: TandemClient) => Promise<Outcome<unknown>>>> = {
  placeOrder: (client) => client.placeOrder({ lines: [...ORDER.lines, { sku: 'b', quantity: 2 }], note: 'soon' }),
  listOrders: (client) => client.listOrders({ limit: '5' }),
  getOrder: (client) => client.getOrder(ID),
  payOrder: (client) => client.payOrder(ID, { amount: 250 }),
  shipOrder: (client) => client.shipOrder(ID, { carrier: 'post' }),
  cancelOrder: (client) => client.cancelOrder(ID),
  getStock: (client) => client.getStock('tea'),
  receiveStock: (client) => client.receiveStock('tea', 'b', { quantity: 3 }),
  getRecord: (client) => client.getRecord('profile'),
  putRecord: (client) => client.putRecord('profile', { n: [1, { a: null }] }, { ifMatch: 'v1' }),
  getHistory: (client) => client.getHistory('profile'),
};

const raw =
  (status: number, text: string, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
/** Something between caller and region, which knows no regions. */
const stranger =
  (behaviour: Behaviour): Behaviour =>
  (received, response, request) => {
    response.removeHeader('tandem-region');
    behaviour(received, response, request);
  };
/** The API's own answer, changed. */
const changed =
  (change: (body: object, received: Received) => unknown): Behaviour =>
  (received, response, request) => {
    const { status, body } = toldOf(received);
    raw(status, JSON.stringify(change(body, received)))(received, response, request);
  };

const OF_NOBODY: Readonly<Record<string, Behaviour>> = {
  'a gateway whose domain is gone': stranger(raw(403, '{"message":"Forbidden"}')),
  'a gateway that knows the region, and no such stage': raw(403, '{"message":"Forbidden"}'),
  'a captive portal with JSON': stranger(raw(200, '{}')),
  'a captive portal with a page': stranger(raw(200, '<html>Welcome</html>', { 'content-type': 'text/html' })),
  'a page of a CDN': stranger(raw(404, '<html>Not found</html>', { 'content-type': 'text/html' })),
  'a firewall': stranger(raw(401, '{"error":"blocked"}')),
  'a limit of a CDN': stranger(raw(429, 'slow down')),
  'the whole answer, by nobody': stranger(serving()),
  'the whole answer, by another region': serving(() => ({ 'tandem-region': 'c' })),
  'the whole answer, by two regions': serving(() => ({ 'tandem-region': 'a, a' })),
  'a problem, by nobody': stranger(problem(404, 'not-found')),
  'a problem by its title alone': raw(409, '{"title":"no","status":409}'),
  'a problem of somebody else': raw(409, '{"type":"https://example.com/conflict","title":"no","status":409}'),
  'a problem with the status of another': problem(404, 'key-reused'),
  'a problem that says another status': raw(404, '{"type":"/problems/not-found","title":"no","status":410}'),
  'a problem that no route of callers has': problem(405, 'method-not-allowed'),
  'a problem cut short': raw(404, '{"type":"/problems/not-found","tit'),
  'an empty object': raw(200, '{}'),
  nothing: raw(200, ''),
  'no JSON': raw(200, '<html>'),
  'a list': raw(200, '[]'),
  null: raw(200, 'null'),
  'an answer of another shape': changed(() => ({ id: ID, message: 'done' })),
  'an answer without one of its fields': changed((body) => Object.fromEntries(Object.entries(body).slice(0, -1))),
  'an answer with a field of another kind': changed((body) => Object.fromEntries(Object.entries(body).map(([name]) => [name, {}]))),
  'another success': (received, response, request) => {
    const { status, body } = toldOf(received);
    raw(status === 200 ? 201 : 200, JSON.stringify(body))(received, response, request);
  },
  'accepted, to be done some time': (received, response, request) =>
    raw(toldOf(received).status === 202 ? 201 : 202, JSON.stringify(toldOf(received).body))(received, response, request),
  'no content': (_, response) => void response.writeHead(204).end(),
  'nothing new': (_, response) => void response.writeHead(304).end(),
  'a redirect': (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
  'a redirect that says so in a body': raw(307, '{}'),
  'an answer that is cut': cut,
  'an answer that is cut, with all of its JSON': (received, response, request) => {
    const { status, body } = toldOf(received);
    response.writeHead(status, { 'content-length': '100000' });
    response.write(JSON.stringify(body));
    setTimeout(() => request.socket.destroy(), 20);
  },
  'bytes that are no text': (received, response) => {
    const { status, body } = toldOf(received);
    response
      .writeHead(status)
      .end(Buffer.concat([Buffer.from(JSON.stringify({ ...body, more: '?' }).slice(0, -3)), Buffer.from([0xe9]), Buffer.from('"}')]));
  },
  'early words, and then nobody': (received, response, request) => {
    response.writeEarlyHints({ link: '</x>; rel=preload' });
    raw(200, '{}')(received, response, request);
  },
};

describe.each(Object.entries(OF_NOBODY))('%s', (_, behaviour) => {
  test.each(Object.entries(CALLS))('is no answer to %s: the next region is asked, and answers', async (route, call) => {
    // A record may be made or edited: both are successes.
    if (route === 'putRecord' && behaviour === OF_NOBODY['another success']) return;
    await using world = await regions(behaviour, serving());
    expect(await call(world.client())).toMatchObject({
      kind: 'ok',
      region: 'b',
      attempts: [{ region: 'a' }, { region: 'b', result: 'ok' }],
    });
  });

  test('proves nothing either way when everybody answers so', async () => {
    await using world = await regions(behaviour, behaviour);
    expect(await world.client().placeOrder(ORDER)).toMatchObject({ kind: 'unknown', mayHaveRun: true, refusal: undefined });
  });
});

describe('an answer about something else', () => {
  const other = (fields: object): Behaviour => changed((body) => ({ ...body, ...fields }));
  test.each<[ClientRoute, string, object]>([
    ['placeOrder', 'other lines', { lines: [{ sku: 'a', quantity: 2 }] }],
    ['placeOrder', 'another note', { note: 'later' }],
    ['getOrder', 'another order', { id: '2'.repeat(32) }],
    ['payOrder', 'another order', { order: '2'.repeat(32) }],
    ['payOrder', 'another amount', { amount: 251 }],
    ['shipOrder', 'another order', { order: '2'.repeat(32) }],
    ['shipOrder', 'another carrier', { carrier: 'pigeon' }],
    ['cancelOrder', 'another order', { order: '2'.repeat(32) }],
    ['getStock', 'another sku', { sku: 'coffee' }],
    ['receiveStock', 'another sku', { sku: 'coffee' }],
    ['receiveStock', 'another region', { region: 'a' }],
    ['receiveStock', 'another quantity', { quantity: 4 }],
    ['getRecord', 'another record', { id: 'Profile' }],
    ['putRecord', 'another record', { id: 'Profile' }],
    ['putRecord', 'another value', { value: { n: [1, {}] } }],
    ['getHistory', 'another record', { id: 'Profile' }],
  ])('is none: %s, of %s', async (route, _, fields) => {
    await using world = await regions(other(fields), serving());
    expect(await CALLS[route](world.client())).toMatchObject({ kind: 'ok', region: 'b' });
  });

  test('is one when it says the same in other words: lines merged, names in another order, fields of a later release', async () => {
    const merged = changed((body) => ({ ...body, later: 1, lines: [{ quantity: 5, sku: 'a', later: 1 }] }));
    await using world = await regions(merged, serving());
    const lines = [
      { sku: 'a', quantity: 2 },
      { sku: 'a', quantity: 3 },
    ];
    expect(await world.client().placeOrder({ lines })).toMatchObject({ kind: 'ok', region: 'a' });
  });
});

test('an answer that is longer than any is not read to its end, told by its length or not', async () => {
  const state = { sent: 0 };
  const endless: Behaviour = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = (): void => {
      if (response.destroyed) return;
      state.sent += 65_536;
      response.write(' '.repeat(65_536), () => setImmediate(more));
    };
    more();
  };
  await using world = await regions(endless, serving());
  expect(await world.client().getOrder(ID)).toMatchObject({ kind: 'ok', region: 'b' });
  expect(state.sent).toBeGreaterThan(BODY_BYTES_MAX);
});

test('a body that never ends costs its callers no more than silence', async () => {
  const trickle: Behaviour = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{');
  };
  await using world = await regions(trickle, serving());
  expect(await world.client({ operation: { hedgeAfterMs: 60 } }).getOrder(ID)).toMatchObject({ kind: 'ok', region: 'b' });
});

test('a region whose address somebody else has is passed by, and not taken back for what that one says of its health', async () => {
  await using world = await regions(stranger(raw(200, '{"verdict":"pass"}')), serving());
  const client = world.client({ circuit: { probeAfterMs: 1, probeAfterMaxMs: 1 } });
  for (let operation = 0; operation < 10; operation += 1) expect(await client.getOrder(ID)).toMatchObject({ kind: 'ok', region: 'b' });
  expect(world.a.asked).toHaveLength(3);
  expect(world.a.received.some(({ path }) => path === '/health')).toBe(true);
});

test('what somebody else says of evacuations is not believed', async () => {
  const view = raw(200, JSON.stringify({ regions: [{ region: 'a', evacuate: true }] }));
  const lying: Behaviour = (received, response, request) =>
    (received.path === '/regions' ? stranger(view) : serving())(received, response, request);
  await using world = await regions(serving(), lying);
  const client = world.client({ refreshMs: 1 });
  for (let operation = 0; operation < 5; operation += 1) expect(await client.getOrder(ID)).toMatchObject({ region: 'a' });
  expect(world.b.received.some(({ path }) => path === '/regions')).toBe(true);
});

test('a proxy that gives an answer without a stream is read all the same, and as far', async () => {
  await using world = await regions(serving(), serving());
  const plain = (text: string) => ({ status: 200, headers: new Headers({ 'tandem-region': 'a' }), text: async () => text });
  const whole = JSON.stringify(toldOf({ method: 'GET', path: `/orders/${ID}`, body: '' }).body);
  const fetched = async (text: string) => world.client({}, { fetch: async () => plain(text) }).getOrder(ID);
  expect(await fetched(whole)).toMatchObject({ kind: 'ok', region: 'a' });
  expect(await fetched(`${whole}${' '.repeat(BODY_BYTES_MAX)}`)).toMatchObject({ kind: 'unknown' });
});
