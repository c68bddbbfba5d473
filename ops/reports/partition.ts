/** How a partition is told. Pure. */
import { beforeBrief, beforeStory, beforeTable, beforeText } from './broken.ts';
import type { PartitionReport } from './report.ts';
import type { Telling } from './telling.ts';
import { known, plural, quantity } from './words.ts';

export const tellPartition = (report: PartitionReport): Telling => {
  const { measured, phases, load, ledger, regions } = report;
  const { conflicts, broken, failedRequests } = measured;
  const apartSeconds = (phases.healMs - phases.partitionMs) / 1_000;
  const facts = [
    ['Regions did not hear of each other for', quantity(apartSeconds, 's')],
    ['Conflicts made', String(conflicts.length)],
    ['Regions agreed on them after', known(measured.agreedSeconds, 's', '\u2013')],
    ['Items of the table held against the rules', String(measured.tableItems)],
    ['Rules that do not hold', broken.length === 0 ? 'none' : String(broken.length)],
    ['Rules that did not hold before the drill', beforeText(measured.brokenBefore)],
  ] as const;
  return {
    title: `Partition: ${regions.join(', ')}`,
    headline: `partition of ${regions.join(' and ')}`,
    labels: [],
    story: story(report, apartSeconds),
    zero: { atMs: phases.partitionMs, name: 'replication was paused' },
    marks: report.events
      .filter(({ kind }) => kind === 'fault' || kind === 'repair' || kind === 'recovered')
      .map((event) => ({ second: event.sinceFaultSeconds, label: event.detail, strong: event.kind === 'fault' })),
    limits: limits(report, apartSeconds),
    ceilings: [],
    span: { from: 0, to: apartSeconds, name: 'regions are apart' },
    brief: [
      ...facts.map(([name, value]) => [name.replace(/^[A-Z]/, (letter) => letter.toLowerCase()), value] as const),
      ...waysOf(report).map(([kind, how, count]) => [`${kind} (${count})`, how] as const),
      ...wrongOf(report).map((each) => ['WRONG', each] as const),
      ...beforeBrief(measured.brokenBefore),
      ['acknowledged writes', String(ledger.acknowledged)],
    ],
    callers: [
      ['Requests', (kind) => String(load.requests[kind])],
      ['Failed while regions were apart', (kind) => String(failedRequests[kind])],
      ['Answers that contradict what was acknowledged', (kind) => String(measured.wrongAnswers[kind])],
      ['Acknowledged things not found when read', (kind) => String(measured.missedReads[kind])],
    ],
    facts,
    tables: [
      { title: 'Conflicts, and how they were resolved', head: ['Conflict', 'Resolved', 'Times'], rows: waysOf(report) },
      ...(wrongOf(report).length === 0 ? [] : [{ title: 'What is wrong', head: ['What'], rows: wrongOf(report).map((each) => [each]) }]),
      ...beforeTable(measured.brokenBefore),
    ],
    definitions: [
      ['Conflict', 'the same thing done in two regions on purpose, which both took because neither heard of the other.'],
      [
        '',
        'The rules are held against all items of every region, read strongly consistently and apart from the code that answers callers.',
      ],
    ],
  };
};

/** Kind, how it was resolved, how often. */
const waysOf = ({ measured }: PartitionReport): readonly (readonly [string, string, string])[] =>
  [...Map.groupBy(measured.conflicts, ({ kind, how }) => `${kind}\n${how}`)].map(([key, group]) => {
    const [kind = '', how = ''] = key.split('\n');
    return [kind, how, String(group.length)];
  });

const WRONG_SHOWN_MAX = 20;

const wrongOf = ({ measured }: PartitionReport): readonly string[] =>
  [
    ...measured.conflicts.flatMap(({ kind, what, wrong }) => (wrong === null ? [] : [`${kind} ${what}: ${wrong}`])),
    ...measured.broken.map(({ rule, detail }) => `${rule}: ${detail}`),
  ].slice(0, WRONG_SHOWN_MAX);

const story = ({ load, measured, ledger }: PartitionReport, apartSeconds: number): readonly string[] => {
  const { dns, client, region } = measured.failedRequests;
  const wrong = measured.conflicts.filter((each) => each.wrong !== null).length;
  return [
    `Under ${load.ratePerSecond} requests a second the regions did not hear of each other for ${quantity(apartSeconds, 's')}; ${plural(dns + client + region, 'request')} failed meanwhile.`,
    `${plural(measured.conflicts.length, 'conflict')} ${measured.conflicts.length === 1 ? 'was' : 'were'} made on purpose; ${wrong === 0 ? 'all ended as they must' : `${wrong} ended otherwise than they must`}.`,
    `${measured.broken.length === 0 ? 'Every rule holds' : `${plural(measured.broken.length, 'rule')} ${measured.broken.length === 1 ? 'does' : 'do'} not hold`} on the tables of all regions.`,
    ...(measured.agreedSeconds === null ? ['The regions did not agree on every conflict in the time given.'] : []),
    ...beforeStory(measured.brokenBefore),
    ledger.lost.length === 0
      ? `None of ${ledger.acknowledged} acknowledged writes was lost.`
      : `${ledger.lost.length} of ${ledger.acknowledged} acknowledged writes were lost for good.`,
  ];
};

/** Until when regions were to agree. */
const limits = ({ objectives, measured }: PartitionReport, apartSeconds: number): Telling['limits'] => {
  const { agreedSeconds } = measured;
  const missed = agreedSeconds === null || agreedSeconds > objectives.agreeSeconds;
  const label = `${missed ? 'missed: ' : ''}to agree by ${quantity(objectives.agreeSeconds, 's')} after`;
  return [{ second: apartSeconds + objectives.agreeSeconds, missed, label }];
};
