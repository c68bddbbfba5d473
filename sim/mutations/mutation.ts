/**
 * Deliberate defects of the rules, to prove that the simulator can fail. Each is an edit of the source text of the core, or
 * of what stands in the simulator for a rule that another program keeps (the client, the operator); `instead(right, wrong)`
 * counts where the defect makes a difference. `ops/simulation/mutant.ts` builds a simulator with one of them.
 */
export interface Mutation {
  readonly name: string;
  /** What the defect does to people. */
  readonly defect: string;
  /** Path from the root of the repository. */
  readonly file: string;
  /** `from` must stand in the file exactly once. */
  readonly edits: readonly { readonly from: string; readonly to: string }[];
}

/** A mutation of one place. */
export const one = (name: string, defect: string, file: string, from: string, to: string): Mutation => ({
  name,
  defect,
  file,
  edits: [{ from, to }],
});
