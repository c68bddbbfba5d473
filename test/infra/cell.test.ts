import { afterAll, describe, expect, test } from 'vitest';
import { dnsNames, HEADERS, OUTPUTS, SAFE_HEADERS, STACKS, TABLES } from '../../functions/contract/names.ts';
import { PROBLEMS } from '../../functions/contract/problems.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import { canonical } from './canonical.ts';
import { aliasOf, functionOf } from './lookup.ts';
import { mistakesIn } from './mistakes.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, synthesize, type Template, within } from './system.ts';

const [HERE, THERE] = REGIONS;
const open = synthesize(configOf(2));
const behindDomain = synthesize(
  configOf(3, {
    domain: DOMAIN,
    alarms: { emails: ['ops@example.com'] },
    throttling: { user: { rate: 50, burst: 60 }, probes: { rate: 7, burst: 8 } },
  }),
);
// Here and not in the tests that look at them: a busy machine takes its time, and a test has a limit.
const foreign = synthesize(
  configOf(2, { apiGatewayAccountRole: false, cors: { origins: ['https://a.example.com', 'https://b.example.com'] } }),
);
const replaced = synthesize(configOf(2), { context: { replica: '2' } });
const everybody = synthesize(configOf(2, { auth: 'none' }));
const addressed = synthesize(configOf(2, { alarms: { emails: ['ops@example.com'] }, cors: { origins: ['https://a.example.com'] } }));
const broken = synthesize(configOf(2), { fault: 'errors' });
afterAll(() => {
  for (const system of [open, behindDomain, foreign, replaced, everybody, addressed, broken]) system.remove();
});
const cell = behindDomain.stack(STACKS.cell(HERE));
const bare = open.stack(STACKS.cell(HERE));
const systems = [
  ['two regions without a domain', open, [HERE, THERE]],
  ['three regions with a domain', behindDomain, REGIONS],
] as const;

describe.each(systems)('the cells of %s', (_, system, regions) => {
  test('are the same but for the name of their region', () => {
    const first = system.stack(STACKS.cell(HERE));
    for (const region of regions) {
      expect(sortedWidgets(canonical(system.stack(STACKS.cell(region)), region, HERE))).toEqual(
        sortedWidgets(canonical(first, HERE, HERE)),
      );
    }
  });

  test('refer to no other region and export nothing', () => {
    for (const { text } of system.templates) {
      expect(text).not.toMatch(/Fn::ImportValue|Fn::GetStackOutput|CrossRegion|"Export"/);
    }
  });

  test('are deployed one after the other, in the order of the config, after the tables', () => {
    const order = [STACKS.data, ...regions.map(STACKS.cell)];
    for (const [index, name] of order.entries()) expect(system.dependencies[name]).toEqual(order.slice(Math.max(index - 1, 0), index));
  });

  test('have none of the mistakes that no linter finds', () => {
    expect(system.templates.flatMap(mistakesIn)).toEqual([]);
  });
});

