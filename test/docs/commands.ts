/** Commands as pages write them, held against the commands that there are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { makeProgram } from '../../ops/program.ts';
import { type Page, ROOT } from './pages.ts';

/** A line of a shell, in a page. */
export interface Written {
  readonly where: string;
  readonly line: string;
  /** Within prose, where a command may be named without all that it needs. */
  readonly inline: boolean;
}

const SHELLS = ['sh', 'bash', 'console'];

/** Every line of code of a page, and all code within lines. */
export const writtenIn = ({ path, blocks, spans }: Page): readonly Written[] => {
  const lines = blocks
    .filter(({ language }) => SHELLS.includes(language))
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/^\$ /, ''));
  return [
    ...lines.map((line) => ({ where: path, line, inline: false })),
    ...spans.map((line) => ({ where: path, line: line.replace(/[[\]]/g, ' '), inline: true })),
  ];
};

/** The words of a shell's line until what follows the command: `;`, `&&`, `|`, `)`, a comment. What the shell fills in is a word. */
const wordsOf = (line: string): readonly string[] => {
  const words: string[] = [];
  const WORD = /\s*(?:(#.*$|[;|&)<>].*$)|((?:"(?:\\.|[^"\\])*"|'[^']*'|\$\([^)]*\)|[^\s"'#;|&)<>]|(?<=\S)#)+))/y;
  for (let match = WORD.exec(line); match?.[2] !== undefined; match = WORD.exec(line)) {
    words.push(match[2].replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, '$1$2'));
  }
  return words;
};

/** Calls of `tandem` in a line, as its words; without those that only name it. */
export const tandemCallsOf = (line: string): readonly (readonly string[])[] =>
  [...line.matchAll(/(?:^|[\s(`])(?:bin\/)?tandem (?=[a-z-])/g)].map((match) => wordsOf(line.slice(match.index + match[0].length)));

export const npmRunsOf = (line: string): readonly (readonly string[])[] =>
  [...line.matchAll(/(?:^|[\s(])npm (?:run )?(?=[a-z:]+)/g)].map((match) => wordsOf(line.slice(match.index + match[0].length)));

/** Words in capitals stand for a value that fits: a page cannot know which. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  F: 'errors',
  R: 'eu-central-1',
  N: '2',
  ARN: 'arn:aws:backup:eu-central-1:111122223333:recovery-point:x',
  TIME: '5 minutes ago',
  'THE-POINT': '5 minutes ago',
  'ARN-HERE': 'arn:aws:backup:eu-central-1:111122223333:recovery-point:x',
};

/** What a command lacks that is only named, as in "see `tandem rollback`" or "with `tandem restore --from`". */
const LACKS = ['commander.missingArgument', 'commander.missingMandatoryOptionValue', 'commander.help'];
const LACKS_VALUE = 'commander.optionMissingArgument';

/** What is wrong with a call of `tandem`; undefined: it parses. Nothing of it is done. */
export const problemOf = async (words: readonly string[], inline = false): Promise<string | undefined> => {
  const program = makeProgram();
  for (const command of walk(program)) {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
  }
  try {
    await program.parseAsync(
      words.map((word) => (word.includes('$(') ? (PLACEHOLDERS['ARN'] ?? '') : (PLACEHOLDERS[word] ?? word))),
      { from: 'user' },
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return undefined;
    const named = inline && !words.some((word) => word.startsWith('-')) && LACKS.includes(error.code);
    return named || (inline && error.code === LACKS_VALUE) ? undefined : error.message;
  }
};

const walk = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(walk)];

const OWN = ['test', 'start', 'ci'];

/** What is wrong with a script that npm is told to run; undefined: there is one. */
export const npmProblemOf = ([script = '']: readonly string[]): string | undefined => {
  const manifest: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return OWN.includes(script) || Object.hasOwn(manifest.scripts, script) ? undefined : `npm has no script "${script}"`;
};
