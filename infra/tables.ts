import { ArnFormat, Stack } from 'aws-cdk-lib';
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { BACKUPS, KEYS, TABLES } from '../functions/contract/names.ts';
import type { Config } from './config.ts';

export interface TablesProps {
  /** Every configured region. */
  readonly regions: readonly string[];
  readonly encryptionKeys: Config['encryptionKeys'];
}

/**
 * This region's replicas of the global tables, found by name: a cell needs no reference to the stack that owns them.
 * Permissions name the replicas of this region only, but for one: see `grantPeerReads`.
 */
export class Tables extends Construct {
  readonly dataArn: string;
  readonly controlArn: string;
  /** The customer-managed key of this region's replicas; undefined when AWS owns the keys. */
  readonly keyArn: string | undefined;
  readonly #props: TablesProps;

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    this.#props = props;
    this.dataArn = TableV2.fromTableName(this, 'Data', TABLES.data).tableArn;
    this.controlArn = TableV2.fromTableName(this, 'Control', TABLES.control).tableArn;
    this.keyArn = props.encryptionKeys?.[Stack.of(this).region];
  }

  /**
   * Reads partitions and items of what users own, and writes into them. Each part of a transaction needs the permission of its
   * single-item twin: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
   * Nothing is ever deleted at run time, so nobody may.
   */
  grantData(grantee: IGrantable): void {
    this.allow(grantee, [this.dataArn], ['Query', 'GetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem']);
    this.allowKey(grantee);
  }

  /** Reads what a subject owns by the index: what callers ask for. */
  grantLookups(grantee: IGrantable): void {
    this.allow(grantee, [`${this.dataArn}/index/${KEYS.ownerIndex.name}`], ['Query']);
    this.allowKey(grantee);
  }

  /**
   * Reads single items of the other regions' replicas: whether a write has arrived there, which is all that a region ever
   * asks of another one's table. By name, for no reference may cross regions.
   */
  grantPeerReads(grantee: IGrantable): void {
    const { region: own } = Stack.of(this);
    const { regions, encryptionKeys } = this.#props;
    for (const region of regions.filter((each) => each !== own)) {
      const arn = Stack.of(this).formatArn({
        service: 'dynamodb',
        region,
        resource: 'table',
        resourceName: TABLES.data,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      });
      this.allow(grantee, [arn], ['GetItem']);
      this.allowKey(grantee, { region, keyArn: encryptionKeys?.[region], actions: ['Decrypt'] });
    }
  }

  /** Reads keys, switches and fences; operators alone write them. */
  grantControlRead(grantee: IGrantable): void {
    this.allow(grantee, [this.controlArn], ['Query']);
    this.allowKey(grantee);
  }

  /** Reads under which name a region writes: what is recorded must not need what users own. */
  grantRegions(grantee: IGrantable): void {
    this.allow(grantee, [this.controlArn], ['Query'], { StringEquals: [this.partitions.regions] });
    this.allowKey(grantee);
  }

  /** Reads and writes what is known of this region's deployments. */
  grantDeployments(grantee: IGrantable): void {
    this.grantRegions(grantee);
    this.allow(grantee, [this.controlArn], ['Query', 'PutItem'], { StringEquals: [this.partitions.deployments] });
  }

  /** Tells who did what in this region. Only operators read it. */
  grantAudit(grantee: IGrantable): void {
    this.allow(grantee, [this.controlArn], ['PutItem'], { StringEquals: [this.partitions.audit] });
    this.allowKey(grantee);
  }

  /** Writes this region's heartbeat, and reads those of all. */
  grantBeat(grantee: IGrantable): void {
    this.grantRegions(grantee);
    this.allow(grantee, [this.dataArn], ['Query', 'UpdateItem'], { StringEquals: [this.partitions.regions] });
  }

  /** Registers keys of this region's canary: whatever stands under such a name counts for it alone (`foldKey`). */
  grantCanaryKeys(grantee: IGrantable): void {
    this.allow(grantee, [this.controlArn], ['PutItem'], { StringLike: [this.partitions.canaryKeys] });
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

  /** Whether any second of the last days can be restored. */
  grantContinuousBackups(grantee: IGrantable): void {
    this.allow(grantee, [this.dataArn, this.controlArn], ['DescribeContinuousBackups']);
  }

  /** Reads all of what AWS Backup restores for a test, and of the replicas themselves no more than how large they are. */
  grantRestored(grantee: IGrantable): void {
    this.allow(grantee, [this.restoredArn], ['DescribeTable', 'Scan', 'Query']);
    this.allow(grantee, [this.dataArn, this.controlArn], ['DescribeTable']);
    this.allowKey(grantee);
  }

  /** Tables that are restored for tests: AWS Backup chooses the rest of their names. */
  get restoredArn(): string {
    return Stack.of(this).formatArn({ service: 'dynamodb', resource: 'table', resourceName: `${BACKUPS.restoredPrefix}*` });
  }

  /** Partitions that permissions name. The core spells them too, and a test compares. */
  private get partitions() {
    const { region } = Stack.of(this);
    return {
      regions: 'REGIONS',
      deployments: `DEPLOYMENTS#${region}`,
      audit: `AUDIT#${region}`,
      canaryKeys: `KEY#canary-${region}-*`,
    } as const;
  }

  /**
   * @param partitions that the calls may name. `ForAllValues` because one call may name several; a call that names none
   * would pass, but each of the actions given here names one.
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
   */
  private allow(
    grantee: IGrantable,
    resources: string[],
    actions: readonly string[],
    partitions: { readonly StringEquals?: readonly string[]; readonly StringLike?: readonly string[] } = {},
  ): void {
    const conditions = Object.entries(partitions).map(([test, keys]) => [`ForAllValues:${test}`, { 'dynamodb:LeadingKeys': keys }]);
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources,
        conditions: Object.fromEntries(conditions),
      }),
    );
  }

  /**
   * DynamoDB uses a customer-managed key on the caller's behalf, so the caller needs it, through DynamoDB only.
   * @param of a region's replicas. @default this region's, to read and to write
   */
  private allowKey(
    grantee: IGrantable,
    of: { readonly region: string; readonly keyArn: string | undefined; readonly actions: readonly string[] } = {
      region: Stack.of(this).region,
      keyArn: this.keyArn,
      actions: ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey'],
    },
  ): void {
    if (of.keyArn === undefined) return;
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: of.actions.map((action) => `kms:${action}`),
        resources: [of.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${of.region}.amazonaws.com` } },
      }),
    );
  }
}
