/** How this program is called: each command that is printed can be pasted as it is, from where the user stands. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './folders.ts';
import { visible } from './visible.ts';

/** What no POSIX shell, bash or zsh reads as anything but itself, wherever it stands in a word. */
const PLAIN = /^[\w@%+:,./-][\w@%+:,./=-]*$/;

/** One word for a shell, whatever it holds. What a terminal would not show as it is stands there as octal bytes. */
export const quote = (word: string): string => {
  if (PLAIN.test(word)) return word;
  if (visible(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  const octal = [...Buffer.from(word)].map((byte) =>
    isPlain(byte) ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`,
  );
  return `"$(printf '${octal.join('')}')"`;
};

/** Letters and digits of ASCII, and what stands in paths. */
const isPlain = (byte: number): boolean => /[A-Za-z0-9_./]/.test(String.fromCharCode(byte));

/** Where the user stands. npm goes to the checkout, and says where it was called. */
const standsIn = (): string => process.env['INIT_CWD'] ?? process.cwd();

/** A line for a shell. Each word is one argument. */
export const words = (...given: readonly string[]): string => given.map(quote).join(' ');

const inRoot = (): boolean => realFolder(standsIn()) === realFolder(ROOT);

/** A line that works in the checkout alone, from where the user stands. */
export const inCheckout = (...given: readonly string[]): string =>
  inRoot() ? words(...given) : `(cd ${quote(ROOT)} && ${words(...given)})`;

const program = (): string => (inRoot() ? 'bin/tandem' : quote(join(ROOT, 'bin', 'tandem')));

const realFolder = (folder: string): string => {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
};

/** Of this call, which belong to every command that it advises. */
interface Given {
  readonly config?: string;
  readonly target?: string;
}
let given: Given = {};

export const adviseWith = (options: Given): void => {
  given = options;
};

/** Commands that know of no target but this machine. */
const HERE_ONLY: ReadonlySet<string> = new Set(['start', 'drill', 'lose']);

/** A call of this program, as a line for a shell. Each word is one argument; the `--target` and `--config` of this call follow. */
export const tandem = (...words: readonly string[]): string => {
  const { config, target = 'local' } = given;
  const [verb = ''] = words;
  const elsewhere = target !== 'local' && verb !== '' && !HERE_ONLY.has(verb) && !words.includes('--target');
  const also = [...(elsewhere ? ['--target', target] : []), ...(config === undefined || verb === '' ? [] : ['--config', config])];
  return [program(), ...[...words, ...also].map(quote)].join(' ');
};
