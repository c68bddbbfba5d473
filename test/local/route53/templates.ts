/** Templates of the shape that CDK writes, small enough to read: two or more cells and the global stack. */
import type { StackTemplate } from '../../../local/route53/intrinsics.ts';

export type Resources = Record<string, { Type: string; Properties: Record<string, unknown> }>;

export const DOMAIN = 'api.tandem.test';
export const ZONE = 'tandem.test';
const ZONE_ID = 'Z0000000000TEST';
export const EU = 'eu-central-1';
export const US = 'us-east-2';
export const AP = 'ap-southeast-2';

const logical = (region: string): string => region.replaceAll('-', '');

export const stack = (region: string, resources: Resources): StackTemplate => ({ region, template: { Resources: resources } });

export const record = (properties: Record<string, unknown>): Resources[string] => ({
  Type: 'AWS::Route53::RecordSet',
  Properties: { HostedZoneId: ZONE_ID, ...properties },
});

export const check = (config: Record<string, unknown>): Resources[string] => ({
  Type: 'AWS::Route53::HealthCheck',
  Properties: { HealthCheckConfig: config },
});

const alias = (name: string, domain: string) =>
  record({
    Name: `${name}.`,
    Type: 'A',
    AliasTarget: {
      DNSName: { 'Fn::GetAtt': [domain, 'RegionalDomainName'] },
      HostedZoneId: { 'Fn::GetAtt': [domain, 'RegionalHostedZoneId'] },
    },
  });

export const cell = (region: string): StackTemplate =>
  stack(region, {
    Regional: { Type: 'AWS::ApiGateway::DomainName', Properties: { DomainName: `${region}.${DOMAIN}` } },
    Shared: { Type: 'AWS::ApiGateway::DomainName', Properties: { DomainName: DOMAIN } },
    RegionalRecord: alias(`${region}.${DOMAIN}`, 'Regional'),
    OriginRecord: alias(`${region}.origin.${DOMAIN}`, 'Shared'),
  });

const PROBE = {
  Type: 'HTTPS_STR_MATCH',
  Port: 443,
  RequestInterval: 10,
  Regions: ['us-east-1', 'us-west-1', 'us-west-2'],
  EnableSNI: true,
  MeasureLatency: false,
};

export interface GlobalProps {
  readonly failureThreshold?: number;
  readonly intervalSeconds?: number;
}

export const global = (regions: readonly string[], { failureThreshold = 2, intervalSeconds = 10 }: GlobalProps = {}): StackTemplate => {
  const resources: Resources = {};
  for (const region of regions) {
    const peers = regions.filter((each) => each !== region);
    resources[`Deep${logical(region)}`] = check({
      ...PROBE,
      RequestInterval: intervalSeconds,
      FullyQualifiedDomainName: `${region}.${DOMAIN}`,
      ResourcePath: '/health',
      SearchString: '"verdict":"pass"',
      FailureThreshold: failureThreshold,
      Inverted: false,
    });
    for (const peer of peers) {
      resources[`Switch${logical(region)}At${logical(peer)}`] = check({
        ...PROBE,
        FullyQualifiedDomainName: `${peer}.${DOMAIN}`,
        ResourcePath: `/switch/${region}`,
        SearchString: '"evacuate":true',
        FailureThreshold: 1,
        Inverted: true,
      });
    }
    const children = [`Deep${logical(region)}`, ...peers.map((peer) => `Switch${logical(region)}At${logical(peer)}`)];
    resources[`Serving${logical(region)}`] = check({
      Type: 'CALCULATED',
      ChildHealthChecks: children.map((child) => ({ Ref: child })),
      HealthThreshold: children.length,
      Inverted: false,
    });
    resources[`Shared${logical(region)}`] = record({
      Name: `${DOMAIN}.`,
      Type: 'CNAME',
      TTL: '10',
      Region: region,
      SetIdentifier: region,
      ResourceRecords: [`${region}.origin.${DOMAIN}`],
      HealthCheckId: { 'Fn::GetAtt': [`Serving${logical(region)}`, 'HealthCheckId'] },
    });
  }
  return stack('us-east-1', resources);
};

export const system = (regions: readonly string[], props?: GlobalProps): readonly StackTemplate[] => [
  ...regions.map(cell),
  global(regions, props),
];
