import { afterAll, describe, expect, test } from 'vitest';
import { ALIAS, dnsNames, ENV, HEADERS, METRICS, OUTPUTS, STACKS, STAGE, TABLES } from '../../functions/contract/names.ts';
import { PROBLEMS } from '../../functions/contract/problems.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import { canonical } from './canonical.ts';
import { mistakesIn } from './mistakes.ts';
import { configOf, DOMAIN, dig, joined, list, REGIONS, type Resource, synthesize, type Template, within } from './system.ts';

const [HERE, THERE, ELSEWHERE] = REGIONS;
const open = synthesize(configOf(2));
const behindDomain = synthesize(
  configOf(3, {
    domain: DOMAIN,
    alarms: { emails: ['ops@example.com'] },
    throttling: { user: { rate: 50, burst: 60 }, probes: { rate: 7, burst: 8 } },
  }),
);
afterAll(() => {
  open.remove();
  behindDomain.remove();
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
  test('has a method for each route of the contract, and no other', () => {
    expect(methodsOf(cell)).toEqual(
      Object.values(ROUTES)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });

  test('leads every method to the alias, which one permission lets it call', () => {
    const [alias] = aliasesOf(cell, 'Api');
    for (const { Properties } of cell.ofType('AWS::ApiGateway::Method')) {
      expect(joined(dig(Properties, 'Integration', 'Uri'))).toContain(`functions/{${alias?.id}}/invocations`);
      expect(dig(Properties, 'Integration', 'Type')).toBe('AWS_PROXY');
    }
    const permissions = cell
      .ofType('AWS::Lambda::Permission')
      .filter(({ Properties }) => dig(Properties, 'Principal') === 'apigateway.amazonaws.com');
    expect(permissions.map(({ Properties }) => dig(Properties, 'FunctionName', 'Ref'))).toEqual([alias?.id]);
  });

  test('waits longer for the function than the function may take, and less than 29 s', () => {
    const [handler] = functionsOf(cell, 'Api');
    const functionMs = Number(dig(handler?.Properties, 'Timeout')) * 1_000;
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
      ...Object.fromEntries(withoutToken.map(({ method, path }) => [`${method} ${path}`, [7, 8]])),
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
    const foreign = synthesize(configOf(2, { apiGatewayAccountRole: false }));
    foreign.remove();

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

describe('the functions', () => {
  test('run on arm64 and Node 24, with a time limit, a log group that ends, and no reserved concurrency', () => {
    const functions = cell.ofType('AWS::Lambda::Function');
    expect(functions).toHaveLength(3);
    for (const { Properties } of functions) {
      expect(dig(Properties, 'Runtime')).toBe('nodejs24.x');
      expect(dig(Properties, 'Architectures')).toEqual(['arm64']);
      expect(dig(Properties, 'Handler')).toBe('index.handler');
      expect(Number(dig(Properties, 'Timeout'))).toBeLessThanOrEqual(30);
      expect(dig(Properties, 'ReservedConcurrentExecutions')).toBeUndefined();
      expect(cell.resources.find(({ id }) => id === dig(Properties, 'LoggingConfig', 'LogGroup', 'Ref'))?.Type).toBe('AWS::Logs::LogGroup');
    }
    for (const { Properties } of cell.ofType('AWS::Logs::LogGroup')) expect(dig(Properties, 'RetentionInDays')).toBe(30);
  });

  test('keep their versions, and the alias names the newest', () => {
    const versions = cell.ofType('AWS::Lambda::Version');
    expect(versions).toHaveLength(3);
    for (const version of versions)
      expect([version.DeletionPolicy, version.UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
    for (const { Properties } of cell.ofType('AWS::Lambda::Alias')) {
      expect(dig(Properties, 'Name')).toBe(ALIAS);
      expect(versions.map(({ id }) => id)).toContain(dig(Properties, 'FunctionVersion', 'Fn::GetAtt', 0));
    }
  });

  test('get exactly the variables of the contract, the same in every region', () => {
    for (const region of REGIONS) {
      for (const name of ['Api', 'Housekeeping']) {
        const [handler] = functionsOf(behindDomain.stack(STACKS.cell(region)), name);
        const variables = dig(handler?.Properties, 'Environment', 'Variables');
        expect(Object.keys(Object(variables)).sort()).toEqual(Object.values(ENV).sort());
        expect(dig(variables, ENV.regions)).toBe(REGIONS.join(','));
        expect(dig(variables, ENV.auth)).toBe('{"mode":"keys"}');
        expect(dig(variables, ENV.release)).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{8}$/);
      }
    }
  });

  test('may only read the control table, and delete nothing', () => {
    for (const name of ['Api', 'Housekeeping', 'StreamLookup']) {
      const control = statementsOf(cell, name).filter(({ resources }) =>
        resources.some((resource) => resource.includes(`table/${TABLES.control}`)),
      );
      for (const { actions } of control) expect(actions).toEqual(['dynamodb:GetItem', 'dynamodb:Query']);
      for (const { actions } of statementsOf(cell, name)) expect(actions.join()).not.toMatch(/Delete|\*|Scan|Batch/);
    }
    expect(statementsOf(cell, 'StreamLookup').flatMap(({ actions }) => actions)).toEqual(
      expect.arrayContaining(['dynamodb:DescribeTable']),
    );
  });

  test('may touch the tables of their own region only', () => {
    for (const region of REGIONS) {
      const arns = [...within(behindDomain.stack(STACKS.cell(region)).ofType('AWS::IAM::Policy'))]
        .map(joined)
        .filter((text) => /^arn:.*:dynamodb:/.test(text));
      expect(arns.length).toBeGreaterThan(0);
      for (const arn of arns)
        expect(arn).toMatch(
          new RegExp(`^arn:\\{AWS::Partition\\}:dynamodb:${region}:\\{AWS::AccountId\\}:table/tandem-(data|control)(/.+)?$`),
        );
    }
  });
});

describe('housekeeping', () => {
  test("follows the stream of this region's replica from its beginning, in bounded attempts, and loses nothing silently", () => {
    const [mapping] = cell.ofType('AWS::Lambda::EventSourceMapping');
    const [queue] = cell.ofType('AWS::SQS::Queue');

    expect(mapping?.Properties).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: expect.any(Number),
      MaximumRecordAgeInSeconds: expect.any(Number),
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queue?.id, 'Arn'] } } },
      FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT","MODIFY"]}' }] },
    });
    const lookup = cell.resources.find(({ id }) => id === dig(mapping?.Properties, 'EventSourceArn', 'Fn::GetAtt', 0));
    expect(lookup?.Type).toBe('Custom::StreamLookup');
    expect(lookup?.Properties).toMatchObject({ TableName: TABLES.data, ServiceTimeout: expect.any(String) });
    expect(dig(queue?.Properties, 'SqsManagedSseEnabled')).toBe(true);
  });

  test('is called each minute, and not for minutes that are over', () => {
    const [rule] = cell.ofType('AWS::Events::Rule');
    const [alias] = aliasesOf(cell, 'Housekeeping');

    expect(dig(rule?.Properties, 'ScheduleExpression')).toBe('rate(1 minute)');
    expect(dig(rule?.Properties, 'Targets', 0, 'Arn', 'Ref')).toBe(alias?.id);
    expect(cell.ofType('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => dig(Properties, 'MaximumEventAgeInSeconds'))).toEqual([
      60,
    ]);
  });
});

