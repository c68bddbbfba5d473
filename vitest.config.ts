import { defineConfig } from 'vitest/config';
import { quieten } from './test/environment.ts';
import { TotalReporter } from './test/reporter.ts';
import { leftOut, leftOutLines } from './test/tools.ts';

/** Drills of the toy system, held against objectives in time: nothing runs beside them. */
const TIMED = ['test/ops/drill/{region-loss,delivery,partition,bad-writes}.test.ts'];
/** Of the drills of one file: each has callers of its own, who are to get their turns. */
const TIMED_AT_ONCE = 3;
/** Tests that start emulators, front doors or whole systems, seconds of CPU each, and then wait for them. */
const SYSTEM = ['test/**/*.system.test.ts'];
const SYSTEM_WORKERS = 2;
/** Deliberate defects, each tried by a vitest of its own: processors are all that they need. */
const MUTATIONS = ['test/mutations/*.test.ts'];
const MUTATION_WORKERS = 2;
/** The rest mostly waits, for timers and answers: more at a time than small machines have processors. */
const QUICK_WORKERS = 3;

quieten(process.env);
const withoutTool = leftOut(process.env);

export default defineConfig({
  test: {
    // A test that hangs must end; a slow machine must not fail one that is right.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 30_000,
    // Tests may not depend on their order. A failing order is repeated with `--sequence.seed=N`.
    sequence: { shuffle: { files: true, tests: true } },
    pool: 'forks',
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', new TotalReporter(leftOutLines(withoutTool))],
    coverage: { provider: 'v8', include: ['functions/**', 'infra/**', 'client/**', 'local/**', 'ops/**'], reportsDirectory: 'coverage' },
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: [...TIMED, ...SYSTEM, ...MUTATIONS],
          maxWorkers: QUICK_WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: SYSTEM,
          exclude: withoutTool.flatMap(({ tests }) => tests),
          maxWorkers: SYSTEM_WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          include: TIMED,
          fileParallelism: false,
          maxWorkers: 1,
          maxConcurrency: TIMED_AT_ONCE,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: { name: 'mutations', include: MUTATIONS, maxWorkers: MUTATION_WORKERS, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
