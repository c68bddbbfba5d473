import { Argument, type Command, Option } from 'commander';
import type { Config } from '../../infra/config.ts';
import { drillTokens } from '../access/local-key.ts';
import { readConfig } from '../config.ts';
import { runBadWrites } from '../drill/bad-writes.ts';
import { runDeliveryDrill } from '../drill/delivery.ts';
import { DELIVERY_FAULT_NAMES, DELIVERY_FAULTS, type DeliveryFault } from '../drill/faults.ts';
import { runPartition } from '../drill/partition.ts';
import { runRegionLoss } from '../drill/region-loss.ts';
import { abortDrill, type Restore } from '../drill/repair.ts';
import { UserError } from '../errors.ts';
import { REPORTS_FOLDER, STATE } from '../folders.ts';
import { whole } from '../options.ts';
import { type Progress, plainProgress, progressFor } from '../progress.ts';
import { rebuildRegion } from '../recovery/rebuild.ts';
import { verdictText } from '../reports/text.ts';
import { restoreTables } from '../restore/restore.ts';
import { Interrupted, interruptible, rejectedWhenAborted } from '../signals.ts';
import { tandem } from '../tandem.ts';
import type { BackupTarget } from '../targets/backups.ts';
import { type LocalTarget, runningLocal } from '../targets/local.ts';
import { type LocalPorts, withLocalSystem } from '../targets/local-start.ts';
import type { DeliveryTarget, LossKind, Target } from '../targets/target.ts';
import { trying } from './effect.ts';
import { addLocalOptions } from './local-options.ts';
import { configFileOf } from './regions-of.ts';

const LOSSES = ['kill', 'freeze', 'blackhole'] as const satisfies readonly LossKind[];
const DRILLS = ['region-loss', 'partition', 'bad-writes', 'bad-deploy', 'good-deploy'] as const;
type DrillName = (typeof DRILLS)[number];

/** Minutes of a healthy version's exposure and bake: enough to see it work, and bearable. */
const GOOD_MINUTES = 1;
/** Tokens of a drill's callers end after an hour. */
const MINUTES_MAX = 10;
const SECONDS_MAX = 300;
const WRITES_MAX = 500;

interface Options extends LocalPorts {
  readonly how?: LossKind;
  readonly region?: string;
  readonly fault?: DeliveryFault;
  readonly exposeMinutes?: number;
  readonly bakeMinutes?: number;
  readonly seconds?: number;
  readonly writes?: number;
  readonly rate?: number;
  readonly abort: boolean;
}

/** Options that say something to one kind of drill only. */
const OWN_OPTIONS = {
  how: ['region-loss'],
  region: ['region-loss'],
  fault: ['bad-deploy'],
  exposeMinutes: ['bad-deploy', 'good-deploy'],
  bakeMinutes: ['bad-deploy', 'good-deploy'],
  seconds: ['partition'],
  writes: ['bad-writes'],
} as const satisfies Partial<Record<keyof Options, readonly DrillName[]>>;
const OWN_NAMES = ['how', 'region', 'fault', 'exposeMinutes', 'bakeMinutes', 'seconds', 'writes'] as const;

