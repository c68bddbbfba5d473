/** How a report's numbers are said, on a terminal and in a page. Pure. */
import type { Report, Verdict } from './report.ts';

const round = (value: number, digits: number): string => value.toFixed(digits);

/** A number in its unit: `31.2 s`, `640 ms`, `0.91`, `3`. */
export const quantity = (value: number, unit: Verdict['unit']): string => {
  switch (unit) {
    case 's':
      return `${round(value, 1)} s`;
    case 'ms':
      return `${round(value, 0)} ms`;
    case 'ratio':
      return round(value, 2);
    case '%':
      return `${round(value, 2)} %`;
    case 'requests':
    case 'answers':
    case 'versions':
    case 'regions':
    case 'items':
    case 'messages':
    case 'writes':
    case 'orders':
    case 'units':
    case 'conflicts':
    case 'rules':
      return round(value, 0);
  }
};

/** What an objective allows: `<= 60 s`, `0.75 to 1.10`, `none`. */
export const allowedOf = ({ min, max, unit }: Verdict): string => {
  if (min !== null && max !== null) return `${quantity(min, unit)} to ${quantity(max, unit)}`;
  if (max === 0) return unit === 'ms' || unit === 's' ? `${0} ${unit}` : 'none';
  if (max !== null) return `<= ${quantity(max, unit)}`;
  return min === null ? '' : `>= ${quantity(min, unit)}`;
};

export const measuredOf = ({ measured, max, unit }: Verdict): string => {
  if (measured === null) return 'never';
  return measured === 0 && max === 0 && unit !== 'ms' && unit !== 's' ? 'none' : quantity(measured, unit);
};

/** A number that may not be known. */
export const known = (value: number | null, unit: 's' | 'ms', unknown: string): string =>
  value === null ? unknown : quantity(value, unit);

export const plural = (count: number, one: string, many = `${one}s`): string => `${count === 0 ? 'no' : count} ${count === 1 ? one : many}`;

/** `+31.2 s` since the fault. */
export const sinceFault = (seconds: number): string => `${seconds < 0 ? '-' : '+'}${Math.abs(seconds).toFixed(1)} s`;

/** As a page shows it. */
export const allowedSign = (verdict: Verdict): string => allowedOf(verdict).replace('<=', '\u2264').replace('>=', '\u2265');

/** The objectives that were missed, each with its number. */
export const missedOf = ({ verdicts }: Pick<Report, 'verdicts'>) =>
  verdicts
    .filter(({ passed }) => !passed)
    .map((verdict) => ({ name: verdict.name, unit: verdict.unit, measured: measuredOf(verdict), allowed: allowedSign(verdict) }));

/** The verdict in a line: `Failed: callers by DNS: recovered after 74.2 s, allowed 60.0 s`. */
export const verdictLine = (report: Pick<Report, 'verdicts' | 'passed'>): string => {
  if (report.passed) return 'Passed';
  const [first, ...others] = missedOf(report);
  if (first === undefined) return 'Failed';
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `Failed: ${first.name} ${first.measured}, allowed ${first.allowed}${more}`;
};
