import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { callersNear, edgeAddress, indexNear, networkHere, networkNote, networkOf, placeOf } from '../../local/network.ts';

const PORTS = { edge: 8080, edgeTls: 8443, dns: 8053 } as const;
const [FIRST, SECOND] = [edgeAddress(0), edgeAddress(1)];

describe('where a region of the network is on this machine', () => {
  test.each([
    ['plain HTTP', 8080, { address: SECOND, port: 8080 }, { address: '127.0.0.1', port: 8081 }],
    ['TLS', 8443, { address: SECOND, port: 8443 }, { address: '127.0.0.1', port: 8444 }],
    ['HTTPS without a port', 443, { address: SECOND, port: 8443 }, { address: '127.0.0.1', port: 8444 }],
    ['its resolver', 8053, { address: SECOND, port: 8053 }, { address: '127.0.0.1', port: 8051 }],
    ['what the table does not name', 9_999, { address: SECOND, port: 9_999 }, { address: SECOND, port: 9_999 }],
  ])('%s', (_, port, withAddresses, withOne) => {
    expect(placeOf(networkOf(PORTS, 2, false).routes, { address: SECOND, port })).toEqual(withAddresses);
    expect(placeOf(networkOf(PORTS, 2, true).routes, { address: SECOND, port })).toEqual(withOne);
  });

  test('is the same for whoever listens there and whoever calls', () => {
    for (const oneAddress of [false, true]) {
      const { regions, routes } = networkOf(PORTS, 3, oneAddress);
      for (const { dnsAddress: address, edge, edgeTls, resolver } of regions)
        expect([8080, 8443, 443, 8053].map((port) => placeOf(routes, { address, port }))).toEqual([edge, edgeTls, edgeTls, resolver]);
    }
  });

  test('is decided by trying whether the addresses can be had', async () => {
    const here = await networkHere(PORTS, 2);

    expect(here).toEqual(networkOf(PORTS, 2, !(await canBeHad(SECOND))));
  });

  test('is told in one line where it is not what DNS says', () => {
    expect(networkNote(networkOf(PORTS, 2, false).regions)).toBeUndefined();
    expect(networkNote(networkOf(PORTS, 2, true).regions)).toBe(
      `loopback has 127.0.0.1 only, as on macOS: of the addresses that DNS answers, ${FIRST} is port 8080 (TLS: 8443), and ${SECOND} is port 8081 (TLS: 8444) of it`,
    );
  });
});

const canBeHad = async (address: string): Promise<boolean> => {
  const server = createServer().listen(0, address);
  const had = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.close();
  return had;
};

test('callers near a region have its network, and everybody else none', () => {
  for (const index of [0, 1, 7, 199]) expect([indexNear(callersNear(index)), indexNear(edgeAddress(index))]).toEqual([index, index]);
  for (const other of ['127.0.0.1', '10.0.1.1', '::1', '']) expect(indexNear(other)).toBeUndefined();
});
