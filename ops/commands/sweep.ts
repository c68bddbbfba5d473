import type { Command } from 'commander';
import { auditItem } from '../../functions/core/deployments.ts';
import { readConfig } from '../config.ts';
import { AwsCells } from '../delivery/aws-cells.ts';
import { type Cells, writeControl } from '../delivery/cells.ts';
import { print, printText } from '../print.ts';
import { type Progress, progressFor } from '../progress.ts';
import { interruptible } from '../signals.ts';
import { countLetters } from '../sweep/dead-letters.ts';
import type { Place } from '../sweep/place.ts';
import { type Found, findPlace } from '../sweep/places.ts';
import { survey } from '../sweep/survey.ts';
import { isClean, sweep } from '../sweep/sweep.ts';
import { tellLook, tellSwept } from '../sweep/tell.ts';
import { tandem } from '../tandem.ts';
import { type LocalTarget, runningLocal } from '../targets/local.ts';
import { chosenRegions, localCells } from './cells-of.ts';
import { changing } from './effect.ts';
import { configFileOf } from './regions-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly region?: string;
  readonly reason: string;
  readonly yes: boolean;
}

/** `tandem sweep`: finds work that housekeeping missed. Shows it; has it done with `--yes`. */
export const addSweep = (program: Command): void => {
  addTargetOption(
    changing(program.command('sweep'))
      .summary('find the work that housekeeping missed, and have it done')
      .description(
        "Looks through each region's own replica for work that is due: reservations that must end, receipts that nobody booked, stock to move. Reads the whole table, strongly.\nShows what it finds; --yes has the region's own housekeeping do it, until nothing is due, and then removes the messages that lay in the dead-letter queue before. Interrupted at any moment, run it again. Exit code 1 when a region does not answer, and when work remains after --yes. docs/runbook.md says when.",
      )
      .option('--region <region>', 'one region only'),
  )
    .option('--reason <text>', 'why: it stands in the audit trail', 'missed by housekeeping')
    .action((options: Options, command: Command) =>
      withRegions(options, command, async (cells, found) => {
        for (const each of found) if (each.kind === 'skipped') print(`${each.region}: skipped, ${each.why}`);
        const places = found.flatMap((each) => (each.kind === 'found' ? [each.place] : []));
        const progress = progressFor();
        await interruptible((signal) =>
          options.yes ? doIt({ cells, places, progress, signal, reason: options.reason }) : show(places, progress, signal),
        );
        if (found.some((each) => each.kind === 'skipped' && !each.expected)) process.exitCode = 1;
      }),
    );
};

type Work = (cells: Cells, found: readonly Found[]) => Promise<void>;

/** @throws {UserError} when no system runs here, or for a region that there is not */
const withRegions = async ({ target, region }: Options, command: Command, work: Work): Promise<void> => {
  if (target === 'aws') {
    const cells = new AwsCells(readConfig(configFileOf(command)));
    return withPlaces(cells, region, (name) => findPlace(cells, { region: name }, undefined), work);
  }
  const local = await runningLocal('use the one on AWS with `--target aws`');
  try {
    const cells = localCells(local);
    await withPlaces(cells, region, (name) => findPlace(cells, local.access(name), whyGone(local, name)), work);
  } finally {
    local.close();
  }
};

const withPlaces = async (cells: Cells, region: string | undefined, find: (name: string) => Promise<Found>, work: Work): Promise<void> => {
  const found = await Promise.all(chosenRegions(cells.names, region).map(find));
  try {
    await work(cells, found);
  } finally {
    for (const each of found) if (each.kind === 'found') each.place.close();
  }
};

const whyGone = ({ system }: LocalTarget, region: string): string | undefined => {
  const state = system.regions.find((each) => each.name === region)?.state;
  if (state === 'serving') return undefined;
  return state === 'lost' ? `it is lost; \`${tandem('rebuild', region, '--yes')}\` brings it back` : `it is ${state}`;
};

const show = async (places: readonly Place[], progress: Progress, signal: AbortSignal): Promise<void> => {
  const looked: string[] = [];
  let due = 0;
  for (const place of places) {
    const { region } = place;
    const found = await progress.step(`${region}: look for work that is due`, async () => ({
      region,
      letters: await countLetters(place),
      survey: await survey(place, signal),
    }));
    looked.push(tellLook(found, Date.now()));
    due += found.survey.due.length + found.letters;
  }
  printText(['', ...looked].join('\n'));
  if (due > 0)
    printText('\nNothing is done; --yes does it. What is due for a few seconds only is under way, and housekeeping does it by itself.');
};

interface DoProps {
  readonly cells: Cells;
  readonly places: readonly Place[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly reason: string;
}

const doIt = async ({ cells, places, progress, signal, reason }: DoProps): Promise<void> => {
  const who = await cells.actor();
  const note = (region: string, state: string): Promise<string> =>
    writeControl(cells, region, (writer) => [
      auditItem({ region, writer, atMs: Date.now() }, { who, what: `sweeping what housekeeping missed: ${state}`, why: reason }),
    ]);
  const swept = await sweep({
    places,
    progress,
    signal,
    onBegin: async (region) => {
      await note(region, 'begun');
    },
  });
  for (const each of swept)
    if (each.done > 0 || each.removed > 0 || !isClean(each))
      await note(
        each.region,
        `${isClean(each) ? 'done' : 'not all is done'}, ${each.done} tasks, ${each.removed} of ${each.letters} dead letters removed`,
      );
  printText(['', ...swept.map((each) => tellSwept(each, Date.now()))].join('\n'));
  if (swept.every(isClean)) return;
  process.exitCode = 1;
  printText(
    `\nWork remains. See what is in the way (\`${tandem('status')}\`, the log of the housekeeping function), then run it again; dead letters stay until nothing is left.`,
  );
};
