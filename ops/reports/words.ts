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
    case 'requests':
    case 'writes':
    case 'orders':
    case 'units':
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

const HOW = { kill: 'killed', freeze: 'frozen', blackhole: 'made a black hole' } as const;

const plural = (count: number, one: string, many = `${one}s`): string => `${count === 0 ? 'no' : count} ${count === 1 ? one : many}`;

/** The course of the drill in sentences. */
export const story = (report: Report): readonly string[] => {
  const { measured, ledger, region, how } = report;
  const callers = (kind: 'dns' | 'client'): string => {
    const seconds = measured.rtoSeconds[kind];
    const failed = measured.failedRequests[kind];
    if (seconds === null) return `did not recover while they were watched (${plural(failed, 'failed request')})`;
    if (failed === 0) return 'never failed';
    return `succeeded again for good after ${quantity(seconds, 's')} (${plural(failed, 'failed request')})`;
  };
  return [
    `${region} was ${HOW[how]} under ${report.load.ratePerSecond} requests a second.`,
    ...(report.load.callers.dns > 0 ? [`Callers that follow DNS ${callers('dns')}.`] : []),
    `Callers that use the failover client ${callers('client')}.`,
    lossSentence(report),
    ...(ledger.missing === 0 ? [] : [`${plural(ledger.missing, 'acknowledged write')} had not reached every region when the drill ended.`]),
  ];
};

const lossSentence = ({ ledger, measured }: Report): string => {
  if (ledger.lost.length === 0) return `None of ${ledger.acknowledged} acknowledged writes was lost.`;
  return `${measured.rpo.writes} of ${ledger.acknowledged} acknowledged writes ${measured.rpo.writes === 1 ? 'was' : 'were'} lost for good, the oldest ${quantity(measured.rpo.milliseconds, 'ms')} old at the fault.`;
};

/** `+31.2 s` since the fault. */
export const sinceFault = (seconds: number): string => `${seconds < 0 ? '-' : '+'}${Math.abs(seconds).toFixed(1)} s`;
