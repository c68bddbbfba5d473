import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fetchRefuses } from '../../local/fetchable.ts';
import { checkListeners, explain, type Listener, LoopbackError, listenersOf, type Ports } from '../../local/loopback.ts';
import { edgeAddress, networkHere, networkOf } from '../../local/network.ts';
import { freePort } from '../support/free-port.ts';

const PORTS = { edge: 8080, edgeTls: 8443, dns: 8053, control: 8054, emulator: 8055 } as const;

const [FIRST, SECOND] = [edgeAddress(0), edgeAddress(1)];
const listeners = (ports: Ports, oneAddress = false): readonly Listener[] => listenersOf(ports, networkOf(ports, 2, oneAddress), true);
const placesOf = (all: readonly Listener[]): readonly string[] =>
  all.map(({ protocol, address, port }) => `${protocol} ${address}:${port}`);

describe('what a system listens on', () => {
  test('every region has a front door and a resolver on its own address, and an emulator on its own port', () => {
    expect(placesOf(listeners(PORTS))).toEqual([
      `tcp ${FIRST}:8080`,
      `tcp ${SECOND}:8080`,
      `tcp ${FIRST}:8443`,
      `tcp ${SECOND}:8443`,
      'tcp 127.0.0.1:8053',
      'udp 127.0.0.1:8053',
      `tcp ${FIRST}:8053`,
      `udp ${FIRST}:8053`,
      `tcp ${SECOND}:8053`,
      `udp ${SECOND}:8053`,
      'tcp 127.0.0.1:8054',
      'tcp 127.0.0.1:8055',
      'tcp 127.0.0.1:8056',
    ]);
  });

  test('where loopback has one address, each of them is a port of its own', () => {
    const places = placesOf(listeners(PORTS, true));

    expect(places).toEqual([
      'tcp 127.0.0.1:8080',
      'tcp 127.0.0.1:8081',
      'tcp 127.0.0.1:8443',
      'tcp 127.0.0.1:8444',
      'tcp 127.0.0.1:8053',
      'udp 127.0.0.1:8053',
      'tcp 127.0.0.1:8052',
      'udp 127.0.0.1:8052',
      'tcp 127.0.0.1:8051',
      'udp 127.0.0.1:8051',
      'tcp 127.0.0.1:8054',
      'tcp 127.0.0.1:8055',
      'tcp 127.0.0.1:8056',
    ]);
    expect(new Set(places).size).toBe(places.length);
  });

  test('with a foreign endpoint there are no emulators', () => {
    expect(listenersOf(PORTS, networkOf(PORTS, 2, false), false).filter(({ option }) => option === 'emulator')).toEqual([]);
  });
});

describe('checking before anything is started', () => {
  test('names every busy one, over TCP and UDP, with the option that changes it', async () => {
    const control = await busyTcp();
    const dns = await busyUdp();

    const check = checkListeners([
      { option: 'control', protocol: 'tcp', address: '127.0.0.1', port: control },
      { option: 'dns', protocol: 'udp', address: '127.0.0.1', port: dns },
      { option: 'edge', protocol: 'tcp', address: '127.0.0.1', port: await freePort() },
    ]);

    await expect(check).rejects.toThrow(LoopbackError);
    await expect(check).rejects.toThrow(`127.0.0.1:${control} is used by another program: choose another one with --control-port N`);
    await expect(check).rejects.toThrow(`127.0.0.1:${dns} (UDP) is used by another program: choose another one with --dns-port N`);
    await expect(check).rejects.not.toThrow('--edge-port');
  });

  test('leaves every port free that it has tried', async () => {
    const free = await freePort();
    const listeners: readonly Listener[] = [
      { option: 'dns', protocol: 'tcp', address: '127.0.0.1', port: free },
      { option: 'dns', protocol: 'udp', address: '127.0.0.1', port: free },
    ];

    await checkListeners(listeners);
    await checkListeners(listeners);
  });

  test('a port that two of its own parts would share is named with both options', async () => {
    const check = checkListeners(listeners({ edge: 8080, edgeTls: 8443, dns: 9001, control: 9002, emulator: 9001 }));

    await expect(check).rejects.toThrow('127.0.0.1:9001 is given twice: choose another one with --emulator-port or --dns-port');
    await expect(check).rejects.toThrow('127.0.0.1:9002 is given twice: choose another one with --emulator-port or --control-port');
    await expect(checkListeners(listeners({ ...PORTS, edgeTls: 8080 }))).rejects.toThrow(
      `${FIRST}:8080 is given twice: choose another one with --edge-tls-port or --edge-port`,
    );
    // The second region's front door has the port that TLS was given for the first one's.
    await expect(checkListeners(listeners({ ...PORTS, edgeTls: 8081 }, true))).rejects.toThrow(
      '127.0.0.1:8081 is given twice: choose another one with --edge-tls-port or --edge-port',
    );
  });
});

