import { CustomResource, Duration } from 'aws-cdk-lib';
import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { TABLES } from '../functions/contract/names.ts';
import { TandemFunction } from './function.ts';
import type { Tables } from './tables.ts';

const TIMEOUT_SECONDS = 30;

export interface StreamLookupProps {
  readonly tables: Tables;
  readonly code: AssetCode;
  readonly logRetentionDays: RetentionDays;
}

/**
 * The stream of this region's replica. Its ARN ends with a time that AWS chooses, and CloudFormation tells it only to the
 * stack that owns the table, in the home region; so each cell asks DynamoDB itself when it is deployed. CloudFormation asks
 * again only when a property changes: `-c replica=ANYTHING-NEW` makes it, after the replica was removed and added again.
 */
export class StreamLookup extends Construct {
  readonly streamArn: string;

  constructor(scope: Construct, id: string, props: StreamLookupProps) {
    super(scope, id);
    const lookup = new TandemFunction(this, 'Lookup', {
      description: "Tells CloudFormation the stream of this region's replica",
      code: props.code,
      memoryMegabytes: 256,
      timeoutSeconds: TIMEOUT_SECONDS,
      logRetentionDays: props.logRetentionDays,
    });
    props.tables.grantDescribe(lookup.role);
    this.streamArn = new CustomResource(this, 'Stream', {
      resourceType: 'Custom::StreamLookup',
      serviceToken: lookup.alias.functionArn,
      // Without it CloudFormation waits an hour for a function that died.
      serviceTimeout: Duration.seconds(2 * TIMEOUT_SECONDS),
      properties: { TableName: TABLES.data, Replica: this.node.tryGetContext('replica') },
    }).getAttString('StreamArn');
  }
}
