import type { Command } from 'commander';
import type { Config } from '../../infra/config.ts';
import { ensureLocalKey } from '../access/local-key.ts';
import { readConfig } from '../config.ts';
import { mendable, messageOf } from '../errors.ts';
import { printError, printErrorText } from '../print.ts';
import { type Progress, progressFor } from '../progress.ts';
import { interruptible, untilAborted } from '../signals.ts';
import { tandem } from '../tandem.ts';
import { type LocalPorts, withNewLocalSystem } from '../targets/local-start.ts';
import type { LossKind } from '../targets/target.ts';
import { atRest } from '../waiting.ts';
import { drillRegionLoss } from './drill.ts';
import { trying } from './effect.ts';
import { addLocalOptions } from './local-options.ts';
import { configFileOf } from './regions-of.ts';
import { welcome } from './welcome.ts';

interface Options extends LocalPorts {
  readonly drill: boolean;
  readonly exit: boolean;
}

/** `tandem start`, which is `npm start`: every region on this machine, one of them lost under load, and up until Ctrl-C. */
export const addStart = (program: Command): void => {
  const command = trying(program.command('start'))
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
    await ensureLocalKey(target);
    progress.line(`\n${welcome(target, options.drill)}`);
    const how = options.endpoint === undefined ? 'kill' : 'blackhole';
    const drill = () => drillRegionLoss({ target, config, progress, signal, how });
    const code = options.drill ? await firstDrill(drill, { how, exit: options.exit, signal }) : 0;
    if (options.exit) return code;
    progress.line('\nUp until Ctrl-C.');
    await atRest(() => untilAborted(signal));
    return code;
  });

interface FirstDrill {
  readonly how: LossKind;
  readonly exit: boolean;
  readonly signal: AbortSignal;
}

/** A drill decides about nobody's system: without a verdict it stays up, and says why. With `--exit` there is nothing else to wait for. */
export const firstDrill = async (run: () => Promise<number>, { how, exit, signal }: FirstDrill): Promise<number> => {
  try {
    return await run();
  } catch (thrown) {
    if (exit || signal.aborted) throw thrown;
    printErrorText(`tandem: the first drill has no verdict: ${messageOf(mendable(thrown))}`);
    printError(`the system stays up: see \`${tandem('status')}\`, then try again with \`${tandem('drill', 'region-loss', '--how', how)}\``);
    return 1;
  }
};
