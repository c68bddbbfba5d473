/**
 * Which region a caller is near, on a machine where every caller is in the same place: 127.0.N.x stands for the network
 * of the N-th region of the config (DNS answers 127.0.N.1 for its front door). A caller says so by EDNS client subnet
 * (RFC 7871), by the resolver that it asks, or by its source address where there is more than one.
 */
import { callersNear, indexNear } from '../network.ts';

/** The subnet that a caller names in its query. */
export interface ClientSubnet {
  readonly address: string;
  readonly prefixLength: number;
}

/** What of an address decides, in bits: the scope of answers that depend on it. */
export const LOCATION_PREFIX_LENGTH = 24;

/** The subnet of callers near a region, for EDNS client subnet. @throws when the region is not configured */
export const subnetNear = (region: string, regions: readonly string[]): ClientSubnet => {
  const index = regions.indexOf(region);
  if (index === -1) throw new Error(`no region "${region}"; allowed: ${regions.join(', ')}`);
  return { address: callersNear(index), prefixLength: LOCATION_PREFIX_LENGTH };
};

/** The region a caller is near; the first one for callers who do not say. */
export const regionNear = (subnet: ClientSubnet | undefined, sourceAddress: string, regions: readonly string[]): string | undefined => {
  const named = subnet !== undefined && subnet.prefixLength >= LOCATION_PREFIX_LENGTH ? regionOf(subnet.address, regions) : undefined;
  return named ?? regionOf(sourceAddress, regions) ?? regions[0];
};

/** All regions, from the nearest to the farthest: round the list of the config, so that the callers of a lost region do not all go to the first. */
export const nearestRegions = (near: string | undefined, regions: readonly string[]): readonly string[] => {
  const index = near === undefined ? 0 : Math.max(0, regions.indexOf(near));
  return [...regions.slice(index), ...regions.slice(0, index)];
};

const regionOf = (address: string, regions: readonly string[]): string | undefined => {
  const index = indexNear(address);
  return index === undefined ? undefined : regions[index];
};
