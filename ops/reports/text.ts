/** The verdict for a terminal: aligned, without colour, readable in a log. Pure. */
import type { Report } from './report.ts';
import { allowedOf, measuredOf, quantity, sinceFault, story } from './words.ts';

const LOST_SHOWN_MAX = 10;

export const verdictText = (report: Report): string => {
  const { measured, verdicts, ledger } = report;
  const optional = (value: number | null, unit: 's' | 'ms'): string => (value === null ? '-' : quantity(value, unit));
  const pair = (of: (kind: 'dns' | 'client') => string): string =>
    report.load.callers.dns === 0 ? of('client') : `${of('dns')} by DNS, ${of('client')} by client`;
  const sections = [
    [`region-loss of ${report.region} (${report.how}): ${report.passed ? 'PASSED' : 'FAILED'}`],
    [...story(report)],
    aligned([
      ['objective', 'allowed', 'measured', ''],
      ...verdicts.map((each) => [each.name, allowedOf(each), measuredOf(each), each.passed ? 'pass' : 'FAIL']),
    ]),
    aligned([
      ['detected after', optional(measured.detectionSeconds, 's')],
      ['DNS answer changed after', optional(measured.dnsChangedSeconds, 's')],
      ['computed time to fail over', optional(measured.formulaSeconds, 's')],
      ['slowest before the fault', pair((kind) => optional(measured.normalSlowestMs[kind], 'ms'))],
      ['slowest after it', pair((kind) => optional(measured.slowestMs[kind], 'ms'))],
      ['heartbeat age at the fault', optional(measured.replicationAgeMs, 'ms')],
      ['repair until serving', optional(measured.rebuildSeconds, 's')],
      ['acknowledged writes', String(ledger.acknowledged)],
    ]),
    ...(ledger.lost.length === 0 ? [] : [lostLines(report)]),
  ];
  return sections.map((lines) => lines.join('\n')).join('\n\n');
};

/** What was lost, by name. */
const lostLines = ({ ledger }: Report): string[] => [
  'lost for good:',
  ...aligned(
    ledger.lost
      .slice(0, LOST_SHOWN_MAX)
      .map((write) => [
        `  ${write.operation}`,
        write.id,
        `acknowledged by ${write.region}`,
        `${sinceFault(-write.ageMs / 1_000)} from the fault`,
      ]),
  ),
  ...(ledger.lost.length > LOST_SHOWN_MAX ? [`  and ${ledger.lost.length - LOST_SHOWN_MAX} more: see report.json`] : []),
];

const aligned = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};
