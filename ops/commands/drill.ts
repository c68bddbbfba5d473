import { Argument, type Command, Option } from 'commander';
import type { Config } from '../../infra/config.ts';
import { drillTokens, ensureLocalKey } from '../access/local-key.ts';
import { readConfig } from '../config.ts';
import { runRegionLoss } from '../drill/region-loss.ts';
import { abortDrill } from '../drill/repair.ts';
import { UserError } from '../errors.ts';
import { REPORTS_FOLDER, STATE } from '../folders.ts';
import { whole } from '../options.ts';
import { type Progress, progressFor } from '../progress.ts';
import { rebuildRegion } from '../rebuild.ts';
import { verdictText } from '../reports/text.ts';
import { interruptible } from '../signals.ts';
import { attachLocal, type LocalPorts, withLocalSystem } from '../targets/local.ts';
import type { LossKind, Target } from '../targets/target.ts';
import { addLocalOptions } from './local-options.ts';
import { configFileOf } from './regions-of.ts';

const LOSSES = ['kill', 'freeze', 'blackhole'] as const satisfies readonly LossKind[];
const DRILLS = ['region-loss'] as const;

interface Options extends LocalPorts {
  readonly how: LossKind;
  readonly region?: string;
  readonly rate?: number;
  readonly abort: boolean;
}

/** `tandem drill`: breaks something real under load, measures, repairs. Exit code 1 when an objective was missed. */
export const addDrill = (program: Command): void => {
  const command = program
    .command('drill')
    .summary('lose a region under load, and measure')
    .description(
      'Breaks something real under load, keeps a ledger of every acknowledged write, repairs what it broke, and compares with the objectives of the configuration.\nUses the system that runs on this machine, or starts one for the time of the drill. Exit code 0 when it passed, 1 when not.',
    )
    .addArgument(new Argument('[name]', 'what to break').choices(DRILLS).default('region-loss'))
    .addOption(
      new Option('--how <how>', 'kill: SIGKILL, its data is gone; freeze: SIGSTOP; blackhole: its front door swallows')
        .choices(LOSSES)
        .default('kill'),
    )
    .option('--region <region>', 'the region to lose (default: the first of the configuration)')
    .option('--rate <n>', "requests a second of all callers together (default: the drill's own)", whole(1, 60))
    .option('--abort', 'repair what a killed drill left broken, and do nothing else', false);
  addLocalOptions(command).action(async (_name: string, options: Options, self: Command) => {
    const config = readConfig(configFileOf(self));
    const names = config.regions.map(({ name }) => name);
    // Before a whole system is started for it.
    if (options.region !== undefined && !names.includes(options.region))
      throw new UserError(`given region "${options.region}"; allowed: ${names.join(', ')}`);
    const progress = progressFor();
    process.exitCode = options.abort
      ? await abort(progress)
      : await interruptible((signal) => drillOnce(config, options, progress, signal));
  });
};

const abort = async (progress: Progress): Promise<number> => {
  const target = await attachLocal();
  if (target === undefined) throw new UserError('no local system runs, so nothing of it is broken; start one with `tandem start`');
  const region = await abortDrill({ target, stateFolder: STATE, rebuild: rebuildRegion, progress: progress.line });
  progress.line(region === undefined ? 'no drill has left anything broken' : `${region} is repaired`);
  target.close();
  return 0;
};

const drillOnce = (config: Config, options: Options, progress: Progress, signal: AbortSignal): Promise<number> =>
  withLocalSystem({ config, options, progress, signal }, (target) => drillRegionLoss({ target, config, progress, signal, ...options }));

export interface RegionLossDrill {
  readonly target: Target;
  readonly config: Config;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly how: LossKind;
  readonly region?: string;
  readonly rate?: number;
}

/** Runs the drill and prints its verdict. Resolves to the exit code. */
export const drillRegionLoss = async ({ target, config, progress, signal, how, region, rate }: RegionLossDrill): Promise<number> => {
  const key = await ensureLocalKey(target);
  const report = await progress.step(`drill region-loss (${how})`, (say) =>
    runRegionLoss({
      target,
      config,
      how,
      reportFolder: REPORTS_FOLDER,
      stateFolder: STATE,
      token: drillTokens(key),
      rebuild: rebuildRegion,
      signal,
      progress: say,
      ...(region === undefined ? {} : { region }),
      ...(rate === undefined ? {} : { ratePerSecond: rate }),
    }),
  );
  progress.line(`\n${verdictText(report)}`);
  return report.passed ? 0 : 1;
};
