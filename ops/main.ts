/** The command line. Exit codes: 0 done, 1 a drill or a region failed, 2 a mistake in the command or its surroundings, 3 a step of the operator is next, 128 + N ended by signal N. */
import { CommanderError } from 'commander';
import { StoreUnavailable } from '../functions/core/store.ts';
import { mendable, messageOf, OperatorStep, UserError } from './errors.ts';
import { makeProgram } from './program.ts';
import { Interrupted } from './signals.ts';

/** Prints what the user needs to know of an error, and returns the exit code. */
const report = (thrown: unknown): number => {
  const error = mendable(thrown);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed it
  if (error instanceof Interrupted) {
    console.error(`tandem: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof OperatorStep) {
    console.error(`\ntandem: ${error.message}`);
    return 3;
  }
  if (process.env['TANDEM_DEBUG'] === '1') console.error(error);
  else if (error instanceof UserError) console.error(`tandem: ${error.message}`);
  else if (error instanceof StoreUnavailable)
    console.error(
      `tandem: ${error.message}: ${messageOf(error.cause)}; see \`tandem status\`, and for AWS the credentials, then run it again or name another --region`,
    );
  else console.error(`tandem: unexpected: ${messageOf(error)}\nrun it again with TANDEM_DEBUG=1 for the stack`);
  return error instanceof UserError ? 2 : 1;
};

// Whoever read the output may be gone (a closed terminal, `| head`): what was started must still be ended.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
// Nothing is left to do: connections that are kept alive must not hold the terminal.
process.exit();
