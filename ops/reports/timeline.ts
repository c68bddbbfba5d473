/** The timeline as SVG: requests a second for each kind of caller, the slowest of each second, and what happened when. Pure. */
import type { CallerKind } from '../drill/operations.ts';
import { type Frame, type Lettered, LOOK, ofPanel, plotsOf, type TimelineProps } from './frame.ts';
import { placeLabels, placeLetters } from './lanes.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import { bars, hatch, slowest } from './plots.ts';
import type { Second } from './series.ts';
import type { Limit, Mark } from './telling.ts';

/** The same picture for a page and for a telephone: what is text keeps its size. */
export const WIDTHS = { wide: 960, narrow: 360 } as const;

export const timelineSvg = (props: TimelineProps, size: keyof typeof WIDTHS): Markup => {
  const frame = frameOf(props, WIDTHS[size]);
  const { plots, bottom } = plotsOf(frame, props);
  const [lettersAbove, letters] = lettersOf(props.marks, frame);
  const summary = props.panels
    .map(({ title, seconds }) => `${title}: ${total(seconds, 'ok')} succeeded, ${total(seconds, 'failed')} failed`)
    .join('; ');
  const height = bottom + LOOK.axis;
  const drawn = plots.map(({ panel, top, plotTop, plotBottom }) => {
    const behind = backdrop(props, frame, plotTop, plotBottom);
    const events = marksIn(props.marks, frame, plotTop, plotBottom);
    if (panel === undefined) return html`${behind}${events}${slowest(props, frame, top, plotTop)}`;
    const limits = limitsIn(props.limits, panel.kind, frame, { plotBottom, lanesTop: top + LOOK.title });
    return html`${behind}${bars(panel, { frame, props, top, plotTop, size })}${events}${limits}`;
  });
  return html`<svg class="${size}" viewBox="0 ${-lettersAbove} ${frame.width} ${height + lettersAbove}" role="img" aria-labelledby="${size}-title ${size}-text" xmlns="http://www.w3.org/2000/svg"><title id="${size}-title">Requests over time</title><desc id="${size}-text">${summary}. The same numbers stand in the tables of this page.</desc>${hatch(size)}${drawn}${axis(frame, bottom, props.zero)}${letters}</svg>`;
};

const frameOf = ({ panels, stepSeconds }: TimelineProps, width: number): Frame => {
  const all = panels[0]?.seconds ?? [];
  const [first, last] = [all[0]?.second ?? 0, (all.at(-1)?.second ?? 0) + stepSeconds];
  const [left, right] = [LOOK.left, width - LOOK.right];
  const x = (second: number): number => left + ((second - first) / Math.max(1, last - first)) * (right - left);
  return { width, left, right, first, last, x, step: x(first + stepSeconds) - x(first) };
};

const at = (value: number): string => String(Math.round(value * 10) / 10);
const total = (seconds: readonly Second[], what: 'ok' | 'failed'): number => seconds.reduce((sum, each) => sum + each[what], 0);
const isShown = (second: number, { first, last }: Frame): boolean => second >= first && second <= last;

const backdrop = ({ span }: TimelineProps, frame: Frame, top: number, bottom: number): Markup => {
  if (span === undefined || span.to < frame.first || span.from > frame.last) return NOTHING;
  const [from, to] = [frame.x(Math.max(frame.first, span.from)), frame.x(Math.min(frame.last, span.to))];
  return html`<rect class="span" x="${at(from)}" width="${at(Math.max(1, to - from))}" y="${at(top)}" height="${at(bottom - top)}"/>`;
};

/** Only where bars are: no line runs through a title. */
const marksIn = (marks: readonly Mark[], frame: Frame, top: number, bottom: number): readonly Markup[] =>
  marks
    .filter(({ second }) => isShown(second, frame))
    .map(
      ({ second, strong }) =>
        html`<line class="mark${strong ? ' strong' : ''}" x1="${at(frame.x(second))}" x2="${at(frame.x(second))}" y1="${at(top)}" y2="${at(bottom)}"/>`,
    );

interface Place {
  readonly plotBottom: number;
  readonly lanesTop: number;
}

/** What was allowed to a kind of callers, and what was computed: a line with its words beside it. */
const limitsIn = (limits: readonly Limit[], kind: CallerKind, frame: Frame, { plotBottom, lanesTop }: Place): readonly Markup[] => {
  const own = ofPanel(limits, kind).filter(({ second }) => isShown(second, frame));
  const placed = placeLabels(
    own.map(({ second, label }) => ({ x: frame.x(second), text: label })),
    frame,
  );
  // All words above all lines: their edges keep them readable where a neighbour's line passes.
  const lines = own.map(({ second, missed }, index) => {
    const [x, y] = [at(frame.x(second)), lanesTop + (placed[index]?.lane ?? 0) * LOOK.lane];
    return html`<line class="limit${missed ? ' missed' : ''}" x1="${x}" x2="${x}" y1="${at(y)}" y2="${at(plotBottom)}"/>`;
  });
  const words = placed.map(
    ({ x, lane, anchor, text }, index) =>
      html`<text class="limit${own[index]?.missed === true ? ' missed' : ''}" x="${at(x)}" y="${at(lanesTop + lane * LOOK.lane + 10)}" text-anchor="${anchor}">${text}</text>`,
  );
  return [...lines, ...words];
};

const axis = ({ first, last, x, right, left }: Frame, bottom: number, zero: string): Markup => {
  const most = (right - left) / LOOK.tickApart;
  const step = [5, 10, 20, 30, 60, 120, 300, 600, 1_800].find((each) => (last - first) / each <= most) ?? 3_600;
  const from = Math.ceil(first / step) * step;
  const ticks = Array.from({ length: Math.max(0, Math.floor((last - from) / step) + 1) }, (_, index) => from + index * step);
  return html`${ticks.map(
    (tick) => html`<text class="tick" x="${at(x(tick))}" y="${at(bottom + 16)}" text-anchor="middle">${tick > 0 ? '+' : ''}${tick}</text>`,
  )}<text class="tick" x="${at(right)}" y="${at(bottom + 32)}" text-anchor="end">seconds since ${zero}</text>`;
};

/** Letters stand above their lines, or near by, with a line to where they belong. How far they reach up, and they. */
const lettersOf = (marks: readonly Lettered[], frame: Frame): readonly [number, readonly Markup[]] => {
  const own = marks.filter(({ second }) => isShown(second, frame));
  const placed = placeLetters(
    own.map(({ second }) => frame.x(second)),
    { left: frame.left, right: frame.right },
    LOOK.letterApart,
  );
  const rows = Math.max(0, ...placed.map(({ row }) => row));
  const drawn = own.map(({ second, strong, letter }, index) => {
    const { x = 0, row = 0 } = placed[index] ?? {};
    const y = 12 - row * LOOK.letterApart;
    return html`<g class="letter${strong ? ' strong' : ''}"><path d="M${at(x)} ${at(y + 8)}L${at(frame.x(second))} ${LOOK.top}"/><circle cx="${at(x)}" cy="${at(y)}" r="8"/><text x="${at(x)}" y="${at(y + 4)}" text-anchor="middle">${letter}</text></g>`;
  });
  return [rows * LOOK.letterApart, drawn];
};
