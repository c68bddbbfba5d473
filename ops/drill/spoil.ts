/** What a new version did to callers, from what their requests came to one by one. Pure. */
import type { DeliveryReport } from '../reports/report.ts';
import type { TargetEvent } from '../targets/target.ts';
import { slowestMs } from './measure.ts';
import { CALLER_KINDS, type CallerKind, type OperationRecord, type SentRequest } from './operations.ts';

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A region's part of a delivery, as far as it matters to callers. */
export interface Candidate {
  readonly region: string;
  /** Number of the new version; null: it was never made. */
  readonly version: string | null;
  /** While it got calls; null: never. */
  readonly exposed: Window | null;
}

type Measured = DeliveryReport['measured'];

const byKind = <T>(of: (kind: CallerKind) => T): { dns: T; client: T } => ({ dns: of('dns'), client: of('client') });

/** Answers carry `RELEASE+NUMBER`. */
const numberIn = (version: string | null): string | undefined => version?.split('+').at(-1);

/**
 * When a region's new version got calls: from the first event that gives it some until the one that takes them away, or
 * until the end. A version that stays has them until `endMs`.
 */
export const exposureOf = (events: readonly TargetEvent[], region: string, within: Window): Window | null => {
  const steps = events.flatMap((event) =>
    event.kind === 'delivery' && event.region === region && event.atMs >= within.fromMs ? [event] : [],
  );
  const first = steps.findIndex((event) => event.percent > 0);
  if (first === -1) return null;
  const taken = steps.slice(first).find((event) => event.percent === 0);
  return { fromMs: steps[first]?.atMs ?? within.toMs, toMs: taken?.atMs ?? within.toMs };
};

/** What is slow for a kind of caller: longer than the slowest of the baseline and the allowance together. */
export const slowAbove = (records: readonly OperationRecord[], baseline: Window, extraMs: number): Measured['slowAboveMs'] =>
  byKind((kind) => {
    const own = records.filter((record) => record.kind === kind && record.startMs >= baseline.fromMs && record.endMs < baseline.toMs);
    const normalMs = slowestMs(own);
    return normalMs === null ? null : normalMs + extraMs;
  });

export type Spoil = 'failed' | 'wrong' | 'slow';

export interface SpoilProps {
  readonly records: readonly OperationRecord[];
  readonly candidates: readonly Candidate[];
  /** When the delivery began. */
  readonly deliveredMs: number;
  readonly slowAboveMs: Measured['slowAboveMs'];
}

/** An answer of the new version: surely, by what it calls itself; or as far as anybody can tell. */
const isCandidates = (candidates: readonly Candidate[], sent: SentRequest): boolean =>
  candidates.some(({ region, version, exposed }) => {
    if (sent.region !== region || version === null) return false;
    if (sent.version !== null) return numberIn(sent.version) === version;
    // A crash, a timeout and a gateway's own answer name no version.
    return exposed !== null && sent.endMs >= exposed.fromMs && sent.startMs <= exposed.toMs;
  });

const spoilOf = (sent: SentRequest, slowAboveMs: number | null): Spoil | undefined => {
  if (sent.wrong !== null) return 'wrong';
  if (sent.end === 'failed') return 'failed';
  // Overtaken: it had not answered when another region was asked as well.
  if (sent.end === 'overtaken') return 'slow';
  return slowAboveMs !== null && sent.endMs - sent.startMs > slowAboveMs ? 'slow' : undefined;
};

interface Judged {
  readonly record: OperationRecord;
  /** Answers of the new version. */
  readonly own: readonly SentRequest[];
  readonly spoiled: readonly { readonly sent: SentRequest; readonly as: Spoil }[];
  /** The caller noticed. */
  readonly noticed: boolean;
}

const judgeRecord = (record: OperationRecord, { candidates, slowAboveMs }: SpoilProps): Judged => {
  const slowMs = record.kind === 'region' ? null : slowAboveMs[record.kind];
  const own = record.sent.filter((sent) => isCandidates(candidates, sent));
  const spoiled = own.flatMap((sent) => {
    const as = spoilOf(sent, slowMs);
    return as === undefined ? [] : [{ sent, as }];
  });
  const tookLong = slowMs !== null && record.endMs - record.startMs > slowMs;
  return { record, own, spoiled, noticed: spoiled.length > 0 && (record.outcome !== 'ok' || record.wrong !== null || tookLong) };
};

export const measureSpoil = (props: SpoilProps): Pick<Measured, 'answers' | 'spoiled' | 'besides'> => {
  const since = props.records.filter((record) => record.endMs >= props.deliveredMs).map((record) => judgeRecord(record, props));
  const noticed = since.filter((each) => each.noticed);
  const all = since.flatMap((each) => each.spoiled);
  const count = (as: Spoil): number => all.filter((each) => each.as === as).length;
  const others = since.filter((each) => !each.noticed);
  const of = (judged: readonly Judged[], kind: CallerKind, yes: (record: OperationRecord) => boolean): number =>
    judged.filter(({ record }) => record.kind === kind && yes(record)).length;
  const ends = all.map(({ sent }) => sent.endMs);
  return {
    answers: since.reduce((sum, each) => sum + each.own.filter((sent) => sent.status !== null).length, 0),
    spoiled: {
      requests: byKind((kind) => of(noticed, kind, () => true)),
      hidden: since.filter((each) => !each.noticed).reduce((sum, each) => sum + each.spoiled.length, 0),
      failed: count('failed'),
      wrong: count('wrong'),
      slow: count('slow'),
      percent: percentOf(noticed.length, dueWithin(since, props.candidates)),
      seconds: ends.length === 0 ? 0 : (Math.max(...ends) - Math.min(...ends)) / 1_000,
    },
    besides: {
      failed: byKind((kind) => of(others, kind, (record) => record.outcome !== 'ok')),
      wrong: byKind((kind) => of(others, kind, (record) => record.wrong !== null)),
    },
  };
};

/** Requests of all callers that were due while a new version was exposed anywhere. */
const dueWithin = (judged: readonly Judged[], candidates: readonly Candidate[]): number => {
  const windows = candidates.flatMap(({ exposed }) => (exposed === null ? [] : [exposed]));
  return judged.filter(({ record }) => windows.some(({ fromMs, toMs }) => record.startMs >= fromMs && record.startMs <= toMs)).length;
};

/** Of nothing, all: what was spoiled without any exposure that was told is no small part. */
const percentOf = (part: number, whole: number): number => (part === 0 ? 0 : whole === 0 ? 100 : Math.min(100, (100 * part) / whole));

export const spoiledRequests = ({ requests }: Measured['spoiled']): number => CALLER_KINDS.reduce((sum, kind) => sum + requests[kind], 0);
