/**
 * The hosted zone and its health checks, read from the synthesized templates. Pure. What Route 53 would refuse at
 * deployment, or this stand-in does not know, is refused here with the resource and the property.
 */
import { ROUTES } from '../../functions/contract/routes.ts';
import { type CalculatedCheck, type Check, readCheck } from './checks.ts';
import { resourcesOf, type StackTemplate, UnsupportedTemplateError } from './intrinsics.ts';
import { ancestors, canonicalName, isInZone } from './names.ts';
import { readRecord, type ZoneRecord } from './records.ts';

export interface Zone {
  /** The apex, canonical. */
  readonly name: string;
  /** By name. All records of one name have one type and one policy. */
  readonly records: ReadonlyMap<string, readonly ZoneRecord[]>;
  /** Names that exist: owners of records, and what lies between them and the apex. */
  readonly names: ReadonlySet<string>;
  /** By logical id. */
  readonly checks: ReadonlyMap<string, Check>;
}

/**
 * @param zoneName the hosted zone's name: templates carry only its id
 * @throws {UnsupportedTemplateError}
 */
export const readZone = (zoneName: string, stacks: readonly StackTemplate[]): Zone => {
  const name = canonicalName(zoneName);
  if (name === undefined) throw new UnsupportedTemplateError(`zone: given ${JSON.stringify(zoneName)}; allowed: a domain name`);
  const records: ZoneRecord[] = [];
  const checks = new Map<string, Check>();
  for (const resource of stacks.flatMap((stack) => resourcesOf(stack, 'AWS::Route53::'))) {
    if (resource.type === 'AWS::Route53::RecordSet') records.push(readRecord(resource));
    else if (resource.type !== 'AWS::Route53::HealthCheck')
      throw new UnsupportedTemplateError(
        `${resource.region}/${resource.logicalId}: ${resource.type} is not supported; allowed: RecordSet, HealthCheck`,
      );
    else if (checks.has(resource.logicalId))
      throw new UnsupportedTemplateError(`${resource.region}/${resource.logicalId}: a health check of this logical id is in two templates`);
    else checks.set(resource.logicalId, readCheck(resource));
  }
  requireOneLevel(checks);
  const byName = Map.groupBy(records, (record) => record.name);
  for (const [owner, group] of byName) requireConsistent(name, owner, group);
  const [first] = records;
  const stray = records.find((record) => record.hostedZoneId !== first?.hostedZoneId);
  if (first && stray)
    throw new UnsupportedTemplateError(
      `${stray.place} HostedZoneId: given ${stray.hostedZoneId}, but ${first.place} is in ${first.hostedZoneId}; allowed: one hosted zone`,
    );
  return {
    name,
    records: byName,
    names: new Set([name, ...[...byName.keys()].flatMap((each) => [each, ...ancestors(each, name)])]),
    checks,
  };
};

export type CheckRole = 'deep' | 'switch' | 'calculated';

/** What a check is for, and the region whose traffic it decides on; null when no single region is. */
export const purposeOf = (zone: Zone, check: Check): { readonly role: CheckRole; readonly region: string | null } => {
  if (check.kind === 'calculated') {
    const guarded = [...zone.records.values()].flat().filter((record) => record.check === check.logicalId);
    const region = onlyOne(guarded.flatMap((record) => (record.policy.kind === 'latency' ? [record.policy.region] : [])));
    return { role: 'calculated', region: region ?? deepRegion(zone, check) };
  }
  const switchPath = ROUTES.switchState.path.replace('{region}', '');
  if (check.path.startsWith(switchPath)) return { role: 'switch', region: check.path.slice(switchPath.length) };
  return { role: 'deep', region: frontDoorRegion(zone, check.fqdn) };
};

/** Of a region that joins: its checks are there before its record. */
const deepRegion = (zone: Zone, check: CalculatedCheck): string | null => {
  const children = check.children.flatMap((child) => zone.checks.get(child) ?? []).map((child) => purposeOf(zone, child));
  return onlyOne(children.flatMap(({ role, region }) => (role === 'deep' && region !== null ? [region] : [])));
};

/** The region whose front door a name is an alias of; null when it is none. */
export const frontDoorRegion = (zone: Zone, name: string): string | null =>
  onlyOne((zone.records.get(name) ?? []).flatMap((record) => (record.target.kind === 'front-door' ? [record.target.region] : [])));

const onlyOne = (regions: readonly string[]): string | null => (new Set(regions).size === 1 ? (regions[0] ?? null) : null);

/** A calculated check cannot watch another one. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html */
const requireOneLevel = (checks: ReadonlyMap<string, Check>): void => {
  for (const check of checks.values()) {
    const nested = check.kind === 'calculated' ? check.children.find((child) => checks.get(child)?.kind === 'calculated') : undefined;
    if (nested !== undefined)
      throw new UnsupportedTemplateError(
        `${check.logicalId} HealthCheckConfig.ChildHealthChecks: ${nested} is itself calculated; allowed: endpoint checks`,
      );
  }
};

const requireConsistent = (zone: string, name: string, group: readonly ZoneRecord[]): void => {
  const [first] = group;
  if (first === undefined) return;
  const problem = problemOf(zone, name, first, group);
  if (problem !== undefined)
    throw new UnsupportedTemplateError(`records of ${name} (${group.map((record) => record.place).join(', ')}): ${problem}`);
};

const problemOf = (zone: string, name: string, first: ZoneRecord, group: readonly ZoneRecord[]): string | undefined => {
  const repeated = (values: readonly (string | null)[]) => values.find((value, index) => values.indexOf(value) !== index);
  if (!isInZone(name, zone)) return `not in the zone ${zone}`;
  if (first.type === 'CNAME' && name === zone) return 'a CNAME cannot stand at the apex of the zone';
  if (group.some((record) => record.type !== first.type)) return 'a CNAME excludes every other record of its name';
  if (group.some((record) => record.policy.kind !== first.policy.kind)) return 'all must have one routing policy';
  if (first.policy.kind === 'simple') return group.length > 1 ? 'a simple record must be the only one of its name and type' : undefined;
  const twice = repeated(group.map((record) => record.setIdentifier));
  if (twice !== undefined) return `SetIdentifier ${twice} is used twice`;
  const region = repeated(group.flatMap((record) => (record.policy.kind === 'latency' ? [record.policy.region] : [])));
  if (region !== undefined) return `two latency records for ${region}`;
  const roles = group.flatMap((record) => (record.policy.kind === 'failover' ? [record.policy.role] : []));
  if (roles.length > 0 && (!roles.includes('primary') || repeated(roles) !== undefined))
    return 'failover needs one primary and at most one secondary';
  return undefined;
};
