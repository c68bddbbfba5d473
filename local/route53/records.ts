/** `AWS::Route53::RecordSet` as the stand-in understands it: A and CNAME, alias to a cell's custom domain, five policies. */
import { isIPv4 } from 'node:net';
import { checkId } from './checks.ts';
import { describe, evaluate, flag, isObject, list, only, Reference, type Resource, refuse, text, wholeNumber } from './intrinsics.ts';
import { canonicalName } from './names.ts';

type Policy =
  | { readonly kind: 'simple' }
  | { readonly kind: 'latency'; readonly region: string }
  | { readonly kind: 'weighted'; readonly weight: number }
  | { readonly kind: 'failover'; readonly role: 'primary' | 'secondary' }
  | { readonly kind: 'multivalue' };

type RecordTarget =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'name'; readonly name: string }
  /** Alias to a custom domain of the cell in this region: its front door. */
  | { readonly kind: 'front-door'; readonly region: string };

export interface ZoneRecord {
  /** Region of the stack and logical id there: what errors call the record. */
  readonly place: string;
  /** Canonical. */
  readonly name: string;
  readonly type: 'A' | 'CNAME';
  readonly ttlSeconds: number;
  readonly policy: Policy;
  readonly setIdentifier: string | null;
  /** Logical id; null: always healthy. */
  readonly check: string | null;
  readonly target: RecordTarget;
  readonly hostedZoneId: string;
}

/** An alias has no TTL of its own; Route 53 answers with that of the AWS resource, 60 s for API Gateway. */
const ALIAS_TTL_SECONDS = 60;

const ROUTING = ['Region', 'Weight', 'Failover', 'MultiValueAnswer'] as const;
const ALLOWED = [
  'Name',
  'Type',
  'TTL',
  'ResourceRecords',
  'AliasTarget',
  'HostedZoneId',
  'Comment',
  'HealthCheckId',
  'SetIdentifier',
  ...ROUTING,
];

/** @throws {UnsupportedTemplateError} naming the resource and the property */
export const readRecord = (resource: Resource): ZoneRecord => {
  const { properties } = resource;
  only(resource, '', properties, ALLOWED);
  const type = text(resource, 'Type', properties['Type'] ?? '');
  if (type !== 'A' && type !== 'CNAME') return refuse(resource, 'Type', `given ${JSON.stringify(type)}; allowed: A, CNAME`);
  const alias = properties['AliasTarget'];
  if (alias !== undefined && (properties['ResourceRecords'] !== undefined || properties['TTL'] !== undefined))
    return refuse(resource, 'AliasTarget', 'excludes ResourceRecords and TTL');
  if (alias !== undefined && type !== 'A') return refuse(resource, 'AliasTarget', `given with type ${type}; allowed: A`);
  const policy = readPolicy(resource);
  const { SetIdentifier: setIdentifier, HealthCheckId: check } = properties;
  if ((policy.kind === 'simple') !== (setIdentifier === undefined))
    return refuse(resource, 'SetIdentifier', 'required with, and only with, a routing policy other than simple');
  if (policy.kind === 'simple' && check !== undefined)
    return refuse(resource, 'HealthCheckId', 'a simple record cannot have a health check');
  if (policy.kind === 'multivalue' && type === 'CNAME') return refuse(resource, 'MultiValueAnswer', 'not allowed for a CNAME');
  return {
    place: `${resource.region}/${resource.logicalId}`,
    name: readName(resource, 'Name', properties['Name']),
    type,
    ttlSeconds: alias === undefined ? wholeNumber(resource, 'TTL', properties['TTL'], [0, 2_147_483_647]) : ALIAS_TTL_SECONDS,
    policy,
    setIdentifier: setIdentifier === undefined ? null : text(resource, 'SetIdentifier', setIdentifier),
    check: check === undefined ? null : checkId(resource, 'HealthCheckId', check),
    target: alias === undefined ? readValues(resource, type) : readAlias(resource, alias),
    hostedZoneId: text(resource, 'HostedZoneId', properties['HostedZoneId']),
  };
};

