/** What pages promise, and what they say holds it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MUTATIONS } from '../../sim/mutations/registry.ts';
import { MUTATED_ROOMS } from '../mutations/rooms.ts';
import { type Page, ROOT } from './pages.ts';

/** A paragraph, an item of a list or a row of a table: what one marker stands for. */
export interface Passage {
  readonly page: string;
  /** In one line. */
  readonly text: string;
  /** What follows "Held by", or stands in a column of that name; absent where neither is there. */
  readonly marker: string | undefined;
}

const STRONG = /\b(?:never|always|cannot|exactly|at most|nobody|for ever|no \w+(?: \w+)? ever)\b/i;
/** Between the heads of a table and its rows. */
const RULER = /^\|[-| :]+\|$/;
const BEGINS_ANEW = /^\s*(?:[-*>] |\d+\. |#{1,6} |\||$)/;

/** Text without what is quoted: a code span is a name, and a heading is no sentence. */
export const isStrong = ({ text }: Passage): boolean => !/^#{1,6} /.test(text) && STRONG.test(text.replaceAll(/`[^`]*`/g, ''));

/** A row is read with the heads of its columns: the column that says what holds it may be any. */
const markerOf = (text: string, heads: readonly string[]): string | undefined => {
  const column = text.startsWith('|') ? heads.findIndex((head) => /^held by$/i.test(head)) : -1;
  if (column !== -1) return cellsOf(text)[column] ?? '';
  return /\bHeld by[: ](.*?)(?:\.(?= |$)|$)/.exec(text)?.[1];
};

const cellsOf = (row: string): readonly string[] =>
  row
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

export const passagesOf = ({ path, prose }: Page): readonly Passage[] => {
  const texts: string[] = [];
  let isOpen = false;
  for (const line of prose.split('\n')) {
    const last = texts.at(-1);
    if (isOpen && last !== undefined && !BEGINS_ANEW.test(line)) texts[texts.length - 1] = `${last} ${line.trim()}`;
    else texts.push(line.trim());
    isOpen = !/^\s*(?:#{1,6} |\||$)/.test(line);
  }
  let heads: readonly string[] = [];
  return texts.flatMap((text, index) => {
    const isHead = RULER.test(texts[index + 1] ?? '');
    if (isHead) heads = cellsOf(text);
    return isHead || RULER.test(text) || text === '' ? [] : [{ page: path, text, marker: markerOf(text, heads) }];
  });
};

const PATH = /^(?:test|sim|bench|functions|client|infra|ops|local)\/[\w./-]+$/;
const COMMAND = /^(?:npm run (?:simulate|prove:durability|check:history|bench|test:long)|bin\/tandem drill)\b/;
const ENDS = ['', '.ts', '.test.ts', '.property.test.ts', '.system.test.ts'];
const DEFECTS: ReadonlySet<string> = new Set([...MUTATIONS, ...Object.values(MUTATED_ROOMS).flat()].map(({ name }) => name));

const fileOf = (path: string): string | undefined => ENDS.map((end) => `${path}${end}`).find((each) => existsSync(join(ROOT, each)));

const spansOf = (text: string): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(({ 1: span = '' }) => span);

/** Folders of the tests that a page names: a bare name of a test is looked for in them. */
const foldersOf = ({ spans }: Page): ReadonlySet<string> =>
  new Set(spans.filter((span) => /^(?:test|sim)\//.test(span)).flatMap((span) => [dirname(span), span]));

const holderFileOf = (span: string, folders: ReadonlySet<string>): string | undefined =>
  PATH.test(span) ? fileOf(span) : [...folders].map((folder) => fileOf(join(folder, span))).find((found) => found !== undefined);

/** Something that fails when a promise is broken, or a decision that says why it is so; or the table where these stand. */
const HOLDER =
  /`(?:(?:test|sim|bench)\/[\w./-]+|npm run (?:simulate|prove:durability|check:history|bench|test:long)\b[^`]*|bin\/tandem drill [^`]+)`|\]\([^)]*decisions\/\d{4}-[^)]*\)|\]\([^)]*#[\w-]*what-holds-[\w-]+\)/;

export const hasHolder = ({ text, marker }: Passage): boolean => HOLDER.test(text) || (marker !== undefined && marker !== '');

const textsIn = (file: string): string => {
  const path = join(ROOT, file);
  const files = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((each) => join(path, each))
    : [path];
  return files
    .filter((each) => each.endsWith('.ts'))
    .map((each) => readFileSync(each, 'utf8'))
    .join('\n');
};

/** What a marker names and is not there: files, commands, defects, and titles, which stand in quotes after their file. */
export const lostIn = ({ marker }: Passage, page: Page): readonly string[] => {
  if (marker === undefined) return [];
  const folders = foldersOf(page);
  const spans = spansOf(marker);
  const files = spans.flatMap((span) => holderFileOf(span, folders) ?? []);
  const lostSpans = spans.filter((span) => !COMMAND.test(span) && !DEFECTS.has(span) && holderFileOf(span, folders) === undefined);
  const titles = [...marker.matchAll(/"([^"]+)"/g)].map(({ 1: title = '' }) => title);
  const lostTitles = titles.filter((title) => !files.some((file) => textsIn(file).includes(title)));
  const isEmpty = spans.length === 0 && !/\]\(/.test(marker);
  return [...lostSpans, ...lostTitles, ...(isEmpty ? [`names nothing: ${marker}`] : [])];
};
