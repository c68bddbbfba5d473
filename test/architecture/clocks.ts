/** What lasts is measured by a clock that does not step: the machine's own is read in one file, and told from there. */

const OWN = 'client/runtime.ts';
/** `now()` of a runtime is the machine's clock; a span between two of its readings may be an hour off. */
const WALL = /\bDate\s*(\.\s*now\b|\()|\bnew\s+Date\b|\.\s*now\s*\(\s*\)|\btimeOrigin\b/;

/** Where the failover client reckons with the machine's clock. */
export const clockProblems = (path: string, text: string): readonly string[] =>
  path.startsWith('client/') && path !== OWN
    ? text
        .split('\n')
        .flatMap((line, index) =>
          WALL.test(line)
            ? [`${path}:${index + 1}: reads a clock that steps; allowed: \`monotonic\` of the runtime, and \`stampsOf\` to tell moments`]
            : [],
        )
    : [];
