import { describe, expect, it } from 'vitest';
import { FORMS, LIMITS } from '../../functions/contract/values.ts';
import { type Answered, ApiWorld } from './api-world.ts';

const LINE = { sku: 'tea', quantity: 1 };

describe('a request that does not fit', () => {
  const errorsOf = ({ body }: Answered) => body['errors'];

  it.each<[string, unknown, string, string]>([
    ['no lines', {}, 'body.lines', 'allowed: array'],
    ['empty lines', { lines: [] }, 'body.lines', 'allowed: 1 or more items'],
    ['too many lines', { lines: Array(LIMITS.lines + 1).fill(LINE) }, 'body.lines', 'allowed: up to 50 items'],
    ['an unknown field', { lines: [LINE], color: 'red' }, 'body', 'unknown "color"'],
    ['an unknown field within', { lines: [{ ...LINE, price: 1 }] }, 'body.lines.0', 'unknown "price"'],
    ['a fraction', { lines: [{ sku: 'tea', quantity: 1.5 }] }, 'body.lines.0.quantity', 'allowed: int'],
    ['nothing of it', { lines: [{ sku: 'tea', quantity: 0 }] }, 'body.lines.0.quantity', 'allowed: 1 or more'],
    ['too much of it', { lines: [{ sku: 'tea', quantity: 1e9 }] }, 'body.lines.0.quantity', 'allowed: up to 1000000'],
    ['a sku with a separator', { lines: [{ sku: 'a#b', quantity: 1 }] }, 'body.lines.0.sku', `allowed: ${FORMS.sku.pattern}`],
    ['a sku that is a dot segment', { lines: [{ sku: '..', quantity: 1 }] }, 'body.lines.0.sku', `allowed: ${FORMS.sku.pattern}`],
    ['text for a number', { lines: [{ sku: 'tea', quantity: '1' }] }, 'body.lines.0.quantity', 'allowed: number'],
    [
      'a long note in characters that are two of JavaScript',
      { lines: [LINE], note: '🫖'.repeat(501) },
      'body.note',
      'allowed: up to 500 characters',
    ],
    ['a long note', { lines: [LINE], note: 'x'.repeat(501) }, 'body.note', 'allowed: up to 500 characters'],
    ['a list', [1], 'body', 'allowed: object'],
    ['null', null, 'body', 'allowed: object'],
  ])('is told what and where: %s', async (_what, body, at, message) => {
    const world = await new ApiWorld().start();
    const answer = await world.post('/orders', body);
    expect([answer.status, answer.body['type'], errorsOf(answer)]).toEqual([400, '/problems/bad-request', [{ at, message }]]);
  });

  it('is told every problem at once, but not more than twenty', async () => {
    const world = await new ApiWorld().start();
    expect(errorsOf(await world.post('/orders', { lines: [{ sku: '', quantity: 0 }], note: 1 }))).toHaveLength(3);
    expect(errorsOf(await world.post('/orders', { lines: Array(50).fill({}) }))).toHaveLength(20);
  });

  it.each([
    ['cut off', '{', 400],
    ['empty', '', 400],
    ['with a prototype', '{"lines":[{"sku":"tea","quantity":1}],"__proto__":{"x":1}}', 400],
    ['nested deeply', `${'['.repeat(8_000)}${']'.repeat(8_000)}`, 400],
    ['with half a character', '"\ud800"', 400],
    ['too long', `"${'x'.repeat(LIMITS.bodyBytes)}"`, 413],
    ['too long in bytes', `"${'ü'.repeat(LIMITS.bodyBytes / 2)}"`, 413],
  ])('is refused as raw text: %s', async (_what, rawBody, status) => {
    const world = await new ApiWorld().start();
    for (const base64 of [false, true]) expect((await world.call('POST', '/orders', { rawBody, base64 })).status).toBe(status);
  });

  it('is refused when it is no text, in whatever way it came', async () => {
    const world = await new ApiWorld().start();
    const event = world.event('POST', '/orders', { rawBody: '{}' });
    const noted = (bytes: readonly number[]) =>
      Buffer.concat([Buffer.from('{"lines":[{"sku":"tea","quantity":1}],"note":"'), Buffer.from(bytes), Buffer.from('"}')]);
    const sent = (bytes: readonly number[]) => world.handle({ ...event, body: noted(bytes).toString('base64'), isBase64Encoded: true });
    // A word of Latin-1, half a character, and one that is whole.
    expect([(await sent([0xfc])).statusCode, (await sent([0xc3])).statusCode, (await sent([0xc3, 0xbc])).statusCode]).toEqual([
      400, 400, 409,
    ]);
  });

  it.each(['text/plain', 'application/jsonp', 'application/x-www-form-urlencoded', ''])(
    'is refused with content-type "%s"',
    async (type) => {
      const world = await new ApiWorld().start();
      const answer = await world.post('/orders', { lines: [LINE] }, { headers: { 'Content-Type': type } });
      expect([answer.status, answer.body['type']]).toEqual([415, '/problems/unsupported-media-type']);
    },
  );

  it('may name the content-type in any case and with parameters, and headers too', async () => {
    const world = await new ApiWorld().start();
    const headers = { 'Content-Type': 'Application/JSON; charset=utf-8', 'IDEMPOTENCY-KEY': 'another-key-1' };
    expect((await world.post('/orders', { lines: [LINE] }, { headers, key: null })).status).toBe(409);
  });

  it.each([null, 'short', 'x'.repeat(129), 'with space', 'umläut-key'])('is refused with the Idempotency-Key %s', async (key) => {
    const world = await new ApiWorld().start();
    for (const path of ['/orders', `/orders/${'0'.repeat(32)}/payments`, '/stock/tea/regions/eu-central-1/receipts']) {
      const answer = await world.post(path, {}, { key });
      expect(answer.status).toBe(400);
      expect(JSON.stringify(answer.body)).toContain('idempotency-key');
    }
  });

  it('is refused with two different Idempotency-Keys', async () => {
    const world = await new ApiWorld().start();
    const event = world.event('POST', '/orders', { body: { lines: [LINE] }, key: null });
    const answer = await world.handle({
      ...event,
      multiValueHeaders: { ...event.multiValueHeaders, 'Idempotency-Key': ['key-number-1', 'key-number-2'] },
    });
    expect(answer.statusCode).toBe(400);
  });

  it.each([
    '/orders?limit=0',
    '/orders?limit=101',
    '/orders?limit=x',
    '/orders?limit=1&limit=2',
    '/orders?cursor=',
    '/orders?cursor=%00',
    '/orders?color=red',
    `/orders/${'0'.repeat(32)}?x=1`,
    '/orders/xyz',
    `/orders/${'A'.repeat(32)}`,
    '/orders/%ff',
    '/orders/%',
    '/stock/a%2Fb',
    '/stock/%E0%A4%A',
    '/stock/%23',
    '/orders/%2525',
    '/stock/a b',
  ])('is refused: GET %s', async (path) => {
    const world = await new ApiWorld().start();
    expect((await world.get(path)).status).toBe(400);
  });

  it.each([
    ['of four characters', 'AAAA'],
    ['of one', 'A'],
    ['of 256', 'x'.repeat(256)],
    ['without letters', '_-_-'],
  ])('may carry any cursor of the right form: %s', async (_what, cursor) => {
    const world = await new ApiWorld().start();
    expect((await world.get(`/orders?cursor=${cursor}`)).status).toBe(200);
  });

  it('finds no path that does not exist, and names the methods of one that does', async () => {
    const world = await new ApiWorld().start();
    expect((await world.get('/nothing')).status).toBe(404);
    const answer = await world.call('DELETE', '/orders');
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST, GET, HEAD']);
  });

  it('may come without anything that API Gateway usually sends', async () => {
    const world = await new ApiWorld().start();
    expect((await world.handle({ httpMethod: 'GET', resource: '/orders/{id}' })).statusCode).toBe(401);
    expect((await world.handle({ httpMethod: 'GET', resource: '/health' })).statusCode).toBe(200);
    expect((await world.handle({ httpMethod: 'GET', resource: '/switch/{region}' })).statusCode).toBe(400);
  });
});
