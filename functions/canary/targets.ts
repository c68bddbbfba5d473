/** The front doors that a region's canary goes to. */
import { dnsNames, JOURNEY_TARGETS } from '../contract/names.ts';
import type { Transport } from './transport.ts';

/** A front door, and what is asked of it. */
export type WatchTarget = {
  /** Value of the dimension `Target`. */
  readonly name: string;
  /** Regions that may answer. */
  readonly regions: readonly string[];
  /** `https://NAME` or `https://NAME/STAGE`: certificate and Host are NAME's. */
  readonly url: string;
  /** The name to connect to, where it is another. */
  readonly via: string | undefined;
} & ({ readonly kind: 'region'; readonly region: string } | { readonly kind: 'shared' } | { readonly kind: 'origin' });

/** Opens a connection, lends it, and closes it: DNS is asked anew each time. */
export type Connect = <T>(target: WatchTarget, work: (transport: Transport) => Promise<T>) => Promise<T>;

export interface Place {
  readonly region: string;
  readonly regions: readonly string[];
  readonly domain: string | undefined;
  /** Base URL of the region's own API, where there is no domain. */
  readonly apiUrl: string | undefined;
}

/** Own region first. Without a domain the other regions' addresses are not known: own region only. */
export const targetsOf = ({ region, regions, domain, apiUrl }: Place): readonly WatchTarget[] => {
  const door = (name: string, url: string): WatchTarget => ({
    kind: 'region',
    name: JOURNEY_TARGETS.region(name),
    region: name,
    regions: [name],
    url,
    via: undefined,
  });
  if (domain === undefined) return apiUrl === undefined ? [] : [door(region, apiUrl)];
  const shared = `https://${domain}`;
  return [
    ...[region, ...regions.filter((each) => each !== region)].map((each) => door(each, `https://${dnsNames(domain, each).regional}`)),
    { kind: 'shared', name: JOURNEY_TARGETS.shared, regions, url: shared, via: undefined },
    ...regions.map(
      (each): WatchTarget => ({
        kind: 'origin',
        name: JOURNEY_TARGETS.origin(each),
        regions: [each],
        url: shared,
        via: dnsNames(domain, each).origin,
      }),
    ),
  ];
};

export const isOwn = (target: WatchTarget, region: string): boolean => target.kind === 'region' && target.region === region;
