/** How tests wait: by conditions, with bounds that only a hang exceeds. A machine that is busy fails no test. */

const OWN = 'test/support/eventually.ts';

const RULES: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/\bexpect\s*\.poll\(/, 'expect.poll waits for a second only; allowed: eventually and untilPasses of test/support/eventually.ts'],
  [
    /\bvi\s*\.wait(For|Until)\(/,
    'vi.waitFor and vi.waitUntil wait for a second only; allowed: eventually and untilPasses of test/support/eventually.ts',
  ],
  [
    /\btimeout:\s*[0-9_]+,?\s*\},\s*(async\b|\()/,
    'a test has a time limit of its own; allowed: that of vitest.config.ts, which only a hang exceeds',
  ],
  [
    /\bexpect\([^;]*?\b(performance|Date)\.now\(\)\s*-[^;]*?\)\.toBeLessThan(OrEqual)?\((?![^;]*\bHANG_MS\b)/,
    'a time that passed on the wall is held against a bound of its own; allowed: toBeLessThan(HANG_MS), which only a hang exceeds',
  ],
];

/** What is wrong with how this test waits. */
export const waitProblems = (path: string, text: string): readonly string[] =>
  path === OWN ? [] : RULES.flatMap(([pattern, problem]) => (pattern.test(text) ? [`${path}: ${problem}`] : []));
