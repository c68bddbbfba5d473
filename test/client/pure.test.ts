import { Agent, fetch } from 'undici';
import { describe, expect, test } from 'vitest';
import { readAnswer, readError } from '../../client/answer.ts';
import { type Extra, RetryBudget } from '../../client/budget.ts';
import { Circuit } from '../../client/circuit.ts';
import { type ClientRoute, pathOf, SIGNATURES } from '../../client/routes.ts';
import { backoffMs } from '../../client/runtime.ts';
import type { ProblemName } from '../../functions/contract/problems.ts';

describe('retry budget', () => {
  const settings = { ratio: 0.2, reservePerSecond: 1, windowSeconds: 10 };
  const takenOf = (budget: RetryBudget, nowMs: number, extra: Extra, tries = 500) =>
    Array.from({ length: tries }, () => budget.take(nowMs, extra)).filter(Boolean).length;

  test('allows a quiet client its reserve of other regions and no more, and the same one once', () => {
    const budget = new RetryBudget(settings);
    expect([takenOf(budget, 1_000, 'elsewhere'), takenOf(budget, 1_000, 'again')]).toEqual([10, 1]);
  });

  test('grows with the traffic of the window; where a region is asked again, with what was answered of it', () => {
    const budget = new RetryBudget(settings);
    for (let index = 0; index < 1_000; index += 1) budget.deposit(5_000 + index);
    expect([takenOf(budget, 6_000, 'elsewhere'), takenOf(budget, 6_000, 'again')]).toEqual([210, 1]);
    for (let index = 0; index < 500; index += 1) budget.answered(6_000);
    expect([takenOf(budget, 6_000, 'elsewhere'), takenOf(budget, 6_000, 'again')]).toEqual([0, 100]);
  });

  test('forgets traffic and spending that are older than the window', () => {
    const budget = new RetryBudget(settings);
    for (let index = 0; index < 1_000; index += 1) budget.deposit(0);
    takenOf(budget, 0, 'elsewhere', 210);
    expect(takenOf(budget, 9_000, 'elsewhere')).toBe(0);
    expect(takenOf(budget, 10_000, 'elsewhere')).toBe(10);
  });

  test('bounds a retry storm: with every request failing, extra requests stay a fifth of the traffic and the reserve', () => {
    const budget = new RetryBudget(settings);
    let [elsewhere, again] = [0, 0];
    for (let ms = 0; ms < 60_000; ms += 10) {
      budget.deposit(ms);
      if (budget.take(ms, 'elsewhere')) elsewhere += 1;
      if (budget.take(ms, 'again')) again += 1;
    }
    expect(elsewhere).toBeLessThanOrEqual(0.2 * 6_000 + 7 * 10);
    expect(elsewhere).toBeGreaterThan(0.2 * 6_000 * 0.9);
    expect(again).toBeLessThanOrEqual(6);
  });
});

