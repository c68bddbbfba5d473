/** The report as one page: no script, nothing to fetch. Pure. */
import { CALLER_KINDS, type OperationRecord } from '../drill/operations.ts';
import { escapeHtml } from './escape.ts';
import type { Report, ReportEvent } from './report.ts';
import { bySecond } from './series.ts';
import { STYLE } from './style.ts';
import { tell } from './tell.ts';
import type { Telling } from './telling.ts';
import { type Mark, type Panel, timelineSvg } from './timeline.ts';
import { allowedOf, measuredOf, quantity, sinceFault } from './words.ts';

const KIND_TITLES = { dns: 'Callers that follow DNS', client: 'Failover client' } as const;
const LOST_SHOWN_MAX = 100;
/** A bar must be wide enough to be seen. */
const BARS_MAX = 300;

export const reportHtml = (report: Report, records: readonly OperationRecord[]): string => {
  const telling = tell(report);
  const { title, zero } = telling;
  const { loadMs, endMs } = report.phases;
  const stepSeconds = Math.max(1, Math.ceil((endMs - loadMs) / 1_000 / BARS_MAX));
  const panels = CALLER_KINDS.filter((kind) => report.load.callers[kind] > 0).map(
    (kind): Panel => ({ title: KIND_TITLES[kind], seconds: bySecond(records, kind, { zeroMs: zero.atMs, loadMs, endMs, stepSeconds }) }),
  );
  const marks = lettered(telling.marks);
  const timeline = timelineSvg({ panels, marks, stepSeconds, zero: zero.name, span: telling.span });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}: ${report.passed ? 'passed' : 'failed'}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="badge ${report.passed ? 'pass' : 'fail'}">${report.passed ? 'Passed' : 'Failed'}</p>
