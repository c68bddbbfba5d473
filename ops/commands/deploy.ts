import { join } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../infra/config.ts';
import { readConfig } from '../config.ts';
import { AwsDeployer } from '../delivery/aws-deployer.ts';
import { deploy } from '../delivery/deploy.ts';
import { type Deployer, readSituation } from '../delivery/deployer.ts';
import { findingsText, isRefused, preflight } from '../delivery/preflight.ts';
import { UserError } from '../errors.ts';
import { STATE } from '../folders.ts';
import { collect } from '../options.ts';
import { print, printText } from '../print.ts';
import { interruptible } from '../signals.ts';
import { type LocalTarget, runningLocal } from '../targets/local.ts';
import { waitingFor } from '../waiting.ts';
import { localCells } from './cells-of.ts';
import { changing } from './effect.ts';
import { configFileOf } from './regions-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly skip: readonly string[];
  readonly ignoreAlarms: boolean;
  readonly reason?: string;
  readonly yes: boolean;
}

/** `tandem deploy`: looks before it leaps, then goes through the regions. Exit code 1 when it refused, or the delivery failed. */
export const addDeploy = (program: Command): void => {
  addTargetOption(
    changing(program.command('deploy'), 'deliver')
      .summary('deliver this checkout region by region, and watch')
      .description(
        'Looks whether it is a good moment, then delivers this checkout region by region, and shows phases, exposure and alarms. What holds a bad version back is in the stacks: `npx cdk deploy --all` does the same without looking.\nThe first Ctrl-C stops the delivery and waits until its region is back at the version before; the second leaves it alone.\nExit code 1 when it refuses, or the delivery has failed.',
      ),
  )
    .option('--skip <region>', 'a region that is down, repeatable: it gets nothing', collect(String), [])
    .option('--ignore-alarms', 'deliver although alarms fire, to ship a fix; audited', false)
    .option('--reason <text>', 'why alarms are ignored: it stands in the audit trail')
    .action(async (options: Options, command: Command) => {
      const config = readConfig(configFileOf(command));
      refuse(config, options);
      process.exitCode = await interruptible((signal, insisted) =>
        withDeployer(options, config, (deployer) => run({ deployer, config, options, signal, leave: insisted })),
      );
    });
};

const refuse = ({ regions }: Config, { skip, ignoreAlarms, reason }: Options): void => {
  const names = regions.map(({ name }) => name);
  const unknown = skip.filter((each) => !names.includes(each));
  if (unknown.length > 0) throw new UserError(`given --skip ${unknown.join(', ')}; allowed: ${names.join(', ')}`);
  if (ignoreAlarms && (reason ?? '') === '') throw new UserError('--ignore-alarms needs --reason: it stands in the audit trail');
};

const withDeployer = async <T>({ target, ignoreAlarms }: Options, config: Config, work: (deployer: Deployer) => Promise<T>): Promise<T> => {
  if (target === 'aws') return work(new AwsDeployer({ config, folder: join(STATE, 'deploy'), ignoreAlarms }));
  const local = await runningLocal('deliver to the one on AWS with `--target aws`');
  try {
    return await work(localDeployer(local));
  } finally {
    local.close();
  }
};

/** The system on this machine, which delivers by itself once it is asked to. */
const localDeployer = (target: LocalTarget): Deployer => ({
  cells: localCells(target),
  leftAlone: 'the local system goes through its regions by itself, with exposure, alarms and rollback',
  deliver: (request) => target.deliver(request),
  delivery: () => target.delivery(),
  stopDelivery: () => target.stopDelivery(),
  events: () => target.events(),
  frontDoors: async () => target.regions,
  firing: (region) => target.firing(region),
  capacity: async () => ({ notApplicable: 'emulators have no quota of concurrency' }),
  changes: async () => ({ notApplicable: 'the system on this machine synthesizes the checkout when it delivers' }),
});

interface Run {
  readonly deployer: Deployer;
  readonly config: Config;
  readonly options: Options;
  readonly signal: AbortSignal;
  readonly leave: AbortSignal;
}

const run = async ({ deployer, config, options, signal, leave }: Run): Promise<number> => {
  const { skip, ignoreAlarms, reason, yes } = options;
  const findings = preflight(
    await waitingFor('looking at every region', () => readSituation({ deployer, config, skip, ignoreAlarms, stateFolder: STATE })),
  );
  printText(findingsText(findings));
  if (isRefused(findings)) {
    printText('\nRefused: nothing is delivered.');
    return 1;
  }
  if (!yes) {
    printText('\nNothing is delivered; --yes does it.');
    return 0;
  }
  print('');
  const request = { skip, ...(ignoreAlarms ? { settings: { ignoreAlarms } } : {}) };
  const state = await waitingFor('the delivery goes on', () => deploy({ deployer, request, reason, progress: print, signal, leave }), {
    say: print,
  });
  return state === 'succeeded' ? 0 : 1;
};
