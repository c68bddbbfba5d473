/** The front doors of a deployment. */
import type { Command } from 'commander';
import { dnsNames } from '../../functions/contract/names.ts';
import { readConfig } from '../config.ts';
import { UserError } from '../errors.ts';
import { attachLocal } from '../targets/local.ts';
import type { TargetRegion } from '../targets/target.ts';
import type { TargetName } from './target-option.ts';

/** The value of the program's `--config`. */
export const configFileOf = (command: Command): string | undefined => {
  const { config }: { readonly config?: string } = command.optsWithGlobals();
  return config;
};

/** @throws {UserError} when no system runs here, or none can be found on AWS */
export const regionsOf = async (target: TargetName, command: Command): Promise<readonly TargetRegion[]> => {
  if (target === 'local') {
    const local = await attachLocal();
    if (local === undefined)
      throw new UserError('no local system runs; start one with `tandem start`, or ask the one on AWS with `--target aws`');
    local.close();
    return local.regions;
  }
  const { domain, regions } = readConfig(configFileOf(command));
  if (domain === undefined)
    throw new UserError('the configuration has no domain, by whose names regions on AWS are found; set `domain` in it');
  return regions.map(({ name }) => {
    const host = dnsNames(domain.name, name).regional;
    return { name, host, url: `https://${host}` };
  });
};
