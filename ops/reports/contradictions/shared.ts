/** What the numbers of every report must have to do with each other. Pure. */
import type { Report, Verdict } from '../report.ts';
import { LOST_LISTED_MAX } from '../schema/parts.ts';

/** A rule, and what is wrong where it does not hold. */
export type Rule = readonly [holds: boolean, contradiction: string];

/** Clocks of the machine and of what it watches differ, and timers come early by less. */
export const CLOCK_MS = 1_000;
/** Numbers that were computed in another order. */
const ROUNDING = 1e-6;

export const same = (a: number, b: number): boolean => Math.abs(a - b) <= ROUNDING;
export const KINDS = ['dns', 'client'] as const;

/** As they follow each other, those of all drills. */
const MOMENTS: readonly string[] = [
  'loadMs',
  'baselineMs',
  ...['pointMs', 'deliveredMs', 'faultMs', 'partitionMs', 'corruptedMs'],
  ...['repairMs', 'healMs', 'endedMs', 'servingMs', 'repairedMs'],
  'endMs',
];

/** Each of the moments not before the one that comes before it. */
const inOrder = (phases: Readonly<Record<string, number | null>>): readonly Rule[] => {
  const moments = MOMENTS.flatMap((name) => {
    const atMs = phases[name] ?? null;
    return atMs === null ? [] : [{ name, atMs }];
  });
  return moments.slice(1).map(({ name, atMs }, index) => {
    const before = moments[index];
    return [before === undefined || atMs >= before.atMs - CLOCK_MS, `${name} is before ${before?.name}`] as const;
  });
};

/** What a verdict measured must be what the report says of it. */
export const measures = ({ verdicts }: Pick<Report, 'verdicts'>, values: Readonly<Record<string, number | null>>): readonly Rule[] =>
  verdicts.flatMap(({ name, measured }) => {
    const value = values[name];
    if (value === undefined) return [];
    const agrees = measured === null || value === null ? measured === value : same(measured, value);
    return [[agrees, `"${name}" measured ${measured}, and the report says ${value}`] as const];
  });

/** Of more, not all are named. */
export const allNamed = ({ lost }: Report['ledger']): boolean => lost.length < LOST_LISTED_MAX;

export const lostAreNamed = (ledger: Report['ledger'], writes: number): Rule => {
  const named = ledger.lost.length;
  return [writes === named || (!allNamed(ledger) && writes > named), `${writes} writes are lost, and ${named} are named`];
};

/** @param zeroMs from when seconds are counted; @param agesMs when lost writes have the age that they are listed with */
export const sharedRules = (report: Report, zeroMs: number, agesMs = zeroMs): readonly Rule[] => [
  ...report.verdicts.map(verdictRule),
  [report.verdicts.length > 0, 'no objective was looked at'],
  [
    report.passed === ((report.failures ?? []).length === 0 && report.verdicts.every(({ passed }) => passed)),
    report.passed ? 'passed with an objective that was missed' : 'failed with every objective met',
  ],
  ...inOrder(report.phases),
  ...eventRules(report, zeroMs),
  ...ledgerRules(report, agesMs),
  ...measures(report, {
    'acknowledged writes a region lacks': report.ledger.missing,
    'orders that hold stock twice': report.ledger.duplicates,
    'stock sold beyond what was held': report.ledger.oversold,
  }),
  ...KINDS.map((kind): Rule => [report.load.callers[kind] > 0 || report.load.requests[kind] === 0, `requests of no ${kind} callers`]),
];

const verdictRule = ({ name, min, max, measured, passed }: Verdict): Rule => {
  const met = measured !== null && (min === null || measured >= min) && (max === null || measured <= max);
  return [
    passed === met && (min !== null || max !== null),
    `"${name}" ${passed ? 'passed' : 'failed'} with ${measured} of ${min ?? ''}..${max ?? ''}`,
  ];
};

const eventRules = ({ events, phases, ledger }: Report, zeroMs: number): readonly Rule[] => {
  const lastMs = Math.max(phases.endMs, ...events.flatMap(({ kind, atMs }) => (kind === 'ledger' ? [atMs] : [])));
  const own = events.filter(({ kind }) => kind === 'fault' || kind === 'recovered' || kind === 'load');
  return [
    ...events.map(
      ({ atMs, sinceFaultSeconds, detail }): Rule => [same(sinceFaultSeconds, (atMs - zeroMs) / 1_000), `"${detail}" has two times`],
    ),
    ...events.map(({ atMs, detail }): Rule => [atMs >= phases.loadMs - CLOCK_MS, `"${detail}" is before the load`]),
    ...own.map(({ atMs, detail }): Rule => [atMs <= lastMs + CLOCK_MS, `"${detail}" is after the drill`]),
    [events.every(({ atMs }, index) => atMs >= (events[index - 1]?.atMs ?? -Infinity)), 'events are not in the order of time'],
    [
      ledger.settledSeconds !== null || events.every(({ kind }) => kind !== 'ledger'),
      'an event says that the ledgers agree, which they never did',
    ],
  ];
};

const ledgerRules = ({ ledger, regions, phases, failures = [] }: Report, agesMs: number): readonly Rule[] => {
  const { acknowledged, missing, duplicates, missingByRegion, lost, settledSeconds } = ledger;
  const lacking = Object.values(missingByRegion).map((count) => count - lost.length);
  return [
    [lost.length <= acknowledged, `${lost.length} writes are lost of ${acknowledged} that were acknowledged`],
    [Object.values(missingByRegion).every((count) => count <= acknowledged), 'a region lacks more than was acknowledged'],
    [Object.keys(missingByRegion).every((region) => regions.includes(region)), 'a region lacks writes that is none of the system'],
    [lacking.every((count) => count >= 0), 'a region has what no region has'],
    [!allNamed(ledger) || missing >= Math.max(0, ...lacking), `one region alone lacks more than the ${missing} that regions lack`],
    [
      missing <= lacking.reduce((sum, count) => sum + Math.max(0, count), 0),
      `regions lack fewer than the ${missing} that they are said to lack`,
    ],
    [
      // What could not be compared is told as such.
      failures.length > 0 || (settledSeconds === null) === missing + duplicates > 0,
      settledSeconds === null ? 'the ledgers agree, and never did' : 'the ledgers agreed, and do not',
    ],
    [lost.every(({ ageMs }) => agesMs - ageMs <= phases.endMs + CLOCK_MS), 'a lost write was acknowledged after the drill'],
    [lost.every(({ region }) => regions.includes(region)), 'a lost write was acknowledged by a region that is none of the system'],
  ];
};
