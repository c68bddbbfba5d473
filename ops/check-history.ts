/**
 * `npm run check:history -- FOLDER...`: lets Porcupine judge what drills wrote down. Exit codes: 0 every promise that was
 * looked for holds, 1 one is broken, 2 a mistake in the command, 3 nothing to judge, the checker gave up, or it
 * did not notice a defect that was put into the history.
 */
import { Command, CommanderError } from 'commander';
import { type Checked, check, type Judgement, readCourse } from './checkers/check.ts';
import { type Noticed, noticed } from './checkers/spoiled.ts';
import { UserError } from './errors.ts';
import { whole } from './options.ts';
import { endWithReader, print, printErrorText } from './print.ts';

endWithReader();

const REFUSED_SHOWN_MAX = 10;
const SPOILED_MAX = 10_000;

const program = new Command('check:history')
  .description('Lets the checker Porcupine judge the histories of drills: linearizable within a region, and no append lost.')
  .argument('<folder...>', 'folders of reports, as .tandem/reports/region-loss-TIME')
  .option(
    '--spoil <n>',
    'also change one answer to a wrong one, n times in each way, and demand that each is refused',
    whole(1, SPOILED_MAX),
  )
  .showHelpAfterError('(--help lists what is allowed)')
  .exitOverride();

const tell = ({ judgements, excused }: Checked): void => {
  for (const each of judgements) {
    print(`  ${wordOf(each)}: ${each.promise} (${each.histories} histories, ${each.operations} operations, ${each.reads} reads)`);
    for (const { name, unexplained } of each.refused.slice(0, REFUSED_SHOWN_MAX))
      print(`    ${name}: no order explains ${unexplained.join('; ')}`);
    for (const name of each.undecided.slice(0, REFUSED_SHOWN_MAX)) print(`    ${name}: given up`);
  }
  if (excused > 0) print(`  ${excused} writes were acknowledged only by a region that lost its items afterwards: not judged`);
};

const wordOf = ({ refused, undecided, reads }: Judgement): string => {
  if (refused.length > 0) return 'BROKEN';
  return undecided.length > 0 || reads === 0 ? 'not judged' : 'holds';
};

/** The worst of all. */
const codeOf = (all: readonly Checked[]): number => {
  const words = new Set(all.flatMap(({ judgements }) => judgements.map(wordOf)));
  if (words.has('BROKEN')) return 1;
  return words.has('not judged') ? 3 : 0;
};

/** Whether every defect was refused, and none could not be made. */
const tellNoticed = (all: readonly Noticed[]): boolean => {
  for (const { name, spoiled, refused } of all) print(`  spoiled ${spoiled} times, refused ${refused} times: ${name}`);
  return all.every(({ spoiled, refused }) => spoiled > 0 && refused === spoiled);
};

try {
  await program.parseAsync();
  const { spoil } = program.opts<{ readonly spoil?: number }>();
  const all: Checked[] = [];
  let sharp = true;
  for (const folder of program.args) {
    print(folder);
    const course = await readCourse(folder);
    const checked = await check(course);
    tell(checked);
    all.push(checked);
    if (spoil !== undefined) sharp = tellNoticed(await noticed(course, spoil)) && sharp;
  }
  process.exitCode = codeOf(all) || (sharp ? 0 : 3);
} catch (error: unknown) {
  if (error instanceof UserError) printErrorText(error.message);
  // Commander has printed what it refused.
  else if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
}
