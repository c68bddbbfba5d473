import type { Command } from 'commander';
import { lookAtRebuild, rebuildRegion } from '../../functions/core/recovery.ts';
import { tellRebuild, toldRebuilt } from '../recovery/tell.ts';
import { changing } from './effect.ts';
import { addRecoverOptions, type RecoverOptions, recover } from './recover.ts';

/** `tandem rebuild`: brings a region back that was lost for good. Shows what it would do; does it with `--yes`. */
export const addRebuild = (program: Command): void => {
  addRecoverOptions(
    changing(program.command('rebuild'))
      .summary('bring back a region that was lost for good, from the others')
      .description(
        'Brings back a region that was lost for good: fences it, cuts it off, starts it empty, copies everything from the survivors, merges its stock, and lets it serve under a new name.\nShows what it would do; --yes does it. Interrupted at any step, run it again. On AWS it stops with exit code 3 where the replicas have to be removed, and where they have to be added again, with the commands. docs/runbook.md says when.',
      )
      .argument('<region>', 'the region that is lost'),
  ).action((region: string, options: RecoverOptions, command: Command) =>
    recover(
      {
        region,
        words: ['rebuild', region],
        what: 'rebuilding',
        options,
        look: (estate) => lookAtRebuild(estate, region),
        tell: tellRebuild,
        carryOut: (estate) => rebuildRegion(estate, region),
        told: toldRebuilt,
        returns: true,
      },
      command,
    ),
  );
};
