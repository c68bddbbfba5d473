import type { Command } from 'commander';
import { ALIAS } from '../../functions/contract/names.ts';
import { readConfig } from '../config.ts';
import { planRollback, type RollbackPlan, rollBack } from '../delivery/rollback.ts';
import { asText, print, printText } from '../print.ts';
import { chosenRegions, withCells } from './cells-of.ts';
import { changing, NOTHING_DONE } from './effect.ts';
import { configFileOf } from './regions-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly region: string;
  readonly to?: string;
  readonly reason: string;
  readonly yes: boolean;
}

/** `tandem rollback`: break-glass. Shows what it would do; does it with `--yes`. */
export const addRollback = (program: Command): void => {
  addTargetOption(
    changing(program.command('rollback'))
      .summary('break-glass: move a region back to the version before, past the stack')
      .description(
        'Break-glass, for a fault that was found after its deployment had ended well: a running one takes itself back. Moves the alias of one region, past CloudFormation: stack and alias disagree until a deployment ends well there.\nShows what it would do; --yes does it. docs/operate.md says when not to.',
      )
      .requiredOption('--region <region>', 'the region to move')
      .requiredOption('--reason <text>', 'why: it stands in the audit trail'),
  )
    .option('--to <version>', 'number of a version that the region keeps (default: the one before that was deployed well)')
    .action((options: Options, command: Command) =>
      withCells(options.target, command, async (cells) => {
        const [region = ''] = chosenRegions(cells.names, options.region);
        const plan = await planRollback(cells, readConfig(configFileOf(command)), {
          region,
          ...(options.to === undefined ? {} : { to: options.to }),
        });
        printText(tell(plan));
        if (!options.yes) {
          printText(`\n${NOTHING_DONE}`);
          return;
        }
        await rollBack(cells, plan, options.reason);
        print('');
        print(`Done: every call in ${region} gets version ${plan.to}; callers with a call under way keep their version for that call.`);
      }),
    );
};

/** What a rollback does, and what comes after it. */
const tell = ({ region, from, to, publishedAt, passedBy, warnings }: RollbackPlan): string =>
  asText([
    `${region}: the alias "${ALIAS}" goes from version ${from} to ${to}${publishedAt === '' ? '' : ` (published ${publishedAt})`}, with every call.`,
    ...(passedBy.length === 0 ? [] : [`Passed by, because their deployments failed: ${passedBy.join(', ')}.`]),
    ...warnings.map((each) => `Warning: ${each}.`),
    'The other regions stay as they are: roll them back one by one.',
    '',
    `The region is then drifted: its stack says ${from}, its alias ${to}. The next deployment of *other* code tries its version against ${to}, exposes it,`,
    `and ends the drift. A deployment of the *same* code changes nothing for CloudFormation, and so leaves the alias at ${to}: deploy a fix, or the older code.`,
    'What CodeDeploy makes of an alias that was moved is not proven yet: docs/aws-acceptance.md says what to run.',
  ]);
