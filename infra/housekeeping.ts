import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { type AssetCode, EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type EnvName, TABLES } from '../functions/contract/names.ts';
import { TandemFunction } from './function.ts';
import { acknowledge, wildcardBelow } from './strict.ts';
import type { Tables } from './tables.ts';

const TIMEOUT_SECONDS = 30;
/** Attempts after the first. With bisection a poisoned record is alone after 7 halvings of a batch of 100. */
const STREAM_RETRIES = 10;
/** A record that could not be worked on for so long goes to the queue, so that newer ones get their turn. */
const RECORD_AGE_HOURS = 2;

export interface HousekeepingProps {
  readonly tables: Tables;
  readonly streamArn: string;
  readonly code: AssetCode;
  readonly environment: Readonly<Record<EnvName, string>>;
  readonly logRetentionDays: RetentionDays;
}

/**
 * The region's reconciler and rebalancer: fed by the stream of its own replica, which brings its own writes and those
 * that replication delivered; and each minute by the clock, for the heartbeat and the metrics of its age.
 */
export class Housekeeping extends Construct {
  readonly handler: TandemFunction;
  /** Where the stream's records go that could not be worked on. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: HousekeepingProps) {
    super(scope, id);
    this.handler = new TandemFunction(this, 'Handler', {
      description: 'Reconciles orders, moves stock, beats and watches the other regions',
      code: props.code,
      memoryMegabytes: 512,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: props.environment,
      logRetentionDays: props.logRetentionDays,
    });
    props.tables.grantData(this.handler.role);
    props.tables.grantControlRead(this.handler.role);
    props.tables.grantDataStream(this.handler.role);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.followStream(props.streamArn);
    this.everyMinute();
    acknowledge(this.handler.role, {
      'AwsSolutions-IAM5[Resource::*]': 'dynamodb:ListStreams takes no resource',
      [wildcardBelow(Stack.of(this), TABLES.data, 'stream/*')]: "AWS chooses the stream's label, and a restored table has another",
    });
    const reason = 'this queue is the dead-letter queue';
    acknowledge(this.deadLetters, { 'AwsSolutions-SQS3': reason, 'Serverless-SQSRedrivePolicy': reason });
  }

  private followStream(streamArn: string): void {
    new EventSourceMapping(this, 'Mapping', {
      target: this.handler.alias,
      eventSourceArn: streamArn,
      // From the oldest record: what other regions wrote before this mapping existed must be reconciled as well.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(1),
      // Facts are inserted and counters modified; deletions (TTL) call for nothing.
      filters: [FilterCriteria.filter({ eventName: FilterRule.or('INSERT', 'MODIFY') })],
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: STREAM_RETRIES,
      maxRecordAge: Duration.hours(RECORD_AGE_HOURS),
      onFailure: new SqsDlq(this.deadLetters),
    });
  }

  private everyMinute(): void {
    const rate = Duration.minutes(1);
    // A beat that comes late is worth nothing: the next one is due. So neither EventBridge nor Lambda keeps it longer.
    const rule = new Rule(this, 'EveryMinute', {
      description: 'Heartbeat and metrics of its age',
      schedule: Schedule.rate(rate),
      targets: [new FunctionTarget(this.handler.alias, { maxEventAge: rate, retryAttempts: 1 })],
    });
    this.handler.alias.configureAsyncInvoke({ maxEventAge: rate, retryAttempts: 0 });
    const reason = 'a beat that was not delivered is superseded by the next; the other regions alarm on its age';
    acknowledge(rule, { 'Serverless-EventBusDLQ': reason });
    acknowledge(this.handler.alias, { 'Serverless-LambdaAsyncFailureDestination': reason });
  }
}
