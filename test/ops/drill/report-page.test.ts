/** The page of a report: what it says at once, what it never lets through, and that nothing in its picture is cut off. */
import { describe, expect, test } from 'vitest';
import { reportHtml } from '../../../ops/reports/html.ts';
import { placeLabels, placeLetters } from '../../../ops/reports/lanes.ts';
import { reportSchema } from '../../../ops/reports/report.ts';
import { allowedSign, measuredOf } from '../../../ops/reports/words.ts';
import { type Drawn, drawn } from './reports.ts';

const pageOf = ({ report, records }: Drawn): string => reportHtml(report, records);
const named = (name: string): Drawn => {
  const found = drawn.find((each) => each.name === name);
  if (found === undefined) throw new Error(`given the report ${name}; allowed: one of ${drawn.map((each) => each.name)}`);
  return found;
};
/** What a reader sees, without the style. */
const textOf = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&#34;', '"')
    .replace(/\s+/g, ' ');
const headerOf = (html: string): string => textOf(/<header[\s\S]*?<\/header>/.exec(html)?.[0] ?? '');
const svgsOf = (html: string): readonly string[] => html.match(/<svg class="(?:wide|narrow)"[\s\S]*?<\/svg>/g) ?? [];

describe.each(drawn)('the page of $name', (each) => {
  const html = pageOf(each);
  const { report } = each;
  const missed = report.verdicts.filter(({ passed }) => !passed);

  test('is of a report that the schema takes', () => {
    expect(reportSchema.safeParse(report).error).toBeUndefined();
  });

  test('says the verdict first, in its title too, and each objective that was missed with its number', () => {
    const word = report.passed ? 'Passed' : 'Failed';
    expect(headerOf(html)).toMatch(new RegExp(`^ *${word}`));
    const title = textOf(/<title>.*?<\/title>/.exec(html)?.[0] ?? '').trim();
    expect(title.startsWith(word)).toBe(true);
    for (const verdict of missed)
      expect(headerOf(html)).toContain(`${verdict.name} ${measuredOf(verdict)} allowed: ${allowedSign(verdict)}`);
    const [first] = missed;
    if (first !== undefined) expect(title).toContain(`${first.name} ${measuredOf(first)}, allowed `);
  });

  test('shows in its timeline what was missed: a line where it is a moment, else in words', () => {
    const section = /<section><h2>Timeline[\s\S]*?<\/section>/.exec(html)?.[0] ?? '';
    for (const verdict of missed) {
      const shown =
        (verdict.unit === 's' && /class="limit missed"/.test(section)) ||
        textOf(section).includes(`${verdict.name} ${measuredOf(verdict)}`);
      expect(shown, verdict.name).toBe(true);
    }
    if (missed.length === 0) expect(section).not.toMatch(/class="(?:limit )?missed"/);
  });

  test('stands alone, by its own policy: no script, nothing to fetch', () => {
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;">`,
    );
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)|\son\w+=/i);
    expect((html.match(/https?:\/\/[^"' ]+/g) ?? []).filter((url) => url !== 'http://www.w3.org/2000/svg')).toEqual([]);
  });

  test('draws nothing beyond its picture, and no line of an event through a title', () => {
    for (const svg of svgsOf(html)) {
      const width = Number(/viewBox="0 -?[\d.]+ ([\d.]+)/.exec(svg)?.[1]);
      for (const { 1: name = '', 2: value = '' } of svg.matchAll(/ (x|x1|x2|cx)="(-?[\d.]+)"/g)) {
        expect(Number(value), name).toBeGreaterThanOrEqual(0);
        expect(Number(value), name).toBeLessThanOrEqual(width);
      }
      for (const { 1: x = '', 2: anchor = '', 3: text = '' } of svg.matchAll(
        /<text class="limit[^"]*" x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)">([^<]*)</g,
      )) {
        const reach = text.length * 6.1;
        expect(Number(x) + (anchor === 'start' ? reach : 0), text).toBeLessThanOrEqual(width);
        expect(Number(x) - (anchor === 'end' ? reach : 0), text).toBeGreaterThanOrEqual(0);
      }
      const titles = [...svg.matchAll(/<text class="panel" x="[\d.]+" y="([\d.]+)"/g)].map(({ 1: y = '' }) => Number(y));
      expect(titles.length).toBeGreaterThan(0);
      for (const { 1: from = '', 2: to = '' } of svg.matchAll(
        /<line class="mark[^"]*" x1="[\d.]+" x2="[\d.]+" y1="([\d.]+)" y2="([\d.]+)"/g,
      ))
        for (const y of titles) expect(Number(from) <= y && y - 12 <= Number(to), `title at ${y}, line from ${from} to ${to}`).toBe(false);
    }
  });
});

