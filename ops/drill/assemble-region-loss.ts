/** Puts the report of a lost region together from its course. Pure. */
import { formulaSeconds, type Loss } from '../../functions/contract/failover-time.ts';
import type { Config } from '../../infra/config.ts';
import type { RegionLossReport, ReportEvent } from '../reports/report.ts';
import type { LossKind, Target, TargetEvent } from '../targets/target.ts';
import { believed, envelope, eventAt, timeline } from './assemble.ts';
import type { Reckoning } from './frame.ts';
import { type AnswerSeen, detectionSeconds, dnsChangedSeconds, judge, measure } from './measure.ts';
import { CALLER_KINDS } from './operations.ts';
import type { Scene } from './scene.ts';
import { ledgerOf } from './settle.ts';

/** Moments of a drill, milliseconds since 1970, and what was seen at the fault. */
export interface Course {
  readonly startedAt: string;
  readonly loadMs: number;
  readonly baselineMs: number;
  readonly faultMs: number;
  readonly repairMs: number;
  /** Null: it does not. */
  readonly servingMs: number | null;
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
  const own = ownEvents({ region, how }, scene.answers, phases, measured);
  return believed({
    drill: 'region-loss',
    how,
    region,
    ...envelope({ target, ratePerSecond, scene, startedAt, ledger, verdicts, failures: findings.failures }),
    phases,
    events: timeline({ ratePerSecond, phases, zeroMs: faultMs, settled, events }, own),
    objectives,
    measured,
  });
};

/** The last answer near the region before the fault: its own addresses. */
export const addressesBefore = (answers: readonly AnswerSeen[], faultMs: number): readonly string[] =>
  answers.findLast((answer) => answer.atMs < faultMs && answer.addresses.length > 0)?.addresses ?? [];

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
  { region, how }: Pick<Setting, 'region' | 'how'>,
  answers: readonly AnswerSeen[],
  { faultMs, repairMs, servingMs }: RegionLossReport['phases'],
  { rtoSeconds }: RegionLossReport['measured'],
): readonly ReportEvent[] => {
  const event = eventAt(faultMs);
  const recovered = CALLER_KINDS.flatMap((kind) => {
    const seconds = rtoSeconds[kind];
    return seconds ? [event('recovered', faultMs + seconds * 1_000, RECOVERED[kind])] : [];
  });
  return [
    event('fault', faultMs, `lost: ${how}`, region),
    ...answers
      .filter((answer) => answer.atMs >= faultMs)
      .map((answer) => event('answer', answer.atMs, `the shared name leads to ${answer.addresses.join(', ') || 'nothing'}`, region)),
    ...recovered,
    event('repair', repairMs, 'repair begins', region),
    ...(servingMs === null ? [] : [event('region', servingMs, 'serves again', region)]),
  ];
};
