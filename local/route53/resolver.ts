/**
 * Route 53's answer to a question, from the zone and the health of its checks. Pure: health, distance and randomness
 * come in. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
 */
import { isInZone } from './names.ts';
import type { ZoneRecord } from './records.ts';
import type { Zone } from './zone.ts';

export interface Question {
  /** Canonical. */
  readonly name: string;
  /** Mnemonic such as `A`, or `TYPE65280`. */
  readonly type: string;
}

/** Everything besides the zone that an answer depends on. */
export interface View {
  /** By the check's logical id. */
  readonly isHealthy: (check: string) => boolean;
  /** Regions from the nearest to the farthest, as latency routing sees the caller. */
  readonly nearest: readonly string[];
  /** Address of a region's front door. */
  readonly addressOf: (region: string) => string;
  /** From 0 to below 1. */
  readonly random: () => number;
}

interface AnswerBase {
  readonly name: string;
  readonly ttlSeconds: number;
}
export type ResourceRecord = AnswerBase &
  (
    | { readonly type: 'A' | 'CNAME' | 'NS'; readonly data: string }
    | {
        readonly type: 'SOA';
        readonly data: {
          readonly mname: string;
          readonly rname: string;
          readonly serial: number;
          readonly refresh: number;
          readonly retry: number;
          readonly expire: number;
          readonly minimum: number;
        };
      }
  );

export type Resolution =
  /** The name is in no zone of this server. */
  | { readonly kind: 'out-of-zone' }
  | {
      /** `no-data`: the name exists, the type does not. Both negative kinds carry the SOA, whose TTL bounds their caching. */
      readonly kind: 'answer' | 'no-data' | 'no-such-name';
      readonly answers: readonly ResourceRecord[];
      readonly authorities: readonly ResourceRecord[];
      /** Whether the answer depends on where the caller is. */
      readonly byLocation: boolean;
    };

/** A CNAME chain of the zone itself is followed this far. */
const CHAIN_LENGTH_MAX = 8;
const MULTIVALUE_ANSWERS_MAX = 8;
/** Route 53's own values for a new zone: 900 s is how long a negative answer may be cached. */
const SOA = {
  mname: 'localhost',
  rname: 'hostmaster.localhost',
  serial: 1,
  refresh: 7_200,
  retry: 900,
  expire: 1_209_600,
  minimum: 86_400,
} as const;
const SOA_TTL_SECONDS = 900;
const NS_TTL_SECONDS = 172_800;

export const resolve = (zone: Zone, question: Question, view: View): Resolution => {
  if (!isInZone(question.name, zone.name)) return { kind: 'out-of-zone' };
  const soa: ResourceRecord = { name: zone.name, type: 'SOA', ttlSeconds: SOA_TTL_SECONDS, data: SOA };
  const answers: ResourceRecord[] = [];
  let [name, byLocation] = [question.name, false];
  const negative = (kind: 'no-data' | 'no-such-name') => ({ kind, answers, authorities: [soa], byLocation }) as const;
  for (let step = 0; step < CHAIN_LENGTH_MAX; step += 1) {
    if (!zone.names.has(name)) return negative('no-such-name');
    const group = zone.records.get(name) ?? [];
    byLocation ||= group.some((record) => record.policy.kind === 'latency');
    const found = [...apexRecords(zone, name, question.type, soa), ...selected(group, question.type, view)];
    answers.push(...found);
    const alias = found.find((record) => record.type === 'CNAME');
    if (found.length === 0) return negative('no-data');
    if (
      typeof alias?.data !== 'string' ||
      question.type === 'CNAME' ||
      question.type === 'ANY' ||
      !isInZone(alias.data, zone.name) ||
      answers.some((record) => record.name === alias.data)
    )
      break;
    name = alias.data;
  }
  return { kind: 'answer', answers, authorities: [], byLocation };
};

/** Addresses in an answer to a question for A records. */
export const addressesOf = (resolution: Resolution): readonly string[] =>
  resolution.kind === 'out-of-zone' ? [] : resolution.answers.flatMap((record) => (record.type === 'A' ? [record.data] : []));

/** A query for ANY gets one set of records (RFC 8482, 4.1): at the apex the SOA, elsewhere what the name has. */
const apexRecords = (zone: Zone, name: string, type: string, soa: ResourceRecord): readonly ResourceRecord[] => {
  if (name !== zone.name) return [];
  if (type === 'NS') return [{ name, type, ttlSeconds: NS_TTL_SECONDS, data: SOA.mname }];
  return type === 'SOA' || (type === 'ANY' && !zone.records.has(name)) ? [soa] : [];
};

const selected = (group: readonly ZoneRecord[], type: string, view: View): readonly ResourceRecord[] => {
  const matching = group.filter((record) => record.type === type || record.type === 'CNAME' || type === 'ANY');
  return choose(matching, view).flatMap((record) => answersOf(record, view));
};

const answersOf = ({ name, ttlSeconds, target }: ZoneRecord, view: View): readonly ResourceRecord[] => {
  switch (target.kind) {
    case 'addresses':
      return target.addresses.map((data) => ({ name, type: 'A', ttlSeconds, data }));
    case 'name':
      return [{ name, type: 'CNAME', ttlSeconds, data: target.name }];
    case 'front-door':
      return [{ name, type: 'A', ttlSeconds, data: view.addressOf(target.region) }];
  }
};

/** The records of one name that are answered. All have the same policy (see `readZone`). */
const choose = (group: readonly ZoneRecord[], view: View): readonly ZoneRecord[] => {
  const [first] = group;
  if (first === undefined) return [];
  const healthy = group.filter((record) => record.check === null || view.isHealthy(record.check));
  /** Fail open: when every record is unhealthy, all are treated as healthy. */
  const usable = healthy.length > 0 ? healthy : group;
  switch (first.policy.kind) {
    case 'simple':
      return [first];
    case 'latency':
      return usable.toSorted((one, other) => distance(one, view) - distance(other, view)).slice(0, 1);
    case 'weighted':
      return weighted(usable, view);
    case 'failover':
      return [healthy.find(isPrimary) ?? healthy[0] ?? group.find(isPrimary) ?? first];
    case 'multivalue':
      return shuffled(usable, view).slice(0, MULTIVALUE_ANSWERS_MAX);
  }
};

const isPrimary = (record: ZoneRecord): boolean => record.policy.kind === 'failover' && record.policy.role === 'primary';

const distance = (record: ZoneRecord, view: View): number => {
  const index = record.policy.kind === 'latency' ? view.nearest.indexOf(record.policy.region) : -1;
  return index === -1 ? view.nearest.length : index;
};

const weightOf = (record: ZoneRecord): number => (record.policy.kind === 'weighted' ? record.policy.weight : 0);

/** A weight of 0 is chosen only when no usable record has more; then all of them alike. */
const weighted = (usable: readonly ZoneRecord[], view: View): readonly ZoneRecord[] => {
  const positive = usable.filter((record) => weightOf(record) > 0);
  const candidates =
    positive.length > 0
      ? positive.map((record) => ({ record, weight: weightOf(record) }))
      : usable.map((record) => ({ record, weight: 1 }));
  const point = view.random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  for (const { record, weight } of candidates) {
    sum += weight;
    if (point < sum) return [record];
  }
  return [];
};

const shuffled = (records: readonly ZoneRecord[], view: View): readonly ZoneRecord[] =>
  records
    .map((record) => ({ record, rank: view.random() }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ record }) => record);
