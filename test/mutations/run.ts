/**
 * `node test/mutations/run.ts ROOM [NAME...]`: tries the mutations of a room, or those that are named, and prints a line of
 * JSON for each. Exit codes: 0 all are caught, 1 one is not, 2 a mistake in the command.
 */
import { MUTATED_ROOMS } from './rooms.ts';
import { MutationRunner } from './runner.ts';

const [room, ...names] = process.argv.slice(2);
const rooms: ReadonlyMap<string, (typeof MUTATED_ROOMS)[keyof typeof MUTATED_ROOMS]> = new Map(Object.entries(MUTATED_ROOMS));
const known = rooms.get(room ?? '');
const unknown = names.filter((name) => !known?.some((mutation) => mutation.name === name));
if (known === undefined || unknown.length > 0) {
  process.stderr.write(
    known === undefined
      ? `given ${room ?? 'no room'}; allowed: ${[...rooms.keys()].join(', ')}\n`
      : `there is no mutation ${unknown.join(', ')} of ${room}; allowed: ${known.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const runner = await MutationRunner.start();
let allCaught = true;
try {
  for (const mutation of known) {
    if (names.length > 0 && !names.includes(mutation.name)) continue;
    const tried = await runner.try(mutation);
    process.stdout.write(`${JSON.stringify(tried)}\n`);
    allCaught &&= tried.caught;
  }
} finally {
  await runner.close();
}
// Vitest has set a code of its own: of the tests that failed, as they must.
process.exitCode = allCaught ? 0 : 1;
