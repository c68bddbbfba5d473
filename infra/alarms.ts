import { Lazy, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  AlarmState,
  CfnAlarm,
  CfnCompositeAlarm,
  ComparisonOperator,
  CompositeAlarm,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnVersion, type IVersion } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from './strict.ts';

/** One alarm: what is watched, and why silence means what it means. */
export interface AlarmSpec {
  /** Its heading in the runbook, and its construct id. */
  readonly name: string;
  /**
   * `page`: callers are or will be hurt, now. `ticket`: within days. `part`: tells nobody by itself, because a composite
   * alarm or a deployment decides what it means.
   */
  readonly severity: 'page' | 'ticket' | 'part';
  /** What it means when it fires. */
  readonly meaning: string;
  readonly metric: IMetric;
  /** Fires when the metric is at least this, in its own unit; or, with `below`, when it is less. */
  readonly threshold: number;
  readonly below?: true;
  /** Fires when this many of the last `of` periods are over the threshold. */
  readonly periods: { readonly bad: number; readonly of: number };
  readonly missing: { readonly as: 'breaching' | 'notBreaching' | 'ignore'; readonly because: string };
  /** The version that it watches and no other: the next one gets an alarm of its own. */
  readonly only?: IVersion;
}

/** An alarm on what other alarms of the stack say. */
export interface CompositeSpec {
  readonly name: string;
  readonly severity: 'page' | 'ticket';
  readonly meaning: string;
  /** Names of two alarms: fires while the first does and the second does not. */
  readonly while: string;
  readonly butNot: string;
}

export interface AlarmsProps {
  readonly alarms: readonly AlarmSpec[];
  readonly composites?: readonly CompositeSpec[];
  readonly emails: readonly string[];
}

/** The alarms of a stack and the topic that each of them tells, when it fires and when it is over. */
export class Alarms extends Construct {
  readonly topic: Topic;
  readonly #action: SnsAction;
  readonly #alarms = new Map<string, Alarm>();
  readonly #composites: CompositeAlarm[] = [];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = this.makeTopic(props.emails);
    this.#action = new SnsAction(this.topic);
    // A policy of one's own replaces the one that lets the account's services publish.
    const { account, partition, region } = Stack.of(this);
    this.letPublish('cloudwatch.amazonaws.com', `arn:${partition}:cloudwatch:${region}:${account}:alarm:*`);
    for (const spec of props.alarms) this.add(spec);
    for (const spec of props.composites ?? []) this.combine(spec);
  }

  /** In the order in which they were added, composites last. */
  get all(): readonly AlarmBase[] {
    return [...this.#alarms.values(), ...this.#composites];
  }

  /** @throws {Error} when there is none of that name */
  named(name: string): Alarm {
    const alarm = this.#alarms.get(name);
    if (alarm === undefined)
      throw new Error(`given the alarm "${name}"; allowed: ${[...this.#alarms.keys()].join(', ')}; correct the name`);
    return alarm;
  }

  add(spec: AlarmSpec): void {
    const alarm = new Alarm(this, spec.name, {
      alarmDescription: `${spec.severity}: ${spec.meaning}. Missing data: ${spec.missing.as}, because ${spec.missing.because}. ${WHAT_TO_DO}`,
      metric: spec.metric,
      threshold: spec.threshold,
      comparisonOperator: spec.below ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: spec.periods.of,
      datapointsToAlarm: spec.periods.bad,
      treatMissingData: MISSING[spec.missing.as],
    });
    if (spec.only) replaceWith(spec.only, alarm);
    if (spec.severity !== 'part') this.tell(alarm);
    this.#alarms.set(spec.name, alarm);
  }

  /** Lets a service publish to the topic on behalf of one resource of this account, or of those that a pattern matches. */
  letPublish(service: string, sourceArn: string): void {
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account }, ArnLike: { 'aws:SourceArn': sourceArn } },
      }),
    );
  }

  private combine(spec: CompositeSpec): void {
    const firing = (name: string) => AlarmRule.fromAlarm(this.named(name), AlarmState.ALARM);
    const composite = new CompositeAlarm(this, spec.name, {
      alarmDescription: `${spec.severity}: ${spec.meaning}. ${WHAT_TO_DO}`,
      alarmRule: AlarmRule.allOf(firing(spec.while), AlarmRule.not(firing(spec.butNot))),
    });
    // CDK makes up a name out of the stack's. Named by CloudFormation, as the others are, it is the same in every cell.
    const resource = composite.node.defaultChild;
    if (resource instanceof CfnCompositeAlarm) resource.alarmName = undefined;
    this.tell(composite);
    this.#composites.push(composite);
  }

  private tell(alarm: AlarmBase): void {
    alarm.addAlarmAction(this.#action);
    alarm.addOkAction(this.#action);
  }

  private makeTopic(emails: readonly string[]): Topic {
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    for (const email of emails) topic.addSubscription(new EmailSubscription(email));
    acknowledge(topic, {
      'Serverless-SNSRedrivePolicy':
        'subscriptions are e-mail addresses; SNS retries them for hours, and an undelivered alarm in a queue wakes nobody',
    });
    return topic;
  }
}

/**
 * Makes the alarm another resource with each version. An alarm that is updated keeps its state, and so the fault of the
 * version before would stop the deployment of its fix; one that is new has none. When the deployment is rolled back, the
 * alarm of the version that serves is still there, as it was.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
const replaceWith = (version: IVersion, alarm: Alarm): void => {
  const [its, own] = [version.node.defaultChild, alarm.node.defaultChild];
  if (!(its instanceof CfnVersion) || !(own instanceof CfnAlarm))
    throw new Error('given a version or an alarm that this stack does not own');
  const stack = Stack.of(alarm);
  const id = String(stack.resolve(own.logicalId));
  // Late, because the id of a version ends with the hash of all that makes the function.
  own.overrideLogicalId(
    Lazy.uncachedString({ produce: () => `${id}${String(stack.resolve(its.logicalId)).slice(-VERSION_HASH_CHARACTERS)}` }),
  );
};

const VERSION_HASH_CHARACTERS = 8;
/** In every mail: a test holds that the page has a heading for each alarm. */
const WHAT_TO_DO = 'What to do: docs/alarms.md.';

const MISSING = {
  breaching: TreatMissingData.BREACHING,
  notBreaching: TreatMissingData.NOT_BREACHING,
  ignore: TreatMissingData.IGNORE,
} as const;