describe('the timeline', () => {
  test('has lines for what was allowed and computed, and letters for the fault, the recovery and the repair', () => {
    const html = pageOf(named('region-loss-missed'));
    for (const svg of svgsOf(html)) {
      expect(svg).toMatch(/class="limit"[^>]*>computed 37\.0 s</);
      expect(svg).toMatch(/class="limit missed"[^>]*>missed: allowed 60\.0 s</);
      expect(svg.match(/<g class="letter/g)).toHaveLength(6);
    }
    const marks = textOf(/<ol class="marks">[\s\S]*?<\/ol>/.exec(html)?.[0] ?? '');
    for (const part of [
      'A +0.0 s lost: kill',
      'D +74.2 s callers that follow DNS succeed again',
      'E +82.0 s rebuild of eu-central-1 begins',
    ])
      expect(marks).toContain(part);
  });

  test('marks failures by pattern, and names its picture for those who cannot see it', () => {
    const html = pageOf(named('region-loss-missed'));
    expect(html.match(/url\(#hatch-wide\)/g)).toHaveLength(74);
    expect(html).toMatch(/role="img" aria-labelledby="wide-title wide-text"/);
    expect(html).toMatch(/Callers that follow DNS: \d+ succeeded, 89\d failed; Failover client: \d+ succeeded, 0 failed/);
  });

  test('of nothing says that there is nothing', () => {
    const html = pageOf(named('region-loss-nothing-measured'));
    expect(svgsOf(html)).toEqual([]);
    for (const part of ['there is nothing to draw', 'No objective was held', 'No write was acknowledged', 'No request of callers'])
      expect(textOf(html)).toContain(part);
  });

  test('of a region that was lost with thousands of writes names some, and says how many there are', () => {
    const html = textOf(pageOf(named('region-loss-not-repaired')));
    expect(html).toContain('These are 100 of 4310; report.json lists 1000.');
    expect(html).toContain('did not serve again while it was watched');
  });
});

describe('labels and letters', () => {
  const AREA = { left: 50, right: 334 };

  test('never cover one another, and stay within the picture', () => {
    const xs = [50, 60, 61, 200, 330, 334];
    const placed = placeLabels(
      xs.map((x) => ({ x, text: 'allowed 60.0 s' })),
      AREA,
    );
    const spans = placed.map(({ x, anchor, lane, text }) => ({
      lane,
      from: anchor === 'start' ? x : x - text.length * 6.1,
      to: anchor === 'start' ? x + text.length * 6.1 : x,
    }));
    for (const [index, one] of spans.entries()) {
      expect(one.from).toBeGreaterThanOrEqual(AREA.left);
      expect(one.to).toBeLessThanOrEqual(AREA.right);
      for (const other of spans.slice(index + 1)) expect(one.lane === other.lane && one.from < other.to && other.from < one.to).toBe(false);
    }
  });

  test.each([1, 5, 16, 17, 40])('%d of them at one moment at the end of the picture all have their place', (count) => {
    const placed = placeLetters(
      Array.from({ length: count }, () => AREA.right),
      AREA,
      18,
    );
    expect(new Set(placed.map(({ x, row }) => `${x} ${row}`)).size).toBe(count);
    for (const { x } of placed) {
      expect(x).toBeGreaterThanOrEqual(AREA.left);
      expect(x).toBeLessThanOrEqual(AREA.right);
    }
  });
});

/** Ends whatever it stands in, and hides or turns what follows. */
const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>\u202eevil\u0000\u001b[31m\u2028\ud800\ufeff\u200b&lt;`;

/** Every text of a value made hostile, but for those that are one of a list. */
const hostile = (value: unknown): unknown => {
  if (typeof value === 'string') return `${value}${HOSTILE}`;
  if (Array.isArray(value)) return value.map(hostile);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, CHOSEN.has(key) ? inner : hostile(inner)]));
};
/** The schema takes no text of others' there. */
const CHOSEN = new Set(['drill', 'how', 'target', 'unit', 'controlPlane', 'startedAt']);
const CHOSEN_PATHS = /^(?:events\.\d+\.kind|delivery\.state|delivery\.regions\.\d+\.state|measured\.decision\.by)$/;

const restored = (made: unknown, was: unknown, place = ''): unknown => {
  if (CHOSEN_PATHS.test(place)) return was;
  if (Array.isArray(made) && Array.isArray(was))
    return made.map((each, index) => restored(each, was[index], `${place}${place === '' ? '' : '.'}${index}`));
  if (typeof made !== 'object' || made === null || typeof was !== 'object' || was === null) return made;
  return Object.fromEntries(
    Object.entries(made).map(([key, inner]) => [key, restored(inner, Reflect.get(was, key), `${place}${place === '' ? '' : '.'}${key}`)]),
  );
};

describe('a text of others', () => {
  /** Tags and their attributes, whatever they say. */
  const bonesOf = (html: string): readonly string[] =>
    (html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/="[^"]*"/g, '=""')).filter((tag) => !/<\/?(?:tspan)/.test(tag));

  test.each(drawn)('in every place of $name is shown, and never obeyed', (each) => {
    const report = reportSchema.parse(restored(hostile(each.report), each.report));
    const html = reportHtml(report, each.records);

    expect(html).not.toMatch(/<script|<img|onerror=alert\(1\)>/);
    expect(html).not.toMatch(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    expect(html.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(html).toContain('\\u{202e}evil\\u{0}\\u{1b}[31m\\u{2028}\\u{d800}\\u{feff}\\u{200b}&#38;lt;');
    // Not a tag and not an attribute more than there is without it.
    expect(new Set(bonesOf(html))).toEqual(new Set(bonesOf(reportHtml(each.report, each.records))));
  });
});
