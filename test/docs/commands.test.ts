/** Every command that a page names is one that there is, with options that it takes. */
import { describe, expect, test } from 'vitest';
import { npmProblemOf, npmRunsOf, problemOf, tandemCallsOf, type Written, writtenIn } from './commands.ts';
import { pageOf, pages } from './pages.ts';

const problemsIn = async (all: readonly Written[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const { where, line, inline } of all) {
    for (const words of tandemCallsOf(line)) {
      const problem = await problemOf(words, inline);
      if (problem !== undefined) found.push(`${where}: ${line}: ${problem}`);
    }
    for (const words of npmRunsOf(line)) {
      const problem = npmProblemOf(words);
      if (problem !== undefined) found.push(`${where}: ${line}: ${problem}`);
    }
  }
  return found;
};

describe('every command of the pages', () => {
  // What is told of the past names what there was.
  const all = pages()
    .filter(({ path }) => path !== 'CHANGELOG.md' && !path.startsWith('docs/decisions/'))
    .flatMap(writtenIn);

  test('of `tandem` and `npm` is there, and takes what it is given', async () => {
    expect(all.flatMap(({ line }) => tandemCallsOf(line)).length).toBeGreaterThan(100);
    expect(await problemsIn(all)).toEqual([]);
  });

  test.each([
    ['an unknown command', 'bin/tandem evaporate eu-central-1'],
    ['an unknown option', 'bin/tandem status --targt aws'],
    ['a missing argument', 'bin/tandem rebuild --yes'],
    ['a missing option', 'bin/tandem stock reclaim --yes'],
    ['a word too many', 'tandem status now'],
    ['a choice that there is not', 'bin/tandem drill flood'],
    ['a value that does not fit', 'bin/tandem drill partition --seconds soon'],
    ['an unknown script', 'npm run fly'],
  ])('with %s is red', async (_what, line) => {
    const planted = pageOf('planted.md', `# Planted\n\n\`\`\`sh\n${line}   # explained\n\`\`\`\n`);
    expect(await problemsIn(writtenIn(planted))).toHaveLength(1);
    expect(await problemsIn(writtenIn(pageOf('planted.md', `See \`${line}\`.\n`)))).toHaveLength(1);
  });
});
