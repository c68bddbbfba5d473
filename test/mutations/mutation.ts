/**
 * Deliberate defects of any source file, to prove that the tests can fail: the same form as the simulator's (`sim/mutations`),
 * with the narrowest test that must notice. `node test/mutations/run.ts ROOM` tries all of a room, `... ROOM NAME` one.
 * To add some: a list in `lists/`, named in `rooms.ts`. `from` must stand in the file exactly once.
 */
import type { Mutation } from '../../sim/mutations/mutation.ts';

export interface TestedMutation extends Mutation {
  readonly caughtBy: CaughtBy;
}

export interface CaughtBy {
  /** Path of the test file, from the root of the repository. */
  readonly test: string;
  /** Pattern of the titles that are run, where the file holds slow tests besides. @default all */
  readonly title?: string;
}

/** Makes mutations of one place each, of a file that one test file looks after. */
export const mutationsOf =
  (file: string, test: string) =>
  (name: string, defect: string, from: string, to: string, title?: string): TestedMutation => ({
    name,
    defect,
    file,
    edits: [{ from, to }],
    caughtBy: { test, ...(title === undefined ? {} : { title }) },
  });
