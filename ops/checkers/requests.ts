/** The requests of a drill, one by one and region by region: an operation may have sent several, and each may have had its effect. */
import type { OperationRecord } from '../drill/operations.ts';

export interface Request {
  readonly operation: OperationRecord['operation'];
  readonly key: string | null;
  readonly value: OperationRecord['value'];
  /** The region that it was sent to; null: not known. */
  readonly region: string | null;
  /** Milliseconds since 1970, and so is `returnMs`. */
  readonly callMs: number;
  readonly returnMs: number;
  /** `done`: acknowledged, or read. `refused`: definitely without effect. `unknown`: a write may have had its effect, or have it yet. */
  readonly end: 'done' | 'refused' | 'unknown';
  readonly status: number | null;
  readonly id: string | null;
  readonly saw: OperationRecord['saw'];
}

export const requestsOf = (record: OperationRecord): readonly Request[] => {
  const { operation, key, value, region, status, sent } = record;
  const counted = sent.findLast((each) => each.end === 'answered' && each.region === region && each.status === status);
  return sent.map((each) => {
    const [id, saw] = each === counted ? [record.id, record.saw] : [null, undefined];
    const end = endOf(each, id !== null || saw !== undefined);
    const { region, status } = each;
    // Whole milliseconds, and never narrower than it was: an order that was not there would refuse what is right.
    return { operation, key, value, region, callMs: Math.floor(each.startMs), returnMs: Math.ceil(each.endMs), status, end, id, saw };
  });
};

/** What was done, but not told of, explains nothing: it may have been done. */
const endOf = ({ end, status }: OperationRecord['sent'][number], told: boolean): Request['end'] => {
  if (end !== 'answered' || status === null) return 'unknown';
  if (status >= 300) return 'refused';
  return told ? 'done' : 'unknown';
};

/** A region's stored items were lost, and what it holds afterwards came from others. */
export interface Loss {
  readonly region: string;
  readonly atMs: number;
}

/** A region, from one loss of its items to the next. */
export interface Replica {
  readonly name: string;
  /** Whether a request was answered by this replica, or would have been. */
  readonly served: (request: Request) => boolean;
}

export const replicasOf = (regions: readonly string[], losses: readonly Loss[]): readonly Replica[] =>
  regions.flatMap((region) => {
    const cuts = losses.filter((each) => each.region === region).map((each) => each.atMs);
    return [-Infinity, ...cuts].map((fromMs, index) => {
      const toMs = cuts[index] ?? Infinity;
      const served = (request: Request): boolean => request.region === region && request.callMs >= fromMs && request.callMs < toMs;
      return { name: index === 0 ? region : `${region}, after its loss ${index}`, served };
    });
  });

export const placeOf = ({ region }: Request): string => region ?? 'a region that is not known';
