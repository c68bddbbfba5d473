import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { STATE } from '../folders.ts';
import { asOnlyRecovery } from '../recovery/lock.ts';
import { attachLocal } from '../targets/local.ts';

/** `tandem lose`: loses a region of this machine on purpose, to try what operators do then. */
export const addLose = (program: Command): void => {
  program
    .command('lose')
    .summary('lose a region of this machine for good, to try its recovery')
    .description(
      'Kills a region of the local system, with everything that it holds and the others do not. Bring it back with `tandem rebuild`. A drill does the same under load, measures it, and repairs it: `tandem drill region-loss`.',
    )
    .argument('<region>', 'the region to kill')
    .action(async (region: string) => {
      const target = await attachLocal();
      if (target === undefined) throw new UserError('no local system runs; start one with `tandem start`');
      const lost = await target.lostRegions();
      if (target.regions.every((each) => each.name === region || lost.includes(each.name)))
        throw new UserError(`given ${region}, the last region that is left; rebuild ${lost.join(', ')} first`);
      await asOnlyRecovery(STATE, `losing ${region}`, () => target.lose(region, 'kill'));
      target.close();
      console.log(`${region} is lost. Look with \`tandem status\`; bring it back with \`tandem rebuild ${region}\`.`);
    });
};