describe('a port that fetch refuses to connect to', () => {
  test.each([
    ['--edge-port', { edge: 10_080 }],
    ['--edge-tls-port', { edgeTls: 6_000 }],
    ['--control-port', { control: 6_697 }],
    ['--emulator-port', { emulator: 5_060 }],
  ])('is refused for %s, with the reason and one to choose', async (option, given) => {
    const [port = 0] = Object.values(given);

    const check = checkListeners(listeners({ ...PORTS, ...given }));

    await expect(check).rejects.toThrow(LoopbackError);
    await expect(check).rejects.toThrow(`port ${port}, which fetch and browsers refuse to connect to`);
    await expect(check).rejects.toThrow('https://fetch.spec.whatwg.org/#port-blocking');
    const [, advised] = new RegExp(`for example ${option} (\\d+)`).exec(String(await check.catch(String))) ?? [];
    expect(await Promise.all([fetchRefuses(Number(advised)), fetchRefuses(Number(advised) + 1)])).toEqual([false, false]);
  });

  test('is refused where it only follows from the one that was given', async () => {
    await expect(checkListeners(listeners({ ...PORTS, emulator: 10_079 }))).rejects.toThrow(
      '--emulator-port 10079 leads to port 10080, which fetch',
    );
    await expect(checkListeners(listeners({ ...PORTS, edge: 6_664 }, true))).rejects.toThrow(
      '--edge-port 6664 leads to port 6665, which fetch',
    );
  });

  test('is one for every fetch alike, and no other port is', async () => {
    const ports = [
      ...Array.from({ length: 1_200 }, (_, index) => index + 1),
      1_719,
      2_049,
      4_190,
      6_000,
      6_566,
      6_669,
      6_679,
      6_697,
      8_080,
      10_080,
    ];

    for (const port of ports) expect([port, await fetchRefuses(port)]).toEqual([port, await nodeRefuses(port)]);
  });

  test('may be the name server: it is not asked that way', async () => {
    const dns = await networkHere({ ...PORTS, dns: 6_697 }, 1);

    expect(placesOf(listenersOf({ ...PORTS, dns: 6_697 }, dns, true))).toContain('udp 127.0.0.1:6697');
    await expect(checkListeners([{ option: 'dns', protocol: 'udp', address: '127.0.0.1', port: 6_697 }])).resolves.toBeUndefined();
  });
});

describe('what to do about it', () => {
  const door: Listener = { option: 'edge', protocol: 'tcp', address: '127.0.0.1', port: 8080 };

  test('without any loopback address, it says how there is one', () => {
    expect(explain(door, 'EADDRNOTAVAIL')).toContain('ip link set lo up');
  });

  test('a port that follows from the first and is none says so', async () => {
    await expect(checkListeners(listeners({ ...PORTS, emulator: 65_535 }))).rejects.toThrow(
      '127.0.0.1:65536 is no port, and the others follow from the first: choose one with --emulator-port N of which all are at most 65535',
    );
  });

  test('a privileged port asks for a higher one', () => {
    expect(explain({ ...door, port: 80 }, 'EACCES')).toBe('127.0.0.1:80 needs privileges: choose a port from 1024 on with --edge-port N');
  });
});

/** Node's own, which the tool's clients and the callers' programs use. */
const nodeRefuses = async (port: number): Promise<boolean> => {
  let reached = false;
  const dispatch = (): never => {
    reached = true;
    throw new Error('nothing is sent from here');
  };
  // Node's types are of another version of undici than ours.
  await Reflect.apply(fetch, undefined, [`http://127.0.0.1:${port}/`, { dispatcher: { dispatch } }]).catch(() => undefined);
  return !reached;
};

const busyTcp = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return portOf(server.address());
};

const busyUdp = async (): Promise<number> => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  return socket.address().port;
};

const portOf = (address: ReturnType<ReturnType<typeof createServer>['address']>): number => {
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
};
