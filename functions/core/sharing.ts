/**
 * How regions share the stock of a sku. Orders that a region refuses ask the others for units, and anybody can have orders
 * refused, as many and as large as they like. So a giver always keeps enough to go on selling:
 *
 * - its equal share of what all regions have, of the regions that have a row or ask; and
 * - what it sells in ten minutes, on the average since it was last asked. Asked for the first time, it does not know since
 *   when it sold what it sold, and keeps as much as that.
 *
 * The share does not shrink when it is given away again and again, as half of what is left would. Of the rest those who ask
 * get what they lack, or as much as makes their share: several of them equal parts, until one needs less. A giver that asks
 * itself fills up shares, and no more: else two that ask for much would hand the last units to and fro for ever.
 */
import { type Held, inFlight, type SalesLook, sum, unitsMoving } from './stock-fold.ts';
import { compareWriters } from './writer.ts';

/** Milliseconds of sales that a giver keeps units for, and between two looks at how much it sells. */
export const PACE_MS = 10 * 60_000;

/** Units that a region sells in ten minutes. */
export const soldLately = ({ sold, look }: Pick<Held, 'sold' | 'look'>, nowMs: number): number => {
  if (!look) return sold;
  const since = Math.max(0, sold - look.sold);
  const elapsedMs = nowMs - look.atMs;
  return elapsedMs < PACE_MS ? look.pace + since : Math.ceil((since * PACE_MS) / elapsedMs);
};

export interface Handover {
  readonly region: string;
  readonly units: number;
}

/** What a region does about the others' wishes. */
export interface Sharing {
  readonly handovers: readonly Handover[];
  /** Units that it has left after all of them, at least. */
  readonly kept: number;
  /** What it notes of its sales first. */
  readonly look: SalesLook | undefined;
}

/**
 * Pure: of the same rows and wishes at the same time the same.
 *
 * @param wishes units that each region wishes to have, by region
 * @param held every region's row as this one sees it, its own as it is
 */
export const sharingOf = (own: Held, wishes: ReadonlyMap<string, number>, held: readonly Held[], nowMs: number): Sharing => {
  const share = equalShare(held, wishes);
  const lacks = lacking(own, wishes, held, share);
  const lately = soldLately(own, nowMs);
  const kept = Math.max(share, lately);
  if (lacks.length === 0 || own.available <= share) return { handovers: [], kept, look: undefined };
  const isOld = !own.look || nowMs - own.look.atMs >= PACE_MS;
  return {
    handovers: divided(own.available - kept, lacks),
    kept,
    look: isOld ? { atMs: nowMs, sold: own.sold, pace: lately } : undefined,
  };
};

/** Units that all regions together can sell, as far as these rows tell, those on the way included. */
export const withinReach = (held: readonly Held[]): number => sum(held.map((each) => each.available)) + unitsMoving(held);

const equalShare = (held: readonly Held[], wishes: ReadonlyMap<string, number>): number => {
  const regions = new Set([...held.map((each) => each.region), ...wishes.keys()]);
  return Math.ceil(Math.max(0, withinReach(held)) / Math.max(1, regions.size));
};

/** The others that do not have, and will not have, what they wish for; and how many units each lacks, the least first. */
const lacking = (own: Held, wishes: ReadonlyMap<string, number>, held: readonly Held[], share: number): readonly Handover[] => {
  const lacks = (region: string, units: number): number => Math.max(0, units - expectedIn(region, held));
  const asksItself = (wishes.get(own.region) ?? 0) > 0;
  return [...wishes]
    .filter(([region, wished]) => region !== own.region && lacks(region, wished) > 0)
    .map(([region, wished]) => ({ region, units: lacks(region, asksItself ? share : Math.max(wished, share)) }))
    .filter(({ units }) => units > 0)
    .sort((a, b) => a.units - b.units || compareWriters(a.region, b.region));
};

/** Units that a region has, or will have once what it was granted has arrived. */
const expectedIn = (region: string, held: readonly Held[]): number =>
  (held.find((each) => each.region === region)?.available ?? 0) + sum(held.map((giver) => inFlight(giver, region, held)));

/** Equal parts; what one does not need is for those after it. */
const divided = (units: number, lacks: readonly Handover[]): readonly Handover[] => {
  let left = Math.max(0, units);
  return lacks.flatMap(({ region, units: lack }, index) => {
    const part = Math.min(lack, Math.floor(left / (lacks.length - index)));
    left -= part;
    return part > 0 ? [{ region, units: part }] : [];
  });
};
