/** Addresses and ports of a local system, and whether they can be had. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fetchRefuses } from './fetchable.ts';
import { type Network, type NetworkPorts, SHARED_ADDRESS } from './network.ts';

export interface Ports extends NetworkPorts {
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

/** Of a region's own emulator. */
export const emulatorUrl = (port: number): string => `http://${SHARED_ADDRESS}:${port}`;

export interface Listener {
  readonly option: keyof Ports;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** All that a system listens on. `emulators`: false when a foreign endpoint serves all regions. */
export const listenersOf = (ports: Ports, { regions }: Network, emulators: boolean): readonly Listener[] => [
  ...(['edge', 'edgeTls'] as const).flatMap((option) => regions.map((places) => ({ option, protocol: 'tcp', ...places[option] }) as const)),
  ...[{ address: SHARED_ADDRESS, port: ports.dns }, ...regions.map(({ resolver }) => resolver)].flatMap((place) => [
    { option: 'dns', protocol: 'tcp', ...place } as const,
    { option: 'dns', protocol: 'udp', ...place } as const,
  ]),
  { option: 'control', protocol: 'tcp', address: SHARED_ADDRESS, port: ports.control },
  ...Array.from(
    { length: emulators ? regions.length : 0 },
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
 * @throws {LoopbackError} naming every one that cannot be had, or that callers cannot reach
 */
export const checkListeners = async (listeners: readonly Listener[]): Promise<void> => {
  const known = [...doubles(listeners), ...(await unreachable(listeners))];
  if (known.length > 0) throw new LoopbackError(known);
  const outcomes = await Promise.all(listeners.map(async (listener) => ({ listener, code: await tryOne(listener) })));
  const problems = outcomes.flatMap(({ listener, code }) => (code === undefined ? [] : [explain(listener, code)]));
  if (problems.length > 0) throw new LoopbackError([...new Set(problems)]);
};

const doubles = (listeners: readonly Listener[]): readonly string[] =>
  listeners.flatMap((one, index) => {
    const other = listeners.slice(0, index).find((each) => keyOf(each) === keyOf(one));
    return other
      ? [`${keyOf(one)} is given twice: choose another one with ${PORT_OPTIONS[one.option]} or ${PORT_OPTIONS[other.option]}`]
      : [];
  });

/** Nobody asks a name server with `fetch`. */
const unreachable = async (listeners: readonly Listener[]): Promise<readonly string[]> => {
  const problems: string[] = [];
  for (const [option, group] of Map.groupBy(listeners, (each) => each.option)) {
    const ports = [...new Set(group.map(({ port }) => port))].toSorted((one, other) => one - other);
    const [first = 0] = ports;
    // What is no port at all is told by whoever tries it.
    for (const port of option === 'dns' ? [] : ports.filter((each) => each <= PORT_MAX))
      if (await fetchRefuses(port))
        problems.push(
          `${port === first ? '' : `${PORT_OPTIONS[option]} ${first} leads to `}port ${port}, which fetch and browsers refuse to connect to (https://fetch.spec.whatwg.org/#port-blocking): choose another one, for example ${PORT_OPTIONS[option]} ${await nextReachable(first, ports.length)}`,
        );
  }
  return problems;
};

/** Ports after a refused one that are looked at. The longest run of refused ones beyond 1,023 is five. */
const REACHABLE_TRIES_MAX = 50;
const PORT_MAX = 65_535;

/** The next port with as many in a row that `fetch` connects to; 8080 when none is near. */
const nextReachable = async (port: number, inARow: number): Promise<number> => {
  for (let first = port + 1; first <= port + REACHABLE_TRIES_MAX && first + inARow <= PORT_MAX; first += 1) {
    const refused = await Promise.all(Array.from({ length: inARow }, (_, index) => fetchRefuses(first + index)));
    if (!refused.includes(true)) return first;
  }
  return DEFAULT_PORTS.edge;
};

/** What to do about a listener that cannot be had. */
export const explain = (listener: Listener, code: string): string => {
  const place = `${listener.address}:${listener.port}${listener.protocol === 'udp' ? ' (UDP)' : ''}`;
  const option = PORT_OPTIONS[listener.option];
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is used by another program: choose another one with ${option} N`;
    case 'EADDRNOTAVAIL':
      return `${listener.address} does not exist on this machine: bring its loopback interface up, for example with "ip link set lo up"`;
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
