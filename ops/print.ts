/**
 * Lines of tools that have nothing to end: when nobody reads them any more (`| head`, a closed terminal), the tool ends as
 * programs do that know nothing of it, by what SIGPIPE would give.
 */
const BROKEN_PIPE = 128 + 13;

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(BROKEN_PIPE));

export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
