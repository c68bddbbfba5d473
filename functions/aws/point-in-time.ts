import { DescribeContinuousBackupsCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientLimits } from './client-limits.ts';

const client = new DynamoDBClient(clientLimits());

/** Whether this region's replica of a table can be restored to any second of the last days. */
export const hasPointInTimeRecovery = async (table: string): Promise<boolean> => {
  const { ContinuousBackupsDescription } = await client.send(new DescribeContinuousBackupsCommand({ TableName: table }));
  return ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
};
