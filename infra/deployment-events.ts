import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { EventField, type IRuleTarget, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { AssetCode, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvName } from '../functions/contract/names.ts';
import type { Alarms } from './alarms.ts';
import { deliveryEnvironment } from './environment.ts';
import { TandemFunction } from './function.ts';
import { acknowledge, qualifiedArns } from './strict.ts';
import type { Tables } from './tables.ts';

const TIMEOUT_SECONDS = 60;
const BAD_ENDS = ['FAILURE', 'STOP'] as const;

export interface DeploymentEventsProps {
  readonly group: LambdaDeploymentGroup;
  /** Whose deployments they are. */
  readonly apiFunction: IFunction;
  /** Functions whose old versions are pruned; this construct's own is added. */
  readonly functions: readonly IFunction[];
  readonly tables: Tables;
  readonly alarms: Alarms;
  readonly code: AssetCode;
  readonly environment: Readonly<Record<EnvName, string>>;
  readonly logRetentionDays: RetentionDays;
}

/**
 * What follows the end of a deployment: it is written down with its reason, versions that nothing can be rolled back to
 * any more are deleted, and people are told when it ended badly.
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-cloudwatch-events.html
 */
export class DeploymentEvents extends Construct {
  readonly recorder: TandemFunction;
  readonly #props: DeploymentEventsProps;

  constructor(scope: Construct, id: string, props: DeploymentEventsProps) {
    super(scope, id);
    this.#props = props;
    this.recorder = new TandemFunction(this, 'Recorder', {
      description: 'Writes down how deployments end, and prunes old versions',
      code: props.code,
      memoryMegabytes: 256,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {
        ...props.environment,
        ...deliveryEnvironment<'deployment-events'>({
          prunedFunctions: props.functions.map(({ functionName }) => functionName).join(','),
        }),
      },
      logRetentionDays: props.logRetentionDays,
    });
    props.tables.grantDeployments(this.recorder.role);
    props.tables.grantAudit(this.recorder.role);
    this.recorder.role.addToPolicy(
      new PolicyStatement({ actions: ['codedeploy:GetDeployment'], resources: [props.group.deploymentGroupArn] }),
    );
    this.letPrune();
    this.record();
    this.tellBadEnds();
  }

  /**
   * Deletes versions, and by the colon in the name never a function. In a policy of its own, because the function waits
   * for its role's, and could not be named there itself.
   */
  private letPrune(): void {
    const functions = [...this.#props.functions, this.recorder.function];
    const policy = new Policy(this, 'Prune', {
      roles: [this.recorder.role],
      statements: [
        new PolicyStatement({
          actions: ['lambda:ListVersionsByFunction', 'lambda:ListAliases'],
          resources: functions.map(({ functionArn }) => functionArn),
        }),
        new PolicyStatement({ actions: ['lambda:DeleteFunction'], resources: functions.map(({ functionArn }) => `${functionArn}:*`) }),
      ],
    });
    acknowledge(
      policy,
      Object.assign({}, ...functions.map((each) => qualifiedArns(each, 'the number of a version is known when it is old'))),
    );
  }

  private record(): void {
    const rule = this.rule('Ended', 'Deployments that ended', ['SUCCESS', ...BAD_ENDS]);
    rule.addTarget(new FunctionTarget(this.recorder.alias));
    this.#props.alarms.add({
      name: 'DeploymentUnrecorded',
      severity: 'ticket',
      meaning: 'how a deployment ended could not be written down',
      metric: this.recorder.function.metricErrors({ period: Duration.minutes(1), statistic: Stats.SUM }),
      threshold: 1,
      periods: { bad: 1, of: 1 },
      missing: { as: 'notBreaching', because: 'the function is called when a deployment ends, and never else' },
    });
    const reason = 'EventBridge and Lambda repeat it, CodeDeploy itself knows how the deployment ended, and DeploymentUnrecorded tells';
    acknowledge(rule, { 'Serverless-EventBusDLQ': reason });
    acknowledge(this.recorder.alias, { 'Serverless-LambdaAsyncFailureDestination': reason });
  }

  private tellBadEnds(): void {
    const { alarms, apiFunction } = this.#props;
    const rule = this.rule('EndedBadly', 'Deployments that were taken back', BAD_ENDS);
    const told = (name: string): string => EventField.fromPath(`$.detail.${name}`);
    // By hand: CDK's own target lets every rule of every account publish.
    const topic: IRuleTarget = {
      bind: () => ({
        arn: alarms.topic.topicArn,
        targetResource: alarms.topic,
        input: RuleTargetInput.fromText(
          `Deployment ${told('deploymentId')} of ${apiFunction.functionName} in ${told('region')}: ${told('state')}. Callers are led back to the version before, and no further region gets the new one. Why: bin/tandem deployments --target aws --region ${told('region')}`,
        ),
      }),
    };
    rule.addTarget(topic);
    alarms.letPublish('events.amazonaws.com', rule.ruleArn);
    acknowledge(rule, { 'Serverless-EventBusDLQ': 'EventBridge repeats it for a day; the pipeline that deployed knows by then' });
  }

  private rule(id: string, description: string, states: readonly string[]): Rule {
    const { group } = this.#props;
    return new Rule(this, id, {
      description,
      eventPattern: {
        source: ['aws.codedeploy'],
        detailType: ['CodeDeploy Deployment State-change Notification'],
        detail: { application: [group.application.applicationName], state: [...states] },
      },
    });
  }
}
