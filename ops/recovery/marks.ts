/**
 * What a recovery on AWS remembers of itself. It waits for people and for copies that take hours, and is run again from
 * anywhere, so it is written where the regions' own words are: in the control table of every region that is left.
 *
 * | item | meaning |
 * |---|---|
 * | `REGIONS / CUT#r#n#W` | r was seen to replicate with nobody, and incarnation n of it goes on from there |
 * | `REGIONS / ADMITTED#r#n#W` | incarnation n of r is whole: it is lost no more, and may be told to serve |
 *
 * The functions read this partition, and pass over types that they do not know.
 */
import { ITEM_VERSION, numberOf, partsOf } from '../../functions/core/item.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import type { Writer } from '../../functions/core/writer.ts';

const MARKS = ['CUT', 'ADMITTED'] as const;
export type Mark = (typeof MARKS)[number];

export const markItem = (mark: Mark, { region, incarnation }: Writer, given: { readonly by: string; readonly atMs: number }): Item => ({
  pk: REGIONS_KEY,
  sk: `${mark}#${region}#${incarnation}#${given.by}`,
  v: ITEM_VERSION,
  at: given.atMs,
});

/**
 * The mark that anybody set last; undefined: nobody has. A region that is admitted, and lost again before anybody but itself
 * was told that it may serve, is cut off a second time under the same incarnation.
 */
export const lastMark = (
  items: readonly Item[],
  { region, incarnation }: Writer,
): { readonly mark: Mark; readonly atMs: number } | undefined =>
  items
    .flatMap((item) => {
      const [type, about, number] = partsOf(item);
      const mark = MARKS.find((each) => each === type);
      return mark && about === region && number === String(incarnation) ? [{ mark, atMs: numberOf(item, 'at') ?? 0 }] : [];
    })
    .sort((a, b) => b.atMs - a.atMs)[0];
