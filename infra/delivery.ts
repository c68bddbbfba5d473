import { Duration } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaDeploymentConfig, LambdaDeploymentGroup, TimeBasedCanaryTrafficRouting } from 'aws-cdk-lib/aws-codedeploy';
import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import { CfnAlias } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import type { EnvName } from '../functions/contract/names.ts';
import type { CanaryIdentity } from './canary-identity.ts';
import type { Config } from './config.ts';
import { deliveryEnvironment } from './environment.ts';
import { TandemFunction } from './function.ts';
import { acknowledge, qualifiedArns } from './strict.ts';
import type { Tables } from './tables.ts';

/** https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html */
const ALARMS_MAX = 10;
/** The journeys of two versions, one call after the other, each of which may take what the API function may take. */
const TRIAL_SECONDS = 300;
/** It writes down that the version bakes; that it does, the canary watches. */
const BAKE_START_SECONDS = 30;

export interface DeliveryProps {
  readonly settings: Config['delivery'];
  readonly api: TandemFunction;
  readonly identity: CanaryIdentity;
  readonly tables: Tables;
  readonly code: { readonly beforeTraffic: AssetCode; readonly afterTraffic: AssetCode };
  readonly environment: Readonly<Record<EnvName, string>>;
  /** Any of these stops a deployment. */
  readonly alarms: readonly IAlarm[];
  readonly logRetentionDays: RetentionDays;
}

/**
 * How a version of the API reaches callers, all of it within CloudFormation's update of the alias: the first hook tries
 * it, a part of the calls goes to it while the alarms watch, then all of them, and the second hook has it baked. Whatever
 * fails makes CodeDeploy move the alias back and CloudFormation roll the stack back, so the two never disagree.
 *
 * Only the API's alias is shifted: no other function is called by users, and their aliases move at once.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html
 */
export class Delivery extends Construct {
  readonly group: LambdaDeploymentGroup;
  readonly hooks: readonly TandemFunction[];
  readonly #props: DeliveryProps;

  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    assertStoppable(props.alarms);
    this.#props = props;
    const { settings } = props;
    const [beforeTraffic, afterTraffic] = [this.beforeTraffic(), this.afterTraffic()];
    this.hooks = [beforeTraffic, afterTraffic];
    this.group = new LambdaDeploymentGroup(this, 'Group', {
      alias: props.api.alias,
      deploymentConfig: new LambdaDeploymentConfig(this, 'Config', {
        trafficRouting: new TimeBasedCanaryTrafficRouting({
          interval: Duration.minutes(settings.exposeMinutes),
          percentage: settings.exposePercent,
        }),
      }),
      // The functions and not their aliases: a hook that is told of another version than the one that is deployed is useless.
      preHook: beforeTraffic.function,
      postHook: afterTraffic.function,
      alarms: [...props.alarms],
      ignoreAlarmConfiguration: settings.ignoreAlarms,
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    });
    acknowledge(this.group, {
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]':
        'the policy that CodeDeploy documents for its role, the limited one; only CodeDeploy can assume it',
      ...Object.assign(
        {},
        ...this.hooks.map((hook) => qualifiedArns(hook.function, 'CodeDeploy chooses how it names a hook that it calls')),
      ),
    });
    this.before(this.group.role);
  }

  /** The alias moves only after these are in place. */
  before(...needed: readonly IDependable[]): void {
    const alias = this.#props.api.alias.node.defaultChild;
    // The alias alone: what belongs to it, such as API Gateway's permission, waits for it anyway.
    if (alias instanceof CfnAlias) alias.node.addDependency(...needed);
  }

  private beforeTraffic(): TandemFunction {
    const { api, identity, tables, settings, code } = this.#props;
    const hook = this.hook('BeforeTraffic', 'Tries a version of the API before it gets calls', code.beforeTraffic, TRIAL_SECONDS, {
      ...deliveryEnvironment<'before-traffic'>({
        canaryKey: identity.keyArn,
        apiFunction: api.function.functionName,
        candidate: api.version.version,
        ignoreAlarms: String(settings.ignoreAlarms),
      }),
    });
    tables.grantAudit(hook.role);
    identity.grantSign(hook.role);
    api.grantInvokeQualified(hook.role);
    return hook;
  }

  private afterTraffic(): TandemFunction {
    const { api, settings, code } = this.#props;
    return this.hook('AfterTraffic', 'Has a version of the API watched while it gets all calls', code.afterTraffic, BAKE_START_SECONDS, {
      ...deliveryEnvironment<'after-traffic'>({ candidate: api.version.version, bakeMinutes: String(settings.bakeMinutes) }),
    });
  }

  private hook(
    id: string,
    description: string,
    code: AssetCode,
    timeoutSeconds: number,
    variables: Readonly<Record<string, string>>,
  ): TandemFunction {
    const { tables, environment, logRetentionDays } = this.#props;
    const hook = new TandemFunction(this, id, {
      description,
      code,
      memoryMegabytes: 512,
      timeoutSeconds,
      environment: { ...environment, ...variables },
      logRetentionDays,
    });
    tables.grantDeployments(hook.role);
    return hook;
  }
}

/** @throws {Error} when no alarm stops a deployment, or more than CodeDeploy takes */
export const assertStoppable = ({ length }: readonly IAlarm[]): void => {
  if (length > 0 && length <= ALARMS_MAX) return;
  throw new Error(
    `given ${length} alarms that stop a deployment; allowed: 1 to ${ALARMS_MAX}, CodeDeploy's limit; change the list in cell-alarms.ts`,
  );
};
