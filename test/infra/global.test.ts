import { afterAll, describe, expect, test } from 'vitest';
import { dnsNames, EVACUATE_TEXT, HEALTHY_TEXT, STACKS } from '../../functions/contract/names.ts';
import { CHECKER_REGIONS } from '../../infra/config.ts';
import { mistakesIn } from './mistakes.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, type Resource, type Synthesized, synthesize } from './system.ts';

const two = synthesize(configOf(2, { domain: DOMAIN, health: { ttlSeconds: 7, failureThreshold: 3, intervalSeconds: 30 } }));
const three = synthesize(configOf(3, { domain: DOMAIN }));
const joining = synthesize({
  ...configOf(3, { domain: DOMAIN }),
  regions: REGIONS.map((name, index) => ({ name, state: index === 2 ? 'joining' : 'serving' })),
});
const without = synthesize(configOf(2));
afterAll(() => {
  for (const system of [two, three, joining, without]) system.remove();
});

describe.each([
  ['two regions', two, REGIONS.slice(0, 2)],
  ['three regions', three, REGIONS],
  ['three regions, one of them joining', joining, REGIONS.slice(0, 2)],
] as const)('the shared name of %s', (_, system, serving) => {
  test('leads to the origin of each serving region by latency, and to no other', () => {
    const records = sharedRecords(system);

    expect(records.map(({ Properties }) => dig(Properties, 'Region')).sort()).toEqual([...serving].sort());
    for (const { Properties } of records) {
      const region = String(dig(Properties, 'Region'));
      expect(dig(Properties, 'Type')).toBe('CNAME');
      expect(dig(Properties, 'SetIdentifier')).toBe(region);
      expect(dig(Properties, 'ResourceRecords')).toEqual([dnsNames(DOMAIN.name, region).origin]);
      expect(dig(Properties, 'TTL')).toBe(system === two ? '7' : '10');
    }
  });

  test('is answered with a region only while its deep check passes and every other region lets it', () => {
    const all = system === two ? REGIONS.slice(0, 2) : REGIONS;
    for (const { Properties } of sharedRecords(system)) {
      const region = String(dig(Properties, 'Region'));
      const verdict = checkOf(system, dig(Properties, 'HealthCheckId', 'Ref'));
      const children = list(dig(verdict, 'ChildHealthChecks')).map((child) => checkOf(system, dig(child, 'Ref')));

      expect(dig(verdict, 'Type')).toBe('CALCULATED');
      expect(dig(verdict, 'HealthThreshold')).toBe(children.length);
      expect(
        children.map(({ FullyQualifiedDomainName: at, ResourcePath: path, SearchString: text, Inverted: inverted }) => ({
          at,
          path,
          text,
          inverted,
        })),
      ).toEqual([
        { at: dnsNames(DOMAIN.name, region).regional, path: '/health', text: HEALTHY_TEXT, inverted: false },
        ...all
          .filter((other) => other !== region)
          .map((other) => ({ at: dnsNames(DOMAIN.name, other).regional, path: `/switch/${region}`, text: EVACUATE_TEXT, inverted: true })),
      ]);
    }
  });
});

describe('the checks', () => {
  test('ask over TLS from three regions that serve nothing, with the configured patience; a switch turns at once', () => {
    for (const config of endpointChecks(two)) {
      expect(config['Type']).toBe('HTTPS_STR_MATCH');
      expect(config['RequestInterval']).toBe(30);
      expect(config['FailureThreshold']).toBe(config['Inverted'] === true ? 1 : 3);
      expect(config['EnableSNI']).toBe(true);
      expect(list(config['Regions'])).toHaveLength(3);
      for (const region of list(config['Regions'])) {
        expect(CHECKER_REGIONS).toContain(region);
        expect(REGIONS).not.toContain(region);
      }
    }
  });

  test('of a joining region exist before it serves: its switches start unhealthy and must settle first', () => {
    expect(endpointChecks(joining)).toEqual(endpointChecks(three));
  });

  test('never ask the shared name, which their own answer decides about', () => {
    for (const config of endpointChecks(three)) expect(config['FullyQualifiedDomainName']).not.toBe(DOMAIN.name);
  });
});

describe('the global stack', () => {
  test('is in us-east-1, where the metrics of Route 53 are, and comes last', () => {
    expect(three.dependencies[STACKS.global]).toEqual([STACKS.cell(REGIONS[2])]);
    expect(JSON.stringify(three.stack(STACKS.global).ofType('AWS::SNS::TopicPolicy'))).toContain('cloudwatch:us-east-1');
  });

  test('alarms on each region that is out of service, and when Route 53 falls silent', () => {
    const alarms = three.stack(STACKS.global).ofType('AWS::CloudWatch::Alarm');

    expect(alarms).toHaveLength(3);
    for (const { Properties } of alarms) {
      const watched = checkOf(three, dig(Properties, 'Dimensions', 0, 'Value', 'Ref'));
      expect(dig(watched, 'Type')).toBe('CALCULATED');
      expect(dig(Properties, 'ComparisonOperator')).toBe('LessThanThreshold');
      expect(dig(Properties, 'TreatMissingData')).toBe('breaching');
      expect(list(dig(Properties, 'AlarmActions'))).toHaveLength(1);
    }
  });

  test('shows every region side by side', () => {
    const [dashboard] = three.stack(STACKS.global).ofType('AWS::CloudWatch::Dashboard');
    const body = joined(dig(dashboard, 'Properties', 'DashboardBody'));

    for (const region of REGIONS) expect(body).toContain(`"region":"${region}"`);
    for (const { id } of three.stack(STACKS.global).ofType('AWS::CloudWatch::Alarm')) expect(body).toContain(`{${id}.Arn}`);
  });

  test('has none of the mistakes that no linter finds', () => {
    expect([two, three, joining].flatMap(({ templates }) => templates.flatMap(mistakesIn))).toEqual([]);
  });

  test('does not exist without a domain', () => {
    expect(without.templates.map(({ stack }) => stack)).not.toContain(STACKS.global);
    for (const { text } of without.templates) expect(text).not.toMatch(/AWS::(Route53|CertificateManager)|BasePathMapping/);
  });
});

function sharedRecords(system: Synthesized): readonly Resource[] {
  return system
    .stack(STACKS.global)
    .ofType('AWS::Route53::RecordSet')
    .filter(({ Properties }) => dig(Properties, 'Name') === `${DOMAIN.name}.`);
}

function checkOf(system: Synthesized, id: unknown): Readonly<Record<string, unknown>> {
  const found = system
    .stack(STACKS.global)
    .ofType('AWS::Route53::HealthCheck')
    .find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${String(id)}`);
  return { ...Object(dig(found.Properties, 'HealthCheckConfig')) };
}

function endpointChecks(system: Synthesized): readonly Readonly<Record<string, unknown>>[] {
  return system
    .stack(STACKS.global)
    .ofType('AWS::Route53::HealthCheck')
    .map(({ id }) => checkOf(system, id))
    .filter((config) => config['Type'] !== 'CALCULATED');
}