describe('circuit', () => {
  const settings = { failuresToOpen: 3, probeAfterMs: 1_000, probeAfterMaxMs: 8_000 };
  const opened = (random: () => number = () => 0.999) => {
    const circuit = new Circuit(settings, random);
    for (let failure = 0; failure < 3; failure += 1) circuit.failed(0);
    return circuit;
  };

  test('opens after failures in a row; a success between them starts the count anew', () => {
    const circuit = new Circuit(settings, () => 0);
    circuit.failed(0);
    circuit.failed(0);
    circuit.succeeded();
    circuit.failed(0);
    circuit.failed(0);
    expect(circuit.state).toBe('closed');
    circuit.failed(0);
    expect(circuit.state).toBe('open');
    expect(circuit.usable(0)).toBe(false);
  });

  test('is probed once when the wait is over, and not before', () => {
    const circuit = opened();
    expect(circuit.startProbe(998)).toBe(false);
    expect(circuit.startProbe(1_000)).toBe(true);
    expect(circuit.startProbe(1_000)).toBe(false);
  });

  test('waits longer after each failed probe, up to its ceiling', () => {
    const circuit = opened();
    const waits: number[] = [];
    let nowMs = 0;
    for (let probe = 0; probe < 6; probe += 1) {
      const startMs = nowMs;
      while (!circuit.startProbe(nowMs)) nowMs += 1;
      waits.push(nowMs - startMs);
      circuit.probed(false, nowMs);
    }
    expect(waits).toEqual([999, 1_998, 3_996, 7_992, 7_992, 7_992]);
  });

  test('is not held open longer by what was in flight when it opened, and starts anew after a success', () => {
    const circuit = opened();
    circuit.failed(900);
    circuit.failed(900);
    circuit.failed(900);
    expect(circuit.startProbe(1_000)).toBe(true);
    circuit.probed(false, 1_000);
    circuit.succeeded();
    for (let failure = 0; failure < 3; failure += 1) circuit.failed(10_000);
    expect([circuit.startProbe(10_998), circuit.startProbe(10_999)]).toEqual([false, true]);
  });

  test('lets one request at a time through on trial, and closes with its success', () => {
    const circuit = opened(() => 0);
    circuit.startProbe(0);
    circuit.probed(true, 0);
    expect(circuit.usable(0)).toBe(true);
    circuit.sent();
    expect(circuit.usable(0)).toBe(false);
    circuit.succeeded();
    expect(circuit.state).toBe('closed');
  });

  test('opens at once when the trial fails, and lets another try when it was given up', () => {
    const circuit = opened(() => 0);
    circuit.startProbe(0);
    circuit.probed(true, 0);
    circuit.sent();
    circuit.abandoned();
    expect(circuit.usable(0)).toBe(true);
    circuit.sent();
    circuit.failed(0);
    expect(circuit.state).toBe('open');
  });

  test('rests as long as the region asked, without being open', () => {
    const circuit = new Circuit(settings, () => 0);
    circuit.rest(5_000);
    circuit.rest(2_000);
    expect([circuit.state, circuit.usable(4_999), circuit.usable(5_000)]).toEqual(['closed', false, true]);
  });
});

describe('backoff', () => {
  test('spreads over the whole range up to a ceiling that doubles and then stays', () => {
    const bounds = { baseMs: 100, ceilingMs: 2_000 };
    expect([0, 1, 2, 4, 5, 1_000].map((attempt) => backoffMs(attempt, bounds, () => 1))).toEqual([100, 200, 400, 1_600, 2_000, 2_000]);
    expect(backoffMs(3, bounds, () => 0)).toBe(0);
    expect(backoffMs(3, bounds, () => 0.5)).toBe(400);
  });
});

