import { Duration, Stack } from 'aws-cdk-lib';
import { type AssetCode, EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type EnvName, KEYS, TABLES } from '../functions/contract/names.ts';
import { TandemFunction } from './function.ts';
import { acknowledge, wildcardBelow } from './strict.ts';
import type { Tables } from './tables.ts';

const TIMEOUT_SECONDS = 30;
/**
 * A record that could not be worked on for so long goes to the queue, so that newer ones get their turn. Its attempts are
 * not counted: a region that waits to be let in fails all of its records, and must not lose the work that was never tried.
 * The price is that one poisoned record holds up its shard for so long; the alarm on the stream's age tells.
 */
const RECORD_AGE_HOURS = 2;

/**
 * Partitions whose items may ask for work. Edits of records and heartbeats, which nobody counts, invoke nothing. The core
 * spells them too, and a test compares.
 */
const PARTITIONS_WITH_WORK = ['ORDER#', 'STOCK#'] as const;

export interface HousekeepingProps {
  readonly tables: Tables;
  readonly streamArn: string;
  readonly code: AssetCode;
  readonly environment: Readonly<Record<EnvName, string>>;
  readonly logRetentionDays: RetentionDays;
}

/**
 * The region's reconciler and rebalancer, fed by the stream of its own replica, which brings its own writes and those that
 * replication delivered.
 */
export class Housekeeping extends Construct {
  readonly handler: TandemFunction;
  /** Where the stream's records go that could not be worked on. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: HousekeepingProps) {
    super(scope, id);
    this.handler = new TandemFunction(this, 'Handler', {
      description: 'Reconciles orders and moves stock',
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
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.or('INSERT', 'MODIFY'),
          dynamodb: { Keys: { [KEYS.partition]: { S: PARTITIONS_WITH_WORK.flatMap((prefix) => FilterRule.beginsWith(prefix)) } } },
        }),
      ],
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      maxRecordAge: Duration.hours(RECORD_AGE_HOURS),
      onFailure: new SqsDlq(this.deadLetters),
    });
  }
}
