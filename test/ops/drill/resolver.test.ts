import { createSocket } from 'node:dgram';
import { decode, encode, type Packet } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { ResolverCache, readChain, resolveName } from '../../../ops/drill/resolver.ts';

const chain = (ttl: number): Packet => ({
  type: 'response',
  answers: [
    { type: 'CNAME', name: 'API.test', ttl, data: 'b.origin.test' },
    { type: 'A', name: 'b.origin.test', ttl: 60, data: '192.0.2.2' },
    { type: 'A', name: 'elsewhere.test', ttl: 1, data: '192.0.2.9' },
  ],
});

describe('an answer', () => {
  test('is followed through its CNAMEs, with the smallest TTL on the way', () => {
    expect(readChain('api.test', chain(10))).toEqual({ addresses: ['192.0.2.2'], ttlSeconds: 10 });
  });

  test('without an address, or in a circle, is an error', () => {
    expect(() => readChain('other.test', chain(10))).toThrow('no address');
    expect(() => readChain('a.test', { answers: [{ type: 'CNAME', name: 'a.test', ttl: 1, data: 'a.test' }] })).toThrow('no address');
  });
});

describe('asking', () => {
  test('tells the server where the caller is (EDNS client subnet)', async () => {
    const seen: unknown[] = [];
    await using server = await dnsServer((query) => {
      seen.push(...(query.additionals ?? []).flatMap((each) => (each.type === 'OPT' ? each.options : [])));
      return { ...chain(5), id: query.id ?? 0 };
    });
    expect(await resolveName({ name: 'api.test', server: server.at, subnet: '10.7.0.0/20' })).toMatchObject({ addresses: ['192.0.2.2'] });
    expect(seen).toMatchObject([{ code: 8, family: 1, sourcePrefixLength: 20, ip: '10.7.0.0' }]);
  });

  test('takes no answer to another question, and asks again', async () => {
    let asked = 0;
    await using server = await dnsServer((query) => {
      asked += 1;
      return { ...chain(5), id: ((query.id ?? 0) + (asked === 1 ? 1 : 0)) % 65_536 };
    });
    expect(await resolveName({ name: 'api.test', server: server.at, subnet: '10.7.0.1' })).toMatchObject({ ttlSeconds: 5 });
    expect(asked).toBe(2);
  });
});

describe('a caller’s cache', () => {
  test('keeps an answer exactly as long as its TTL', async () => {
    const { cache, asked, set } = cacheOf({ firstPart: 1 });
    expect(await cache.address()).toBe('1');
    set(9_999);
    expect(await cache.address()).toBe('1');
    set(10_000);
    expect(await cache.address()).toBe('2');
    expect(asked()).toBe(2);
  });

  test('of a caller who asked earlier ends earlier, the first time', async () => {
    const { cache, set } = cacheOf({ firstPart: 0.5 });
    await cache.address();
    set(5_000);
    expect(await cache.address()).toBe('2');
    set(14_999);
    expect(await cache.address()).toBe('2');
    set(15_000);
    expect(await cache.address()).toBe('3');
  });

  test('asks once for many requests at a time', async () => {
    const { cache, asked } = cacheOf({ firstPart: 1 });
    await Promise.all([cache.address(), cache.address(), cache.address()]);
    expect(asked()).toBe(1);
  });
});

const cacheOf = ({ firstPart }: { readonly firstPart: number }) => {
  let nowMs = 0;
  let count = 0;
  const resolve = async () => {
    count += 1;
    return { addresses: [String(count)], ttlSeconds: 10 };
  };
  const set = (ms: number) => {
    nowMs = ms;
  };
  return { cache: new ResolverCache({ resolve, now: () => nowMs, firstPart }), asked: () => count, set };
};

const dnsServer = async (answer: (query: Packet) => Packet) => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  socket.on('message', (message, from) => socket.send(encode(answer(decode(message))), from.port, from.address));
  return { at: { address: '127.0.0.1', port: socket.address().port }, [Symbol.asyncDispose]: async () => void socket.close() };
};
