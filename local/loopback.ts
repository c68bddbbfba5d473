/** Addresses and ports of a local system, and whether they can be had. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

export interface Ports {
  /** Of the front doors, each on an address of its own. */
  readonly edge: number;
  /** The same with TLS: what port 443 is on AWS. */
  readonly edgeTls: number;
  /** Of the name server, UDP and TCP. */
  readonly dns: number;
  readonly control: number;
  /** Of the first region's emulator; the others follow. */
  readonly emulator: number;
}

export const DEFAULT_PORTS: Ports = { edge: 8080, edgeTls: 8443, dns: 8053, control: 8054, emulator: 8055 };

/** What the command line calls each of them. */
const PORT_OPTIONS = {
  edge: '--edge-port',
  edgeTls: '--edge-tls-port',
  dns: '--dns-port',
  control: '--control-port',
  emulator: '--emulator-port',
} as const satisfies Record<keyof Ports, string>;

/** Address of the name server, the control API and the emulators. */
export const SHARED_ADDRESS = '127.0.0.1';

/** Of a region's own emulator. */
export const emulatorUrl = (port: number): string => `http://${SHARED_ADDRESS}:${port}`;

/** A region's front door, by its place in the config: a network of its own, so that callers can be "near" it. */
export const edgeAddress = (index: number): string => `127.0.${index + 1}.1`;

export interface Listener {
  readonly option: keyof Ports;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** All that a system of that many regions listens on. `emulators`: false when a foreign endpoint serves all of them. */
export const listenersOf = (ports: Ports, regions: number, emulators: boolean): readonly Listener[] => [
  ...(['edge', 'edgeTls'] as const).flatMap((option) =>
    Array.from({ length: regions }, (_, index) => ({ option, protocol: 'tcp', address: edgeAddress(index), port: ports[option] }) as const),
  ),
  { option: 'dns', protocol: 'tcp', address: SHARED_ADDRESS, port: ports.dns },
  { option: 'dns', protocol: 'udp', address: SHARED_ADDRESS, port: ports.dns },
  { option: 'control', protocol: 'tcp', address: SHARED_ADDRESS, port: ports.control },
  ...Array.from(
    { length: emulators ? regions : 0 },
    (_, index) => ({ option: 'emulator', protocol: 'tcp', address: SHARED_ADDRESS, port: ports.emulator + index }) as const,
  ),
];

/** Names every listener that cannot be had, and what to do about it. */
export class LoopbackError extends Error {
  override readonly name = 'LoopbackError';
  constructor(problems: readonly string[]) {
    super(`cannot listen where the local system has to:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/**
 * Tries all of them at once, and leaves none open.
 * @throws {LoopbackError} naming every one that cannot be had
 */
export const checkListeners = async (listeners: readonly Listener[]): Promise<void> => {
  const doubles = listeners.flatMap((one, index) => {
    const other = listeners.slice(0, index).find((each) => each.option !== one.option && keyOf(each) === keyOf(one));
    return other
      ? [`${keyOf(one)} is given twice: choose another one with ${PORT_OPTIONS[one.option]} or ${PORT_OPTIONS[other.option]}`]
      : [];
  });
  if (doubles.length > 0) throw new LoopbackError(doubles);
  const outcomes = await Promise.all(listeners.map(async (listener) => ({ listener, code: await tryOne(listener) })));
  const problems = outcomes.flatMap(({ listener, code }) => (code === undefined ? [] : [explain(listener, code, process.platform)]));
  if (problems.length > 0) throw new LoopbackError([...new Set(problems)]);
};

/** What to do about a listener that cannot be had. */
export const explain = (listener: Listener, code: string, platform: NodeJS.Platform): string => {
  const place = `${listener.address}:${listener.port}${listener.protocol === 'udp' ? ' (UDP)' : ''}`;
  const option = PORT_OPTIONS[listener.option];
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is used by another program: choose another one with ${option} N`;
    case 'EADDRNOTAVAIL':
      return platform === 'darwin'
        ? `${listener.address} does not exist: macOS has only 127.0.0.1 until you add it with "sudo ifconfig lo0 alias ${listener.address}" (again after each boot)`
        : `${listener.address} does not exist on this machine: add it to the loopback interface, for example with "sudo ip address add ${listener.address}/8 dev lo"`;
    case 'EACCES':
      return `${place} needs privileges: choose a port from 1024 on with ${option} N`;
    case 'ERR_SOCKET_BAD_PORT':
      return `${place} is no port, and the others follow from the first: choose one with ${option} N of which all are at most 65535`;
    default:
      return `${place} cannot be opened (${code}): choose another one with ${option} N`;
  }
};

const keyOf = ({ protocol, address, port }: Listener): string => `${address}:${port}${protocol === 'udp' ? ' (UDP)' : ''}`;

const tryOne = async ({ protocol, address, port }: Listener): Promise<string | undefined> => {
  try {
    if (protocol === 'tcp') {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: address, port, exclusive: true }, resolve);
      });
      server.close();
      await once(server, 'close');
    } else {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ address, port, exclusive: true }, resolve);
      });
      socket.close();
      await once(socket, 'close');
    }
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
};
