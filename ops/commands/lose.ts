import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { STATE } from '../folders.ts';
import { print, printText } from '../print.ts';
import { asOnlyRecovery, atWork } from '../recovery/lock.ts';
import { tandem } from '../tandem.ts';
import { type LocalTarget, runningLocal } from '../targets/local.ts';
import { chosenRegions } from './cells-of.ts';
import { changing, nothingDone } from './effect.ts';

/** `tandem lose`: loses a region of this machine on purpose, to try what operators do then. */
export const addLose = (program: Command): void => {
  changing(program.command('lose'))
    .summary('lose a region of this machine for good, to try its recovery')
    .description(
      `Kills a region of the local system, with everything that it holds and the others do not. Bring it back with \`${tandem('rebuild', 'REGION')}\`. A drill does the same under load, measures it, and repairs it: \`${tandem('drill', 'region-loss')}\`.`,
    )
    .argument('<region>', 'the region to kill')
    .action(async (region: string, { yes }: { readonly yes: boolean }) => {
      const target = await runningLocal();
      try {
        await lose(target, region, yes);
      } finally {
        target.close();
      }
    });
};

/** @throws {UserError} for a region that there is not, is lost already, or is the last */
const lose = async (target: LocalTarget, region: string, yes: boolean): Promise<void> => {
  const names = target.regions.map(({ name }) => name);
  const [lost] = [await target.lostRegions(), chosenRegions(names, region)];
  if (lost.includes(region)) throw new UserError(`${region} is lost already; bring it back with \`${tandem('rebuild', region, '--yes')}\``);
  const left = names.filter((each) => each !== region && !lost.includes(each));
  if (left.length === 0) throw new UserError(`given ${region}, the last region that is left; rebuild ${lost.join(', ')} first`);
  if (!yes) {
    print(`${region} would be killed: what it holds and ${left.join(', ')} ${left.length === 1 ? 'does' : 'do'} not is lost for good.`);
    print(`Its callers would be led to ${left.join(', ')}. A rebuild brings it back, without what was lost.`);
    printText(`\n${nothingDone(await atWork(STATE))}`);
    return;
  }
  await asOnlyRecovery(STATE, `losing ${region}`, () => target.lose(region, 'kill'));
  print(`${region} is lost. Look with \`${tandem('status')}\`; bring it back with \`${tandem('rebuild', region, '--yes')}\`.`);
};
