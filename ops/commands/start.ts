import type { Command } from 'commander';
import type { Config } from '../../infra/config.ts';
import { ensureLocalKey } from '../access/local-key.ts';
import { mintToken } from '../access/token.ts';
import { readConfig } from '../config.ts';
import { type Progress, progressFor } from '../progress.ts';
import { interruptible, untilAborted } from '../signals.ts';
import { type LocalPorts, withNewLocalSystem } from '../targets/local-start.ts';
import { drillRegionLoss } from './drill.ts';
import { addLocalOptions } from './local-options.ts';
import { configFileOf } from './regions-of.ts';
import { welcome } from './welcome.ts';

interface Options extends LocalPorts {
  readonly drill: boolean;
  readonly exit: boolean;
}

const TOKEN_MINUTES = 720;

/** `tandem start`, which is `npm start`: every region on this machine, one of them lost under load, and up until Ctrl-C. */
export const addStart = (program: Command): void => {
  const command = program
    .command('start')
    .summary('run every region on this machine, and lose one')
    .description(
      'Deploys the stacks of every region to emulators on this machine, stands in for Route 53 and the global tables, loses a region under load, prints the verdict, and stays up until Ctrl-C.',
    )
    .option('--no-drill', 'lose nothing')
    .option('--exit', "end after the drill, with the drill's exit code", false);
  addLocalOptions(command).action(async (options: Options, self: Command) => {
    const config = readConfig(configFileOf(self));
    process.exitCode = await interruptible((signal) => start(config, options, progressFor(), signal));
  });
};

const start = (config: Config, options: Options, progress: Progress, signal: AbortSignal): Promise<number> =>
  withNewLocalSystem({ config, options, progress, signal }, async (target) => {
    const key = await ensureLocalKey(target);
    const token = mintToken(key, { minutes: TOKEN_MINUTES }, Date.now());
    progress.line(`\n${welcome({ target, token, tokenMinutes: TOKEN_MINUTES })}\n`);
    const code = options.drill
      ? await drillRegionLoss({ target, config, progress, signal, how: options.endpoint === undefined ? 'kill' : 'blackhole' })
      : 0;
    if (options.exit) return code;
    progress.line('\nup until Ctrl-C; `tandem status`, `tandem drill` and `tandem token` work from another terminal');
    await untilAborted(signal);
    return code;
  });
