/** The report as one page: no script, nothing to fetch, and a policy that says so. Pure. */
import { CALLER_KINDS, type OperationRecord } from '../drill/operations.ts';
import type { Lettered, Panel } from './frame.ts';
import { html, type Markup, NOTHING, styleElement } from './markup.ts';
import type { Report } from './report.ts';
import { definitions, eventsTable, ledgerSection, measuredSection, objectivesTable, secondsTable } from './sections.ts';
import { bySecond } from './series.ts';
import { STYLE } from './style.ts';
import { tell } from './tell.ts';
import type { Telling } from './telling.ts';
import { timelineSvg } from './timeline.ts';
import { missedOf, sinceFault, verdictLine } from './words.ts';

const KIND_TITLES = { dns: 'Callers that follow DNS', client: 'Failover client' } as const;
/** A bar must be wide enough to be seen. */
const BARS_MAX = 300;
/** Letters on the timeline; all events stand in the last table. */
const MARKS_MAX = 40;
const LETTERS = 26;
/** No script, no image, no font, no connection, no form: only the style of the page itself. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export const reportHtml = (report: Report, records: readonly OperationRecord[]): string => {
  const telling = tell(report);
  const panels = panelsOf(report, telling, records);
  const page = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${verdictLine(report)} \u00b7 ${telling.title}</title>
${styleElement(STYLE)}
</head>
<body>
<main>
${header(report, telling)}
<section><h2>Objectives</h2>${objectivesTable(report)}</section>
${timelineSection(report, telling, panels)}
${measuredSection(report, telling, kindsOf(report))}
${ledgerSection(report)}
<section><h2>Everything that happened</h2><details><summary>${report.events.length} events</summary>${eventsTable(report.events, telling.zero.name)}</details>
<details><summary>Requests by second</summary>${secondsTable(panels)}</details></section>
<footer>${definitions(telling)}</footer>
</main>
</body>
</html>
`;
  return `<!doctype html>\n${page}`;
};

const kindsOf = ({ load }: Report) =>
  CALLER_KINDS.filter((kind) => load.callers[kind] > 0).map((kind) => ({ kind, title: KIND_TITLES[kind] }));

const stepSecondsOf = ({ phases }: Report): number => Math.max(1, Math.ceil((phases.endMs - phases.loadMs) / 1_000 / BARS_MAX));

const panelsOf = (report: Report, { zero }: Telling, records: readonly OperationRecord[]): readonly Panel[] => {
  const { loadMs, endMs } = report.phases;
  return kindsOf(report).map(({ kind, title }) => ({
    kind,
    title,
    seconds: bySecond(records, kind, { zeroMs: zero.atMs, loadMs, endMs, stepSeconds: stepSecondsOf(report) }),
  }));
};

/** The verdict first, and what missed with its number: whoever reads no further knows. */
const header = (report: Report, { title, labels, story }: Telling): Markup => {
  const kind = report.passed ? 'pass' : 'fail';
  const missed = missedOf(report);
  const objectives = report.verdicts.length;
  const more = missed.length > 1 ? html`<p class="more">${missed.length} of ${objectives} objectives were missed.</p>` : NOTHING;
  const what =
    missed.length === 0
      ? html`<p class="what">${report.passed ? allMet(objectives) : 'No objective was missed, and yet the drill did not end as it must: see what happened.'}</p>`
      : html`<ul class="what">${missed.map(({ name, measured, allowed }) => html`<li>${name} <b>${measured}</b> <span>allowed: ${allowed}</span></li>`)}</ul>`;
  const where = report.target === 'local' ? 'on one machine' : 'on AWS';
  return html`<header class="${kind}">
<h1><span class="word">${report.passed ? 'Passed' : 'Failed'}</span> ${title}</h1>
${what}${more}
</header>
<p class="when">${report.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}, ${where}, regions ${report.regions.join(', ')}</p>
${labels.map((label) => html`<p class="label">${label}</p>`)}
<p class="story">${story.join(' ')}</p>`;
};

const allMet = (objectives: number): string => {
  if (objectives === 0) return 'No objective was held against this drill.';
  return objectives === 1 ? 'The objective is met.' : `All ${objectives} objectives are met.`;
};

const timelineSection = (report: Report, telling: Telling, panels: readonly Panel[]): Markup => {
  const { limits, ceilings, span, zero } = telling;
  if (panels.every(({ seconds }) => seconds.every((each) => each.ok + each.failed === 0)))
    return html`<section><h2>Timeline</h2><p class="empty">No request was made while the drill was measured, so there is nothing to draw.</p></section>`;
  const marks = lettered(telling.marks);
  const props = { panels, marks, limits, ceilings, stepSeconds: stepSecondsOf(report), zero: zero.name, span };
  const key = [
    html`<span><i class="ok"></i>succeeded</span>`,
    html`<span><i class="failed"></i>failed, unknown or wrong</span>`,
    ...(span === undefined ? [] : [html`<span><i class="span"></i>${span.name}</span>`]),
    ...(limits.length === 0 ? [] : [html`<span><i class="limit"></i>allowed or computed</span>`]),
  ];
  const left = telling.marks.length - marks.length;
  // What is no moment, or lies beyond the picture, has no line in it.
  const endSecond = (report.phases.endMs - zero.atMs) / 1_000;
  const isDrawn = limits.some((limit) => limit.missed && limit.second <= endSecond);
  const others = missedOf(report).filter(({ unit }) => unit !== 's' || !isDrawn);
  const missed =
    others.length === 0
      ? NOTHING
      : html`<p class="missed">Missed, and no moment of the picture: ${others.map(({ name, measured }) => `${name} ${measured}`).join('; ')}.</p>`;
  return html`<section><h2>Timeline</h2>${missed}
<figure>${timelineSvg(props, 'wide')}${timelineSvg(props, 'narrow')}
<figcaption>${key}</figcaption></figure>
<ol class="marks">${marks.map((mark) => html`<li><b class="${mark.strong ? 'strong' : ''}">${mark.letter}</b><span class="time">${sinceFault(mark.second)}</span><span>${mark.label}</span></li>`)}</ol>${left === 0 ? NOTHING : html`<p class="empty">And ${left} more, in the table of everything that happened.</p>`}
</section>`;
};

const lettered = (marks: Telling['marks']): readonly Lettered[] =>
  marks
    .toSorted((a, b) => a.second - b.second)
    .slice(0, MARKS_MAX)
    .map((mark, index) => ({ ...mark, letter: letterOf(index) }));

/** A to Z, then AA to AZ. */
const letterOf = (index: number): string =>
  `${index < LETTERS ? '' : String.fromCharCode(64 + Math.floor(index / LETTERS))}${String.fromCharCode(65 + (index % LETTERS))}`;
