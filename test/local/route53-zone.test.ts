import { describe, expect, it } from 'vitest';
import { purposeOf, readZone } from '../../local/route53/zone.ts';
import { AP, cell, check, DOMAIN, EU, global, type Resources, record, stack, system, US, ZONE } from './route53/templates.ts';

const zoneOf = (resources: Resources) => readZone(ZONE, [stack('us-east-1', resources)]);
const A = (properties: Record<string, unknown> = {}) =>
  record({ Name: `x.${ZONE}`, Type: 'A', TTL: '60', ResourceRecords: ['192.0.2.1'], ...properties });
const HTTP = { Type: 'HTTP', FullyQualifiedDomainName: 'a.example.com' };

describe('the zone read from templates of cells and the global stack', () => {
  it('holds regional and origin names as aliases of the front door of their own stack', () => {
    const zone = readZone(ZONE, system([EU, US]));
    for (const region of [EU, US]) {
      for (const name of [`${region}.${DOMAIN}`, `${region}.origin.${DOMAIN}`]) {
        expect(zone.records.get(name)).toMatchObject([
          { type: 'A', ttlSeconds: 60, policy: { kind: 'simple' }, target: { kind: 'front-door', region } },
        ]);
      }
    }
  });

  it('holds the shared name as latency CNAMEs that are checked', () => {
    const zone = readZone(ZONE, system([EU, US]));
    expect(zone.records.get(DOMAIN)).toMatchObject([
      {
        type: 'CNAME',
        ttlSeconds: 10,
        policy: { kind: 'latency', region: EU },
        check: 'Servingeucentral1',
        target: { name: `${EU}.origin.${DOMAIN}` },
      },
      {
        type: 'CNAME',
        ttlSeconds: 10,
        policy: { kind: 'latency', region: US },
        check: 'Servinguseast2',
        target: { name: `${US}.origin.${DOMAIN}` },
      },
    ]);
  });

  it('knows the names between a record and the apex, which exist without records', () => {
    const { names } = readZone(ZONE, system([EU, US]));
    expect([...names].sort()).toEqual(
      [ZONE, DOMAIN, `origin.${DOMAIN}`, ...[EU, US].flatMap((each) => [`${each}.${DOMAIN}`, `${each}.origin.${DOMAIN}`])].sort(),
    );
  });

  it('tells for each check what it is for and which region it decides on', () => {
    const zone = readZone(ZONE, system([EU, US, AP]));
    const purposes = Object.fromEntries([...zone.checks].map(([id, each]) => [id, purposeOf(zone, each)]));
    expect(purposes).toMatchObject({
      Deepeucentral1: { role: 'deep', region: EU },
      Switchuseast2Ateucentral1: { role: 'switch', region: US },
      Switcheucentral1Atapsoutheast2: { role: 'switch', region: EU },
      Servingapsoutheast2: { role: 'calculated', region: AP },
    });
    expect(Object.keys(purposes)).toHaveLength(3 * 4);
  });

  it('reads intrinsic functions and text where numbers stand', () => {
    const zone = zoneOf({
      C: check({
        ...HTTP,
        RequestInterval: '30',
        FailureThreshold: '1',
        ResourcePath: { 'Fn::Join': ['/', ['', 'a', { Ref: 'AWS::Region' }]] },
      }),
      R: A({
        Name: { 'Fn::Sub': `\${AWS::Region}.X.${ZONE}.` },
        Weight: '3',
        SetIdentifier: 's',
        HealthCheckId: { 'Fn::GetAtt': 'C.HealthCheckId' },
      }),
    });
    expect(zone.records.get(`us-east-1.x.${ZONE}`)).toMatchObject([{ policy: { kind: 'weighted', weight: 3 }, check: 'C' }]);
    expect(zone.checks.get('C')).toMatchObject({
      path: '/a/us-east-1',
      intervalSeconds: 30,
      failureThreshold: 1,
      port: 80,
      secure: false,
      searchText: null,
    });
  });

  it('checks from all eight regions of Route 53 where none is named', () => {
    expect(zoneOf({ C: check(HTTP) }).checks.get('C')).toMatchObject({ checkerRegions: { length: 8 } });
  });

  it('is empty for templates without records, and still has its apex', () => {
    const zone = readZone(`${ZONE}.`, [
      stack(EU, { Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: { 'Fn::If': ['x', 1, 2] } } } }),
    ]);
    expect(zone).toMatchObject({ name: ZONE, records: { size: 0 }, checks: { size: 0 } });
  });
});

