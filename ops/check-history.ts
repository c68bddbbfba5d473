/**
 * `npm run check:history -- FOLDER...`: lets Porcupine judge what drills wrote down. Exit codes: 0 every promise that was
 * looked for holds, 1 one is broken, 2 a mistake in the command, 3 nothing to judge, or the checker gave up.
 */
import { Command, CommanderError } from 'commander';
import { type Checked, check, type Judgement, readCourse } from './checkers/check.ts';
import { UserError } from './errors.ts';

const REFUSED_SHOWN_MAX = 10;

const program = new Command('check:history')
  .description('Lets the checker Porcupine judge the histories of drills: linearizable within a region, and no append lost.')
  .argument('<folder...>', 'folders of reports, as .tandem/reports/region-loss-TIME')
  .showHelpAfterError('(--help lists what is allowed)')
  .exitOverride();

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

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

try {
  await program.parseAsync();
  const all: Checked[] = [];
  for (const folder of program.args) {
    print(folder);
    const checked = await check(await readCourse(folder));
    tell(checked);
    all.push(checked);
  }
  process.exitCode = codeOf(all);
} catch (error: unknown) {
  if (error instanceof UserError) process.stderr.write(`${error.message}\n`);
  // Commander has printed what it refused.
  else if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
}
