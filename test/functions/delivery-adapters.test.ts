import { createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { joseSignature } from '../../functions/aws/canary-token.ts';
import { readDelivery } from '../../functions/aws/delivery-environment.ts';
import { inTime } from '../../functions/aws/in-time.ts';
import { proxyEvent } from '../../functions/aws/proxy-event.ts';
import { prunable } from '../../functions/aws/version-pruner.ts';
import { DELIVERY_ENV } from '../../functions/contract/names.ts';

describe('the environment of a function that delivers', () => {
  const env = {
    [DELIVERY_ENV.canaryKey]: 'arn:aws:kms:eu-central-1:123456789012:key/1',
    [DELIVERY_ENV.apiUrl]: '',
    [DELIVERY_ENV.candidate]: '12',
    [DELIVERY_ENV.bakeMinutes]: '10',
    [DELIVERY_ENV.bakeAlarms]: 'a,b',
    [DELIVERY_ENV.ignoreAlarms]: 'false',
  };
  type Reader = Parameters<Parameters<typeof readDelivery>[1]>[0];
  const readAll = (from: Reader) => ({
    key: from.text('canaryKey'),
    url: from.url('apiUrl'),
    candidate: from.version('candidate'),
    bakeMs: from.bakeMs('bakeMinutes'),
    alarms: from.list('bakeAlarms'),
    ignore: from.flag('ignoreAlarms'),
  });

  it('is read in units and types', () => {
    expect(readDelivery(env, readAll)).toEqual({
      key: env[DELIVERY_ENV.canaryKey],
      url: undefined,
      candidate: '12',
      bakeMs: 600_000,
      alarms: ['a', 'b'],
      ignore: false,
    });
    expect(readDelivery({ ...env, [DELIVERY_ENV.bakeAlarms]: '' }, readAll).alarms).toEqual([]);
  });

  it('is refused with all that is missing or wrong at once, and with nothing that is not read', () => {
    const { [DELIVERY_ENV.canaryKey]: _, ...others } = env;
    const wrong = {
      ...others,
      [DELIVERY_ENV.candidate]: '$LATEST',
      [DELIVERY_ENV.bakeMinutes]: '51',
      [DELIVERY_ENV.ignoreAlarms]: 'yes',
      [DELIVERY_ENV.apiUrl]: 'http://x',
    };
    expect(() => readDelivery(wrong, readAll)).toThrow(
      'TANDEM_CANARY_KEY is missing, TANDEM_API_URL is wrong, TANDEM_CANDIDATE is wrong, TANDEM_BAKE_MINUTES is wrong, TANDEM_IGNORE_ALARMS is wrong; redeploy',
    );
    expect(readDelivery({}, () => 'nothing')).toBe('nothing');
  });
});

describe('a proxy event', () => {
  it('names the route, its parameters and its query as API Gateway does', () => {
    expect(proxyEvent({ method: 'GET', path: '/orders/abc', headers: { authorization: 'Bearer x' } })).toMatchObject({
      httpMethod: 'GET',
      resource: '/orders/{id}',
      path: '/orders/abc',
      pathParameters: { id: 'abc' },
      headers: { authorization: 'Bearer x' },
      multiValueHeaders: { authorization: ['Bearer x'] },
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      body: null,
      isBase64Encoded: false,
      requestContext: { requestId: expect.any(String) },
    });
    expect(proxyEvent({ method: 'GET', path: '/orders?limit=2&limit=3&cursor=a%20b', headers: {} })).toMatchObject({
      resource: '/orders',
      pathParameters: null,
      queryStringParameters: { limit: '3', cursor: 'a b' },
      multiValueQueryStringParameters: { limit: ['2', '3'], cursor: ['a b'] },
    });
    expect(proxyEvent({ method: 'POST', path: '/stock/canary.a/regions/eu-central-1/receipts', headers: {}, body: '{}' })).toMatchObject({
      resource: '/stock/{sku}/regions/{region}/receipts',
      pathParameters: { sku: 'canary.a', region: 'eu-central-1' },
      body: Buffer.from('{}').toString('base64'),
      isBase64Encoded: true,
    });
    expect(proxyEvent({ method: 'GET', path: '/nowhere', headers: {} })).toMatchObject({ resource: '/nowhere', pathParameters: null });
  });
});

describe("KMS's signature", () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  it('becomes that of a token, whatever the length of its numbers', () => {
    const lengths = new Set<number>();
    for (let n = 0; n < 600; n += 1) {
      const data = Buffer.from(`text ${n}`);
      const der = sign('sha256', data, privateKey);
      lengths.add(der.length);
      const jose = joseSignature(der);
      expect(jose).toHaveLength(64);
      expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, jose)).toBe(true);
    }
    // Numbers with a leading zero, without one, and short ones: otherwise the loop proved little.
    expect(lengths.size).toBeGreaterThanOrEqual(3);
  });

  it('is refused where it is another key’s, or no signature', () => {
    const p384 = createPrivateKey(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' }));
    for (const der of [
      sign('sha384', Buffer.from('x'), p384),
      Buffer.alloc(0),
      Buffer.from('3006020101', 'hex'),
      sign('sha256', Buffer.from('x'), privateKey).subarray(1),
    ])
      expect(() => joseSignature(der)).toThrow(RangeError);
  });
});

describe('old versions', () => {
  it('are all but the newest five and those that an alias names, weighted or not', () => {
    expect(prunable([1, 2, 3, 4, 5, 6, 7, 8, 9], new Set([9, 2]))).toEqual([4, 3, 1]);
    expect(prunable([3, 1, 2], new Set())).toEqual([]);
    expect(prunable([], new Set([1]))).toEqual([]);
  });

  it('are the oldest hundred where there are more', () => {
    const many = prunable(
      Array.from({ length: 200 }, (_, index) => index + 1),
      new Set(),
    );
    expect([many.length, many.at(-1), many[0]]).toEqual([100, 1, 100]);
  });
});

describe('work that has no bound of its own', () => {
  it('is waited for so long, and no longer', async () => {
    expect(await inTime(Promise.resolve(7), 1_000)).toBe(7);
    await expect(inTime(Promise.reject(new RangeError('x')), 1_000)).rejects.toThrow(RangeError);
    await expect(inTime(new Promise(() => undefined), 20)).rejects.toThrow('the work did not end within 20 ms');
  });
});
