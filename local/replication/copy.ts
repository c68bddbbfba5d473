/** Everything that a region has of its tables, as versions: what a link carries when it starts anew. */
import { Unreachable } from '../streams/reader.ts';
import type { Tail } from './tail.ts';
import type { Image, Version } from './version.ts';

/** The tails of a region, by table. */
export type Tails = ReadonlyMap<string, Tail>;

export interface Change {
  readonly table: string;
  readonly version: Version;
}

const RETRY_MS = 500;

/**
 * Deletions first, then the items by scan. Whoever calls takes changes of the stream already, so that what is written
 * meanwhile comes that way. Waits for a region that does not answer; ends early when `isWanted` turns false.
 */
export async function* copyOf(source: Tails, isWanted: () => boolean): AsyncGenerator<Change> {
  for (const [table, tail] of source) {
    // What was written before now is known then, deletions among it.
    await tail.fresh();
    for (const version of tail.tombstones()) yield { table, version };
    let last: Image | undefined;
    do {
      const page = await pageOf(tail, last, isWanted);
      for (const version of page.versions) if (version.image !== null) yield { table, version };
      last = page.last;
    } while (last);
  }
}

const pageOf = async (tail: Tail, after: Image | undefined, isWanted: () => boolean): ReturnType<Tail['scan']> => {
  while (isWanted()) {
    try {
      return await tail.scan(after);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return { versions: [], last: undefined };
};
