/**
 * Runs the narrowest test of each mutation with the source edited, and demands that it is green without, and red by what it
 * asserts with it. One vitest for all: what was not edited is transformed once; each run has a worker of its own.
 */
import { join } from 'node:path';
import { transform } from 'esbuild';
import { createVitest, type TestModule, type Vitest } from 'vitest/node';
import { messageOf } from '../../ops/errors.ts';
import { editedText } from '../../ops/simulation/mutant.ts';
import type { CaughtBy, TestedMutation } from './mutation.ts';
import { makeOverlay, type Overlay } from './overlay.ts';

export interface Tried {
  readonly name: string;
  readonly caught: boolean;
  /** The test that noticed; or why the mutation proves nothing, or is not noticed, and what to do. */
  readonly detail: string;
}

/** A machine that is busy with all other tests is slow. */
const TEST_TIMEOUT_MS = 300_000;
/** An error of these is a mistake in the edit, or an accident of its: no test has expected anything else. */
const ACCIDENTS: readonly string[] = ['SyntaxError', 'ReferenceError', 'TypeError'];
const TIMED_OUT = /timed out in \d+ ?ms/;

export class MutationRunner {
  readonly #overlay: Overlay;
  readonly #vitest: Vitest;
  /** What the tests came to without any mutation, by what is run. */
  readonly #unedited = new Map<string, Promise<Ran>>();

  private constructor(overlay: Overlay, vitest: Vitest) {
    this.#overlay = overlay;
    this.#vitest = vitest;
  }

  static async start(): Promise<MutationRunner> {
    const overlay = await makeOverlay();
    const vitest = await createVitest(
      'test',
      {
        root: overlay.root,
        config: false,
        watch: false,
        pool: 'forks',
        maxWorkers: 1,
        include: ['test/**/*.test.ts'],
        setupFiles: [join(overlay.root, 'test/mutations/fixed-chance.ts')],
        testTimeout: TEST_TIMEOUT_MS,
        hookTimeout: TEST_TIMEOUT_MS,
        reporters: [{}],
      },
      { logLevel: 'silent', cacheDir: join(overlay.root, '.vite') },
    );
    return new MutationRunner(overlay, vitest);
  }

  /** One at a time: all mutations share one copy of the sources. */
  async try(mutation: TestedMutation): Promise<Tried> {
    const { name, file, caughtBy } = mutation;
    const not = (detail: string): Tried => ({ name, caught: false, detail });
    const source = await this.#overlay.read(file);
    try {
      const text = editedText(mutation, source);
      if (text === source) return not(`the edit of ${file} changes nothing`);
      await transform(text, { loader: 'ts' });
      const unedited = await this.#withoutAny(caughtBy);
      if (unedited.end !== 'green') return not(`without the mutation ${caughtBy.test} is ${unedited.end}: ${unedited.detail}`);
      const ran = await this.#edited(file, text, caughtBy);
      if (ran.end === 'red') return { name, caught: true, detail: ran.detail };
      if (ran.end === 'green') return not(`${file} was edited, and nothing noticed: add a test to ${caughtBy.test} that does`);
      return not(`with ${file} edited ${caughtBy.test} is ${ran.end}: ${ran.detail}; edit it so that a test can run and assert`);
    } catch (error) {
      return not(messageOf(error));
    }
  }

  async close(): Promise<void> {
    await this.#vitest.close();
    await this.#overlay.remove();
  }

  #withoutAny(by: CaughtBy): Promise<Ran> {
    const known = JSON.stringify(by);
    const ran = this.#unedited.get(known) ?? this.#run(by);
    this.#unedited.set(known, ran);
    return ran;
  }

  async #edited(file: string, text: string, by: CaughtBy): Promise<Ran> {
    await this.#write(file, text);
    try {
      return await this.#run(by);
    } finally {
      await this.#write(file, await this.#overlay.read(file));
    }
  }

  async #write(file: string, text: string): Promise<void> {
    await this.#overlay.write(file, text);
    this.#vitest.invalidateFile(join(this.#overlay.root, file));
  }

  async #run({ test, title }: CaughtBy): Promise<Ran> {
    if (title === undefined) this.#vitest.resetGlobalTestNamePattern();
    else this.#vitest.setGlobalTestNamePattern(title);
    const path = join(this.#overlay.root, test);
    const { testModules, unhandledErrors } = await this.#vitest.runTestSpecifications([
      this.#vitest.getRootProject().createSpecification(path),
    ]);
    // It also tells how other files ended in the runs before.
    const module = testModules.find(({ moduleId }) => moduleId === path);
    if (module === undefined) return { end: 'broken', detail: 'there is no such test file' };
    return endOf(module, unhandledErrors.map(messageOf));
  }
}

interface Ran {
  readonly end: 'green' | 'red' | 'empty' | 'broken';
  readonly detail: string;
}

const endOf = (module: TestModule, unhandled: readonly string[]): Ran => {
  const tests = [...module.children.allTests()];
  const failed = tests.flatMap((test) => (test.result().errors ?? []).map((error) => ({ title: test.fullName, error })));
  const asserted = failed.find(({ error }) => !ACCIDENTS.includes(String(error.name)) && !TIMED_OUT.test(error.message));
  if (asserted !== undefined) return { end: 'red', detail: `${asserted.title}: ${firstLine(asserted.error.message)}` };
  const accident = failed.map(({ title, error }) => `${title}: ${error.name}: ${error.message}`);
  const loading = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())];
  const [first] = [...accident, ...loading.map(({ message }) => message), ...unhandled];
  if (first !== undefined || !module.ok()) return { end: 'broken', detail: firstLine(first ?? 'it did not end well') };
  return tests.some((test) => test.result().state === 'passed')
    ? { end: 'green', detail: '' }
    : { end: 'empty', detail: 'no test has such a title' };
};

const firstLine = (message: string): string => message.split('\n', 1)[0] ?? '';
