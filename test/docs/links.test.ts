/** Every place that a page leads to is there. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Page, pageOf, pages, ROOT } from './pages.ts';

const linksOf = ({ prose }: Page): readonly string[] =>
  [...prose.replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(({ 1: target = '' }) => target);

const isElsewhere = (target: string): boolean => /^[a-z]+:/.test(target);

/** Links of pages that lead to no file, or to no heading of it. */
const brokenIn = (all: readonly Page[]): readonly string[] =>
  all.flatMap((page) =>
    linksOf(page)
      .filter((target) => !isElsewhere(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? page.path : normalize(join(dirname(page.path), decodeURIComponent(path)));
        if (!existsSync(join(ROOT, file)) && !all.some((each) => each.path === file)) return true;
        return anchor !== undefined && all.find((each) => each.path === file)?.anchors.has(anchor) !== true;
      })
      .map((target) => `${page.path}: ${target}`),
  );

/** Paths of the checkout that a page names: with a folder of it in front, and no letter that stands for many. */
const FOLDERS = ['api', 'bench', 'bin', 'client', 'docs', 'functions', 'infra', 'local', 'ops', 'sim', 'test'];
const PATH = new RegExp(`^(?:${FOLDERS.join('|')})/[\\w./-]+$`);

/** A folder's or a file's name, with or without what its name ends with. */
const isThere = (path: string): boolean =>
  [path, `${path}.ts`, `${path}.test.ts`, `${path}.system.test.ts`].some((each) => existsSync(join(ROOT, each)));

const lostPathsIn = (all: readonly Page[]): readonly string[] =>
  all.flatMap(({ path, spans }) => spans.filter((span) => PATH.test(span) && !isThere(span)).map((span) => `${path}: ${span}`));

describe('a link', () => {
  const all = pages();

  test('of any page leads to a file and a heading that are there', () => {
    expect(all.flatMap(linksOf).length).toBeGreaterThan(50);
    expect(brokenIn(all)).toEqual([]);
  });

  test.each([
    ['to no file', '[x](docs/nowhere.md)'],
    ['to no heading', '[x](docs/runbook.md#nowhere)'],
    ['to no heading of its own page', '[x](#nowhere)'],
  ])('%s is red', (_what, text) => {
    expect(brokenIn([...all, pageOf('PLANTED.md', `# Planted\n\n${text}\n`)])).toHaveLength(1);
  });

  test('to a heading of its own page is right', () => {
    expect(brokenIn([pageOf('PLANTED.md', '## What `tandem` prints, and why\n\n[x](#what-tandem-prints-and-why)\n')])).toEqual([]);
  });
});

test('a path of the checkout that a page names is there', () => {
  const all = pages().filter(({ path }) => path !== 'CHANGELOG.md' && !path.startsWith('docs/decisions/'));
  expect(lostPathsIn(all)).toEqual([]);
  expect(lostPathsIn([pageOf('PLANTED.md', 'See `ops/nowhere.ts`.\n')])).toHaveLength(1);
});
