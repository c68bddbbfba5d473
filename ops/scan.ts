/** Whole tables, for tools that compare or merge them. */
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { itemOf } from '../functions/aws/marshal.ts';
import type { Item } from '../functions/core/store.ts';

/** All items of a region's replica, each read strongly. */
export const scanTable = async (client: DynamoDBClient, table: string): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true }))
    items.push(...(page.Items ?? []).map(itemOf));
  return items;
};
