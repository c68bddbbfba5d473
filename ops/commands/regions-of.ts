/** The front doors of a deployment. */
import type { Command } from 'commander';
import { inTime } from '../../functions/aws/in-time.ts';
import { dnsNames } from '../../functions/contract/names.ts';
import { readConfig } from '../config.ts';
import { AwsCells } from '../delivery/aws-cells.ts';
import { messageOf } from '../errors.ts';
import type { Unfound } from '../region-status.ts';
import { runningLocal } from '../targets/local.ts';
import type { TargetRegion } from '../targets/target.ts';
import type { TargetName } from './target-option.ts';

/** The value of the program's `--config`. */
export const configFileOf = (command: Command): string | undefined => {
  const { config }: { readonly config?: string } = command.optsWithGlobals();
  return config;
};

/**
 * With a domain, regions on AWS are found by their names. Without one only the stacks know where they answer, so each
 * region's CloudFormation is asked, with the credentials of the environment; one that does not tell is unfound.
 * @throws {UserError} when no system runs here
 */
export const regionsOf = async (target: TargetName, command: Command): Promise<readonly (TargetRegion | Unfound)[]> => {
  if (target === 'local') {
    const local = await runningLocal('ask the one on AWS with `--target aws`');
    local.close();
    return local.regions;
  }
  const config = readConfig(configFileOf(command));
  const { domain, regions } = config;
  if (domain === undefined) return Promise.all(regions.map(({ name }) => toldByStack(new AwsCells(config), name)));
  return regions.map(({ name }) => {
    const host = dnsNames(domain.name, name).regional;
    return { name, host, url: `https://${host}` };
  });
};

/** Milliseconds for one region's CloudFormation, which may be lost with the region. */
const STACK_MS_MAX = 20_000;

const toldByStack = async (cells: AwsCells, name: string): Promise<TargetRegion | Unfound> => {
  try {
    return await inTime(cells.frontDoor(name), STACK_MS_MAX);
  } catch (error) {
    return {
      name,
      reason: `${messageOf(error)}. Without \`domain\` in the configuration a region's address is asked of its stack, which needs credentials with cloudformation:DescribeStacks`,
    };
  }
};
