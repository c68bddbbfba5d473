/** A sentence of these pages that promises something names what holds it. */
import { describe, expect, test } from 'vitest';
import { pageAt, pageOf } from './pages.ts';
import { hasHolder, isStrong, lostIn, passagesOf } from './promises.ts';

const PAGES = [
  'README.md',
  'docs/data.md',
  'docs/failover.md',
  'docs/evolution.md',
  'docs/restore.md',
  'docs/simulation.md',
  'docs/checkers.md',
].map(pageAt);

/** Passages with a strong word and without a holder: how each begins, and why it needs none. */
const EXCEPTIONS: readonly (readonly [page: string, beginning: string, because: string])[] = [
  ['docs/data.md', 'To build one of your own: ', 'tells what to do, and promises nothing'],
];

const isException = (page: string, text: string): boolean =>
  EXCEPTIONS.some(([of, beginning]) => of === page && text.startsWith(beginning));

describe.each(PAGES)('what $path promises', (page) => {
  const passages = passagesOf(page);

  test('names what holds it, in the same paragraph, item or row', () => {
    const unheld = passages.filter((each) => isStrong(each) && !hasHolder(each) && !isException(page.path, each.text));
    expect(unheld.map(({ text }) => text)).toEqual([]);
  });

  test('is held by what is there', () => {
    const marked = passages.filter(({ marker }) => marker !== undefined);
    expect(marked.length).toBeGreaterThan(0);
    expect(marked.flatMap((each) => lostIn(each, page))).toEqual([]);
  });

  test('has no exception that is not needed', () => {
    const unneeded = EXCEPTIONS.filter(
      ([of, beginning]) =>
        of === page.path && !passages.some((each) => each.text.startsWith(beginning) && isStrong(each) && !hasHolder(each)),
    );
    expect(unneeded).toEqual([]);
  });
});

describe('a planted promise', () => {
  const planted = (text: string) => pageOf('PLANTED.md', `# Planted\n\n${text}\n`);
  const unheldIn = (text: string) => passagesOf(planted(text)).filter((each) => isStrong(each) && !hasHolder(each));
  const lostInAll = (text: string) => passagesOf(planted(text)).flatMap((each) => lostIn(each, planted(text)));

  test.each([
    ['in a paragraph', 'Data is\nnever lost. It is held well.'],
    ['in an item, beside one that is held', '- Never lost. Held by `test/docs/links`.\n- Always there.'],
    ['in a row without a holder', '| promise | held by |\n|---|---|\n| cannot be lost | |'],
    ['beside code that holds nothing', 'It cannot be lost (`functions/core/orders.ts`).'],
  ])('%s is red', (_where, text) => {
    expect(unheldIn(text)).toHaveLength(1);
  });

  test.each([
    ['a file', 'Held by `test/docs/nowhere.test.ts`.'],
    ['a title', 'Held by `test/docs/links.test.ts` ("of no page leads anywhere").'],
    ['a defect', 'Held by `test/docs/links.test.ts` and the defect `nothing-of-this-name`.'],
    ['anything', 'Held by care.'],
  ])('that names %s that is not there is red', (_what, text) => {
    expect(lostInAll(text)).not.toEqual([]);
  });

  test.each([
    ['a file and a title', 'Never lost. Held by `test/docs/links.test.ts` ("of any page leads to a file").'],
    ['a file beside another one', 'Never lost. Held by `test/docs/links.test.ts`, `snippets`.'],
    ['a defect', 'Never lost. Held by `smallest-always-keeps`, which the simulator finds.'],
    ['a command', 'Never lost. Held by `bin/tandem drill partition`.'],
    ['a decision', 'Never lost. Held by [0001](docs/decisions/0001-facts-named-by-their-writer.md).'],
  ])('that is held by %s is well', (_what, text) => {
    expect([unheldIn(text), lostInAll(text)]).toEqual([[], []]);
  });

  test('of a name in code is none', () => {
    expect(unheldIn('`never-expires` is a name.')).toEqual([]);
  });
});