/** `tandem drill`: breaks something real under load, measures, repairs. Exit code 1 when an objective was missed. */
export const addDrill = (program: Command): void => {
  const command = trying(program.command('drill'))
    .summary('lose a region, part the regions, corrupt the tables, or deliver a version, under load, and measure')
    .description(
      'Breaks something real under load, keeps a ledger of every acknowledged write, repairs what it broke, and compares with the objectives of the configuration.\nregion-loss: a region is lost. partition: replication is paused, and the same things are done in several regions. bad-writes: a faulty client corrupts the tables, which are restored from the point before. bad-deploy: a version that is really broken is delivered by the normal path. good-deploy: a healthy one.\nUses the system that runs on this machine, or starts one for the time of the drill. Exit code 0 when it passed, 1 when not.',
    )
    .addArgument(new Argument('[name]', 'what to break').choices(DRILLS).default('region-loss'))
    .addOption(
      new Option(
        '--how <how>',
        'kill: SIGKILL, its data is gone; freeze: SIGSTOP; blackhole: its front door swallows (default: kill)',
      ).choices(LOSSES),
    )
    .option('--region <region>', 'the region to lose (default: the first of the configuration); a delivery goes by its waves')
    .addOption(
      new Option(
        '--fault <fault>',
        `what is wrong with the bad version: ${DELIVERY_FAULT_NAMES.map((name) => `${name} ${DELIVERY_FAULTS[name].means}`).join('; ')}`,
      ).choices(DELIVERY_FAULT_NAMES),
    )
    .option(
      '--expose-minutes <n>',
      `minutes of exposure (default: the configuration's; ${GOOD_MINUTES} for good-deploy)`,
      whole(1, MINUTES_MAX),
    )
    .option(
      '--bake-minutes <n>',
      `minutes of baking (default: the configuration's; ${GOOD_MINUTES} for good-deploy)`,
      whole(0, MINUTES_MAX),
    )
    .option('--seconds <n>', 'seconds for which the regions of a partition do not hear of each other (default: 20)', whole(4, SECONDS_MAX))
    .option('--writes <n>', 'bad writes of the faulty client (default: 40)', whole(1, WRITES_MAX))
    .option('--rate <n>', "requests a second of all callers together (default: the drill's own)", whole(1, 60))
    .option('--abort', 'repair what a killed drill left broken, and do nothing else', false);
  addLocalOptions(command).action(async (name: DrillName, options: Options, self: Command) => {
    const config = readConfig(configFileOf(self));
    refuseMisplaced(name, options);
    const names = config.regions.map((each) => each.name);
    // Before a whole system is started for it.
    if (options.region !== undefined && !names.includes(options.region))
      throw new UserError(`given region "${options.region}"; allowed: ${names.join(', ')}`);
    const progress = progressFor();
    process.exitCode = options.abort
      ? await interruptible((signal) => abortInTime(progress, signal))
      : await interruptible((signal) => drillOnce(name, config, options, progress, signal));
  });
};

const refuseMisplaced = (name: DrillName, options: Options): void => {
  const flag = (option: string): string => `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  for (const option of OWN_NAMES) {
    const drills: readonly DrillName[] = OWN_OPTIONS[option];
    if (options[option] !== undefined && !drills.includes(name))
      throw new UserError(`given ${flag(option)} with ${name}; allowed: with ${drills.join(' and ')}; leave it out, or name that drill`);
  }
  if (name === 'bad-deploy' && options.fault === undefined && !options.abort)
    throw new UserError(`bad-deploy needs --fault; allowed: ${DELIVERY_FAULT_NAMES.join(', ')}`);
};

const abort = async (progress: Progress): Promise<number> => {
  const target = await runningLocal();
  const repaired = await abortDrill({
    target,
    stateFolder: STATE,
    rebuild: rebuildRegion,
    restore: restoreOf(target),
    progress: progress.line,
  });
  progress.line(repaired === undefined ? 'no drill has left anything broken' : `repaired: ${repaired}`);
  target.close();
  return 0;
};

/** Every repair may be left where it stands, and goes on when it is run again. */
const abortInTime = async (progress: Progress, signal: AbortSignal): Promise<number> => {
  try {
    return await Promise.race([abort(progress), rejectedWhenAborted(signal)]);
  } catch (error) {
    if (error instanceof Interrupted)
      progress.line(`what the drill left is not repaired yet; go on with \`${tandem('drill', '--abort')}\``);
    throw error;
  }
};

