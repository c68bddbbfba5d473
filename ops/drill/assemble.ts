/** What the reports of all drills have in common is put together here. Pure. */
import type { Config } from '../../infra/config.ts';
import { contradictionsOf } from '../reports/contradictions/contradictions.ts';
import type { Report, ReportEvent, Verdict } from '../reports/report.ts';
import { alarmNews } from '../targets/alarm-news.ts';
import type { Target, TargetEvent } from '../targets/target.ts';
import type { Broken } from './invariants.ts';
import { atMost } from './measure.ts';
import type { CallerKind } from './operations.ts';
import type { Scene } from './scene.ts';
import type { Settled } from './settle.ts';

/** A drill that is held against the tables as they are at rest. */
export interface AtRestSetting {
  readonly target: Pick<Target, 'kind' | 'regions'>;
  readonly config: Pick<Config, 'objectives'>;
  readonly ratePerSecond: number;
}

/** The rules, held against the tables. */
export interface RulesHeld {
  readonly broken: readonly Broken[];
  /** Rules that did not hold before the drill began. */
  readonly brokenBefore: readonly Broken[];
  /** Of a region's data table. */
  readonly items: number;
}

export const rulesHeld = ({ items, broken, brokenBefore }: RulesHeld) => ({
  tableItems: items,
  broken: broken.map((each) => ({ ...each })),
  brokenBefore: brokenBefore.map((each) => ({ ...each })),
});

type Envelope = Pick<Report, 'version' | 'target' | 'regions' | 'startedAt' | 'load' | 'ledger' | 'verdicts' | 'passed' | 'failures'>;

/** What every drill reports, whatever it broke. */
export const envelope = ({
  target,
  ratePerSecond,
  scene: { callers, records },
  startedAt,
  ledger,
  verdicts,
  failures = [],
}: {
  readonly target: Pick<Target, 'kind' | 'regions'>;
  readonly ratePerSecond: number;
  readonly scene: Pick<Scene, 'records' | 'callers'>;
  readonly startedAt: string;
  readonly ledger: Report['ledger'];
  readonly verdicts: readonly Verdict[];
  readonly failures?: readonly string[] | undefined;
}): Envelope => ({
  version: 1,
  target: target.kind,
  regions: target.regions.map((each) => each.name),
  startedAt,
  load: {
    ratePerSecond,
    callers: byKind((kind) => callers.filter((caller) => caller.kind === kind).length),
    requests: byKind((kind) => records.filter((record) => record.kind === kind).length),
  },
  ledger,
  verdicts: [...verdicts],
  passed: failures.length === 0 && verdicts.every((each) => each.passed),
  ...(failures.length === 0 ? {} : { failures: [...failures] }),
});

/** A report whose own numbers contradict each other proves nothing: it does not pass, and says so first. */
export const believed = <R extends Report>(report: R): R => {
  const contradictions = contradictionsOf(report);
  if (contradictions.length === 0) return report;
  const verdicts = [...report.verdicts, atMost('numbers of this report that contradict each other', 'items', 0, contradictions.length)];
  return { ...report, verdicts, passed: false, contradictions: [...contradictions] };
};

export const byKind = (of: (kind: CallerKind) => number) => ({ dns: of('dns'), client: of('client') });

/** In the order of time: the load, a drill's `own` events, what the target saw, and when the ledgers agreed. */
export const timeline = (
  {
    ratePerSecond,
    phases: { loadMs, baselineMs, endMs },
    zeroMs,
    loadEnds = 'load ends',
    settled,
    events,
  }: {
    readonly ratePerSecond: number;
    readonly phases: Pick<Report['phases'], 'loadMs' | 'baselineMs' | 'endMs'>;
    /** From when seconds are counted. */
    readonly zeroMs: number;
    readonly loadEnds?: string;
    readonly settled: Pick<Settled, 'seconds'>;
    readonly events: readonly TargetEvent[];
  },
  own: readonly ReportEvent[],
): ReportEvent[] => {
  const event = eventAt(zeroMs);
  return [
    event('load', loadMs, `load begins: ${ratePerSecond} requests a second`),
    event('load', baselineMs, 'baseline begins'),
    ...own,
    event('load', endMs, loadEnds),
    ...(settled.seconds === null ? [] : [event('ledger', endMs + settled.seconds * 1_000, 'the ledgers of all regions agree')]),
    ...targetEvents(events, loadMs, zeroMs),
  ].sort((a, b) => a.atMs - b.atMs);
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
