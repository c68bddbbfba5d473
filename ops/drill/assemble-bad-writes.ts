/** Puts the report of bad writes together from its course. Pure. */
import type { BadWritesReport, ReportEvent } from '../reports/report.ts';
import type { RestoreReport } from '../restore/report.ts';
import type { TargetEvent } from '../targets/target.ts';
import { type AtRestSetting, believed, byKind, envelope, eventAt, type RulesHeld, rulesHeld, timeline } from './assemble.ts';
import type { BadWrite } from './faulty-client.ts';
import type { Reckoning } from './frame.ts';
import { atLeast, atMost, judgeLedger } from './measure.ts';
import type { OperationRecord } from './operations.ts';
import type { Scene } from './scene.ts';
import { ledgerOf } from './settle.ts';

/** Moments of the drill, milliseconds since 1970. */
export interface BadWritesCourse {
  readonly startedAt: string;
  readonly loadMs: number;
  readonly baselineMs: number;
  readonly pointMs: number;
  readonly corruptedMs: number;
  readonly repairMs: number;
  readonly repairedMs: number;
  readonly endMs: number;
}

export interface BadWritesFindings extends Reckoning, RulesHeld {
  readonly events: readonly TargetEvent[];
  readonly damage: readonly BadWrite[];
  readonly spreadSeconds: number | null;
  readonly harmed: number;
  readonly restored: RestoreReport | undefined;
  readonly notAsBefore: number;
}

export const assembleBadWrites = (
  { target, config, ratePerSecond }: AtRestSetting,
  scene: Pick<Scene, 'records' | 'callers'>,
  course: BadWritesCourse,
  findings: BadWritesFindings,
): BadWritesReport => {
  const { startedAt, ...phases } = course;
  const objectives = config.objectives.badWrites;
  const ledger = ledgerOf(findings.acknowledged, findings.settled, phases.repairedMs);
  const measured = measuredOf(scene.records, course, findings);
  const verdicts = [
    atLeast('bad writes that were in every region', 'writes', 1, measured.spreadSeconds === null ? null : measured.damage.length),
    atLeast('acknowledged writes that they took away', 'writes', 1, measured.harmedWrites),
    atMost('newest acknowledged write that is not back', 's', objectives.rpoSeconds, measured.rpo.seconds),
    atMost('acknowledged writes lost for good', 'writes', 0, measured.rpo.writes),
    atMost('from the first bad write until all was repaired', 's', objectives.repairSeconds, measured.repairSeconds),
    atMost('harmed facts that are not as before', 'items', 0, measured.notAsBefore),
    atMost('requests that failed after the repair', 'requests', objectives.failedRequests, total(measured.failedAfter)),
    atMost('answers after the repair that contradict what was acknowledged', 'answers', 0, total(measured.wrongAfter)),
    atMost('rules that do not hold on the tables', 'rules', 0, measured.broken.length),
    ...judgeLedger(ledger),
  ];
  return believed({
    drill: 'bad-writes',
    ...envelope({ target, ratePerSecond, scene, startedAt, ledger, verdicts, failures: findings.failures }),
    phases,
    events: timeline({ ratePerSecond, phases, zeroMs: phases.corruptedMs, ...findings }, ownEvents(phases, measured)),
    objectives,
    measured,
  });
};

const total = ({ dns, client }: { readonly dns: number; readonly client: number }): number => dns + client;

const measuredOf = (
  records: readonly OperationRecord[],
  { corruptedMs, repairedMs }: BadWritesCourse,
  findings: BadWritesFindings,
): BadWritesReport['measured'] => {
  const { damage, spreadSeconds, harmed, restored, notAsBefore, settled } = findings;
  const bad = records.filter(({ outcome, wrong }) => outcome !== 'ok' || wrong !== null);
  const after = bad.filter(({ startMs }) => startMs >= repairedMs);
  const { lost } = settled.comparison;
  const { facts } = restored?.repaired ?? {};
  return {
    damage: damage.map(({ kind, region, pk, sk }) => ({ kind, region, pk, sk, writer: sk.split('#').at(-1) ?? '' })),
    spreadSeconds,
    harmedWrites: harmed,
    noticed: byKind((kind) => bad.filter((each) => each.kind === kind && each.endMs >= corruptedMs && each.startMs < repairedMs).length),
    failedAfter: byKind((kind) => after.filter((each) => each.kind === kind && each.outcome !== 'ok').length),
    wrongAfter: byKind((kind) => after.filter((each) => each.kind === kind && each.wrong !== null).length),
    rpo: {
      writes: lost.length,
      seconds: lost.length === 0 ? 0 : Math.max(0, (repairedMs - Math.max(...lost.map((write) => write.ackMs))) / 1_000),
    },
    repairSeconds: restored?.whole ? (repairedMs - corruptedMs) / 1_000 : null,
    notAsBefore,
    putBack: {
      facts: facts === undefined ? 0 : facts.orders + facts.stock + facts.records,
      rows: restored?.repaired?.rows.length ?? 0,
      left: restored?.repaired?.left.length ?? 0,
    },
    ...rulesHeld(findings),
  };
};

const ownEvents = (
  { pointMs, corruptedMs, repairMs, repairedMs }: BadWritesReport['phases'],
  { damage, spreadSeconds }: BadWritesReport['measured'],
): readonly ReportEvent[] => {
  const event = eventAt(corruptedMs);
  return [
    event('repair', pointMs, 'the point that is restored'),
    event('fault', corruptedMs, `a faulty client makes ${damage.length} bad writes`),
    ...(spreadSeconds === null ? [] : [event('link', corruptedMs + spreadSeconds * 1_000, 'they are in every region')]),
    event('repair', repairMs, 'the restore begins'),
    event('recovered', repairedMs, 'everything is repaired in every region'),
  ];
};
