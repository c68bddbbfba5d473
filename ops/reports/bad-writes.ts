/** How bad writes, and their repair, are told. Pure. */
import { beforeBrief, beforeStory, beforeTable, beforeText } from './broken.ts';
import type { BadWritesReport } from './report.ts';
import type { Telling } from './telling.ts';
import { known, plural, quantity } from './words.ts';

export const tellBadWrites = (report: BadWritesReport): Telling => {
  const { measured, phases, load, ledger, regions } = report;
  const facts = [
    ['Bad writes', String(measured.damage.length)],
    ['In every region after', known(measured.spreadSeconds, 's', '\u2013')],
    ['Acknowledged writes that no region had any more', String(measured.harmedWrites)],
    ['The point restored, before the first bad write', quantity((phases.corruptedMs - phases.pointMs) / 1_000, 's')],
    ['From the first bad write until all was repaired', known(measured.repairSeconds, 's', '\u2013')],
    ['of that, the repair itself', quantity((phases.repairedMs - phases.repairMs) / 1_000, 's')],
    ['Facts put back, rows computed anew', `${measured.putBack.facts}, ${measured.putBack.rows}`],
    ['Acknowledged writes not back', String(measured.rpo.writes)],
    ['Items of the table held against the rules', String(measured.tableItems)],
    ['Rules that did not hold before the drill', beforeText(measured.brokenBefore)],
  ] as const;
  return {
    title: `Bad writes: ${regions.join(', ')}`,
    headline: `bad-writes in ${regions.join(' and ')}`,
    labels: [],
    story: story(report),
    zero: { atMs: phases.corruptedMs, name: 'the first bad write' },
    marks: report.events
      .filter(({ kind }) => kind === 'fault' || kind === 'repair' || kind === 'recovered')
      .map((event) => ({ second: event.sinceFaultSeconds, label: event.detail, strong: event.kind === 'fault' })),
    limits: limits(report),
    ceilings: [],
    span: { from: 0, to: measured.repairSeconds ?? (phases.endMs - phases.corruptedMs) / 1_000, name: 'the tables are corrupt' },
    brief: [
      ...facts.map(([name, value]) => [name.replace(/^[A-Z]/, (letter) => letter.toLowerCase()), value] as const),
      ...measured.broken.slice(0, BROKEN_SHOWN_MAX).map(({ rule, detail }) => ['WRONG', `${rule}: ${detail}`] as const),
      ...beforeBrief(measured.brokenBefore),
      ['acknowledged writes', String(ledger.acknowledged)],
    ],
    callers: [
      ['Requests', (kind) => String(load.requests[kind])],
      ['Failed or answered wrong until the repair had ended', (kind) => String(measured.noticed[kind])],
      ['Failed afterwards', (kind) => String(measured.failedAfter[kind])],
      ['Answered wrong afterwards', (kind) => String(measured.wrongAfter[kind])],
    ],
    facts,
    tables: [
      {
        title: 'Bad writes',
        head: ['What', 'Times'],
        rows: [...Map.groupBy(measured.damage, ({ kind }) => kind)].map(([kind, group]) => [kind, String(group.length)]),
      },
      ...(measured.broken.length === 0
        ? []
        : [{ title: 'Rules that do not hold', head: ['Rule', 'Where'], rows: measured.broken.map(({ rule, detail }) => [rule, detail]) }]),
      ...beforeTable(measured.brokenBefore),
    ],
    definitions: [
      ['Bad write', 'put into, or deleted from, a real table of one region by a client that asks nobody, and replicated as any other.'],
      ['Not back', 'acknowledged, and not found in any region after the repair, whether it was acknowledged before the point or after.'],
    ],
  };
};

const BROKEN_SHOWN_MAX = 10;

const story = ({ load, measured, ledger }: BadWritesReport): readonly string[] => [
  `Under ${load.ratePerSecond} requests a second a faulty client made ${plural(measured.damage.length, 'bad write')}, which ${measured.spreadSeconds === null ? 'did not reach every region' : `were in every region after ${quantity(measured.spreadSeconds, 's')}`}; ${plural(measured.harmedWrites, 'acknowledged write')} ${measured.harmedWrites === 1 ? 'was' : 'were'} gone everywhere.`,
  measured.repairSeconds === null
    ? 'The restore from the point before did not repair everything.'
    : `Restored from the point before, all was repaired ${quantity(measured.repairSeconds, 's')} after the first of them, while callers went on.`,
  measured.rpo.writes === 0
    ? `None of ${ledger.acknowledged} acknowledged writes is lost.`
    : `${measured.rpo.writes} of ${ledger.acknowledged} acknowledged writes are not back, the newest ${quantity(measured.rpo.seconds, 's')} old.`,
  ...beforeStory(measured.brokenBefore),
];

/** Until when all was to be repaired. */
const limits = ({ measured, objectives }: BadWritesReport): Telling['limits'] => {
  const { repairSeconds: after } = measured;
  const second = objectives.repairSeconds;
  const missed = after === null || after > second;
  return [{ second, missed, label: `${missed ? 'missed: ' : ''}to be repaired by ${quantity(second, 's')}` }];
};
