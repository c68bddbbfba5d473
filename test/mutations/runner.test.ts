import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutationsOf, type TestedMutation } from './mutation.ts';
import { MUTATED_ROOMS } from './rooms.ts';
import { MutationRunner } from './runner.ts';

const measuring = mutationsOf('ops/drill/measure.ts', 'test/ops/drill/measure.test.ts');
const AT_MOST = 'passed: value !== null && value <= max,';

describe('a mutation', () => {
  let runner: MutationRunner;
  beforeAll(async () => {
    runner = await MutationRunner.start();
  });
  afterAll(() => runner.close());
  const tried = (from: string, to: string, title?: string) => runner.try(measuring('tried', 'a defect', from, to, title));

  it('is caught by a test that asserts something else, which is named', async () => {
    expect(await tried(AT_MOST, 'passed: value !== null && value < max,')).toEqual({
      name: 'tried',
      caught: true,
      detail: expect.stringMatching(/^verdicts > all pass when all is good: expected/),
    });
  });

  it.each([
    [
      'changes nothing that a test notices',
      AT_MOST,
      `${AT_MOST} // as before`,
      undefined,
      /nothing noticed: add a test to test\/ops\/drill\/measure/,
    ],
    ['is noticed only by tests that are left out', AT_MOST, 'passed: true,', '^numbers', /nothing noticed/],
    ['edits what has moved', 'value <= nowhere', 'true', undefined, /stands 0 times .* move the mutation/],
    ['edits more places than one', 'readonly', '', undefined, /stands \d+ times .* move the mutation/],
    ['changes no text', AT_MOST, AT_MOST, undefined, /changes nothing/],
    ['does not compile', AT_MOST, 'passed: ((,', undefined, /Unexpected ","/],
    ['cannot be loaded', 'import { CALLER_KINDS,', "import './nowhere.ts';\nimport { CALLER_KINDS,", undefined, /broken: .*nowhere/],
    ['is an accident, and judges nothing', AT_MOST, 'passed: value !== null && value <= max.of.what,', undefined, /broken: .*TypeError/],
    ['is left to a test that there is not', AT_MOST, 'passed: true,', 'no such title', /is empty/],
  ])('that %s proves nothing, and says so', async (_, from, to, title, detail) => {
    expect(await tried(from, to, title)).toEqual({ name: 'tried', caught: false, detail: expect.stringMatching(detail) });
  });

  it('is not there any more for the next', async () => {
    await tried(AT_MOST, 'passed: true,');
    expect(await tried(AT_MOST, `${AT_MOST} // as before`)).toMatchObject({ detail: expect.stringContaining('nothing noticed') });
  });

  it('is there for processes that a test starts', async () => {
    const command = mutationsOf('ops/options.ts', 'test/ops/command-line.test.ts');
    const moved = command('tried', 'a defect', 'url.pathname ===', 'url.pathname !==', 'refuses an endpoint where nothing answers');
    expect(await runner.try(moved)).toMatchObject({ caught: true, detail: expect.stringMatching(/endpoint <url>/) });
  });
});

describe('the mutations of all rooms', () => {
  it('have a name each, and edit files of their room', () => {
    const all: readonly TestedMutation[] = Object.values(MUTATED_ROOMS).flat();
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});
