/** How a report's numbers are said, on a terminal and in a page. Pure. */
import type { Verdict } from './report.ts';

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
