import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Architecture,
  type AssetCode,
  type IVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ALIAS } from '../functions/contract/names.ts';
import { acknowledge, qualifiedArns } from './strict.ts';

export interface TandemFunctionProps {
  readonly description: string;
  readonly code: AssetCode;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly logRetentionDays: RetentionDays;
}

/**
 * A function with a role of its own, a log group that ends, and the alias `live` on its newest version.
 *
 * Old versions are kept: CloudFormation deletes the version that it replaced, and there would be nothing to roll back
 * to. `RetainExceptOnCreate`, because a version retained from a failed creation blocks the next attempt of the same code.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
 *
 * No reserved concurrency: it is taken out of the account's quota, which is 10 in a new account.
 */
export class TandemFunction extends Construct {
  readonly function: LambdaFunction;
  readonly alias: Alias;
  /** The newest: what the alias names once it is deployed. */
  readonly version: IVersion;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: TandemFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', { retention: props.logRetentionDays, removalPolicy: RemovalPolicy.DESTROY });
    // Not CDK's own role: its managed policy lets a function write into every log group of the account.
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description: props.description });
    logGroup.grantWrite(this.role);
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMegabytes,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: props.environment,
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
    });
    this.version = this.function.currentVersion;
    this.alias = new Alias(this, 'Alias', { aliasName: ALIAS, version: this.version });
    acknowledge(this.function, {
      'Serverless-LambdaDLQ':
        'a dead-letter queue is for asynchronous calls: API Gateway and CloudFormation wait for the answer, CodeDeploy gives up on a hook that does not report, the stream has its own queue, and a late journey is worth nothing',
      'Serverless-LambdaTracing':
        'traces are not used: the answers, logs and metrics carry one correlation id, and sampling every call costs more than the function',
    });
  }

  /**
   * Lets somebody call any version or alias, and never what is not published. Not one version: that would be another policy
   * with each, and a permission takes longer to be known everywhere than a deployment to begin.
   */
  grantInvokeQualified(grantee: Role): void {
    grantee.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [`${this.function.functionArn}:*`] }));
    acknowledge(grantee, qualifiedArns(this.function, 'a version is tried before anything names it'));
  }
}
