/** From events and requests to numbers. Pure. */
import type { RegionLossReport, Verdict } from '../reports/report.ts';
import type { TargetEvent } from '../targets/target.ts';
import { CALLER_KINDS, type CallerKind, type OperationRecord } from './operations.ts';

/** Seconds without a failure after which callers count as recovered for good. */
export const CALM_SECONDS = 10;

export type Phases = RegionLossReport['phases'];
export type Measured = RegionLossReport['measured'];
type Objectives = RegionLossReport['objectives'];

const failedOf = (record: OperationRecord): boolean => record.outcome !== 'ok';
const byKind = <T>(of: (kind: CallerKind) => T): { dns: T; client: T } => ({ dns: of('dns'), client: of('client') });

/** Seconds from the fault until the calculated check of the region turned; null: it did not. */
export const detectionSeconds = (events: readonly TargetEvent[], region: string, faultMs: number): number | null => {
  const turned = events.find(
    (event) => event.kind === 'check' && event.role === 'calculated' && !event.healthy && event.region === region && event.atMs >= faultMs,
  );
  return turned ? (turned.atMs - faultMs) / 1_000 : null;
};

/** An answer of the shared name, as seen near the lost region. */
export interface AnswerSeen {
  readonly atMs: number;
  readonly addresses: readonly string[];
}

/** Seconds from the fault until an answer had none of the lost region's addresses; null: none did. */
export const dnsChangedSeconds = (answers: readonly AnswerSeen[], lost: readonly string[], faultMs: number): number | null => {
  const changed = answers.find(
    ({ atMs, addresses }) => atMs >= faultMs && addresses.length > 0 && !addresses.some((address) => lost.includes(address)),
  );
  return changed ? (changed.atMs - faultMs) / 1_000 : null;
};

/**
 * Seconds from the fault until callers succeed for good: until the first successful request, by when it was due, after
 * which none that was due fails. null: a request failed within the last `CALM_SECONDS`, or none has succeeded since.
 */
export const rtoSeconds = (records: readonly OperationRecord[], faultMs: number, untilMs: number): number | null => {
  const affected = records.filter((record) => record.endMs >= faultMs && record.startMs < untilMs);
  const failures = affected.filter(failedOf);
  if (failures.length === 0) return 0;
  const lastMs = Math.max(...failures.map((record) => record.startMs));
  const firstMs = Math.min(...affected.filter((record) => record.startMs > lastMs).map((record) => record.startMs));
  if (!Number.isFinite(firstMs) || untilMs - firstMs < CALM_SECONDS * 1_000) return null;
  return Math.max(0, firstMs - faultMs) / 1_000;
};

export const slowestMs = (records: readonly OperationRecord[]): number | null =>
  records.length === 0 ? null : Math.max(...records.map((record) => record.endMs - record.startMs));

export interface MeasureProps {
  readonly records: readonly OperationRecord[];
  readonly phases: Phases;
  readonly detectionSeconds: number | null;
  readonly dnsChangedSeconds: number | null;
  readonly formulaSeconds: number | null;
  readonly replicationAgeMs: number | null;
  /** Acknowledged writes that no region has: when they were acknowledged. */
  readonly lostAckMs: readonly number[];
}

export const measure = ({ records, phases, lostAckMs, ...given }: MeasureProps): Measured => {
  const { faultMs, repairMs, baselineMs, servingMs } = phases;
  const of = (kind: CallerKind) => records.filter((record) => record.kind === kind);
  const since = (kind: CallerKind) => of(kind).filter((record) => record.endMs >= faultMs);
  return {
    detectionSeconds: given.detectionSeconds,
    dnsChangedSeconds: given.dnsChangedSeconds,
    formulaSeconds: given.formulaSeconds,
    rtoSeconds: byKind((kind) => (of(kind).length === 0 ? null : rtoSeconds(of(kind), faultMs, repairMs))),
    failedRequests: byKind((kind) => since(kind).filter(failedOf).length),
    failedAfterRepair: byKind((kind) => since(kind).filter((record) => failedOf(record) && record.startMs >= repairMs).length),
    slowestMs: byKind((kind) => slowestMs(since(kind).filter((record) => record.startMs < repairMs))),
    normalSlowestMs: byKind((kind) => slowestMs(of(kind).filter((record) => record.startMs >= baselineMs && record.endMs < faultMs))),
    missedReads: byKind((kind) => since(kind).filter((record) => record.missed).length),
    replicationAgeMs: given.replicationAgeMs,
    rpo: { writes: lostAckMs.length, milliseconds: lostAckMs.length === 0 ? 0 : Math.max(0, ...lostAckMs.map((ackMs) => faultMs - ackMs)) },
    rebuildSeconds: servingMs === null ? null : (servingMs - repairMs) / 1_000,
  };
};

