/** Puts the report of a partition together from its course. Pure. */
import type { PartitionReport, ReportEvent } from '../reports/report.ts';
import type { TargetEvent } from '../targets/target.ts';
import { type AtRestSetting, believed, byKind, envelope, eventAt, type RulesHeld, rulesHeld, timeline } from './assemble.ts';
import type { Judgement } from './conflict-judges.ts';
import type { Conflict } from './conflicts.ts';
import type { Reckoning } from './frame.ts';
import { atMost, judgeLedger } from './measure.ts';
import type { OperationRecord } from './operations.ts';
import type { Scene } from './scene.ts';
import { ledgerOf } from './settle.ts';

/** Moments of the drill, milliseconds since 1970. */
export interface PartitionCourse {
  readonly startedAt: string;
  readonly loadMs: number;
  readonly baselineMs: number;
  readonly partitionMs: number;
  readonly healMs: number;
  readonly endMs: number;
  readonly agreedSeconds: number | null;
}

export interface PartitionFindings extends Reckoning, RulesHeld {
  readonly events: readonly TargetEvent[];
  readonly judged: readonly (Omit<Conflict, 'judge'> & Judgement)[];
  /** Requests of the drill itself. */
  readonly own: readonly OperationRecord[];
}

export const assemblePartition = (
  { target, config, ratePerSecond }: AtRestSetting,
  scene: Pick<Scene, 'records' | 'callers'>,
  course: PartitionCourse,
  findings: PartitionFindings,
): PartitionReport => {
  const { startedAt, agreedSeconds, ...phases } = course;
  const objectives = config.objectives.partition;
  const ledger = ledgerOf(findings.acknowledged, findings.settled, phases.partitionMs);
  const measured = measuredOf(scene.records, course, findings);
  const { dns, client, region } = measured.failedRequests;
  const verdicts = [
    atMost('requests that failed while regions were apart', 'requests', objectives.failedRequests, dns + client + region),
    atMost('answers that contradict what was acknowledged', 'answers', 0, measured.wrongAnswers.dns + measured.wrongAnswers.client),
    atMost('regions agree on all conflicts after', 's', objectives.agreeSeconds, agreedSeconds),
    atMost(
      'conflicts that ended otherwise than they must',
      'conflicts',
      0,
      measured.conflicts.filter((each) => each.wrong !== null).length,
    ),
    atMost('rules that do not hold on the tables', 'rules', 0, measured.broken.length),
    atMost('acknowledged writes lost for good', 'writes', 0, ledger.lost.length),
    ...judgeLedger(ledger),
  ];
  return believed({
    drill: 'partition',
    ...envelope({ target, ratePerSecond, scene, startedAt, ledger, verdicts, failures: findings.failures }),
    phases,
    events: timeline({ ratePerSecond, phases, zeroMs: phases.partitionMs, ...findings }, ownEvents(phases, measured)),
    objectives,
    measured,
  });
};

const measuredOf = (
  records: readonly OperationRecord[],
  { baselineMs, partitionMs, healMs, agreedSeconds }: PartitionCourse,
  findings: PartitionFindings,
): PartitionReport['measured'] => {
  const { judged, own } = findings;
  const failed = [...records, ...own].filter(({ outcome, startMs, endMs }) => outcome !== 'ok' && endMs >= partitionMs && startMs < healMs);
  const failedBy = (kind: OperationRecord['kind']): number => failed.filter((record) => record.kind === kind).length;
  return {
    failedRequests: { dns: failedBy('dns'), client: failedBy('client'), region: failedBy('region') },
    wrongAnswers: byKind((kind) => records.filter((each) => each.kind === kind && each.wrong !== null && each.endMs >= baselineMs).length),
    missedReads: byKind((kind) => records.filter((each) => each.kind === kind && each.missed && each.endMs >= partitionMs).length),
    agreedSeconds,
    conflicts: judged.map(({ kind, what, regions, records: made, how, wrong }) => ({
      kind,
      what,
      regions: [...regions],
      answers: made.map(({ near, operation, status }) => ({ region: near, operation, status })),
      how,
      wrong,
    })),
    ...rulesHeld(findings),
  };
};

const ownEvents = (
  { partitionMs, healMs }: PartitionReport['phases'],
  { agreedSeconds, conflicts }: PartitionReport['measured'],
): readonly ReportEvent[] => {
  const event = eventAt(partitionMs);
  return [
    event('fault', partitionMs, 'replication is paused between all regions'),
    event('repair', healMs, `replication is resumed, after ${conflicts.length} conflicts`),
    ...(agreedSeconds === null ? [] : [event('recovered', healMs + agreedSeconds * 1_000, 'the regions agree on every conflict')]),
  ];
};