<h1>${escapeHtml(title)}</h1>
<p class="when">${escapeHtml(report.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'))}, ${report.target === 'local' ? 'on one machine' : 'on AWS'}, regions ${escapeHtml(report.regions.join(', '))}</p>
${telling.labels.map((label) => `<p class="label">${escapeHtml(label)}</p>`).join('')}
<p class="story">${escapeHtml(telling.story.join(' '))}</p>
</header>
<section><h2>Objectives</h2>${objectives(report)}</section>
<section><h2>Timeline</h2>
<figure><div class="scroll" tabindex="0" role="region" aria-label="Timeline">${timeline}</div>
<figcaption><span class="swatch ok"></span> succeeded <span class="swatch failed"></span> failed, unknown or wrong${telling.span ? ' <span class="swatch span"></span> exposed' : ''}</figcaption></figure>
<ol class="marks">${marks.map((mark) => `<li><b class="${mark.strong ? 'strong' : ''}">${mark.letter}</b><span class="time">${sinceFault(mark.second)}</span><span>${escapeHtml(mark.label)}</span></li>`).join('')}</ol>
</section>
<section><h2>Measured</h2>${measuredTable(report, telling)}${telling.tables.map(own).join('')}</section>
<section><h2>Ledger</h2>${ledger(report)}</section>
<section><h2>Everything that happened</h2><details><summary>${report.events.length} events</summary>${events(report.events, zero.name)}</details>
<details><summary>Requests by second</summary>${secondsTable(panels)}</details></section>
<footer>${definitions(telling)}</footer>
</main>
</body>
</html>
`;
};

const table = (head: readonly string[], rows: readonly string[], kind = ''): string =>
  `<div class="scroll"><table class="${kind}"><thead><tr>${head.map((each) => `<th scope="col">${each}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;

const objectives = ({ verdicts }: Report): string =>
  table(
    ['Objective', 'Allowed', 'Measured', 'Verdict'],
    verdicts.map(
      (each) =>
        `<tr><th scope="row">${escapeHtml(each.name)}</th><td>${escapeHtml(allowedOf(each).replace('<=', '\u2264'))}</td><td>${escapeHtml(measuredOf(each))}</td><td class="${each.passed ? 'pass' : 'fail'}">${each.passed ? 'pass' : 'fail'}</td></tr>`,
    ),
    'objectives',
  );

const lettered = (marks: Telling['marks']): readonly Mark[] =>
  marks.toSorted((a, b) => a.second - b.second).map((mark, index) => ({ ...mark, letter: String.fromCharCode(65 + (index % 26)) }));

const measuredTable = ({ load }: Report, { callers, facts }: Telling): string => {
  const kinds = CALLER_KINDS.filter((kind) => load.callers[kind] > 0);
  const rows = callers.map(
    ([name, cell]) => `<tr><th scope="row">${name}</th>${kinds.map((kind) => `<td>${cell(kind)}</td>`).join('')}</tr>`,
  );
  return `${table(['Callers', ...kinds.map((kind) => KIND_TITLES[kind])], rows, 'kinds')}${list(facts)}`;
};

const own = ({ title, head, rows }: Telling['tables'][number]): string =>
  `<h3>${escapeHtml(title)}</h3>${table(
    head.map(escapeHtml),
    rows.map(
      (row) =>
        `<tr>${row.map((cell, index) => (index === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td>${escapeHtml(cell)}</td>`)).join('')}</tr>`,
    ),
    'own',
  )}`;

const list = (facts: readonly (readonly [string, string])[]): string =>
  `<dl>${facts.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>`;

const ledger = (report: Report): string => {
  const { ledger: found } = report;
  const lostForGood = report.drill === 'region-loss' ? report.measured.rpo : { writes: found.lost.length, milliseconds: undefined };
  const facts: readonly (readonly [string, string])[] = [
    ['Acknowledged writes', String(found.acknowledged)],
    [
      'Lost for good',
      `${lostForGood.writes}${lostForGood.milliseconds !== undefined && lostForGood.writes > 0 ? `, the oldest ${quantity(lostForGood.milliseconds, 'ms')} old at the fault` : ''}`,
    ],
    ['In one region and not in another', String(found.missing)],
    ...Object.entries(found.missingByRegion).map(([region, count]) => [`Lacking in ${region}`, String(count)] as const),
    ['Orders that hold stock twice', String(found.duplicates)],
    ['Units sold beyond what was held', String(found.oversold)],
    ['The regions agreed after', found.settledSeconds === null ? 'never' : quantity(found.settledSeconds, 's')],
  ];
  const lost = found.lost
    .slice(0, LOST_SHOWN_MAX)
    .map(
      (write) =>
        `<tr><th scope="row">${escapeHtml(write.operation)}</th><td><code>${escapeHtml(write.id)}</code></td><td>${escapeHtml(write.region)}</td><td>${quantity(write.ageMs, 'ms')}</td></tr>`,
    );
  return `${list(facts)}${lost.length === 0 ? '' : table(['Lost write', 'Id', 'Acknowledged by', 'Age at the fault'], lost)}`;
};

const events = (all: readonly ReportEvent[], zero: string): string =>
  table(
    [`Since ${zero}`, 'What', 'Region', 'Detail'],
    all.map(
      (event) =>
        `<tr><td class="time">${sinceFault(event.sinceFaultSeconds)}</td><td>${event.kind}</td><td>${escapeHtml(event.region ?? '')}</td><td>${escapeHtml(event.detail)}</td></tr>`,
    ),
  );

const secondsTable = (panels: readonly Panel[]): string =>
  table(
    ['Second', ...panels.flatMap(({ title }) => [`${escapeHtml(title)}: succeeded`, 'failed', 'slowest'])],
    (panels[0]?.seconds ?? []).map(
      ({ second }, index) =>
        `<tr><td class="time">${second}</td>${panels.map(({ seconds }) => `<td>${seconds[index]?.ok ?? 0}</td><td>${seconds[index]?.failed ?? 0}</td><td>${quantity(seconds[index]?.slowestMs ?? 0, 'ms')}</td>`).join('')}</tr>`,
    ),
  );

const definitions = ({ definitions: own }: Telling): string =>
  [
    'Requests are sent on schedule whatever the answers do, and their time counts from when they were due.',
    ...own,
    '<b>Failed</b>: no definite answer that fits the request. A refusal for want of stock, or for a thing that is not there, is an answer.',
    '<b>Lost for good</b>: acknowledged, and found in no region by strongly consistent reads after everything had settled.',
    'All times are of one clock. Every request is in <code>operations.jsonl</code>, every number in <code>report.json</code>.',
  ]
    .map((each) => `<p>${each}</p>`)
    .join('');
