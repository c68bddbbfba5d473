import { Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from './strict.ts';

/** One alarm: what is watched, and why silence means what it means. */
export interface AlarmSpec {
  /** Its heading in the runbook, and its construct id. */
  readonly name: string;
  /** `page`: callers are or will be hurt, now. `ticket`: within days. */
  readonly severity: 'page' | 'ticket';
  /** What it means when it fires. */
  readonly meaning: string;
  readonly metric: IMetric;
  /** Fires when the metric is at least this, in its own unit; or, with `below`, when it is less. */
  readonly threshold: number;
  readonly below?: true;
  /** Fires when this many of the last `of` periods are over the threshold. */
  readonly periods: { readonly bad: number; readonly of: number };
  readonly missing: { readonly as: 'breaching' | 'notBreaching' | 'ignore'; readonly because: string };
}

export interface AlarmsProps {
  readonly alarms: readonly AlarmSpec[];
  readonly emails: readonly string[];
}

/** The alarms of a stack and the topic that each of them tells, when it fires and when it is over. */
export class Alarms extends Construct {
  readonly topic: Topic;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = this.makeTopic(props.emails);
    const action = new SnsAction(this.topic);
    this.alarms = props.alarms.map((spec) => {
      const alarm = new Alarm(this, spec.name, {
        alarmDescription: `${spec.severity}: ${spec.meaning}. Missing data: ${spec.missing.as}, because ${spec.missing.because}.`,
        metric: spec.metric,
        threshold: spec.threshold,
        comparisonOperator: spec.below ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: spec.periods.of,
        datapointsToAlarm: spec.periods.bad,
        treatMissingData: MISSING[spec.missing.as],
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return alarm;
    });
  }

  private makeTopic(emails: readonly string[]): Topic {
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    for (const email of emails) topic.addSubscription(new EmailSubscription(email));
    // A policy of one's own replaces the one that lets the account's services publish.
    const { account, partition, region } = Stack.of(this);
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
        },
      }),
    );
    acknowledge(topic, {
      'Serverless-SNSRedrivePolicy':
        'subscriptions are e-mail addresses; SNS retries them for hours, and an undelivered alarm in a queue wakes nobody',
    });
    return topic;
  }
}

const MISSING = {
  breaching: TreatMissingData.BREACHING,
  notBreaching: TreatMissingData.NOT_BREACHING,
  ignore: TreatMissingData.IGNORE,
} as const;
