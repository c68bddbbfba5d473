/**
 * The network of a local system, and where on this machine it is. DNS answers an address for each region (its front
 * door's), and on Linux the loopback interface answers on all of them. On macOS it answers on 127.0.0.1 only: there, each
 * address and port is a port of 127.0.0.1. This table is the one place that says which; whoever listens or connects asks it.
 */
import { createServer } from 'node:net';

/** Where something listens. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** An address and port as DNS and port numbers name them, and where that is on this machine. */
export interface Route {
  readonly named: Place;
  readonly at: Place;
}

export interface NetworkPorts {
  /** Of the front doors: plain HTTP, and TLS, which is also what port 443 leads to. */
  readonly edge: number;
  readonly edgeTls: number;
  /** Of the name server. */
  readonly dns: number;
}

export interface RegionPlaces {
  /** What DNS answers for its front door. */
  readonly dnsAddress: string;
  /** Where its front door listens; both have one address. */
  readonly edge: Place;
  readonly edgeTls: Place;
  /** A name server that takes whoever asks it for a caller near the region. */
  readonly resolver: Place;
}

export interface Network {
  /** In the order of the config. */
  readonly regions: readonly RegionPlaces[];
  /** Everything that is named by a region's address. */
  readonly routes: readonly Route[];
}

/** Address of the name server, the control API and the emulators. */
export const SHARED_ADDRESS = '127.0.0.1';

/** Where callers of HTTPS go who name no port. */
const HTTPS_PORT = 443;

/** What DNS answers for a region, by its place in the config: a network of its own, so that callers can be "near" it. */
export const edgeAddress = (index: number): string => `127.0.${index + 1}.1`;

/** First address of the network of callers near a region; its prefix has `LOCATION_PREFIX_LENGTH` bits. */
export const callersNear = (index: number): string => `127.0.${index + 1}.0`;

/** The region, by its place in the config, that an address is near; undefined: none. */
export const indexNear = (address: string): number | undefined => {
  const third = /^127\.0\.(\d{1,3})\.\d{1,3}$/.exec(address)?.[1];
  return third === undefined || third === '0' ? undefined : Number(third) - 1;
};

/** @param oneAddress whether all of it must be ports of 127.0.0.1: those from the first one on, and for resolvers those below the name server's */
export const networkOf = (ports: NetworkPorts, regions: number, oneAddress: boolean): Network => {
  const placed = Array.from({ length: regions }, (_, index): RegionPlaces => {
    const dnsAddress = edgeAddress(index);
    const at = (port: number, port127: number): Place =>
      oneAddress ? { address: SHARED_ADDRESS, port: port127 } : { address: dnsAddress, port };
    return {
      dnsAddress,
      edge: at(ports.edge, ports.edge + index),
      edgeTls: at(ports.edgeTls, ports.edgeTls + index),
      resolver: at(ports.dns, ports.dns - 1 - index),
    };
  });
  const routes = placed.flatMap(({ dnsAddress: address, edge, edgeTls, resolver }) => [
    { named: { address, port: ports.edge }, at: edge },
    { named: { address, port: ports.edgeTls }, at: edgeTls },
    { named: { address, port: HTTPS_PORT }, at: edgeTls },
    { named: { address, port: ports.dns }, at: resolver },
  ]);
  return { regions: placed, routes };
};

/** Where an address and port are on this machine. Whatever the table does not name is where its name says. */
export const placeOf = (routes: readonly Route[], named: Place): Place =>
  routes.find((route) => route.named.address === named.address && route.named.port === named.port)?.at ?? named;

/** The network on this machine: whether the regions' addresses can be had is tried. */
export const networkHere = async (ports: NetworkPorts, regions: number): Promise<Network> => {
  const had = await Promise.all(Array.from({ length: regions }, (_, index) => isHere(edgeAddress(index))));
  return networkOf(ports, regions, had.includes(false));
};

/** For people: undefined where every address is its own place. */
export const networkNote = (regions: readonly Pick<RegionPlaces, 'dnsAddress' | 'edge' | 'edgeTls'>[]): string | undefined => {
  if (regions.every(({ dnsAddress, edge }) => edge.address === dnsAddress)) return undefined;
  const places = regions.map(({ dnsAddress, edge, edgeTls }) => `${dnsAddress} is port ${edge.port} (TLS: ${edgeTls.port})`);
  return `loopback has ${SHARED_ADDRESS} only, as on macOS: of the addresses that DNS answers, ${places.join(', and ')} of it`;
};

/** Any other error is not about the address, and is met again by whoever listens there. */
const isHere = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(!('code' in error && error.code === 'EADDRNOTAVAIL')));
    server.listen({ host: address, port: 0, exclusive: true }, () => server.close(() => resolve(true)));
  });
