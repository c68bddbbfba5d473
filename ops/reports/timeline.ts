/** The timeline as SVG: requests a second for each kind of caller, the slowest of each second, and the events marked. Pure. */

import { escapeHtml } from './escape.ts';
import type { Second } from './series.ts';

export interface Mark {
  readonly letter: string;
  readonly second: number;
  readonly label: string;
  /** The fault and what belongs to it stands out. */
  readonly strong: boolean;
}

export interface Panel {
  readonly title: string;
  readonly seconds: readonly Second[];
}

const WIDTH = 960;
const LEFT = 44;
const RIGHT = 12;
const TOP = 34;
const PANEL = { height: 104, gap: 40 } as const;
const SLOW = { height: 112, floorMs: 1, ceilingMs: 10_000 } as const;
const AXIS = 26;
/** Least distance of two letters, in units of the drawing. */
const LETTER_APART = 17;

export interface TimelineProps {
  readonly panels: readonly Panel[];
  readonly marks: readonly Mark[];
  /** Seconds that each bar counts. */
  readonly stepSeconds: number;
  /** From when seconds are counted: `the fault`. */
  readonly zero: string;
  /** Seconds that stand out, as when a version is exposed. */
  readonly span: { readonly from: number; readonly to: number } | undefined;
}

export const timelineSvg = ({ panels, marks, stepSeconds, zero, span }: TimelineProps): string => {
  const all = panels[0]?.seconds ?? [];
  const [first, last] = [all[0]?.second ?? 0, (all.at(-1)?.second ?? 0) + stepSeconds];
  const x = (second: number): number => LEFT + ((second - first) / Math.max(1, last - first)) * (WIDTH - LEFT - RIGHT);
  const width = x(first + stepSeconds) - x(first);
  const slowTop = TOP + panels.length * (PANEL.height + PANEL.gap);
  const bottom = slowTop + SLOW.height;
  const parts = [
    hatch(),
    span
      ? `<rect class="span" x="${at(x(span.from))}" width="${at(Math.max(1, x(span.to) - x(span.from)))}" y="${TOP - 8}" height="${bottom - TOP + 8}"/>`
      : '',
    ...marks.map(
      (mark) =>
        `<line class="mark${mark.strong ? ' strong' : ''}" x1="${at(x(mark.second))}" x2="${at(x(mark.second))}" y1="${TOP - 8}" y2="${bottom}"/>`,
    ),
    ...panels.map((panel, index) => bars(panel, { top: TOP + index * (PANEL.height + PANEL.gap), x, width, stepSeconds })),
    slowest(panels, slowTop, x, width),
    axis({ first, last, bottom, x, zero }),
    ...letters(marks, x),
  ];
  const summary = panels
    .map(({ title, seconds }) => `${title}: ${total(seconds, 'ok')} succeeded, ${total(seconds, 'failed')} failed`)
    .join('; ');
  return `<svg viewBox="0 0 ${WIDTH} ${bottom + AXIS + 14}" role="img" aria-labelledby="timeline-title timeline-text" xmlns="http://www.w3.org/2000/svg"><title id="timeline-title">Requests over time</title><desc id="timeline-text">${escapeHtml(summary)}. The same numbers stand in the table below.</desc>${parts.join('')}</svg>`;
};

const at = (value: number): string => String(Math.round(value * 10) / 10);
const total = (seconds: readonly Second[], what: 'ok' | 'failed'): number => seconds.reduce((sum, each) => sum + each[what], 0);

/** Failures are told by pattern as well as by colour. */
const hatch = (): string =>
  '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="failed" width="5" height="5"/><line class="hatch" x1="0" y1="0" x2="0" y2="5"/></pattern></defs>';

interface BarsProps {
  readonly top: number;
  readonly x: (second: number) => number;
  readonly width: number;
  readonly stepSeconds: number;
}

