/** What stands in each plot of the timeline. Pure. */
import { type Frame, LOOK, type Panel, type TimelineProps } from './frame.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import type { Second } from './series.ts';

const SLOW = { floorMs: 1, ceilingMs: 10_000 } as const;
/** A baseline for text in the row of a title. */
const TITLE_BASE = 12;

const at = (value: number): string => String(Math.round(value * 10) / 10);

/** Failures are told by pattern as well as by colour. */
export const hatch = (id: string): Markup =>
  html`<defs><pattern id="hatch-${id}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="failed" width="5" height="5"/><line class="hatch" x1="0" y1="0" x2="0" y2="5"/></pattern></defs>`;

const title = (text: string, top: number): Markup => html`<text class="panel" x="${LOOK.left}" y="${at(top + TITLE_BASE)}">${text}</text>`;
const tick = (text: string | number, y: number): Markup =>
  html`<text class="tick" x="${LOOK.left - 7}" y="${at(y + 4)}" text-anchor="end">${text}</text>`;
const rule = (kind: 'grid' | 'base', y: number, { left, right }: Frame): Markup =>
  html`<line class="${kind}" x1="${left}" x2="${at(right)}" y1="${at(y)}" y2="${at(y)}"/>`;

interface BarsProps {
  readonly frame: Frame;
  readonly props: TimelineProps;
  readonly top: number;
  readonly plotTop: number;
  readonly size: string;
}

export const bars = ({ title: name, seconds }: Panel, { frame, props, top, plotTop, size }: BarsProps): Markup => {
  const most = Math.max(1, ...seconds.map((each) => each.ok + each.failed));
  const base = plotTop + LOOK.plot;
  const height = (count: number): number => (count / most) * LOOK.plot;
  const bar = (each: Second): Markup => {
    const [left, wide] = [at(frame.x(each.second) + frame.step * 0.08), at(frame.step * 0.84)];
    const [ok, failed] = [height(each.ok), height(each.failed)];
    const succeeded = each.ok > 0 ? html`<rect class="ok" x="${left}" y="${at(base - ok)}" width="${wide}" height="${at(ok)}"/>` : NOTHING;
    return each.failed > 0
      ? html`${succeeded}<rect fill="url(#hatch-${size})" x="${left}" y="${at(base - ok - failed)}" width="${wide}" height="${at(failed)}"/>`
      : succeeded;
  };
  const per = props.stepSeconds === 1 ? 'requests a second' : `requests in ${props.stepSeconds} s`;
  return html`${title(`${name}, ${per}`, top)}${rule('grid', plotTop, frame)}${tick(most, plotTop)}${tick(0, base)}${seconds.map(bar)}${rule('base', base, frame)}`;
};

/** Logarithmic: a second and ten milliseconds on one page. */
export const slowest = ({ panels, ceilings }: TimelineProps, frame: Frame, top: number, plotTop: number): Markup => {
  const y = (milliseconds: number): number => {
    const bounded = Math.min(SLOW.ceilingMs, Math.max(SLOW.floorMs, milliseconds));
    return plotTop + LOOK.slow * (1 - Math.log(bounded / SLOW.floorMs) / Math.log(SLOW.ceilingMs / SLOW.floorMs));
  };
  const ticks = [10, 100, 1_000, 10_000].map(
    (each) => html`${rule('grid', y(each), frame)}${tick(each < 1_000 ? `${each} ms` : `${each / 1_000} s`, y(each))}`,
  );
  const dots = panels.flatMap(({ kind, seconds }) =>
    seconds
      .filter((each) => each.slowestMs > 0)
      .map(
        (each) =>
          html`<circle class="dot ${kind}" cx="${at(frame.x(each.second) + frame.step / 2)}" cy="${at(y(each.slowestMs))}" r="2.4"/>`,
      ),
  );
  const key = panels.map(
    ({ kind, title: name }, index) =>
      html`<circle class="dot ${kind}" cx="${LOOK.left + 4 + index * 165}" cy="${at(top + LOOK.title + 4)}" r="3"/><text class="tick" x="${LOOK.left + 13 + index * 165}" y="${at(top + LOOK.title + 8)}">${name}</text>`,
  );
  const allowed = ceilings.map(
    ({ ms, label }) =>
      html`<line class="limit" x1="${frame.left}" x2="${at(frame.right)}" y1="${at(y(ms))}" y2="${at(y(ms))}"/><text class="limit" x="${at(frame.right)}" y="${at(y(ms) - 4)}" text-anchor="end">${label}</text>`,
  );
  return html`${title('Slowest request of each bar', top)}${key}${ticks}${dots}${allowed}${rule('base', plotTop + LOOK.slow, frame)}`;
};
