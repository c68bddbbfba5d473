/** How the timeline is laid out, in units of the drawing. Pure. */
import type { CallerKind } from '../drill/operations.ts';
import { placeLabels } from './lanes.ts';
import type { Second } from './series.ts';
import type { Ceiling, Limit, Mark, Span } from './telling.ts';

/** A mark with the letter that leads from the picture to its words. */
export interface Lettered extends Mark {
  readonly letter: string;
}

export interface Panel {
  readonly kind: CallerKind;
  readonly title: string;
  readonly seconds: readonly Second[];
}

export interface TimelineProps {
  readonly panels: readonly Panel[];
  readonly marks: readonly Lettered[];
  readonly limits: readonly Limit[];
  readonly ceilings: readonly Ceiling[];
  /** Seconds that each bar counts. */
  readonly stepSeconds: number;
  /** From when seconds are counted: `the fault`. */
  readonly zero: string;
  readonly span: Span | undefined;
}

export const LOOK = {
  left: 50,
  right: 26,
  /** Below the letters. */
  top: 32,
  /** Of the row of a title. */
  title: 20,
  /** Of a row of labels. */
  lane: 14,
  plot: 92,
  slow: 108,
  gap: 16,
  /** Below the last plot. */
  axis: 40,
  letterApart: 18,
  tickApart: 58,
} as const;

/** Seconds as places from left to right. */
export interface Frame {
  readonly width: number;
  readonly left: number;
  readonly right: number;
  readonly first: number;
  readonly last: number;
  readonly x: (second: number) => number;
  /** Width of a bar's place. */
  readonly step: number;
}

export interface Plot {
  /** Undefined: of the slowest requests. */
  readonly panel: Panel | undefined;
  readonly top: number;
  readonly plotTop: number;
  readonly plotBottom: number;
}

/** One below the other: each with a row for its title, rows for its labels, and its picture. */
export const plotsOf = (frame: Frame, { panels, limits }: TimelineProps): { readonly plots: readonly Plot[]; readonly bottom: number } => {
  const lanesOf = (panel: Panel): number => {
    const own = ofPanel(limits, panel.kind).filter(({ second }) => second >= frame.first && second <= frame.last);
    return (
      Math.max(
        -1,
        ...placeLabels(
          own.map(({ second, label }) => ({ x: frame.x(second), text: label })),
          frame,
        ).map(({ lane }) => lane),
      ) + 1
    );
  };
  const plots: Plot[] = [];
  for (const panel of [...panels, undefined]) {
    const top = (plots.at(-1)?.plotBottom ?? LOOK.top - LOOK.gap) + LOOK.gap;
    // The key of the dots has a row of its own.
    const plotTop = top + LOOK.title + (panel === undefined ? LOOK.lane : lanesOf(panel) * LOOK.lane);
    plots.push({ panel, top, plotTop, plotBottom: plotTop + (panel === undefined ? LOOK.slow : LOOK.plot) });
  }
  return { plots, bottom: plots.at(-1)?.plotBottom ?? LOOK.top };
};

export const ofPanel = (limits: readonly Limit[], kind: CallerKind): readonly Limit[] =>
  limits.filter((limit) => limit.kind === undefined || limit.kind === kind);