const readName = (resource: Resource, place: string, value: unknown): string => {
  const given = text(resource, place, value);
  return (
    canonicalName(given) ?? refuse(resource, place, `given ${JSON.stringify(given)}; allowed: a domain name without wildcards and escapes`)
  );
};

const readPolicy = (resource: Resource): Policy => {
  const { properties } = resource;
  const [given, ...more] = ROUTING.filter((key) => properties[key] !== undefined);
  if (more.length > 0) return refuse(resource, [given, ...more].join(' and '), 'one record has one routing policy');
  switch (given) {
    case undefined:
      return { kind: 'simple' };
    case 'Region':
      return { kind: 'latency', region: text(resource, 'Region', properties['Region']) };
    case 'Weight':
      return { kind: 'weighted', weight: wholeNumber(resource, 'Weight', properties['Weight'], [0, 255]) };
    case 'Failover': {
      const role = text(resource, 'Failover', properties['Failover']);
      if (role === 'PRIMARY') return { kind: 'failover', role: 'primary' };
      return role === 'SECONDARY'
        ? { kind: 'failover', role: 'secondary' }
        : refuse(resource, 'Failover', `given ${JSON.stringify(role)}; allowed: PRIMARY, SECONDARY`);
    }
    case 'MultiValueAnswer':
      return flag(resource, 'MultiValueAnswer', properties['MultiValueAnswer']) ? { kind: 'multivalue' } : { kind: 'simple' };
    default:
      return given satisfies never;
  }
};

const readValues = (resource: Resource, type: 'A' | 'CNAME'): RecordTarget => {
  const values = list(resource, 'ResourceRecords', resource.properties['ResourceRecords']);
  if (type === 'CNAME') {
    return values.length === 1
      ? { kind: 'name', name: readName(resource, 'ResourceRecords', values[0]) }
      : refuse(resource, 'ResourceRecords', `given ${values.length}; a CNAME has one`);
  }
  const addresses = values.map((value) => text(resource, 'ResourceRecords', value));
  const wrong = addresses.find((address) => !isIPv4(address));
  if (wrong !== undefined || addresses.length === 0)
    return refuse(resource, 'ResourceRecords', `given ${JSON.stringify(wrong ?? addresses)}; allowed: IPv4 addresses`);
  return { kind: 'addresses', addresses };
};

/**
 * Evaluating the target's health changes nothing: Route 53 always takes an API Gateway custom domain for healthy.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias-common.html
 */
const readAlias = (resource: Resource, alias: unknown): RecordTarget => {
  if (!isObject(alias)) return refuse(resource, 'AliasTarget', 'allowed: an object');
  only(resource, 'AliasTarget', alias, ['DNSName', 'HostedZoneId', 'EvaluateTargetHealth']);
  flag(resource, 'AliasTarget.EvaluateTargetHealth', alias['EvaluateTargetHealth']);
  const domain = attributeOfDomain(resource, 'AliasTarget.DNSName', alias['DNSName'], 'RegionalDomainName');
  const zone = attributeOfDomain(resource, 'AliasTarget.HostedZoneId', alias['HostedZoneId'], 'RegionalHostedZoneId');
  if (domain !== zone)
    return refuse(resource, 'AliasTarget', `DNSName is of ${domain} and HostedZoneId of ${zone}; allowed: both of one custom domain`);
  return { kind: 'front-door', region: resource.region };
};

const attributeOfDomain = (resource: Resource, place: string, value: unknown, attribute: string): string => {
  const given = evaluate(resource, place, value);
  if (given instanceof Reference && given.type === 'AWS::ApiGateway::DomainName' && given.attribute === attribute) return given.logicalId;
  return refuse(
    resource,
    place,
    `given ${given instanceof Reference ? describe(given) : JSON.stringify(given)}; allowed: ${attribute} of an AWS::ApiGateway::DomainName of this template`,
  );
};
