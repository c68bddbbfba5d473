import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  CfnAccount,
  EndpointType,
  type IResource,
  LambdaIntegration,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { STAGE } from '../functions/contract/names.ts';
import { methodsAt, ROUTES } from '../functions/contract/routes.ts';
import type { Config } from './config.ts';
import { addGatewayResponses } from './gateway-responses.ts';
import { acknowledge } from './strict.ts';

/** The name of the API in every region: its metrics carry it, so that dashboards elsewhere can name them literally. */
export const API_NAME = 'tandem';

/** Seconds that API Gateway waits for the function; above the function's own timeout, so that the function's verdict counts. */
const INTEGRATION_TIMEOUT_SECONDS = 12;

export interface ApiProps {
  readonly handler: Alias;
  readonly throttling: Config['throttling'];
  /** Whose pages may call. */
  readonly origins: readonly string[];
  readonly logRetentionDays: RetentionDays;
  /** Callers come through custom domains, and the execute-api endpoint is off. */
  readonly behindDomain: boolean;
  /** Sets the account's role for API Gateway's logs: one per account and region. */
  readonly accountRole: boolean;
}

/** Every path with its methods. OPTIONS asks which they are, or is a browser's preflight: the function says to whom it may. */
const METHODS = [...new Set(Object.values(ROUTES).map(({ path }) => path))].flatMap((path) =>
  [...methodsAt(path), 'OPTIONS'].map((method) => [path, method] as const),
);
const NEED_TOKEN = new Set(
  Object.values(ROUTES).flatMap(({ path, method, access }) =>
    access.kind !== 'user' ? [] : method === 'GET' ? [`${path} GET`, `${path} HEAD`] : [`${path} ${method}`],
  ),
);

/** A regional REST API with the methods of the contract's routes and nothing else, all served by one alias. */
export class Api extends Construct {
  readonly restApi: RestApi;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const accessLogs = new LogGroup(this, 'AccessLogs', { retention: props.logRetentionDays, removalPolicy: RemovalPolicy.DESTROY });
    this.restApi = new RestApi(this, 'RestApi', {
      restApiName: API_NAME,
      description: 'One of several equal regions',
      endpointTypes: [EndpointType.REGIONAL],
      disableExecuteApiEndpoint: props.behindDomain,
      cloudWatchRole: false,
      // Bodies are handed over as the bytes they are. What API Gateway takes for text has lost all that is no UTF-8.
      // https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
      binaryMediaTypes: ['*/*'],
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: props.throttling.user.rate,
        throttlingBurstLimit: props.throttling.user.burst,
        methodOptions: probeThrottles(props.throttling.probes),
        accessLogDestination: new LogGroupLogDestination(accessLogs),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    // The cell's outputs are those of the contract; this one would lead to an endpoint that may be off.
    this.restApi.node.tryRemoveChild('Endpoint');
    this.addRoutes(props.handler);
    addGatewayResponses(this.restApi, props.origins);
    if (props.accountRole) this.restApi.deploymentStage.node.addDependency(this.accountRole());
    acknowledge(this, ACCEPTED);
  }

  private addRoutes(handler: Alias): void {
    const integration = new LambdaIntegration(handler, {
      timeout: Duration.seconds(INTEGRATION_TIMEOUT_SECONDS),
      // One permission for the API: one for each method would outgrow the function's policy (20 KB).
      scopePermissionToMethod: false,
    });
    for (const [path, method] of METHODS) resourceFor(this.restApi.root, path).addMethod(method, integration);
  }

  /**
   * Without this role API Gateway writes no log in the region. It is kept when the stack goes: other APIs of the account
   * use it by then. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
   */
  private accountRole(): CfnAccount {
    const role = new Role(this, 'AccountRole', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    acknowledge(role, {
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
        'the role serves every API of the account, and this is the policy that API Gateway documents for it',
    });
    const account = new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return account;
  }
}

/**
 * Every method has a bucket of its own: the stage's default is a limit for each method, not for their sum. What needs no
 * token gets the lower limit, so that neither strangers nor users can starve the health checkers of answers.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
const probeThrottles = (limit: Config['throttling']['probes']): Record<string, MethodDeploymentOptions> =>
  Object.fromEntries(
    METHODS.filter(([path, method]) => !NEED_TOKEN.has(`${path} ${method}`)).map(([path, method]) => [
      `${path}/${method}`,
      { throttlingRateLimit: limit.rate, throttlingBurstLimit: limit.burst },
    ]),
  );

const resourceFor = (root: IResource, path: string): IResource =>
  path
    .split('/')
    .filter((part) => part !== '')
    .reduce((parent, part) => parent.getResource(part) ?? parent.addResource(part), root);

/**
 * Fields of an access-log line: none that a caller writes, because API Gateway does not escape what it puts between the
 * quotation marks; and so neither tokens nor what is ordered reach the log.
 */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  time: '$context.requestTimeEpoch',
  domain: '$context.domainName',
  method: '$context.httpMethod',
  resource: '$context.resourcePath',
  protocol: '$context.protocol',
  status: '$context.status',
  bytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  integrationLatencyMs: '$context.integrationLatency',
  integrationStatus: '$context.integrationStatus',
  gatewayError: '$context.error.responseType',
  sourceIp: '$context.identity.sourceIp',
} as const;

const IN_THE_FUNCTION =
  'the function verifies the token and its scope: one function is in the request path, and a table of routes decides for all of them';

const ACCEPTED = {
  'AwsSolutions-APIG2': 'the function validates against the contract, and refuses with problem details that name each place',
  'AwsSolutions-APIG3':
    'throttles bound what callers can ask for; a web ACL costs more than everything else of an idle system, so whoever needs one associates it with the stage',
  'AwsSolutions-APIG4': IN_THE_FUNCTION,
  'AwsSolutions-COG4': IN_THE_FUNCTION,
  'AwsSolutions-APIG6':
    'access logs hold status, latency and error of every call; execution logs repeat them into a log group that no retention governs',
  'Serverless-APIGWXrayEnabled': 'traces are not used: answers, logs and metrics carry one correlation id',
} as const;