describe('the API', () => {
  test('has a method for each route of the contract, HEAD beside GET, OPTIONS for each path, and no other', () => {
    const paths = new Set(Object.values(ROUTES).map(({ path }) => path));
    const routes = Object.values(ROUTES).flatMap(({ method, path }) =>
      method === 'GET' ? [`GET ${path}`, `HEAD ${path}`] : [`${method} ${path}`],
    );
    expect(methodsOf(cell)).toEqual([...routes, ...[...paths].map((path) => `OPTIONS ${path}`)].sort());
  });

  test.each([
    ['of the one origin that is configured', addressed, "'https://a.example.com'"],
    ['of all, where several are: what it says holds nothing of a caller', foreign, "'*'"],
  ])('lets pages read what API Gateway says by itself: %s', (_, system, origin) => {
    const responses = system.stack(STACKS.cell(HERE)).ofType('AWS::ApiGateway::GatewayResponse');
    expect(responses.length).toBeGreaterThan(10);
    for (const { Properties } of responses) {
      const header = (name: string) => dig(Properties, 'ResponseParameters', `gatewayresponse.header.${name}`);
      expect(header('access-control-allow-origin')).toBe(origin);
      expect(header('access-control-expose-headers')).toContain('retry-after');
      expect(header('access-control-allow-credentials')).toBeUndefined();
    }
    const { Properties } = functionOf(system.stack(STACKS.cell(HERE)), 'Api');
    expect(dig(Properties, 'Environment', 'Variables', 'TANDEM_CORS_ORIGINS')).toContain('https://a.example.com');
  });

  test('hands every body over as bytes', () => {
    expect(cell.ofType('AWS::ApiGateway::RestApi').map(({ Properties }) => dig(Properties, 'BinaryMediaTypes'))).toEqual([['*/*']]);
  });

  test('leads every method to the alias, which one permission lets it call', () => {
    const alias = aliasOf(cell, 'Api');
    for (const { Properties } of cell.ofType('AWS::ApiGateway::Method')) {
      expect(joined(dig(Properties, 'Integration', 'Uri'))).toContain(`functions/{${alias.id}}/invocations`);
      expect(dig(Properties, 'Integration', 'Type')).toBe('AWS_PROXY');
    }
    const permissions = cell
      .ofType('AWS::Lambda::Permission')
      .filter(({ Properties }) => dig(Properties, 'Principal') === 'apigateway.amazonaws.com');
    expect(permissions.map(({ Properties }) => dig(Properties, 'FunctionName', 'Ref'))).toEqual([alias.id]);
  });

  test('waits longer for the function than the function may take, and less than 29 s', () => {
    const functionMs = Number(dig(functionOf(cell, 'Api').Properties, 'Timeout')) * 1_000;
    for (const { Properties } of cell.ofType('AWS::ApiGateway::Method')) {
      expect(Number(dig(Properties, 'Integration', 'TimeoutInMillis'))).toBeGreaterThan(functionMs);
      expect(Number(dig(Properties, 'Integration', 'TimeoutInMillis'))).toBeLessThan(29_000);
    }
  });

  test('limits what needs no token apart from what does', () => {
    const [stage] = cell.ofType('AWS::ApiGateway::Stage');
    const settings = list(dig(stage?.Properties, 'MethodSettings')).map((each) => [
      `${dig(each, 'HttpMethod')} ${String(dig(each, 'ResourcePath')).replaceAll('~1', '/').replace('//', '/')}`,
      [dig(each, 'ThrottlingRateLimit'), dig(each, 'ThrottlingBurstLimit')],
    ]);

    const withoutToken = Object.values(ROUTES).filter(({ access }) => access.kind !== 'user');
    expect(withoutToken.map(({ path }) => path)).toEqual(expect.arrayContaining(['/health', '/switch/{region}']));
    expect(Object.fromEntries(settings)).toEqual({
      '* /*': [50, 60],
      ...Object.fromEntries(withoutToken.flatMap(({ path }) => [`GET ${path}`, `HEAD ${path}`].map((each) => [each, [7, 8]]))),
      ...Object.fromEntries(Object.values(ROUTES).map(({ path }) => [`OPTIONS ${path}`, [7, 8]])),
    });
  });

  test('answers for itself with problem details whose status is the true one', () => {
    const responses = cell.ofType('AWS::ApiGateway::GatewayResponse');
    for (const { Properties } of responses) {
      const body: unknown = JSON.parse(String(dig(Properties, 'ResponseTemplates', 'application/json')));
      const name = String(dig(body, 'type')).replace('/problems/', '');
      expect(Object.keys(PROBLEMS)).toContain(name);
      expect(String(dig(body, 'status'))).toBe(dig(Properties, 'StatusCode'));
      expect(dig(PROBLEMS, name, 'status')).toBe(dig(body, 'status'));
      expect(dig(body, 'correlationId')).toBe('$context.requestId');
      expect(dig(Properties, 'ResponseParameters', 'gatewayresponse.header.Content-Type')).toBe("'application/problem+json'");
      expect(dig(Properties, 'ResponseParameters', `gatewayresponse.header.${HEADERS.region}`)).toBe(`'${HERE}'`);
      for (const [header, value] of Object.entries(SAFE_HEADERS))
        expect(dig(Properties, 'ResponseParameters', `gatewayresponse.header.${header}`)).toBe(`'${value}'`);
      expect(dig(Properties, 'ResponseParameters', 'gatewayresponse.header.access-control-allow-origin')).toBeUndefined();
    }
    const statusOf = (type: string) =>
      dig(responses.find(({ Properties }) => dig(Properties, 'ResponseType') === type)?.Properties, 'StatusCode');
    expect(
      [
        'MISSING_AUTHENTICATION_TOKEN',
        'INVALID_SIGNATURE',
        'THROTTLED',
        'INTEGRATION_FAILURE',
        'INTEGRATION_TIMEOUT',
        'DEFAULT_4XX',
        'DEFAULT_5XX',
      ].map(statusOf),
    ).toEqual(['404', '404', '429', '502', '504', '400', '500']);
    const throttled = responses.find(({ Properties }) => dig(Properties, 'ResponseType') === 'THROTTLED');
    expect(dig(throttled?.Properties, 'ResponseParameters', `gatewayresponse.header.${HEADERS.retryAfter}`)).toBe("'1'");
  });

  test('logs each call as one line of JSON, without anything that a caller wrote', () => {
    const [stage] = cell.ofType('AWS::ApiGateway::Stage');
    const line: unknown = JSON.parse(String(dig(stage?.Properties, 'AccessLogSetting', 'Format')));

    expect(Object.values(Object(line))).toEqual(expect.arrayContaining(['$context.requestId', '$context.status', '$context.resourcePath']));
    expect(JSON.stringify(line)).not.toMatch(/userAgent|\$context\.path|header|queryString|Message/i);
  });

  test('is reached by its domains only, when there are any; else by its own endpoint', () => {
    const offOf = (template: Template) => dig(template.ofType('AWS::ApiGateway::RestApi')[0]?.Properties, 'DisableExecuteApiEndpoint');

    expect([offOf(cell), offOf(bare)]).toEqual([true, false]);
    expect(dig(cell.outputs, OUTPUTS.url, 'Value')).toBe(`https://${dnsNames(DOMAIN.name, HERE).regional}`);
    expect(joined(dig(bare.outputs, OUTPUTS.url, 'Value'))).toMatch(
      /^https:\/\/\{\w+\}\.execute-api\.eu-central-1\.\{AWS::URLSuffix\}\/live$/,
    );
  });

  test('can be told to leave the log role of the account alone, and keeps it otherwise', () => {
    const [account] = cell.ofType('AWS::ApiGateway::Account');
    expect(account?.DeletionPolicy).toBe('Retain');
    expect(foreign.stack(STACKS.cell(HERE)).ofType('AWS::ApiGateway::Account')).toEqual([]);
  });
});

