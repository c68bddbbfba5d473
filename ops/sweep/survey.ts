/** Looks through a region's own replica for work that is due. Reads only. */
import { partsFor, readParts, sizeOf } from '../../functions/aws/restored-table.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { type Due, dueWork } from '../../functions/core/due-work.ts';
import type { Place } from './place.ts';

/** Tasks that one look keeps; what is beyond them is found by the next, when these are done. */
const DUE_MAX = 100_000;

export interface Survey {
  readonly due: readonly Due[];
  /** Found beyond what is kept. */
  readonly more: number;
  readonly items: number;
  /** Every part of the table was read. */
  readonly whole: boolean;
}

/**
 * Reads the whole table once, strongly: one read unit for each 4 KB of it, in parts of 8 MB, of which four are in memory.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 *
 * @param signal ends it early
 */
export const survey = async ({ dynamo, region }: Pick<Place, 'dynamo' | 'region'>, signal?: AbortSignal): Promise<Survey> => {
  const due: Due[] = [];
  let [more, items] = [0, 0];
  const parts = partsFor((await sizeOf(dynamo, TABLES.data)).bytes);
  const hasTime = (): boolean => signal?.aborted !== true;
  const read = await readParts(dynamo, { table: TABLES.data, parts, first: 0, hasTime, consistent: true }, (partition) => {
    items += partition.length;
    for (const each of dueWork(partition, region, Date.now())) {
      if (due.length < DUE_MAX) due.push(each);
      else more += 1;
    }
  });
  signal?.throwIfAborted();
  return { due, more, items, whole: read === parts };
};
