/** What the API's cold start is measured against: a DynamoDB client and one read, nothing else. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});

export const handler = async (): Promise<{ readonly statusCode: number }> => {
  await client.send(
    new GetItemCommand({ TableName: 'tandem-data', Key: { pk: { S: 'STOCK#tea' }, sk: { S: 'HELD#eu-central-1' } }, ConsistentRead: true }),
  );
  return { statusCode: 200 };
};
