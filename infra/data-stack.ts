import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  StreamViewType,
  TableEncryptionV2,
  type TableOptionsV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { KEYS, TABLES } from '../functions/contract/names.ts';
import type { Config } from './config.ts';

export interface DataStackProps extends StackProps {
  readonly config: Config;
}

/**
 * The two global tables and nothing else. CloudFormation allows a global table one owner: this stack, in the home
 * region. Each replica is protected by itself, because PITR and deletion protection are settings of a replica:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
 */
export class DataStack extends Stack {
  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { config } = props;
    const shielded = protection(config.backup.pointInTimeDays);
    const common = {
      partitionKey: { name: KEYS.partition, type: AttributeType.STRING },
      sortKey: { name: KEYS.sort, type: AttributeType.STRING },
      timeToLiveAttribute: KEYS.ttl,
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      billing: Billing.onDemand(),
      removalPolicy: RemovalPolicy.RETAIN,
      ...shielded,
      replicas: config.regions.filter(({ name }) => name !== config.home).map(({ name }) => ({ region: name, ...shielded })),
    } satisfies Omit<TablePropsV2, 'tableName'>;
    new TableV2(this, 'Data', {
      ...common,
      tableName: TABLES.data,
      encryption: this.encryption('DataKey', config),
      globalSecondaryIndexes: [
        {
          indexName: KEYS.ownerIndex.name,
          partitionKey: { name: KEYS.ownerIndex.partition, type: AttributeType.STRING },
          sortKey: { name: KEYS.ownerIndex.sort, type: AttributeType.STRING },
        },
      ],
    });
    new TableV2(this, 'Control', { ...common, tableName: TABLES.control, encryption: this.encryption('ControlKey', config) });
  }

  private encryption(id: string, config: Config): TableEncryptionV2 {
    const { [config.home]: home, ...replicas } = config.encryptionKeys ?? {};
    if (home === undefined) return TableEncryptionV2.dynamoOwnedKey();
    return TableEncryptionV2.customerManagedKey(Key.fromKeyArn(this, id, home), replicas);
  }
}

/** What every replica gets, this region's included. */
const protection = (recoveryPeriodInDays: number) =>
  ({
    deletionProtection: true,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays },
  }) as const satisfies TableOptionsV2;
