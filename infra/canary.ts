import { Duration } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import type { EnvName } from '../functions/contract/names.ts';
import type { CanaryIdentity } from './canary-identity.ts';
import { deliveryEnvironment } from './environment.ts';
import { TandemFunction } from './function.ts';
import { acknowledge } from './strict.ts';
import type { Tables } from './tables.ts';

/** Below the minute after which the next run begins: two never run at once. */
const TIMEOUT_SECONDS = 55;

export interface CanaryProps {
  readonly tables: Tables;
  readonly identity: CanaryIdentity;
  readonly code: AssetCode;
  readonly environment: Readonly<Record<EnvName, string>>;
  /** Base URL of this region's API; empty behind a domain. */
  readonly apiUrl: string;
  /** Alarms that end a bake, unless it ignores them. */
  readonly bakeAlarms: readonly IAlarm[];
  readonly ignoreAlarms: boolean;
  readonly logRetentionDays: RetentionDays;
}

/**
 * The region's own user: each minute it makes the journeys that users make, writes the heartbeat, and ends the bake of a
 * version that has lasted long enough or does harm.
 */
export class Canary extends Construct {
  readonly handler: TandemFunction;
  readonly #rule: Rule;

  constructor(scope: Construct, id: string, props: CanaryProps) {
    super(scope, id);
    this.handler = new TandemFunction(this, 'Handler', {
      description: "Makes users' journeys, beats, and ends the bakes of new versions",
      code: props.code,
      memoryMegabytes: 512,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {
        ...props.environment,
        ...deliveryEnvironment<'canary'>({
          canaryKey: props.identity.keyArn,
          apiUrl: props.apiUrl,
          bakeAlarms: props.bakeAlarms.map(({ alarmName }) => alarmName).join(','),
          ignoreAlarms: String(props.ignoreAlarms),
        }),
      },
      logRetentionDays: props.logRetentionDays,
    });
    const { role } = this.handler;
    props.tables.grantBeat(role);
    props.tables.grantDeployments(role);
    props.tables.grantAudit(role);
    props.identity.grantSign(role);
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    role.addToPolicy(new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }));
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]':
        'composite alarms are described to those only who may describe all; and those of a version are other alarms with each, which a permission would have to follow',
    });
    this.#rule = this.everyMinute();
  }

  /** The journeys begin once these exist: before, they could only fail. */
  startAfter(...front: readonly IDependable[]): void {
    this.#rule.node.addDependency(...front);
  }

  private everyMinute(): Rule {
    const rate = Duration.minutes(1);
    // A journey that comes late is worth nothing: the next one is due. So neither EventBridge nor Lambda keeps it longer.
    const rule = new Rule(this, 'EveryMinute', {
      description: 'Journeys, heartbeat, and bakes',
      schedule: Schedule.rate(rate),
      targets: [new FunctionTarget(this.handler.alias, { maxEventAge: rate, retryAttempts: 1 })],
    });
    this.handler.alias.configureAsyncInvoke({ maxEventAge: rate, retryAttempts: 0 });
    const reason = 'a run that was not delivered is superseded by the next, and CanarySilent tells when none is';
    acknowledge(rule, { 'Serverless-EventBusDLQ': reason });
    acknowledge(this.handler.alias, { 'Serverless-LambdaAsyncFailureDestination': reason });
    return rule;
  }
}
