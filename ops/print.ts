/**
 * Everything that a command says goes through here, because what it says holds others' text: names, reasons, errors. A line
 * stays one line, and does nothing but stand there. A test finds whoever writes past it.
 */
import { visible } from './visible.ts';

type Stream = NodeJS.WriteStream;

/** Columns of a terminal; of a pipe or a file there is no end. */
export const columnsOf = (stream: Pick<Stream, 'isTTY' | 'columns'> = process.stdout): number =>
  stream.isTTY === true && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY;

/** Narrower, or without a size (as some containers give), a line cannot be drawn again and again. */
const COLUMNS_MIN = 40;
const canDraw = (): boolean =>
  process.stdout.isTTY === true && (process.stdout.columns ?? 0) >= COLUMNS_MIN && process.env['TERM'] !== 'dumb';

const ERASE = '\r\u001b[K';
let drawn = '';
let saidMs = Date.now();

/** Milliseconds since anything was said. */
export const silentMs = (): number => Date.now() - saidMs;

/** A line at the bottom of a terminal that is drawn anew until the next; empty: none. @returns whether it can be drawn */
export const draw = (line: string): boolean => {
  if (!canDraw()) return false;
  const next = visible(line).slice(0, process.stdout.columns - 1);
  process.stdout.write(`${drawn === '' && next === '' ? '' : ERASE}${next}`);
  drawn = next;
  return true;
};

const say = (stream: Stream, lines: readonly string[]): void => {
  saidMs = Date.now();
  const wide = columnsOf(stream);
  const text = lines.flatMap((line) => wrapped(visible(line), wide).map(visible)).join('\n');
  const under = drawn;
  if (under !== '') process.stdout.write(ERASE);
  stream.write(`${text}\n`);
  if (under !== '') process.stdout.write(under);
};

/** One line of output. */
export const print = (line: string): void => say(process.stdout, [line]);

/** Lines that `asText` or `table` has made. */
export const printText = (text: string): void => say(process.stdout, text.split('\n'));

/** One line beside the output, which scripts read. */
export const printError = (line: string): void => say(process.stderr, [line]);
export const printErrorText = (text: string): void => say(process.stderr, text.split('\n'));

/** JSON that means the same, and does nothing on a terminal either. */
export const printJson = (value: unknown): void => {
  saidMs = Date.now();
  const text = JSON.stringify(value, undefined, 2).split('\n');
  process.stdout.write(`${text.map((line) => line.replace(/[^\u0020-\u007e]|##(?=[a-z]*\[)/giu, escaped)).join('\n')}\n`);
};

const escaped = (text: string): string =>
  visible(text) === text
    ? text
    : Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');

/** Text of several lines: what is in one of them cannot begin another. */
export const asText = (lines: readonly string[]): string => lines.map(visible).join('\n');

/** A command in backticks is one piece: it can be copied. */
const PIECES = /(?:[^\s`]|`[^`]*`)+/g;

/** Prose breaks between words. What is indented deep, as commands are, or stands in columns is left to the terminal. */
const wrapped = (line: string, columns: number): readonly string[] => {
  if (line.length < columns || /^ {3}|\S {2}/.test(line)) return [line];
  const indent = line.startsWith(' ') ? '    ' : '  ';
  const rows: string[] = [];
  let row = line.startsWith(' ') ? '  ' : '';
  for (const piece of line.match(PIECES) ?? []) {
    if (row.trim() !== '' && row.length + 1 + piece.length >= columns) {
      rows.push(row);
      row = indent;
    }
    row += row.trim() === '' ? piece : ` ${piece}`;
  }
  return [...rows, row];
};

/** Columns of help, for people: no line of it is longer where there is no terminal either. */
const HELP_COLUMNS_MAX = 100;
export const helpColumns = { out: () => widthOfHelp(process.stdout), err: () => widthOfHelp(process.stderr) } as const;
const widthOfHelp = (stream: Stream): number => Math.min(columnsOf(stream), HELP_COLUMNS_MAX);

/** For commands that have something to end, whether anybody reads them any more (a closed terminal, `| head`) or not. */
export const outliveReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
};

/** What a program ends with that SIGPIPE ends. */
const BROKEN_PIPE = 128 + 13;

/**
 * For tools that have nothing to end: when nobody reads them any more (`| head`, a closed terminal), they end as programs
 * do that know nothing of it.
 */
export const endWithReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(BROKEN_PIPE));
};
