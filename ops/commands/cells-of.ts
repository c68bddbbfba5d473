/** The cells that a command speaks to. */
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { AwsCells, localActor } from '../delivery/aws-cells.ts';
import { type Cells, controlStore } from '../delivery/cells.ts';
import { UserError } from '../errors.ts';
import { runningLocal } from '../targets/local.ts';
import type { DeliveryTarget } from '../targets/target.ts';
import { configFileOf } from './regions-of.ts';
import type { TargetName } from './target-option.ts';

/** Runs `work` with the cells of the system on this machine, or of the configuration's on AWS. @throws {UserError} when none runs here */
export const withCells = async <T>(target: TargetName, command: Command, work: (cells: Cells) => Promise<T>): Promise<T> => {
  if (target === 'aws') return work(new AwsCells(readConfig(configFileOf(command))));
  const local = await runningLocal('use the one on AWS with `--target aws`');
  try {
    return await work(localCells(local));
  } finally {
    local.close();
  }
};

/** The cells of a target that versions can be delivered to. */
export const localCells = (target: DeliveryTarget): Cells => ({
  kind: 'local',
  names: target.regions.map((each) => each.name),
  store: (region) => controlStore(target.dynamo(region)),
  lambda: (region) => target.lambda(region),
  deploying: async (region) => {
    const delivery = await target.delivery();
    const own = delivery?.state === 'running' ? delivery.regions.find((each) => each.region === region) : undefined;
    return own === undefined || own.endedAtMs !== null ? undefined : `delivery ${delivery?.id}, ${own.state}`;
  },
  actor: async () => localActor(),
});

/** The regions that were named, or all. @throws {UserError} naming those that are allowed */
export const chosenRegions = (names: readonly string[], region: string | undefined): readonly string[] => {
  if (region === undefined) return names;
  if (!names.includes(region)) throw new UserError(`given region "${region}"; allowed: ${names.join(', ')}`);
  return [region];
};
