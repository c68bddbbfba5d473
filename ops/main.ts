/** The command line. Exit codes: 0 done, 1 a drill or a region failed, 2 a mistake in the command or its surroundings, 3 a step of the operator is next, 128 + N ended by signal N. */
import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { StoreUnavailable } from '../functions/core/store.ts';
import { readConfig } from './config.ts';
import { mendable, messageOf, OperatorStep, UserError } from './errors.ts';
import { PRIVATE_UMASK } from './folders.ts';
import { outliveReader, printError, printErrorText } from './print.ts';
import { makeProgram } from './program.ts';
import { Interrupted } from './signals.ts';
import { tandem } from './tandem.ts';
import { waitingFor } from './waiting.ts';

/** Prints what the user needs to know of an error, and returns the exit code. */
const report = (thrown: unknown): number => {
  const error = mendable(thrown);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed it
  if (error instanceof Interrupted) {
    printError(`tandem: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof OperatorStep) {
    printErrorText(`\ntandem: ${error.message}`);
    return 3;
  }
  if (process.env['TANDEM_DEBUG'] === '1') printErrorText(inspect(error));
  else if (error instanceof UserError) printErrorText(`tandem: ${error.message}`);
  else if (error instanceof StoreUnavailable)
    printError(
      `tandem: ${error.message}: ${messageOf(error.cause)}; see \`${tandem('status')}\`, and for AWS the credentials, then run it again or name another --region`,
    );
  else {
    printError(`tandem: unexpected: ${messageOf(error)}`);
    printError('run it again with TANDEM_DEBUG=1 in the environment for the stack, and report it');
  }
  return error instanceof UserError ? 2 : 1;
};

outliveReader();

process.umask(PRIVATE_UMASK);

try {
  // A configuration that is named by mistake is told, whether or not the command needs one.
  const program = makeProgram().hook('preAction', (_, command) => {
    const { config } = command.optsWithGlobals<{ readonly config?: string }>();
    if (config !== undefined) readConfig(config);
  });
  await waitingFor('at work', () => program.parseAsync());
} catch (error) {
  process.exitCode = report(error);
}
// Nothing is left to do: connections that are kept alive must not hold the terminal.
process.exit();
