import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../ops/folders.ts';
import { asText } from '../../ops/print.ts';
import { table } from '../../ops/table.ts';
import { visible } from '../../ops/visible.ts';

/** What a terminal, a pager or a build log would act on. */
const HOSTILE = [
  ['an escape sequence', '\u001b[2J', '\\u001b[2J'],
  ['a title', '\u001b]0;owned\u0007', '\\u001b]0;owned\\u0007'],
  ['a control of C1', 'a\u009b31mb', 'a\\u009b31mb'],
  ['a second line', 'a\nb', 'a\\u000ab'],
  ['a line that is overwritten', 'good\rbad', 'good\\u000dbad'],
  ['a backspace', 'bad\b\b\bgood', 'bad\\u0008\\u0008\\u0008good'],
  ['a tab', 'a\tb', 'a\\u0009b'],
  ['nothing at all', 'a\0b', 'a\\u0000b'],
  ['a delete', 'a\u007fb', 'a\\u007fb'],
  ['text that runs backwards', 'a\u202eb', 'a\\u202eb'],
  ['an isolate', 'a\u2066b\u2069', 'a\\u2066b\\u2069'],
  ['a mark of direction', 'a\u200fb', 'a\\u200fb'],
  ['a blank without width', 'a\u200bb', 'a\\u200bb'],
  ['a joiner', 'a\u200db', 'a\\u200db'],
  ['a byte-order mark', '\ufeffa', '\\ufeffa'],
  ['a separator of lines', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ['a soft hyphen', 'a\u00adb', 'a\\u00adb'],
  ['a blank that is none', 'a\u00a0b', 'a\\u00a0b'],
  ['a filler', 'a\u3164b', 'a\\u3164b'],
  ['a tag', 'a\u{e0041}b', 'a\\u{e0041}b'],
  ['half a character', 'a\ud800b', 'a\\ud800b'],
  ['a command of a workflow', '::add-mask::secret', '\\u003a:add-mask::secret'],
  ['an indented one', '  ::error::x', '  \\u003a:error::x'],
  ['an old one', 'x ##[error]y', 'x #\\u0023[error]y'],
  ['one of another log', 'x ##vso[task.setvariable]y', 'x #\\u0023vso[task.setvariable]y'],
  ['one in capitals, behind more of them', '###TeamCity[x]', '##\\u0023TeamCity[x]'],
] as const;

describe("others' text", () => {
  it.each(HOSTILE)('%s is shown by its number', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(visible(shown)).toBe(shown);
  });

  it('in any language is left as it is', () => {
    for (const text of ['Zürich', 'Ελλάδα', '東京', 'हिन्दी', 'עברית', 'a::b', '## a [b]', 'e\u0301', '😀'])
      expect(visible(text)).toBe(text);
  });

  it.each(HOSTILE)('%s makes no second row in a text or a table', (_, text) => {
    expect(asText(['head', `reason: ${text}`]).split('\n')).toHaveLength(2);
    expect(table([['head'], [text]])).toHaveLength(2);
    expect(
      asText([
        ...table([
          ['a', 'b'],
          [text, text],
        ]),
      ]),
    ).toSatisfy(doesNothing);
  });
});

describe('a table', () => {
  const rows = [
    ['region', 'state', 'why'],
    ['eu-central-1', 'ill', 'because '.repeat(12).trim()],
  ];

  it('puts below what does not fit beside, and loses nothing', () => {
    const lines = table(rows, 80);
    expect(lines).toEqual(['region        state', 'eu-central-1  ill', `    why: ${'because '.repeat(12).trim()}`]);
    expect(table(rows, Number.POSITIVE_INFINITY)).toHaveLength(2);
  });
});

describe('standard output', () => {
  /** Writes that no printer has seen. */
  const WRITES = /\bconsole\s*[.[]|\bprocess\s*\.\s*std(out|err)\b|\bstd(out|err)\b[^;]*\bwrite\b|writeSync\([12]\b/;
  const writesIn = (text: string): readonly string[] =>
    text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .split('\n')
      .filter((line) => WRITES.test(line.replace(/(^|\s)\/\/.*/, '')));
  /** `print.ts` is the printer; `main.ts` and `program.ts` only name the streams. */
  const PRINTER = ['ops/print.ts'];

  it('is written by the printer alone', () => {
    const files = globSync('ops/**/*.ts', { cwd: ROOT }).filter((file) => !PRINTER.includes(file));
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((file) => writesIn(readFileSync(join(ROOT, file), 'utf8')).map((line) => `${file}: ${line.trim()}`))).toEqual([]);
  });

  it.each(["console.log('x');", 'process.stdout.write(x);', 'const { stdout } = process; stdout.write(x);', 'writeSync(1, x);'])(
    'would be found written by %s',
    (text) => expect(writesIn(text)).toHaveLength(1),
  );
});

const doesNothing = (text: string): boolean =>
  text.split('\n').every((line) => !/^\s*::/.test(line) && !/##[a-z]*\[/i.test(line) && /^[\u0020-\u007e]*$/.test(line));