describe('what is not known is refused with its place', () => {
  const simple = record({ Name: `x.${ZONE}`, Type: 'CNAME', TTL: '1', ResourceRecords: ['y.example.com'] });
  const latency = (properties: Record<string, unknown> = {}) => A({ Region: EU, SetIdentifier: 'a', ...properties });
  const weighted = (properties: Record<string, unknown> = {}) => A({ Weight: 1, SetIdentifier: 'a', ...properties });
  const failover = (role: string, id: string) => A({ Failover: role, SetIdentifier: id });
  const domain = { Type: 'AWS::ApiGateway::DomainName', Properties: {} };
  const aliasTo = (name: unknown, zone: unknown = { 'Fn::GetAtt': ['D', 'RegionalHostedZoneId'] }) => ({
    D: domain,
    E: domain,
    R: record({ Name: `x.${ZONE}`, Type: 'A', AliasTarget: { DNSName: name, HostedZoneId: zone } }),
  });
  const refusals: readonly (readonly [what: string, resources: Resources, error: RegExp])[] = [
    [
      'another resource type',
      { G: { Type: 'AWS::Route53::RecordSetGroup', Properties: {} } },
      /us-east-1\/G: AWS::Route53::RecordSetGroup is not supported/,
    ],
    ['a conditional resource', { R: { ...A(), ...{ Condition: 'IsProd' } } }, /us-east-1\/R .* Condition/],
    ['a geolocation', { R: A({ GeoLocation: { CountryCode: 'DE' }, SetIdentifier: 'a' }) }, /us-east-1\/R .* GeoLocation: not supported/],
    ['a record type', { R: A({ Type: 'MX' }) }, /R .* Type: given "MX"; allowed: A, CNAME/],
    ['a wildcard', { R: A({ Name: `*.${ZONE}` }) }, /R .* Name: given "\*\.tandem\.test"/],
    ['a name outside the zone', { R: A({ Name: 'x.example.com' }) }, /records of x\.example\.com \(us-east-1\/R\): not in the zone/],
    ['a second zone', { R: A(), S: A({ Name: `y.${ZONE}`, HostedZoneId: 'ZOTHER' }) }, /S HostedZoneId: given ZOTHER/],
    ['a missing TTL', { R: A({ TTL: undefined }) }, /R .* TTL/],
    ['an address that is none', { R: A({ ResourceRecords: ['192.0.2.256'] }) }, /R .* ResourceRecords: given "192\.0\.2\.256"/],
    ['two policies in one record', { R: latency({ Weight: 1 }) }, /R .* Region and Weight: one record has one routing policy/],
    ['a policy without SetIdentifier', { R: latency({ SetIdentifier: undefined }) }, /R .* SetIdentifier/],
    ['a weight over 255', { R: weighted({ Weight: 256 }) }, /R .* Weight: given "256"; allowed: 0 to 255/],
    ['a check on a simple record', { C: check(HTTP), R: A({ HealthCheckId: { Ref: 'C' } }) }, /R .* HealthCheckId: a simple record/],
    ['a check that is not in the template', { R: weighted({ HealthCheckId: { Ref: 'Gone' } }) }, /R .* HealthCheckId: Ref Gone/],
    ['a check by its id', { R: weighted({ HealthCheckId: 'abc-123' }) }, /R .* HealthCheckId: given "abc-123"/],
    [
      'a check that is a topic',
      { C: { Type: 'AWS::SNS::Topic', Properties: {} }, R: weighted({ HealthCheckId: { Ref: 'C' } }) },
      /given Ref C \(AWS::SNS::Topic\)/,
    ],
    [
      'a multivalue CNAME',
      { R: record({ ...simple.Properties, MultiValueAnswer: true, SetIdentifier: 'a' }) },
      /R .* MultiValueAnswer: not allowed for a CNAME/,
    ],
    ['a CNAME at the apex', { R: record({ ...simple.Properties, Name: ZONE }) }, /a CNAME cannot stand at the apex/],
    ['a CNAME beside an A', { R: simple, S: A() }, /a CNAME excludes every other record/],
    ['two simple records of a name', { R: A(), S: A() }, /\(us-east-1\/R, us-east-1\/S\): a simple record must be the only one/],
    ['two policies of a name', { R: latency(), S: weighted({ SetIdentifier: 'b' }) }, /all must have one routing policy/],
    ['a SetIdentifier used twice', { R: weighted(), S: weighted() }, /SetIdentifier a is used twice/],
    ['a region used twice', { R: latency(), S: latency({ SetIdentifier: 'b' }) }, /two latency records for eu-central-1/],
    ['failover without a primary', { R: failover('SECONDARY', 'a') }, /failover needs one primary/],
    ['two primaries', { R: failover('PRIMARY', 'a'), S: failover('PRIMARY', 'b') }, /failover needs one primary/],
    ['an alias to a literal', aliasTo('d-1.execute-api.eu-central-1.amazonaws.com'), /R .* AliasTarget\.DNSName: given "d-1/],
    ['an alias to another attribute', aliasTo({ 'Fn::GetAtt': ['D', 'DistributionDomainName'] }), /given D\.DistributionDomainName/],
    [
      'an alias of two domains',
      aliasTo({ 'Fn::GetAtt': ['E', 'RegionalDomainName'] }),
      /AliasTarget: DNSName is of E and HostedZoneId of D/,
    ],
    ['an alias with a TTL', { R: A({ ResourceRecords: undefined, AliasTarget: {} }) }, /AliasTarget: excludes/],
    ['a check type', { C: check({ ...HTTP, Type: 'CLOUDWATCH_METRIC' }) }, /C .* HealthCheckConfig\.Type: given "CLOUDWATCH_METRIC"/],
    [
      'an unknown check property',
      { C: check({ ...HTTP, RoutingControlArn: 'x' }) },
      /C .* HealthCheckConfig\.RoutingControlArn: not supported/,
    ],
    ['an interval', { C: check({ ...HTTP, RequestInterval: 20 }) }, /C .*HealthCheckConfig\.RequestInterval: given 20; allowed: 10 or 30/],
    ['a threshold', { C: check({ ...HTTP, FailureThreshold: 11 }) }, /C .*HealthCheckConfig\.FailureThreshold: given "11"/],
    [
      'two checker regions',
      { C: check({ ...HTTP, Regions: ['us-east-1', 'us-west-1'] }) },
      /C .*HealthCheckConfig\.Regions: given 2; allowed: three or more/,
    ],
    [
      'a region without checkers',
      { C: check({ ...HTTP, Regions: ['us-east-1', 'us-west-1', EU] }) },
      /C .*HealthCheckConfig\.Regions: given eu-central-1/,
    ],
    ['a match without text', { C: check({ ...HTTP, Type: 'HTTP_STR_MATCH' }) }, /C .*HealthCheckConfig\.SearchString: allowed: 1 to 255/],
    ['text without a match', { C: check({ ...HTTP, SearchString: 'x' }) }, /C .*HealthCheckConfig\.SearchString: allowed only with/],
    ['no name to check', { C: check({ Type: 'HTTP' }) }, /C .*HealthCheckConfig\.FullyQualifiedDomainName/],
    [
      'an intrinsic function',
      { C: check({ ...HTTP, ResourcePath: { 'Fn::ImportValue': 'x' } }) },
      /C .*HealthCheckConfig\.ResourcePath: given .*ImportValue/,
    ],
    [
      'text that a deployment makes',
      { C: check({ ...HTTP, ResourcePath: { 'Fn::Join': ['', ['/', { Ref: 'C' }]] } }) },
      /C .*HealthCheckConfig\.ResourcePath: given Ref C/,
    ],
    [
      'calculated checks in calculated checks',
      {
        C: check(HTTP),
        P: check({ Type: 'CALCULATED', ChildHealthChecks: [{ Ref: 'C' }], HealthThreshold: 1 }),
        Q: check({ Type: 'CALCULATED', ChildHealthChecks: [{ Ref: 'P' }], HealthThreshold: 1 }),
      },
      /Q HealthCheckConfig\.ChildHealthChecks: P is itself calculated/,
    ],
  ];
  it.each(refusals)('%s', (_, resources, error) => expect(() => zoneOf(resources)).toThrow(error));

  it('health checks of one logical id in two templates', () => {
    expect(() => readZone(ZONE, [global([EU, US]), { ...global([EU, US]), region: 'us-west-2' }])).toThrow(
      /us-west-2\/.* is in two templates/,
    );
  });

  it('what is no template, and no zone name', () => {
    expect(() => readZone(ZONE, [{ region: EU, template: [] }])).toThrow(/template of eu-central-1/);
    expect(() => readZone('*.test', [cell(EU)])).toThrow(/zone: given "\*\.test"/);
  });

  it('nothing for the order of the templates', () => {
    expect(readZone(ZONE, system([EU, US]).toReversed()).records.get(DOMAIN)).toHaveLength(2);
  });
});