describe('reading an answer', () => {
  const read = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}, route: ClientRoute = 'shipOrder') =>
    readAnswer(
      { status, headers: new Headers({ 'tandem-region': 'a', ...headers }), text: async () => '' },
      typeof body === 'string' ? body : JSON.stringify(body),
      { region: 'a', route, replicated: false, echo: {} },
    );
  const named = (status: number, name: string, more: object = {}) => ({
    type: `/problems/${name}`,
    title: name,
    status,
    correlationId: 'c',
    ...more,
  });

  test.each<[number, ProblemName | 'of-a-later-release', string, ClientRoute]>([
    [400, 'bad-request', 'final', 'getOrder'],
    [401, 'unauthorized', 'final', 'getOrder'],
    [409, 'order-cancelled', 'final', 'payOrder'],
    [422, 'key-reused', 'final', 'payOrder'],
    [409, 'out-of-stock', 'here', 'placeOrder'],
    [404, 'not-found', 'here', 'getOrder'],
    [409, 'wrong-region', 'final', 'shipOrder'],
    [412, 'precondition-failed', 'final', 'putRecord'],
    [412, 'unknown-version', 'region', 'putRecord'],
    [428, 'precondition-required', 'final', 'putRecord'],
    [409, 'of-a-later-release', 'final', 'getOrder'],
    [429, 'too-many-requests', 'later', 'getOrder'],
    [429, 'busy', 'later', 'payOrder'],
  ])('%i %s is a refusal of scope %s', (status, name, scope, route) => {
    expect(read(status, named(status, name), {}, route)).toMatchObject({ kind: 'refused', scope: { kind: scope } });
  });

  test('wrong-region that names a region sends the caller there', () => {
    expect(read(409, named(409, 'wrong-region', { region: 'b' }))).toMatchObject({ scope: { kind: 'region', region: 'b' } });
  });

  test.each([500, 502, 503, 504, 408, 302])('%i is no definite answer', (status) => {
    expect(read(status, {})).toMatchObject({ kind: 'failed', sent: true });
  });

  test.each([
    ['2', 2_000],
    ['86400', 60_000],
    [new Date(7_000).toUTCString(), 7_000],
    [new Date(0).toUTCString(), 0],
    ['soon', undefined],
  ])('Retry-After %s is %s ms', (value, expected) => {
    expect(read(429, named(429, 'too-many-requests'), { 'retry-after': value, date: new Date(0).toUTCString() })).toMatchObject({
      scope: { retryAfterMs: expected },
    });
  });

  test('Retry-After as a date is nothing without the clock of who wrote it', () => {
    const date = new Date(Date.now() + 30_000).toUTCString();
    expect(read(429, named(429, 'too-many-requests'), { 'retry-after': date })).toMatchObject({ scope: { retryAfterMs: undefined } });
  });

  const socketError = (syscall: string, code: string) => Object.assign(new Error(`${syscall} ${code}`), { syscall, code });
  const failed = (cause: unknown) => new TypeError('fetch failed', { cause });
  const unreached = socketError('connect', 'EHOSTUNREACH');
  test.each<[string, unknown, boolean]>([
    ['a refused connection', failed(socketError('connect', 'ECONNREFUSED')), false],
    ['a name without an address', failed(socketError('getaddrinfo', 'ENOTFOUND')), false],
    ['no connection in time', failed(Object.assign(new Error('?'), { code: 'UND_ERR_CONNECT_TIMEOUT' })), false],
    ['several addresses out of reach', failed(new AggregateError([unreached, unreached])), false],
    ['a reset', failed(socketError('read', 'ECONNRESET')), true],
    ['a way that is lost while the answer is waited for', failed(socketError('read', 'EHOSTUNREACH')), true],
    ['a way that is lost while it is sent', failed(socketError('write', 'ENETUNREACH')), true],
    ['a way that is lost, nobody says when', failed(Object.assign(new Error('?'), { code: 'EHOSTUNREACH' })), true],
    ['several addresses, one of which was reached', failed(new AggregateError([unreached, socketError('read', 'EHOSTUNREACH')])), true],
    ['several addresses that say nothing', failed(new AggregateError([])), true],
    ['no error', '?', true],
  ])('only an error from before the connection stood proves that nothing was sent: %s', (_, error, sent) => {
    expect(readError(error)).toMatchObject({ kind: 'failed', sent });
  });

  const coded = (code: string) => Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code });
  test.each([
    ['of a socket', new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }), 'ECONNREFUSED'],
    [
      'of several addresses',
      new TypeError('fetch failed', { cause: new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]) }),
      'ECONNREFUSED',
    ],
    ['of a port that fetch refuses', new TypeError('fetch failed', { cause: new Error('bad port') }), 'bad port'],
    [
      'of a header that cannot be sent',
      new TypeError('Headers.append: "a b" is an invalid header name.'),
      'Headers.append: "a b" is an invalid header name.',
    ],
    ['without words', new TypeError('', { cause: new RangeError('') }), 'RangeError'],
    ['that leads back to itself', circular(), 'round'],
    ['that is none', 'text', 'error'],
  ])('an attempt names what went wrong first, not the class of an error: %s', (_, error, result) => {
    expect(readError(error)).toMatchObject({ result });
  });

  test('so it does for the port that fetch itself refuses', async () => {
    const thrown: unknown = await fetch('http://127.0.0.1:10080/', { dispatcher: new Agent() }).catch((error: unknown) => error);

    expect(readError(thrown)).toMatchObject({ result: 'bad port' });
  });
});

test('a path escapes its parameters and leaves absent query parts out', () => {
  expect(pathOf(SIGNATURES.receiveStock, { sku: 'a/b c', region: 'eu-west-1' }, {})).toBe('/stock/a%2Fb%20c/regions/eu-west-1/receipts');
  expect(pathOf(SIGNATURES.listOrders, {}, { limit: '5', cursor: undefined })).toBe('/orders?limit=5');
});

const circular = (): Error => {
  const error = new Error('round');
  error.cause = error;
  return error;
};
