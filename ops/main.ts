/** The command line. Exit codes: 0 done, 1 a drill or a region failed, 2 a mistake in the command or its surroundings, 3 a step of the operator is next, 128 + N ended by signal N. */
import { Command, CommanderError } from 'commander';
import { StoreUnavailable } from '../functions/core/store.ts';
import packageJson from '../package.json' with { type: 'json' };
import { addBackup } from './commands/backup.ts';
import { addDeploy } from './commands/deploy.ts';
import { addDeployments } from './commands/deployments.ts';
import { addDrill } from './commands/drill.ts';
import { addKeys } from './commands/keys.ts';
import { addLose } from './commands/lose.ts';
import { addRebuild } from './commands/rebuild.ts';
import { addRestore } from './commands/restore.ts';
import { addRollback } from './commands/rollback.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addStock } from './commands/stock.ts';
import { addSweep } from './commands/sweep.ts';
import { addToken } from './commands/token.ts';
import { mendable, messageOf, OperatorStep, UserError } from './errors.ts';
import { Interrupted } from './signals.ts';

const program = new Command('tandem')
  .description('Serves from two or more AWS regions at once, and proves that it can lose one.')
  .version(packageJson.version)
  .option('-c, --config <file>', 'JSON file with the configuration (default: context "tandem" of cdk.json)')
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(--help lists what is allowed)')
  .exitOverride();
const COMMANDS = [
  addStart,
  addDrill,
  addStatus,
  addDeploy,
  addDeployments,
  addRollback,
  addLose,
  addRebuild,
  addStock,
  addSweep,
  addBackup,
  addRestore,
  addKeys,
  addToken,
];
for (const add of COMMANDS) add(program);

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
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
// Nothing is left to do: connections that are kept alive must not hold the terminal.
process.exit();
