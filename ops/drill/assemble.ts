/** Puts a drill's report together from its course. Pure. */
import { formulaSeconds, type Loss } from '../../functions/contract/failover-time.ts';
import type { Config } from '../../infra/config.ts';
import type { RegionLossReport, ReportEvent } from '../reports/report.ts';
import { alarmNews } from '../targets/alarm-news.ts';
import type { LossKind, Target, TargetEvent } from '../targets/target.ts';
import type { Reckoning } from './frame.ts';
import { type AnswerSeen, detectionSeconds, dnsChangedSeconds, judge, measure } from './measure.ts';
import { CALLER_KINDS, type CallerKind } from './operations.ts';
import type { Scene } from './scene.ts';
import { ledgerOf } from './settle.ts';

/** Moments of a drill, milliseconds since 1970, and what was seen at the fault. */
export interface Course {
  readonly startedAt: string;
  readonly loadMs: number;
  readonly baselineMs: number;
  readonly faultMs: number;
  readonly repairMs: number;
  readonly servingMs: number;
  readonly endMs: number;
  readonly statelost: boolean;
  readonly replicationAgeMs: number | null;
}

export interface Setting {
  readonly target: Pick<Target, 'kind' | 'regions' | 'dns'>;
  readonly config: Pick<Config, 'health' | 'objectives'>;
  readonly region: string;
  readonly how: LossKind;
  readonly ratePerSecond: number;
}

export interface Findings extends Reckoning {
  readonly events: readonly TargetEvent[];
}

type Seen = Pick<Scene, 'records' | 'answers' | 'callers'>;

export const assembleReport = (
  { target, config, region, how, ratePerSecond }: Setting,
  scene: Seen,
  course: Course,
  findings: Findings,
): RegionLossReport => {
  const { startedAt, replicationAgeMs, statelost, ...phases } = course;
  const { settled, events } = findings;
  const { faultMs } = phases;
  const ledger = ledgerOf(findings.acknowledged, settled, faultMs);
  const measured = measure({
    records: scene.records,
    phases,
    detectionSeconds: detectionSeconds(events, region, faultMs),
    dnsChangedSeconds: dnsChangedSeconds(scene.answers, addressesBefore(scene.answers, faultMs), faultMs),
    formulaSeconds: target.dns ? formulaSeconds(config.health, lossOf(target.kind, how)) : null,
    replicationAgeMs,
    lostAckMs: settled.comparison.lost.map((write) => write.ackMs),
  });
  const { rtoSeconds, failedRequests, slowestExtraMs, rpoMilliseconds, formulaRatio } = config.objectives;
  const objectives = { rtoSeconds, failedRequests, slowestExtraMs, rpoMilliseconds, formulaRatio };
  const verdicts = judge({ measured, ledger, objectives, statelost, dns: target.dns !== undefined });
  return {
    version: 1,
    drill: 'region-loss',
    how,
    region,
    target: target.kind,
    regions: target.regions.map((each) => each.name),
    startedAt,
    load: loadOf(scene, ratePerSecond),
    phases,
    events: [
      ...ownEvents({ region, how, ratePerSecond }, scene.answers, phases, measured, settled.seconds),
      ...targetEvents(events, phases.loadMs, faultMs),
    ].sort((a, b) => a.atMs - b.atMs),
    objectives,
    measured,
    ledger,
    verdicts: [...verdicts],
    passed: verdicts.every((each) => each.passed),
  };
};

/** The last answer near the region before the fault: its own addresses. */
export const addressesBefore = (answers: readonly AnswerSeen[], faultMs: number): readonly string[] =>
  answers.findLast((answer) => answer.atMs < faultMs && answer.addresses.length > 0)?.addresses ?? [];

export const loadOf = ({ callers, records }: Pick<Scene, 'callers' | 'records'>, ratePerSecond: number): RegionLossReport['load'] => ({
  ratePerSecond,
  callers: byKind((kind) => callers.filter((caller) => caller.kind === kind).length),
  requests: byKind((kind) => records.filter((record) => record.kind === kind).length),
});

export const byKind = (of: (kind: CallerKind) => number) => ({ dns: of('dns'), client: of('client') });

/** What the checkers meet: a killed region refuses; a kernel accepts for a frozen one; on AWS, packets vanish. */
const lossOf = (target: Target['kind'], how: LossKind): Loss => {
  if (how === 'kill') return 'refused';
  return target === 'local' ? 'unanswered' : 'unreachable';
};

const RECOVERED = {
  dns: 'callers that follow DNS succeed again for good',
  client: 'callers with the failover client succeed again for good',
} as const;

/** What the drill did and saw. */
const ownEvents = (
  { region, how, ratePerSecond }: Pick<Setting, 'region' | 'how' | 'ratePerSecond'>,
  answers: readonly AnswerSeen[],
  phases: RegionLossReport['phases'],
  measured: RegionLossReport['measured'],
  settledSeconds: number | null,
): readonly ReportEvent[] => {
  const { loadMs, baselineMs, faultMs, repairMs, servingMs, endMs } = phases;
  const event = eventAt(faultMs);
  const recovered = CALLER_KINDS.flatMap((kind) => {
    const seconds = measured.rtoSeconds[kind];
    return seconds ? [event('recovered', faultMs + seconds * 1_000, RECOVERED[kind])] : [];
  });
  return [
    event('load', loadMs, `load begins: ${ratePerSecond} requests a second`),
    event('load', baselineMs, 'baseline begins'),
    event('fault', faultMs, `lost: ${how}`, region),
    ...answers
      .filter((answer) => answer.atMs >= faultMs)
      .map((answer) => event('answer', answer.atMs, `the shared name leads to ${answer.addresses.join(', ') || 'nothing'}`, region)),
    ...recovered,
    event('repair', repairMs, 'repair begins', region),
    ...(servingMs === null ? [] : [event('region', servingMs, 'serves again', region)]),
    event('load', endMs, 'load ends'),
    ...(settledSeconds === null ? [] : [event('ledger', endMs + settledSeconds * 1_000, 'the ledgers of all regions agree')]),
  ];
};

/** What the target saw, but for what the drill tells better itself. */
export const targetEvents = (events: readonly TargetEvent[], loadMs: number, zeroMs: number): readonly ReportEvent[] => {
  const event = eventAt(zeroMs);
  const isNews = alarmNews();
  return events.flatMap((each) => {
    const { kind, atMs, detail, region } = each;
    if (kind === 'fault' || kind === 'repair' || kind === 'answer' || atMs < loadMs) return [];
    if (kind === 'alarm' && !isNews(each)) return [];
    return [event(kind, atMs, detail, region)];
  });
};

/** @param zeroMs from when seconds are counted */
export const eventAt =
  (zeroMs: number) =>
  (kind: ReportEvent['kind'], atMs: number, detail: string, region: string | null = null): ReportEvent => ({
    atMs,
    sinceFaultSeconds: (atMs - zeroMs) / 1_000,
    kind,
    region,
    detail,
  });
