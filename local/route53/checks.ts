/** `AWS::Route53::HealthCheck` as the stand-in understands it: HTTP and HTTPS endpoint checks, and calculated checks. */
import { CHECKER_REGIONS } from '../../infra/config.ts';

import { describe, evaluate, flag, isObject, list, only, Reference, type Resource, refuse, text, wholeNumber } from './intrinsics.ts';
import { canonicalName } from './names.ts';

interface CheckBase {
  readonly logicalId: string;
  readonly inverted: boolean;
  /**
   * Not probed, and taken for healthy, before inversion: to stop traffic, one inverts it as well.
   * https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
   */
  readonly disabled: boolean;
}

export interface EndpointCheck extends CheckBase {
  readonly kind: 'endpoint';
  readonly secure: boolean;
  /** Canonical. */
  readonly fqdn: string;
  readonly port: number;
  readonly path: string;
  /** Text that must stand wholly in the first 5,120 bytes of the body; null: the status alone decides. */
  readonly searchText: string | null;
  readonly intervalSeconds: number;
  readonly failureThreshold: number;
  readonly checkerRegions: readonly string[];
}

export interface CalculatedCheck extends CheckBase {
  readonly kind: 'calculated';
  /** Logical ids of endpoint checks. */
  readonly children: readonly string[];
  /** This many children must be healthy. 0: always healthy; more than there are: never. */
  readonly healthThreshold: number;
}

export type Check = EndpointCheck | CalculatedCheck;

const CONFIG = 'HealthCheckConfig';
const COMMON = ['Type', 'Inverted', 'Disabled'] as const;
const ENDPOINT = [
  ...COMMON,
  'FullyQualifiedDomainName',
  'Port',
  'ResourcePath',
  'SearchString',
  'RequestInterval',
  'FailureThreshold',
  'Regions',
  'EnableSNI',
  'MeasureLatency',
];
const CALCULATED = [...COMMON, 'ChildHealthChecks', 'HealthThreshold'];

/** @throws {UnsupportedTemplateError} naming the resource and the property */
export const readCheck = (resource: Resource): Check => {
  only(resource, '', resource.properties, [CONFIG, 'HealthCheckTags']);
  const config = resource.properties[CONFIG];
  if (!isObject(config)) return refuse(resource, CONFIG, 'missing');
  const [inverted, disabled] = [
    flag(resource, `${CONFIG}.Inverted`, config['Inverted']),
    flag(resource, `${CONFIG}.Disabled`, config['Disabled']),
  ];
  const base = { logicalId: resource.logicalId, inverted, disabled };
  const type = text(resource, `${CONFIG}.Type`, config['Type'] ?? '');
  switch (type) {
    case 'HTTP':
    case 'HTTPS':
    case 'HTTP_STR_MATCH':
    case 'HTTPS_STR_MATCH':
      return { ...base, ...endpoint(resource, config, type) };
    case 'CALCULATED':
      return { ...base, ...calculated(resource, config) };
    default:
      return refuse(
        resource,
        `${CONFIG}.Type`,
        `given ${JSON.stringify(type)}; allowed: HTTP, HTTPS, HTTP_STR_MATCH, HTTPS_STR_MATCH, CALCULATED`,
      );
  }
};

const endpoint = (resource: Resource, config: Readonly<Record<string, unknown>>, type: string) => {
  only(resource, CONFIG, config, ENDPOINT);
  const read = (key: string, otherwise?: unknown) => text(resource, `${CONFIG}.${key}`, config[key] ?? otherwise);
  const whole = (key: string, otherwise: number, range: readonly [number, number]) =>
    wholeNumber(resource, `${CONFIG}.${key}`, config[key] ?? otherwise, range);
  const secure = type.startsWith('HTTPS');
  const intervalSeconds = whole('RequestInterval', 30, [10, 30]);
  if (intervalSeconds !== 10 && intervalSeconds !== 30)
    return refuse(resource, `${CONFIG}.RequestInterval`, `given ${intervalSeconds}; allowed: 10 or 30`);
  const searchText = type.endsWith('_STR_MATCH') ? read('SearchString', '') : null;
  if (searchText === '' || (searchText ?? '').length > 255)
    return refuse(resource, `${CONFIG}.SearchString`, 'allowed: 1 to 255 characters');
  if (searchText === null && config['SearchString'] !== undefined)
    return refuse(resource, `${CONFIG}.SearchString`, `allowed only with HTTP_STR_MATCH and HTTPS_STR_MATCH, given ${type}`);
  const fqdn = canonicalName(read('FullyQualifiedDomainName', ''));
  if (fqdn === undefined)
    return refuse(
      resource,
      `${CONFIG}.FullyQualifiedDomainName`,
      `given ${JSON.stringify(config['FullyQualifiedDomainName'])}; allowed: a domain name`,
    );
  const path = read('ResourcePath', '/');
  return {
    kind: 'endpoint',
    secure,
    fqdn,
    port: whole('Port', secure ? 443 : 80, [1, 65_535]),
    path: path.startsWith('/') ? path : `/${path}`,
    searchText,
    intervalSeconds,
    failureThreshold: whole('FailureThreshold', 3, [1, 10]),
    checkerRegions: checkerRegions(resource, config['Regions']),
  } as const;
};

const checkerRegions = (resource: Resource, value: unknown): readonly string[] => {
  // AWS checks from all of them when a check names none.
  if (value === undefined) return CHECKER_REGIONS;
  const place = `${CONFIG}.Regions`;
  const regions = [...new Set(list(resource, place, value).map((each) => text(resource, place, each)))];
  const unknown = regions.filter((region) => !CHECKER_REGIONS.some((known) => known === region));
  if (unknown.length > 0) return refuse(resource, place, `given ${unknown.join(', ')}; allowed: ${CHECKER_REGIONS.join(', ')}`);
  return regions.length >= 3 ? regions : refuse(resource, place, `given ${regions.length}; allowed: three or more`);
};

const calculated = (resource: Resource, config: Readonly<Record<string, unknown>>) => {
  only(resource, CONFIG, config, CALCULATED);
  const place = `${CONFIG}.ChildHealthChecks`;
  const children = list(resource, place, config['ChildHealthChecks'] ?? []).map((child) => checkId(resource, place, child));
  if (children.length < 1 || children.length > 255) return refuse(resource, place, `given ${children.length}; allowed: 1 to 255`);
  if (new Set(children).size < children.length) return refuse(resource, place, 'names a check twice');
  return {
    kind: 'calculated',
    children,
    healthThreshold: wholeNumber(resource, `${CONFIG}.HealthThreshold`, config['HealthThreshold'], [0, 256]),
  } as const;
};

/** Logical id of the health check that a property refers to. */
export const checkId = (resource: Resource, place: string, value: unknown): string => {
  const given = evaluate(resource, place, value);
  if (
    given instanceof Reference &&
    given.type === 'AWS::Route53::HealthCheck' &&
    (given.attribute === null || given.attribute === 'HealthCheckId')
  )
    return given.logicalId;
  return refuse(
    resource,
    place,
    `given ${given instanceof Reference ? describe(given) : JSON.stringify(given)}; allowed: a health check of this template`,
  );
};
