import { Stack } from 'aws-cdk-lib';
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { KEYS, TABLES } from '../functions/contract/names.ts';
import type { Config } from './config.ts';

export interface TablesProps {
  readonly encryptionKeys: Config['encryptionKeys'];
}

/**
 * This region's replicas of the global tables, found by name: a cell needs no reference to the stack that owns them.
 * Permissions name the replicas of this region only.
 */
export class Tables extends Construct {
  readonly dataArn: string;
  readonly controlArn: string;
  /** The customer-managed key of this region's replicas; undefined when AWS owns the keys. */
  readonly keyArn: string | undefined;

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    this.dataArn = TableV2.fromTableName(this, 'Data', TABLES.data).tableArn;
    this.controlArn = TableV2.fromTableName(this, 'Control', TABLES.control).tableArn;
    this.keyArn = props.encryptionKeys?.[Stack.of(this).region];
  }

  /**
   * Reads and writes what users own. Each part of a transaction needs the permission of its single-item twin:
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
   * Nothing is ever deleted at run time, so nobody may.
   */
  grantData(grantee: IGrantable): void {
    this.allow(grantee, [this.dataArn], ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem']);
    this.allow(grantee, [`${this.dataArn}/index/${KEYS.ownerIndex.name}`], ['Query']);
    this.allowKey(grantee);
  }

  /** Reads keys, switches and fences; operators alone write them. */
  grantControlRead(grantee: IGrantable): void {
    this.allow(grantee, [this.controlArn], ['GetItem', 'Query']);
    this.allowKey(grantee);
  }

  /** Reads the change stream of this region's replica. Its label is made by AWS, hence the wildcard. */
  grantDataStream(grantee: IGrantable): void {
    this.allow(grantee, [`${this.dataArn}/stream/*`], ['DescribeStream', 'GetRecords', 'GetShardIterator']);
    // ListStreams takes no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    this.allow(grantee, ['*'], ['ListStreams']);
    this.allowKey(grantee);
  }

  /** Finds the stream's label. */
  grantDescribe(grantee: IGrantable): void {
    this.allow(grantee, [this.dataArn], ['DescribeTable']);
  }

  private allow(grantee: IGrantable, resources: string[], actions: readonly string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions: actions.map((action) => `dynamodb:${action}`), resources }));
  }

  /** DynamoDB uses a customer-managed key on the caller's behalf, so the caller needs it, through DynamoDB only. */
  private allowKey(grantee: IGrantable): void {
    if (this.keyArn === undefined) return;
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [this.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(this).region}.amazonaws.com` } },
      }),
    );
  }
}
