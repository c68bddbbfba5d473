/** The cells of a deployment, as far as what is known of their versions goes: one port, on AWS and on a laptop. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { type Item, type Store, StoreUnavailable } from '../../functions/core/store.ts';
import { OPERATOR_LIMITS } from '../limits.ts';
import type { Functions } from './versions.ts';

export interface Cells {
  readonly kind: 'local' | 'aws';
  readonly names: readonly string[];
  /** The region's replica of the control table. */
  store(region: string): Store;
  /** @throws {UserError} when the cell is not deployed */
  lambda(region: string): Promise<Functions>;
  /** What changes the region's cell now, in words; undefined: nothing does. */
  deploying(region: string): Promise<string | undefined>;
  /** Who acts, for the audit trail. */
  actor(): Promise<string>;
}

/** The control table behind a client, as operators' tools speak to it. */
export const controlStore = (client: DynamoDBClient): Store => new DynamoStore({ client, table: TABLES.control, limits: OPERATOR_LIMITS });

/** The region itself first: its replica has its newest facts. */
const nearest = (cells: Cells, region: string): readonly string[] => [region, ...cells.names.filter((name) => name !== region)];

/**
 * A partition of the control table that is about a region, from its own replica, or from another's when that does not answer.
 *
 * @throws {StoreUnavailable} when none does
 */
export const readControl = async (cells: Cells, region: string, pk: string): Promise<readonly Item[]> =>
  (await throughNearest(cells, region, (store) => store.query(pk))).done;

/**
 * Writes items about a region through its own replica, or another's.
 *
 * @param items for a writer: the region through which they are written
 * @returns that region
 * @throws {StoreUnavailable} when none answers
 */
export const writeControl = async (cells: Cells, region: string, items: (writer: string) => readonly Item[]): Promise<string> => {
  const { through } = await throughNearest(cells, region, (store, writer) =>
    store.transact(items(writer).map((item) => ({ action: 'put', item }))),
  );
  return through;
};

const throughNearest = async <T>(
  cells: Cells,
  region: string,
  work: (store: Store, through: string) => Promise<T>,
): Promise<{ readonly done: T; readonly through: string }> => {
  let last: unknown;
  for (const through of nearest(cells, region)) {
    try {
      return { done: await work(cells.store(through), through), through };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      last = error;
    }
  }
  throw last;
};
