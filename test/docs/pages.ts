/** The pages that users, operators and maintainers read, and what stands in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** A fenced block of code. */
export interface Block {
  /** As the fence says: `sh`, `json`; empty where it says nothing. */
  readonly language: string;
  readonly text: string;
  /** Of its first line in the page, from 1. */
  readonly line: number;
}

export interface Page {
  /** Relative to the checkout. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** Without blocks. */
  readonly prose: string;
  /** Code within a line. */
  readonly spans: readonly string[];
  /** Of headings, as a link names them. */
  readonly anchors: ReadonlySet<string>;
}

const markdownIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const FENCE = /^ *```(\w*)\n([\s\S]*?)^ *```$/gm;

export const pageOf = (path: string, text: string): Page => {
  const blocks = [...text.matchAll(FENCE)].map(({ 1: language = '', 2: content = '', index }) => ({
    language,
    text: content,
    line: text.slice(0, index).split('\n').length + 1,
  }));
  const prose = text.replaceAll(FENCE, '');
  return {
    path,
    text,
    blocks,
    prose,
    spans: [...prose.matchAll(/`([^`\n]+)`/g)].map(({ 1: code = '' }) => code),
    anchors: anchorsOf(prose),
  };
};

/** As GitHub makes them: lower case, without punctuation, hyphens for spaces, numbered where they come again. */
const anchorsOf = (prose: string): ReadonlySet<string> => {
  const seen = new Map<string, number>();
  return new Set(
    [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(({ 1: heading = '' }) => {
      const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
      const slug = shown
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-');
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
};

/** Every page of the checkout. */
export const pages = (): readonly Page[] =>
  ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdownIn('docs')].map((path) =>
    pageOf(relative(ROOT, join(ROOT, path)), readFileSync(join(ROOT, path), 'utf8')),
  );

/** @throws {Error} when there is none */
export const pageAt = (path: string): Page => {
  const found = pages().find((each) => each.path === path);
  if (found === undefined) throw new Error(`given the page ${path}; allowed: one of ${pages().map((each) => each.path)}`);
  return found;
};
