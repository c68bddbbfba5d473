/** Tables and lists of the report page. Pure. */
import type { CallerKind } from '../drill/operations.ts';
import type { Panel } from './frame.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import type { Report, ReportEvent, Verdict } from './report.ts';
import type { Telling, TellingTable } from './telling.ts';
import { allowedSign, measuredOf, quantity, sinceFault } from './words.ts';

const LOST_SHOWN_MAX = 100;

/** Cells that hold numbers stand right, one below the other. */
const isNumber = (text: string): boolean => /^[\u2212+-]?\d[\d.,]*(?: (?:s|ms|%|of \d+))?$/.test(text) || text === '\u2013';

const table = (head: readonly string[], rows: readonly Markup[], kind = ''): Markup =>
  html`<div class="scroll"><table class="${kind}"><thead><tr>${head.map((each) => html`<th scope="col">${each}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;

const cell = (text: string): Markup => html`<td${isNumber(text) ? html` class="number"` : NOTHING}>${text}</td>`;

/** A row whose first cell names it. */
const row = ([name = '', ...cells]: readonly string[]): Markup => html`<tr><th scope="row">${name}</th>${cells.map(cell)}</tr>`;

const list = (facts: readonly (readonly [string, string])[]): Markup =>
  html`<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

/** Missed ones first. */
export const objectivesTable = ({ verdicts }: Report): Markup =>
  verdicts.length === 0
    ? html`<p class="empty">No objective was held against this drill.</p>`
    : table(
        ['Objective', 'Measured', 'Allowed', '', 'Verdict'],
        verdicts
          .toSorted((a, b) => Number(a.passed) - Number(b.passed))
          .map((each) => {
            const kind = each.passed ? 'pass' : 'fail';
            return html`<tr class="${kind}"><th scope="row">${each.name}</th><td class="number measured">${measuredOf(each)}</td><td class="number">${allowedSign(each)}</td><td class="gauge">${gauge(each)}</td><td class="verdict"><b>${each.passed ? 'pass' : 'fail'}</b></td></tr>`;
          }),
        'objectives',
      );

const GAUGE = { width: 120, height: 10, allowedAt: 84 } as const;

/** How far what was measured is from what was allowed. None where nothing was allowed, or only a least. */
const gauge = ({ measured, min, max, passed }: Verdict): Markup => {
  if (max === null || max === 0) return NOTHING;
  const x = (value: number): number => Math.round(Math.min(GAUGE.width, (value / max) * GAUGE.allowedAt));
  const band = x(min ?? 0);
  const value = measured === null ? GAUGE.width : x(measured);
  return html`<svg viewBox="0 0 ${GAUGE.width} ${GAUGE.height}" aria-hidden="true"><rect class="track" x="${band}" y="3" width="${GAUGE.allowedAt - band}" height="4" rx="2"/><rect class="${passed ? 'ok' : 'failed'}" x="0" y="3" width="${Math.max(2, value)}" height="4" rx="2"/><line class="allowed" x1="${GAUGE.allowedAt}" x2="${GAUGE.allowedAt}" y1="0" y2="${GAUGE.height}"/></svg>`;
};

export interface Kind {
  readonly kind: CallerKind;
  readonly title: string;
}

export const measuredSection = (report: Report, { callers, facts, tables }: Telling, kinds: readonly Kind[]): Markup =>
  html`<section><h2>Measured</h2>${
    report.load.requests.dns + report.load.requests.client === 0
      ? html`<p class="empty">No request of callers was measured.</p>`
      : table(
          ['Callers', ...kinds.map(({ title }) => title)],
          callers.map(([name, of]) => row([name, ...kinds.map(({ kind }) => of(kind))])),
          'kinds',
        )
  }${list(facts)}${tables.map(own)}</section>`;

const own = ({ title, head, rows }: TellingTable): Markup =>
  html`<h3>${title}</h3>${rows.length === 0 ? html`<p class="empty">None.</p>` : table(head, rows.map(row), 'own')}`;

export const ledgerSection = (report: Report): Markup => {
  const { ledger: found } = report;
  const [writes, oldest] =
    report.drill === 'region-loss' ? [report.measured.rpo.writes, report.measured.rpo.milliseconds] : [found.lost.length, undefined];
  const facts: readonly (readonly [string, string])[] = [
    ['Acknowledged writes', String(found.acknowledged)],
    ['Lost for good', `${writes}${oldest !== undefined && writes > 0 ? `, the oldest ${quantity(oldest, 'ms')} old at the fault` : ''}`],
    ['In one region and not in another', String(found.missing)],
    ...Object.entries(found.missingByRegion).map(([region, count]) => [`Lacking in ${region}`, String(count)] as const),
    ['Orders that hold stock twice', String(found.duplicates)],
    ['Units sold beyond what was held', String(found.oversold)],
    ['The regions agreed after', found.settledSeconds === null ? 'never' : quantity(found.settledSeconds, 's')],
  ];
  const none = found.acknowledged === 0 ? html`<p class="empty">No write was acknowledged, so none could be lost.</p>` : NOTHING;
  return html`<section><h2>Ledger</h2>${none}${list(facts)}${lostTable(found.lost, writes)}</section>`;
};

const lostTable = (lost: Report['ledger']['lost'], writes: number): Markup => {
  if (lost.length === 0) return NOTHING;
  const rows = lost
    .slice(0, LOST_SHOWN_MAX)
    .map(
      (write) =>
        html`<tr><th scope="row">${write.operation}</th><td><code>${write.id}</code></td><td>${write.region}</td><td class="number">${quantity(Math.abs(write.ageMs), 'ms')} ${write.ageMs < 0 ? 'after' : 'before'}</td></tr>`,
    );
  const all = Math.max(writes, lost.length);
  const more =
    all > rows.length
      ? html`<p class="empty">These are ${rows.length} of ${all}; <code>report.json</code> lists ${lost.length}.</p>`
      : NOTHING;
  return html`<h3>Lost for good</h3>${table(['Write', 'Id', 'Acknowledged by', 'From the fault'], rows, 'lost')}${more}`;
};

export const eventsTable = (all: readonly ReportEvent[], zero: string): Markup =>
  table(
    [`Since ${zero}`, 'What', 'Region', 'Detail'],
    all.map(
      (event) =>
        html`<tr><td class="time">${sinceFault(event.sinceFaultSeconds)}</td><td>${event.kind}</td><td>${event.region ?? ''}</td><td class="detail">${event.detail}</td></tr>`,
    ),
  );

export const secondsTable = (panels: readonly Panel[]): Markup =>
  table(
    ['Second', ...panels.flatMap(({ title }) => [`${title}: succeeded`, 'failed', 'slowest'])],
    (panels[0]?.seconds ?? []).map(
      ({ second }, index) =>
        html`<tr><td class="time">${second}</td>${panels.map(
          ({ seconds }) =>
            html`<td class="number">${seconds[index]?.ok ?? 0}</td><td class="number">${seconds[index]?.failed ?? 0}</td><td class="number">${quantity(seconds[index]?.slowestMs ?? 0, 'ms')}</td>`,
        )}</tr>`,
    ),
  );

export const definitions = ({ definitions: own }: Telling): readonly Markup[] =>
  [
    ['', 'Requests are sent on schedule whatever the answers do, and their time counts from when they were due.'] as const,
    ...own,
    [
      'Failed',
      'no definite answer that fits the request. A refusal for want of stock, or for a thing that is not there, is an answer.',
    ] as const,
    ['Lost for good', 'acknowledged, and found in no region by strongly consistent reads after everything had settled.'] as const,
    ['', 'All times are of one clock. Every request is in operations.jsonl, every number in report.json.'] as const,
  ].map(([word, meaning]) => html`<p>${word === '' ? NOTHING : html`<b>${word}</b>: `}${meaning}</p>`);
