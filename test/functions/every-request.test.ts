/** What holds for requests to every route, whatever it does: headers, paths, HEAD, and what pages in browsers are told. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { methodsAt, ROUTES, type Route } from '../../functions/contract/routes.ts';
import type { ApiEvent } from '../../functions/http/event.ts';
import { type Answered, ApiWorld, type Sent } from './api-world.ts';

const SEED = 20_261_130;
const ID = '0'.repeat(32);
const SAMPLES: Readonly<Record<string, string>> = { id: ID, sku: 'tea', region: 'eu-central-1' };
const at = (path: string, values = SAMPLES): string => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');

const ALL = Object.entries<Route>(ROUTES).map(([name, route]) => ({ name, route }));
const READS = ALL.filter(({ route }) => route.method === 'GET');
const WITH_PARAMS = ALL.flatMap(({ name, route }) => Object.keys(route.params ?? {}).map((param) => ({ name, route, param })));
const PATHS = [...new Set(ALL.map(({ route }) => route.path))];

const asked = (world: ApiWorld, { method, path, body }: Route, more: Sent = {}): ApiEvent =>
  world.event(method, at(path), { ...(body === undefined ? {} : { body: {} }), ...more });
const errorsOf = (answer: { readonly body: string }): unknown => JSON.parse(answer.body).errors;

describe.each(ALL)('$name', ({ route }) => {
  it('is refused with two values of a header that has one, in either order, also where they are the same', async () => {
    const world = await new ApiWorld().start();
    const good: Readonly<Record<string, string>> = {
      authorization: `Bearer ${world.key.token()}`,
      'content-type': 'application/json',
      'content-length': '2',
      host: 'api.tandem.test',
      origin: 'https://app.example.com',
      [HEADERS.idempotencyKey]: 'key-number-1',
      [HEADERS.correlationId]: 'correlation-1',
      [HEADERS.durability]: 'replicated',
    };
    for (const [name, value] of Object.entries(good)) {
      for (const values of [
        [value, 'other'],
        ['other', value],
        [value, value],
      ]) {
        const { multiValueHeaders, ...event } = asked(world, route);
        const others = Object.entries(multiValueHeaders ?? {}).filter(([each]) => each.toLowerCase() !== name);
        const answer = await world.handle({ ...event, multiValueHeaders: { ...Object.fromEntries(others), [name.toUpperCase()]: values } });
        expect([name, answer.statusCode]).toEqual([name, 400]);
        expect(errorsOf(answer)).toContainEqual({ at: `header ${name}`, message: 'given more than once, allowed: once' });
      }
    }
  });

  it('is refused with such lines that were joined on their way, and with names in two cases', async () => {
    const world = await new ApiWorld().start();
    const bearer = `Bearer ${world.key.token()}`;
    for (const headers of [
      { authorization: `${bearer}, Bearer a.b.c` },
      { authorization: `Basic YTpi, ${bearer}` },
      { [HEADERS.idempotencyKey]: 'key-number-1, key-number-2' },
      { authorization: bearer, Authorization: 'Bearer a.b.c' },
      { 'content-type': 'application/json, text/plain' },
      { [HEADERS.durability]: 'replicated, replicated' },
      { [HEADERS.correlationId]: 'correlation-1,correlation-2' },
    ]) {
      const { multiValueHeaders: _, ...event } = asked(world, route, { token: null });
      const answer = await world.handle({ ...event, headers: { authorization: bearer, ...headers } });
      expect([headers, answer.statusCode]).toEqual([headers, 400]);
    }
  });

  it('is answered with what nobody keeps or takes for something else, and to no page by default', async () => {
    const world = await new ApiWorld().start();
    for (const sent of [{}, { token: null }, { headers: { origin: 'https://app.example.com' } }]) {
      const { headers } = await world.handle(asked(world, route, sent));
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe.each(READS)('HEAD of $name', ({ route }) => {
  it('is GET without the body: the same status and headers', async () => {
    const world = await new ApiWorld().start();
    await world.put(`/records/${ID}`, { n: 1 });
    const all: readonly Sent[] = [{}, { token: null }, { headers: { 'If-None-Match': '*' } }, { headers: { [HEADERS.durability]: 'x' } }];
    for (const sent of all) {
      const [get, head] = [await world.call('GET', at(route.path), sent), await world.call('HEAD', at(route.path), sent)];
      expect([head.status, head.headers, head.text]).toEqual([get.status, get.headers, '']);
    }
    expect(world.served.at(-1)).toMatchObject({ method: 'HEAD', route: world.served.at(-2)?.route });
  });
});

describe.each(WITH_PARAMS)('{$param} of $name', ({ route, param }) => {
  const call = (world: ApiWorld, value: string) =>
    world.call(route.method, at(route.path, { ...SAMPLES, [param]: value }), route.body === undefined ? {} : { body: {} });
  const refused = (value: string, answer: Answered) => {
    expect([value, answer.status, answer.text.includes(`path ${param}`)]).toEqual([value, 400, true]);
  };

  it('is never a dot segment, however it is written', async () => {
    const world = await new ApiWorld().start();
    for (const value of ['.', '..', '%2e', '%2E%2e', '.%2e', '%252e', '%252e%252e', '%25252e']) refused(value, await call(world, value));
  });

  it('is decoded once, by whoever found it in the path', async () => {
    const world = await new ApiWorld().start();
    const odd = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/^[\w.-]+$/.test(text)),
      fc.constantFrom('%41', '%2541', 'a%2Fb', 'a/b', 'tea%00', '%ud800', '\ufffd', 'a\\b', 'tea?x', 'tea#', ' tea', 'tea\n'),
    );
    await fc.assert(
      fc.asyncProperty(odd, async (value) => refused(value, await call(world, encodeURIComponent(value)))),
      { seed: SEED, numRuns: 60 },
    );
    const known = SAMPLES[param] ?? '';
    const [first = ''] = known;
    const escaped = `%${first.charCodeAt(0).toString(16)}${known.slice(1)}`;
    const again = await call(world, escaped);
    expect([again.status, again.body['detail']]).toEqual([(await call(world, known)).status, (await call(world, known)).body['detail']]);
  });
});

describe('a caller', () => {
  it('whose subject has no UTF-8 form is nobody', async () => {
    const world = await new ApiWorld().start();
    for (const sub of ['\ud800', 'a\udfffb', 'spoilt-\ufffd']) {
      const answer = await world.get('/orders', { token: world.key.token({ sub }) });
      expect([answer.status, answer.body['type']]).toEqual([401, '/problems/unauthorized']);
    }
  });
});

describe.each(PATHS)('OPTIONS of %s', (path) => {
  const ORIGIN = 'https://app.example.com';
  const ask = async (origins: readonly string[], headers: Readonly<Record<string, string>>) =>
    (await new ApiWorld({ origins }).start()).call('OPTIONS', at(path), { token: null, headers });
  const allow = methodsAt(path).join(', ');

  it('says that no page may call, and what may be asked, where no origins are configured', async () => {
    const answer = await ask([], { origin: ORIGIN, 'access-control-request-method': 'GET' });
    expect([answer.status, answer.headers['allow']]).toEqual([405, allow]);
    expect(answer.body['detail']).toMatch(/no origins are configured \(cors\.origins\)/);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('tells pages of an origin that is configured what they may send and read, and no other', async () => {
    const preflight = { origin: ORIGIN, 'access-control-request-method': 'GET', 'access-control-request-headers': 'idempotency-key' };
    const answer = await ask(['http://localhost:3000', ORIGIN], preflight);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': allow,
      'access-control-allow-headers': expect.stringContaining('idempotency-key'),
      vary: 'origin',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    for (const origin of [`${ORIGIN}.evil.test`, 'null', 'https://APP.example.com', `${ORIGIN}/`]) {
      const other = await ask([ORIGIN], { ...preflight, origin });
      expect([origin, other.status, other.headers['access-control-allow-origin'], other.headers['vary']]).toEqual([
        origin,
        405,
        undefined,
        'origin',
      ]);
    }
    expect((await ask(['*'], preflight)).headers['access-control-allow-origin']).toBe('*');
    expect((await ask([ORIGIN], {})).headers['allow']).toBe(`${allow}, OPTIONS`);
  });
});

describe('a page of an origin that is configured', () => {
  it('may read every answer, refusals too, and what a failover client needs of its headers', async () => {
    const origin = 'https://app.example.com';
    const world = await new ApiWorld({ origins: [origin] }).start();
    for (const [method, path] of [
      ['GET', '/health'],
      ['GET', '/orders'],
      ['GET', '/nothing'],
      ['DELETE', '/orders'],
      ['POST', '/orders'],
    ] as const) {
      for (const token of [undefined, null]) {
        const { headers } = await world.call(method, path, { headers: { Origin: origin }, ...(token === null ? { token } : {}) });
        expect(headers['access-control-allow-origin']).toBe(origin);
        const exposed = headers['access-control-expose-headers']?.split(', ');
        expect(exposed).toEqual(expect.arrayContaining(['etag', 'retry-after', 'tandem-token', 'tandem-stale', 'tandem-region']));
      }
    }
  });
});
