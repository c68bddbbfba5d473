/** The commands, and what each takes. Nothing runs before `parseAsync`. */
import { Command, Help, type Option } from 'commander';
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
import { once } from './options.ts';
import { helpColumns, printErrorText, printText } from './print.ts';
import { adviseWith, tandem } from './tandem.ts';

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

/** Everybody expects that what is not given is off, or empty. */
const optionDescription = (option: Option): string => new Help().optionDescription(option).replace(/ \(default: (false|\[\])\)$/, '');

export const makeProgram = (): Command => {
  const program = new Command(tandem())
    .description('Serves from two or more AWS regions at once, and proves that it can lose one.')
    .version(packageJson.version)
    .option('-c, --config <file>', 'JSON file with the configuration (default: context "tandem" of cdk.json)')
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .configureOutput({
      writeOut: (text) => printText(text.trimEnd()),
      writeErr: (text) => printErrorText(text.trimEnd()),
      getOutHelpWidth: helpColumns.out,
      getErrHelpWidth: helpColumns.err,
    })
    .showHelpAfterError('(--help lists what is allowed)')
    .exitOverride()
    .hook('preAction', (_, command) => adviseWith(command.optsWithGlobals()));
  for (const add of COMMANDS) add(program);
  once(program);
  return program;
};