describe('the front doors', () => {
  test("serve the regional and the shared name with one certificate, and lead both names' records here", () => {
    const names = dnsNames(DOMAIN.name, HERE);
    const [certificate, ...others] = cell.ofType('AWS::CertificateManager::Certificate');
    expect(others).toEqual([]);
    expect([dig(certificate?.Properties, 'DomainName'), ...list(dig(certificate?.Properties, 'SubjectAlternativeNames'))]).toEqual([
      names.regional,
      names.shared,
    ]);
    for (const option of list(dig(certificate?.Properties, 'DomainValidationOptions')))
      expect(dig(option, 'HostedZoneId')).toBe(DOMAIN.hostedZoneId);

    const domains = cell.ofType('AWS::ApiGateway::DomainName');
    const idOf = (name: string) => domains.find(({ Properties }) => dig(Properties, 'DomainName') === name)?.id;
    expect(domains).toHaveLength(2);
    expect(
      cell
        .ofType('AWS::ApiGateway::BasePathMapping')
        .map(({ Properties }) => dig(Properties, 'DomainName', 'Ref'))
        .sort(),
    ).toEqual(domains.map(({ id }) => id).sort());

    const targets = cell
      .ofType('AWS::Route53::RecordSet')
      .map(({ Properties }) => [
        dig(Properties, 'Name'),
        dig(Properties, 'AliasTarget', 'DNSName', 'Fn::GetAtt', 0),
        dig(Properties, 'Type'),
        dig(Properties, 'HostedZoneId'),
      ]);
    expect(targets).toEqual([
      [`${names.regional}.`, idOf(names.regional), 'A', DOMAIN.hostedZoneId],
      [`${names.origin}.`, idOf(names.shared), 'A', DOMAIN.hostedZoneId],
    ]);
  });
});