const bars = ({ title, seconds }: Panel, { top, x, width, stepSeconds }: BarsProps): string => {
  const most = Math.max(1, ...seconds.map((each) => each.ok + each.failed));
  const height = (count: number): number => (count / most) * PANEL.height;
  const base = top + PANEL.height;
  const bar = (each: Second): string => {
    const [left, wide] = [at(x(each.second) + width * 0.08), at(width * 0.84)];
    const ok = height(each.ok);
    const failed = height(each.failed);
    return [
      each.ok > 0 ? `<rect class="ok" x="${left}" y="${at(base - ok)}" width="${wide}" height="${at(ok)}"/>` : '',
      each.failed > 0 ? `<rect fill="url(#hatch)" x="${left}" y="${at(base - ok - failed)}" width="${wide}" height="${at(failed)}"/>` : '',
    ].join('');
  };
  return [
    `<text class="panel" x="${LEFT}" y="${top - 7}">${escapeHtml(title)}, requests ${stepSeconds === 1 ? 'a second' : `in ${stepSeconds} s`}</text>`,
    `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${top}" y2="${top}"/><text class="tick" x="${LEFT - 6}" y="${top + 4}" text-anchor="end">${most}</text>`,
    `<text class="tick" x="${LEFT - 6}" y="${base + 4}" text-anchor="end">0</text>`,
    ...seconds.map(bar),
    `<line class="base" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${base}" y2="${base}"/>`,
  ].join('');
};

/** Logarithmic: a second and ten milliseconds on one page. */
const slowest = (panels: readonly Panel[], top: number, x: (second: number) => number, width: number): string => {
  const y = (milliseconds: number): number => {
    const bounded = Math.min(SLOW.ceilingMs, Math.max(SLOW.floorMs, milliseconds));
    return top + SLOW.height * (1 - Math.log(bounded / SLOW.floorMs) / Math.log(SLOW.ceilingMs / SLOW.floorMs));
  };
  const ticks = [10, 100, 1_000, 10_000].map(
    (each) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(each))}" y2="${at(y(each))}"/><text class="tick" x="${LEFT - 6}" y="${at(y(each) + 4)}" text-anchor="end">${each < 1_000 ? `${each} ms` : `${each / 1_000} s`}</text>`,
  );
  const dots = panels.flatMap(({ seconds }, index) =>
    seconds
      .filter((each) => each.slowestMs > 0)
      .map(
        (each) =>
          `<circle class="dot-${index}" cx="${at(x(each.second) + width / 2)}" cy="${at(y(each.slowestMs))}" r="${index === 0 ? 2.6 : 2.2}"/>`,
      ),
  );
  const key = panels.map(
    ({ title }, index) =>
      `<circle class="dot-${index}" cx="${WIDTH - RIGHT - 330 + index * 165}" cy="${top - 11}" r="3"/><text class="tick" x="${WIDTH - RIGHT - 320 + index * 165}" y="${top - 7}">${escapeHtml(title)}</text>`,
  );
  return [
    `<text class="panel" x="${LEFT}" y="${top - 7}">Slowest request of each bar</text>`,
    ...key,
    ...ticks,
    ...dots,
    `<line class="base" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${top + SLOW.height}" y2="${top + SLOW.height}"/>`,
  ].join('');
};

interface AxisProps {
  readonly first: number;
  readonly last: number;
  readonly bottom: number;
  readonly x: (second: number) => number;
  readonly zero: string;
}

const axis = ({ first, last, bottom, x, zero }: AxisProps): string => {
  const step = [5, 10, 20, 30, 60, 120].find((each) => (last - first) / each <= 14) ?? 300;
  const from = Math.ceil(first / step) * step;
  const ticks = Array.from({ length: Math.max(0, Math.floor((last - from) / step) + 1) }, (_, index) => from + index * step);
  return [
    ...ticks.map(
      (tick) => `<text class="tick" x="${at(x(tick))}" y="${bottom + 18}" text-anchor="middle">${tick > 0 ? '+' : ''}${tick}</text>`,
    ),
    `<text class="tick" x="${WIDTH - RIGHT}" y="${bottom + 34}" text-anchor="end">seconds since ${zero}</text>`,
  ].join('');
};

/** Letters stand above their lines, moved apart where lines are close. */
const letters = (marks: readonly Mark[], x: (second: number) => number): readonly string[] => {
  let freeFrom = 0;
  return marks.map((mark) => {
    const center = Math.max(x(mark.second), freeFrom);
    freeFrom = center + LETTER_APART;
    return `<g class="letter${mark.strong ? ' strong' : ''}"><circle cx="${at(center)}" cy="12" r="8"/><text x="${at(center)}" y="16" text-anchor="middle">${mark.letter}</text></g>`;
  });
};