export interface JudgeProps {
  readonly measured: Measured;
  readonly ledger: RegionLossReport['ledger'];
  readonly objectives: Objectives;
  /** The region's state was gone: writes that were not replicated may be lost, up to the objective. */
  readonly statelost: boolean;
  /** Without a shared name nobody follows it. */
  readonly dns: boolean;
}

/** Every objective with what was measured. */
export const judge = ({ measured, ledger, objectives, statelost, dns }: JudgeProps): readonly Verdict[] => {
  const { rtoSeconds: rto, formulaSeconds: formula, slowestMs: slowest, normalSlowestMs: normal, rpo } = measured;
  const extraMs = slowest.client === null || normal.client === null ? null : Math.max(0, slowest.client - normal.client);
  const ratio = rto.dns === null || formula === null ? null : rto.dns / formula;
  const { min, max } = objectives.formulaRatio;
  return [
    ...(dns
      ? [
          atMost('callers by DNS: recovered after', 's', objectives.rtoSeconds.dns, rto.dns),
          {
            name: 'callers by DNS: measured / computed',
            unit: 'ratio' as const,
            min,
            max,
            measured: ratio,
            passed: ratio !== null && ratio >= min && ratio <= max,
          },
        ]
      : []),
    atMost('failover client: recovered after', 's', objectives.rtoSeconds.client, rto.client),
    atMost('failover client: failed requests', 'requests', objectives.failedRequests.client, measured.failedRequests.client),
    atMost('failover client: added to the slowest', 'ms', objectives.slowestExtraMs.client, extraMs),
    statelost
      ? atMost('oldest acknowledged write lost for good', 'ms', objectives.rpoMilliseconds, rpo.milliseconds)
      : atMost('acknowledged writes lost for good', 'writes', 0, rpo.writes),
    ...judgeLedger(ledger),
  ];
};

export const atMost = (name: string, unit: Verdict['unit'], max: number, value: number | null): Verdict => ({
  name,
  unit,
  min: null,
  max,
  measured: value,
  passed: value !== null && value <= max,
});

export const atLeast = (name: string, unit: Verdict['unit'], min: number, value: number | null): Verdict => ({
  name,
  unit,
  min,
  max: null,
  measured: value,
  passed: value !== null && value >= min,
});

/** What holds whatever is broken, but for what is lost with a region. */
export const judgeLedger = ({ missing, duplicates, oversold }: RegionLossReport['ledger']): readonly Verdict[] => [
  atMost('acknowledged writes a region lacks', 'writes', 0, missing),
  atMost('orders that hold stock twice', 'orders', 0, duplicates),
  atMost('stock sold beyond what was held', 'units', 0, oversold),
];

/** A request of a steady system takes no longer: a health checker waits 2 s. */
const STEADY_MS = 1_000;

/**
 * Whether nothing was wrong from `fromMs` on: no request failed or was slow, no check turned. A system that is not steady
 * has half failed already, and so fails over sooner, or later, than it should.
 */
export const steady = (records: readonly OperationRecord[], events: readonly TargetEvent[], fromMs: number): boolean => {
  const recent = records.filter((record) => record.endMs >= fromMs);
  const well = (record: OperationRecord): boolean => !failedOf(record) && record.endMs - record.startMs <= STEADY_MS;
  return recent.length > 0 && recent.every(well) && !events.some((event) => event.kind === 'check' && event.atMs >= fromMs);
};

/** Whether callers of every kind have recovered, as far as `nowMs`: no failure for the calm time. */
export const calm = (records: readonly OperationRecord[], faultMs: number, nowMs: number): boolean =>
  CALLER_KINDS.every((kind) => {
    const own = records.filter((record) => record.kind === kind);
    return own.length === 0 || rtoSeconds(own, faultMs, nowMs) !== null;
  });
