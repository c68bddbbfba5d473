import { createSocket } from 'node:dgram';
import { decode, encode } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { CallerProps } from '../../../ops/drill/callers.ts';
import { clientCaller } from '../../../ops/drill/client-caller.ts';
import { dnsCaller } from '../../../ops/drill/dns-caller.ts';
import type { Action, Result } from '../../../ops/drill/operations.ts';
import { answer, type Behaviour, cut, FrontDoor, problem, reset, silence } from '../../client/front-door.ts';

const PLACE = { operation: 'placeOrder', key: 'key-0001', lines: [{ sku: 'x', quantity: 1 }] } as const satisfies Action;
const READ: Action = { operation: 'getOrder', order: 'o1' };
const ORDER = { id: 'o1', lines: PLACE.lines, placedAt: '2026-01-01T00:00:00.000Z', placedBy: 'a' };
const placed = answer(201, ORDER, { 'tandem-region': 'a' });

describe('a caller that follows DNS', () => {
  test.each<[string, Action, Behaviour, Partial<Result>]>([
    ['an acknowledgement', PLACE, placed, { outcome: 'ok', status: 201, id: 'o1', region: 'a' }],
    ['no stock: the rules were followed', PLACE, problem(409, 'out-of-stock'), { outcome: 'ok', status: 409, id: null }],
    ['not found, though it was acknowledged', READ, problem(404, 'not-found'), { outcome: 'ok', status: 404, missed: true }],
    ['a write that ends with 503: it may have been executed', PLACE, problem(503, 'unavailable'), { outcome: 'unknown', status: 503 }],
    ['a read that ends with 503', READ, problem(503, 'unavailable'), { outcome: 'failed', status: 503 }],
    ['a write that was refused for the token', PLACE, problem(401, 'unauthorized'), { outcome: 'failed', status: 401 }],
    ['a write whose connection is reset', PLACE, reset, { outcome: 'unknown', status: null }],
    ['a write whose answer is cut', PLACE, cut, { outcome: 'unknown', status: null }],
    ['a write that is never answered', PLACE, silence, { outcome: 'unknown', status: null }],
    ['a read that is never answered', READ, silence, { outcome: 'failed', status: null }],
  ])('takes %s as what it is, and asks once', async (_, action, behaviour, expected) => {
    await using world = await shared(behaviour);
    await using caller = closing(dnsCaller({ name: 'dns-a-1', near: 'a', token: 't', firstPart: 1 }, world));
    expect(await caller.perform(action)).toMatchObject({ attempts: 1, missed: false, ...expected });
    expect(world.door.received).toHaveLength(1);
  });

  test('that finds nobody listening knows that nothing was done', async () => {
    await using world = await shared(placed);
    await using caller = closing(dnsCaller({ name: 'dns-a-1', near: 'a', token: 't', firstPart: 1 }, world));
    await world.door.close();
    expect(await caller.perform(PLACE)).toMatchObject({ outcome: 'failed', detail: 'ECONNREFUSED' });
  });

  test('sends the shared name as host, with token and key', async () => {
    const seen: unknown[] = [];
    await using world = await shared((received, response, request) => {
      seen.push(request.headers.host, request.headers.authorization, received.key, received.path, received.body);
      placed(received, response, request);
    });
    await using caller = closing(dnsCaller({ name: 'dns-a-1', near: 'a', token: 't', firstPart: 1 }, world));
    await caller.perform(PLACE);
    expect(seen).toEqual(['api.test', 'Bearer t', 'key-0001', '/orders', '{"lines":[{"sku":"x","quantity":1}]}']);
  });
});

const VERSION = '0123456789abcdef0123456789abcdef';
const head = (version: string) => ({ version, value: {}, editedAt: '2026-01-01T00:00:00.000Z', editedBy: 'a' });

