/** What the tests of the responder and of the server ask: a zone of two regions, with answers of every length. */
import { edgeAddress } from '../../../local/network.ts';
import { nearestRegions, regionNear } from '../../../local/route53/latency.ts';
import { resolve } from '../../../local/route53/resolver.ts';
import type { Answerer } from '../../../local/route53/responder.ts';
import { readZone } from '../../../local/route53/zone.ts';
import type { Decoded } from './dns-client.ts';
import { EU, record, stack, system, US, ZONE } from './templates.ts';

const REGIONS = [EU, US];
/** Eight addresses under a name of 47 characters, and under one of 239: answers over 512 and over 1,232 bytes. */
export const WIDE = `${'w'.repeat(35)}.${ZONE}`;
export const HUGE = `${Array(4).fill('h'.repeat(56)).join('.')}.${ZONE}`;

const many = (name: string, tag: string) =>
  Array.from({ length: 8 }, (_, index) => [
    `${tag}${index}`,
    record({ Name: name, Type: 'A', TTL: '5', ResourceRecords: [`192.0.2.${index}`], MultiValueAnswer: true, SetIdentifier: `${index}` }),
  ]);
const zone = readZone(ZONE, [...system(REGIONS), stack('us-west-2', Object.fromEntries([...many(WIDE, 'W'), ...many(HUGE, 'H')]))]);

export const answer: Answerer = (question, { source, subnet: given }) =>
  resolve(zone, question, {
    isHealthy: () => true,
    nearest: nearestRegions(regionNear(given, source, REGIONS), REGIONS),
    addressOf: (region) => edgeAddress(REGIONS.indexOf(region)),
    random: () => 0,
  });

export const types = (given: Decoded) => (given.packet.answers ?? []).map(({ type }) => type);
