import type { Command } from 'commander';
import { lookAtReclaim, reclaimStock } from '../../functions/core/reclaim.ts';
import { tellReclaim } from '../recovery/tell.ts';
import { changing } from './effect.ts';
import { addRecoverOptions, type RecoverOptions, recover } from './recover.ts';

interface Options extends RecoverOptions {
  readonly from: string;
}

/** `tandem stock reclaim`: gives the stock of a lost region to another. Shows what it would do; does it with `--yes`. */
export const addStock = (program: Command): void => {
  const stock = program
    .command('stock')
    .summary('reclaim the stock of a lost region')
    .description('Stock is held by regions: each sells only what it holds.');
  addRecoverOptions(
    changing(stock.command('reclaim'))
      .summary('give the stock of a lost region to the first that is left')
      .description(
        'Gives the stock of a region that was lost, and will not be back soon, to the first survivor of the configuration. The region can still be rebuilt afterwards, and finds those units gone.\nShows what it would do; --yes does it. Interrupted at any step, run it again. On AWS it stops with exit code 3 where the replicas have to be removed, with the commands. docs/runbook.md says when.',
      )
      .requiredOption('--from <region>', 'the region that is lost'),
  ).action((options: Options, command: Command) => {
    const { from: region } = options;
    return recover(
      {
        region,
        words: ['stock', 'reclaim', '--from', region],
        what: 'reclaiming the stock of',
        options,
        look: (estate) => lookAtReclaim(estate, region),
        tell: tellReclaim,
        carryOut: (estate) => reclaimStock(estate, region),
        told: ({ heir, granted }) =>
          `${heir} holds it now: ${granted.length === 0 ? 'nothing more' : `${granted.length} skus`}. Run it again later: receipts that name ${region} may still come.`,
        returns: false,
      },
      command,
    );
  });
};