describe('alarms', () => {
  test('tell a topic when they fire and when it is over, and say why silence means what it means', () => {
    const topics = cell.ofType('AWS::SNS::Topic').map(({ id }) => ({ Ref: id }));
    expect(topics).toHaveLength(1);
    for (const { Properties } of cell.ofType('AWS::CloudWatch::Alarm')) {
      expect(dig(Properties, 'AlarmActions')).toEqual(topics);
      expect(dig(Properties, 'OKActions')).toEqual(topics);
      expect(dig(Properties, 'TreatMissingData')).toMatch(/^(breaching|notBreaching|ignore)$/);
      expect(dig(Properties, 'AlarmDescription')).toMatch(/^(page|ticket): .+\. Missing data: \w+, because .+\.$/);
    }
    expect(cell.ofType('AWS::SNS::Subscription').map(({ Properties }) => dig(Properties, 'Endpoint'))).toEqual(['ops@example.com']);
  });

  test('watch the heartbeat of every other region, and fire when nobody measures it', () => {
    const heartbeats = cell
      .ofType('AWS::CloudWatch::Alarm')
      .filter(({ Properties }) => dig(Properties, 'MetricName') === METRICS.heartbeatAge);

    expect(heartbeats.map(({ Properties }) => dig(Properties, 'Dimensions', 0, 'Value'))).toEqual([THERE, ELSEWHERE]);
    for (const { Properties } of heartbeats) expect(dig(Properties, 'TreatMissingData')).toBe('breaching');
  });

  test('watch errors, throttles, 5xx, latency and what could not be worked on', () => {
    const watched = cell
      .ofType('AWS::CloudWatch::Alarm')
      .map(({ Properties }) => `${dig(Properties, 'Namespace')} ${dig(Properties, 'MetricName')}`);

    expect(watched).toEqual(
      expect.arrayContaining([
        'AWS/Lambda Errors',
        'AWS/Lambda Throttles',
        'AWS/Lambda IteratorAge',
        'AWS/ApiGateway 5XXError',
        'AWS/SQS ApproximateNumberOfMessagesVisible',
        `${METRICS.namespace} ${METRICS.errors}`,
        `${METRICS.namespace} ${METRICS.latency}`,
        `${METRICS.namespace} ${METRICS.doubleShipments}`,
      ]),
    );
    // An alarm on DynamoDB's metrics treats missing data as it likes, whatever it is told.
    expect(watched.join()).not.toContain('AWS/DynamoDB');
  });
});