const drillOnce = (name: DrillName, config: Config, options: Options, progress: Progress, signal: AbortSignal): Promise<number> =>
  withLocalSystem({ config, options, progress, signal }, (target) => {
    const given = { target, config, progress, signal };
    switch (name) {
      case 'region-loss':
        return drillRegionLoss({ ...given, ...options, how: options.how ?? 'kill' });
      case 'partition':
        return drillPartition({ ...given, ...options });
      case 'bad-writes':
        return drillBadWrites({ ...given, ...options });
      case 'bad-deploy':
        return drillDelivery({ ...given, ...options });
      case 'good-deploy': {
        const { exposeMinutes = GOOD_MINUTES, bakeMinutes = GOOD_MINUTES } = options;
        return drillDelivery({ ...given, ...options, exposeMinutes, bakeMinutes });
      }
    }
  });

/** The restore of `tandem restore --apply`, for the target given. Its own steps are not shown: the drill is one already. */
const restoreOf =
  (target: BackupTarget): Restore =>
  (_, atMs, say) =>
    restoreTables({ target, past: { kind: 'time', atMs }, apply: true, progress: plainProgress(say) });

interface TableDrill {
  readonly target: LocalTarget;
  readonly config: Config;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly rate?: number;
}

/** What drills are given whatever they break. */
const commonOf = async ({ target, config, signal, rate }: TableDrill) => ({
  target,
  config,
  reportFolder: REPORTS_FOLDER,
  stateFolder: STATE,
  token: drillTokens(target),
  signal,
  ...(rate === undefined ? {} : { ratePerSecond: rate }),
});

/** Runs the drill and prints its verdict. Resolves to the exit code. */
const drillPartition = async ({ seconds, ...given }: TableDrill & { readonly seconds?: number }): Promise<number> => {
  const common = await commonOf(given);
  const report = await given.progress.step('drill partition', (say) =>
    runPartition({ ...common, progress: say, ...(seconds === undefined ? {} : { seconds }) }),
  );
  given.progress.line(`\n${verdictText(report)}`);
  return report.passed ? 0 : 1;
};

/** Runs the drill and prints its verdict. Resolves to the exit code. */
const drillBadWrites = async ({ writes, ...given }: TableDrill & { readonly writes?: number }): Promise<number> => {
  const common = await commonOf(given);
  const report = await given.progress.step('drill bad-writes', (say) =>
    runBadWrites({ ...common, progress: say, restore: restoreOf(given.target), ...(writes === undefined ? {} : { writes }) }),
  );
  given.progress.line(`\n${verdictText(report)}`);
  return report.passed ? 0 : 1;
};

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
  const report = await progress.step(`drill region-loss (${how})`, (say) =>
    runRegionLoss({
      target,
      config,
      how,
      reportFolder: REPORTS_FOLDER,
      stateFolder: STATE,
      token: drillTokens(target),
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

interface DeliveryDrill extends Omit<RegionLossDrill, 'target' | 'how' | 'region'> {
  readonly target: DeliveryTarget;
  readonly fault?: DeliveryFault;
  readonly exposeMinutes?: number;
  readonly bakeMinutes?: number;
}

/** Runs the drill and prints its verdict. Resolves to the exit code. */
const drillDelivery = async ({
  target,
  config,
  progress,
  signal,
  fault,
  exposeMinutes,
  bakeMinutes,
  rate,
}: DeliveryDrill): Promise<number> => {
  const title = fault === undefined ? 'drill good-deploy' : `drill bad-deploy (${fault})`;
  const report = await progress.step(title, (say) =>
    runDeliveryDrill({
      target,
      config,
      reportFolder: REPORTS_FOLDER,
      stateFolder: STATE,
      token: drillTokens(target),
      signal,
      progress: say,
      ...(fault === undefined ? {} : { fault }),
      ...(exposeMinutes === undefined ? {} : { exposeMinutes }),
      ...(bakeMinutes === undefined ? {} : { bakeMinutes }),
      ...(rate === undefined ? {} : { ratePerSecond: rate }),
    }),
  );
  progress.line(`\n${verdictText(report)}`);
  return report.passed ? 0 : 1;
};
