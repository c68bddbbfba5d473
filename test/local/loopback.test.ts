import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkListeners, explain, type Listener, LoopbackError, listenersOf } from '../../local/loopback.ts';
import { freePort } from '../support/free-port.ts';

const PORTS = { edge: 8080, edgeTls: 8443, dns: 8053, control: 8054, emulator: 8055 } as const;

describe('what a system listens on', () => {
  test('every region has a front door of its own address and an emulator of its own port', () => {
    const places = listenersOf(PORTS, 3, true).map(({ protocol, address, port }) => `${protocol} ${address}:${port}`);

    expect(places).toEqual([
      'tcp 127.0.1.1:8080',
      'tcp 127.0.2.1:8080',
      'tcp 127.0.3.1:8080',
      'tcp 127.0.1.1:8443',
      'tcp 127.0.2.1:8443',
      'tcp 127.0.3.1:8443',
      'tcp 127.0.0.1:8053',
      'udp 127.0.0.1:8053',
      'tcp 127.0.0.1:8054',
      'tcp 127.0.0.1:8055',
      'tcp 127.0.0.1:8056',
      'tcp 127.0.0.1:8057',
    ]);
  });

  test('with a foreign endpoint there are no emulators', () => {
    expect(listenersOf(PORTS, 2, false).filter(({ option }) => option === 'emulator')).toEqual([]);
  });
});

describe('checking before anything is started', () => {
  test('names every busy one, over TCP and UDP, with the option that changes it', async () => {
    const control = await busyTcp();
    const dns = await busyUdp();

    const check = checkListeners([
      { option: 'control', protocol: 'tcp', address: '127.0.0.1', port: control },
      { option: 'dns', protocol: 'udp', address: '127.0.0.1', port: dns },
      { option: 'edge', protocol: 'tcp', address: '127.0.1.1', port: control },
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
    const check = checkListeners(listenersOf({ edge: 8080, edgeTls: 8443, dns: 9001, control: 9002, emulator: 9001 }, 2, true));

    await expect(check).rejects.toThrow('127.0.0.1:9001 is given twice: choose another one with --emulator-port or --dns-port');
    await expect(checkListeners(listenersOf({ ...PORTS, edgeTls: 8080 }, 2, true))).rejects.toThrow(
      '127.0.1.1:8080 is given twice: choose another one with --edge-tls-port or --edge-port',
    );
    await expect(check).rejects.toThrow('127.0.0.1:9002 is given twice: choose another one with --emulator-port or --control-port');
  });
});

describe('what to do about it', () => {
  const door: Listener = { option: 'edge', protocol: 'tcp', address: '127.0.2.1', port: 8080 };

  test('on macOS a missing address comes with the command that adds it', () => {
    expect(explain(door, 'EADDRNOTAVAIL', 'darwin')).toContain('sudo ifconfig lo0 alias 127.0.2.1');
  });

  test('elsewhere too', () => {
    expect(explain(door, 'EADDRNOTAVAIL', 'linux')).toContain('sudo ip address add 127.0.2.1/8 dev lo');
  });

  test('a port that follows from the first and is none says so', async () => {
    await expect(checkListeners(listenersOf({ ...PORTS, emulator: 65_535 }, 2, true))).rejects.toThrow(
      '127.0.0.1:65536 is no port, and the others follow from the first: choose one with --emulator-port N of which all are at most 65535',
    );
  });

  test('a privileged port asks for a higher one', () => {
    expect(explain({ ...door, port: 80 }, 'EACCES', 'linux')).toBe(
      '127.0.2.1:80 needs privileges: choose a port from 1024 on with --edge-port N',
    );
  });
});

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