describe('a caller that follows DNS, of a record', () => {
  test('sends what its edit was made from, and keeps the version that it is told', async () => {
    const seen: unknown[] = [];
    await using world = await shared((received, response, request) => {
      seen.push([request.method, request.headers['if-match'], request.headers['if-none-match'], received.key, received.body]);
      answer(201, { id: 'r', ...head(VERSION), conflicts: [] }, { 'tandem-region': 'a' })(received, response, request);
    });
    await using caller = closing(dnsCaller({ name: 'dns-a-1', near: 'a', token: 't', firstPart: 1 }, world));
    const made = await caller.perform({ operation: 'putRecord', key: 'k1', record: 'r', parents: [] });
    await caller.perform({ operation: 'putRecord', key: 'k2', record: 'r', parents: ['v2', 'v1'] });
    expect(made).toMatchObject({ outcome: 'ok', id: VERSION });
    expect(seen).toEqual([
      ['PUT', undefined, '*', 'k1', '{"value":{"edit":"k1"}}'],
      ['PUT', '"v1.v2"', undefined, 'k2', '{"value":{"edit":"k2"}}'],
    ]);
  });

  test('keeps the heads that a read showed', async () => {
    const other = VERSION.replace('0', 'f');
    await using world = await shared(answer(200, { id: 'r', ...head(VERSION), conflicts: [head(other)] }, { 'tandem-region': 'a' }));
    await using caller = closing(dnsCaller({ name: 'dns-a-1', near: 'a', token: 't', firstPart: 1 }, world));
    expect(await caller.perform({ operation: 'getRecord', record: 'r' })).toMatchObject({ saw: { heads: [VERSION, other] } });
  });
});

describe('a caller with the failover client', () => {
  test.each<[string, Action, Behaviour, Partial<Result>]>([
    ['an acknowledgement', PLACE, placed, { outcome: 'ok', status: 201, id: 'o1', region: 'a' }],
    ['a refusal that follows the rules', PLACE, problem(409, 'out-of-stock'), { outcome: 'ok', status: 409 }],
    ['not found, though it was acknowledged', READ, problem(404, 'not-found'), { outcome: 'ok', missed: true }],
    ['a refusal for the token', PLACE, problem(401, 'unauthorized'), { outcome: 'failed', status: 401 }],
    ['a write without a definite answer', PLACE, problem(503, 'unavailable'), { outcome: 'unknown', status: null }],
    ['a read without a definite answer', READ, problem(503, 'unavailable'), { outcome: 'failed', status: null }],
  ])('takes %s as what it is', async (_, action, behaviour, expected) => {
    await using world = await shared(behaviour);
    await using caller = closing(clientCaller({ name: 'client-a-1', near: 'a', token: 't' }, world));
    expect(await caller.perform(action)).toMatchObject(expected);
  });

  test('is answered wrong where the answer that counted is, whoever was asked before', async () => {
    await using first = await shared(problem(503, 'unavailable'));
    await using second = await shared(answer(201, ORDER, { 'tandem-region': 'b' }));
    const regions = [...first.regions, ...second.regions.map((region) => ({ ...region, name: 'b', host: 'b.api.test' }))];
    const told: CallerProps['expect'] =
      () =>
      ({ region }) =>
        `wrong by ${region}`;
    await using caller = closing(clientCaller({ name: 'client-a-1', near: 'a', token: 't', expect: told }, { ...first, regions }));
    const result = await caller.perform(PLACE);
    expect(result).toMatchObject({ outcome: 'ok', region: 'b', wrong: 'wrong by b' });
    expect(result.sent.map(({ region, end, wrong }) => [region, end, wrong])).toEqual([
      ['a', 'failed', null],
      ['b', 'answered', 'wrong by b'],
    ]);
  });

  test('finds a region by its name where the target has it', async () => {
    const hosts: unknown[] = [];
    await using world = await shared((received, response, request) => {
      hosts.push(request.headers.host);
      placed(received, response, request);
    });
    await using caller = closing(clientCaller({ name: 'client-a-1', near: 'a', token: 't' }, world));
    await caller.perform(PLACE);
    expect(hosts).toContain(new URL(world.door.url).host.replace('127.0.0.1', 'a.api.test'));
  });
});

/** One region behind a shared name. */
const shared = async (behaviour: Behaviour) => {
  const door = await FrontDoor.open('a', behaviour);
  const { hostname, port } = new URL(door.url);
  const [inDns, at] = ['192.0.2.1', { address: hostname, port: Number(port) }];
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  socket.on('message', (message, from) => {
    const response = encode({
      type: 'response',
      id: decode(message).id ?? 0,
      answers: [{ type: 'A', name: 'api.test', ttl: 10, data: inDns }],
    });
    socket.send(response, from.port, from.address);
  });
  return {
    door,
    regions: [{ name: 'a', url: door.url, host: 'a.api.test' }],
    dns: {
      name: 'api.test',
      server: { address: '127.0.0.1', port: socket.address().port },
      doorAt: (address: string) => (address === inDns ? at : { address, port: 0 }),
      subnetNear: () => '10.0.0.0',
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await door.close();
    },
  };
};

const closing = <T extends { close(): Promise<void> }>(caller: T) => ({ ...caller, [Symbol.asyncDispose]: () => caller.close() });
