/** The verdict for a terminal: aligned, without colour, readable in a log. Pure. */

import { asText } from '../print.ts';
import { table } from '../table.ts';
import type { Report } from './report.ts';
import { tell } from './tell.ts';
import { allowedOf, measuredOf } from './words.ts';

const LOST_SHOWN_MAX = 10;

export const verdictText = (report: Report): string => {
  const { verdicts, ledger } = report;
  const { headline, labels, story, brief } = tell(report);
  const sections = [
    [`${headline}: ${report.passed ? 'PASSED' : 'FAILED'}`, ...labels],
    [...story],
    aligned([
      ['objective', 'allowed', 'measured', ''],
      ...verdicts.map((each) => [each.name, allowedOf(each), measuredOf(each), each.passed ? 'pass' : 'FAIL']),
    ]),
    aligned(brief),
    ...(ledger.lost.length === 0 ? [] : [lostLines(report)]),
  ];
  return sections.map(asText).join('\n\n');
};

/** What was lost, by name. */
const lostLines = ({ ledger }: Report): readonly string[] => [
  'lost for good, though acknowledged:',
  ...aligned(
    ledger.lost
      .slice(0, LOST_SHOWN_MAX)
      .map((write) => [
        `  ${write.operation}`,
        write.id,
        `by ${write.region}`,
        `${Math.abs(Math.round(write.ageMs))} ms ${write.ageMs < 0 ? 'after' : 'before'} the fault`,
      ]),
  ),
  ...(ledger.lost.length > LOST_SHOWN_MAX ? [`  and ${ledger.lost.length - LOST_SHOWN_MAX} more: see report.json`] : []),
];

/** Numbers stand beside their names, however narrow the terminal. */
const aligned = (rows: readonly (readonly string[])[]): readonly string[] => table(rows, Number.POSITIVE_INFINITY);