describe('the dashboard', () => {
  const [dashboard] = cell.ofType('AWS::CloudWatch::Dashboard');
  const body = joined(dig(dashboard?.Properties, 'DashboardBody'));
  const shown = list(dig(JSON.parse(body), 'widgets')).flatMap((widget) => list(dig(widget, 'properties', 'metrics')).map(list));

  test('shows every alarm of the cell', () => {
    for (const { id } of cell.ofType('AWS::CloudWatch::Alarm')) expect(body).toContain(`{${id}.Arn}`);
  });

  test('shows every metric that the functions emit, and none that they do not', () => {
    const { namespace, ...names } = METRICS;
    const own = shown.filter(([from]) => from === namespace).map(([, name]) => name);

    expect([...new Set(own)].sort()).toEqual(Object.values(names).sort());
  });

  test('names functions, queues and the API as they are', () => {
    const names = new Set(cell.resources.map(({ id }) => id));
    const referred = shown
      .flat()
      .flatMap((part) => (typeof part === 'string' && part.startsWith('{') ? [part.slice(1, -1).split('.')[0] ?? ''] : []));

    expect(referred.length).toBeGreaterThan(0);
    for (const id of referred) expect(names).toContain(id);
    const [api] = cell.ofType('AWS::ApiGateway::RestApi');
    for (const metric of shown.filter(([from]) => from === 'AWS/ApiGateway'))
      expect(metric).toEqual(expect.arrayContaining([dig(api?.Properties, 'Name'), STAGE]));
  });
});

describe('backups', () => {
  test('are made each day of both replicas into a vault of the region that outlives the stack', () => {
    const [vault] = cell.ofType('AWS::Backup::BackupVault');
    const [plan] = cell.ofType('AWS::Backup::BackupPlan');
    const [selection] = cell.ofType('AWS::Backup::BackupSelection');

    expect([dig(vault?.Properties, 'BackupVaultName'), vault?.DeletionPolicy]).toEqual([`tandem-${HERE}`, 'Retain']);
    expect(dig(plan?.Properties, 'BackupPlan', 'BackupPlanRule', 0)).toMatchObject({
      Lifecycle: { DeleteAfterDays: 35 },
      ScheduleExpression: 'cron(0 3 * * ? *)',
    });
    const tables = list(dig(selection?.Properties, 'BackupSelection', 'Resources')).map(joined);
    expect(tables.map((arn) => arn.split('/').at(-1)).sort()).toEqual(Object.values(TABLES).sort());
    for (const arn of tables) expect(arn).toContain(`:dynamodb:${HERE}:`);
  });
});

describe('what a cell tells', () => {
  test('are the outputs of the contract, and no more', () => {
    for (const template of [cell, bare]) expect(Object.keys(template.outputs).sort()).toEqual(Object.values(OUTPUTS).sort());
  });

  test('is a warning when everybody is let in', () => {
    const everybody = synthesize(configOf(2, { auth: 'none' }));
    everybody.remove();

    expect(everybody.warnings.join()).toContain('auth is "none"');
    expect(open.warnings).toEqual([]);
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

function aliasesOf(template: Template, construct: string): readonly Resource[] {
  return template.ofType('AWS::Lambda::Alias').filter(({ id }) => id.startsWith(construct));
}

function functionsOf(template: Template, construct: string): readonly Resource[] {
  return template.ofType('AWS::Lambda::Function').filter(({ id }) => id.startsWith(construct));
}

function statementsOf(
  template: Template,
  construct: string,
): readonly { readonly actions: readonly string[]; readonly resources: readonly string[] }[] {
  const policies = template.ofType('AWS::IAM::Policy').filter(({ id }) => id.startsWith(construct));
  if (policies.length === 0) throw new Error(`no policy of ${construct}`);
  return policies
    .flatMap(({ Properties }) => list(dig(Properties, 'PolicyDocument', 'Statement')))
    .map((statement) => ({
      actions: [dig(statement, 'Action')].flat().map(String),
      resources: [dig(statement, 'Resource')].flat().map(joined),
    }));
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
