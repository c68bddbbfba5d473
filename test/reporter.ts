/** Ends a run with one plain line, and fails a whole run that left a test out. */
import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Prints `N passed, N failed`. A skipped or empty test counts as failed, unless the caller chose tests by name. */
export class TotalReporter implements Reporter {
  readonly #notes: readonly string[];
  #vitest: Vitest | undefined;

  /** @param notes what a reader of the result must know, a line each */
  constructor(notes: readonly string[] = []) {
    this.#notes = notes;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const broken = modules.filter((module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0);
    const chosen = this.#vitest?.config.testNamePattern !== undefined;
    const left = chosen ? [] : skipped;
    const failed = tests.length - passed - skipped.length + left.length + broken.length + unhandled.length;
    for (const test of left) console.log(`skipped, which is not allowed: ${test.module.relativeModuleId} > ${test.fullName}`);
    for (const note of this.#notes) console.log(note);
    if (tests.length === 0 || failed > 0) process.exitCode = 1;
    console.log(`${passed} passed, ${failed} failed`);
  }
}
