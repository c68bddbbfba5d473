/**
 * Markup of the report page. The one place where text becomes markup: whatever is put into a template is text, and is
 * escaped, unless it is markup that was made here.
 */

import { UNSEEN } from '../visible.ts';

/** Not made anywhere else: a text is no markup. */
class Markup {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type { Markup };

export const NOTHING = new Markup('');

const escapeText = (text: string): string =>
  text
    .replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
    .replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);

type Value = string | number | Markup | readonly Markup[];

const shown = (value: Value): string => {
  if (value instanceof Markup) return value.toString();
  return typeof value === 'object' ? value.map(String).join('') : escapeText(String(value));
};

/** `html\`<p>${text}</p>\``. Attributes are written in double quotes. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Markup =>
  new Markup(parts.map((part, index) => (index === 0 ? part : `${shown(values[index - 1] ?? '')}${part}`)).join(''));

/** A style sheet of ours. */
export const styleElement = (css: string): Markup => new Markup(`<style>${css}</style>`);