describe('housekeeping', () => {
  test("follows the stream of this region's replica from its beginning, for as long as a record is young, and loses nothing silently", () => {
    const [mapping] = cell.ofType('AWS::Lambda::EventSourceMapping');
    const [queue] = cell.ofType('AWS::SQS::Queue');

    expect(mapping?.Properties).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRecordAgeInSeconds: expect.any(Number),
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queue?.id, 'Arn'] } } },
      FilterCriteria: { Filters: [{ Pattern: expect.stringContaining('"eventName":["INSERT","MODIFY"]') }] },
    });
    // Counted attempts would give up, within seconds, what a region must not work on yet.
    expect(mapping?.Properties).not.toHaveProperty('MaximumRetryAttempts');
    const lookup = cell.resources.find(({ id }) => id === dig(mapping?.Properties, 'EventSourceArn', 'Fn::GetAtt', 0));
    expect(lookup?.Type).toBe('Custom::StreamLookup');
    expect(lookup?.Properties).toMatchObject({ TableName: TABLES.data, ServiceTimeout: expect.any(String) });
    expect(dig(queue?.Properties, 'SqsManagedSseEnabled')).toBe(true);
  });

  test('looks for the stream again when it is told of a new replica, which has another', () => {
    const lookupOf = (template: Template) => template.ofType('Custom::StreamLookup')[0]?.Properties;

    expect(lookupOf(replaced.stack(STACKS.cell(HERE)))).toEqual({ ...Object(lookupOf(bare)), Replica: '2' });
    expect(lookupOf(bare)).not.toHaveProperty('Replica');
  });
});

describe('what a cell tells', () => {
  test('are the outputs of the contract, and no more', () => {
    for (const template of [cell, bare]) expect(Object.keys(template.outputs).sort()).toEqual(Object.values(OUTPUTS).sort());
  });

  test('is a warning when everybody is let in', () => {
    expect(everybody.warnings.join()).toContain('auth is "none"');
    expect(open.warnings.join()).not.toContain('auth');
  });

  test('is a warning in every cell when alarms tell nobody, and none when all is well', () => {
    expect(open.warnings).toHaveLength(2);
    for (const warning of open.warnings) expect(warning).toContain('alarms.emails is empty: alarms fire and tell nobody');

    expect(addressed.warnings).toEqual([]);
  });

  test('is a loud warning in every cell when a fault is compiled into the API', () => {
    const loud = broken.warnings.filter((warning) => !warning.includes('alarms.emails'));
    expect(loud).toHaveLength(2);
    for (const warning of loud) expect(warning).toContain('BROKEN ON PURPOSE: the fault "errors"');
  });
});

function methodsOf(template: Template): readonly string[] {
  const resources = new Map(template.ofType('AWS::ApiGateway::Resource').map((resource) => [resource.id, resource]));
  const pathOf = (id: unknown): string => {
    const resource = resources.get(String(id));
    return resource === undefined ? '' : `${pathOf(dig(resource.Properties, 'ParentId', 'Ref'))}/${dig(resource.Properties, 'PathPart')}`;
  };
  return template
    .ofType('AWS::ApiGateway::Method')
    .map(({ Properties }) => `${dig(Properties, 'HttpMethod')} ${pathOf(dig(Properties, 'ResourceId', 'Ref'))}`)
    .sort();
}

/** Peers stand in dashboards in the order of the config, which differs from cell to cell: what a widget lists is sorted. */
function sortedWidgets(template: unknown): unknown {
  const bodies = [...within(template)].map((value) => dig(value, 'DashboardBody')).filter((body) => body !== undefined);
  const widgets = bodies
    .flatMap((body) => list(dig(JSON.parse(joined(body)), 'widgets')))
    .map((widget) => JSON.parse(JSON.stringify(widget), sortLists));
  expect(widgets.length).toBeGreaterThan(0);
  return { widgets, rest: JSON.parse(JSON.stringify(template, (key, value: unknown) => (key === 'DashboardBody' ? undefined : value))) };
}

function sortLists(_key: string, value: unknown): unknown {
  return Array.isArray(value) ? value.map((each) => JSON.stringify(each)).sort() : value;
}
