/**
 * `npm run simulate`: tries the rules of the data in simulated worlds. Exit codes: 0 no violation, 1 a schedule broke a rule,
 * 2 a mistake in the command, 141 nobody reads what it prints any more.
 */
import { setImmediate } from 'node:timers/promises';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { MUTATIONS } from '../sim/mutations/registry.ts';
import { replayOf, scheduleOf } from '../sim/replay.ts';
import type { Schedule } from '../sim/schedule.ts';
import * as simulator from '../sim/simulator.ts';
import { timelineOf } from '../sim/timeline.ts';
import type { TimelineEntry } from '../sim/world.ts';
import { oneOf, whole } from './options.ts';
import { asText, endWithReader, print, printText } from './print.ts';
import { mutant, type Simulator } from './simulation/mutant.ts';

interface Options {
  readonly schedules: number;
  readonly seed: number;
  readonly first: number;
  readonly replay?: Schedule;
  readonly mutation?: string;
  readonly exhaustive?: boolean;
  readonly world?: string;
  readonly heartbeats?: boolean;
}

const SCHEDULES = { default: 10_000, max: 1_000_000_000 } as const;
const SEED_MAX = 2 ** 31 - 1;
/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 2_000;

const replayed = (given: string): Schedule => {
  try {
    return scheduleOf(given);
  } catch (error: unknown) {
    throw new InvalidArgumentError(error instanceof RangeError ? error.message : String(error));
  }
};

endWithReader();

const program = new Command('simulate')
  .description(
    'Runs the rules that Lambda runs in worlds with a virtual clock, seeded faults and callers that retry, and checks what must hold.',
  )
  .option('--schedules <n>', 'how many', whole(1, SCHEDULES.max), SCHEDULES.default)
  .option('--seed <n>', 'seed of the run (default: the present second)', whole(0, SEED_MAX), Math.floor(Date.now() / 1_000) % SEED_MAX)
  .option('--first <n>', 'number of the first schedule', whole(0, SCHEDULES.max), 0)
  .option('--replay <schedule>', 'run one schedule, as a violation names it, and print its timeline', replayed)
  .option('--heartbeats', 'heartbeats in timelines, too')
  .option('--mutation <name>', 'with a deliberate defect of the rules', oneOf(MUTATIONS.map(({ name }) => name)))
  .option('--exhaustive', 'every order of events of small worlds, instead of random schedules')
  .option(
    '--world <name>',
    'of these the one of that name; implies --exhaustive',
    oneOf(simulator.EXHAUSTIVE_WORLDS.map(({ name }) => name)),
  )
  .showHelpAfterError('(--help lists what is allowed)')
  .exitOverride();

/** Whether nothing was violated. */
const run = async (options: Options): Promise<boolean> => {
  const mutation = MUTATIONS.find(({ name }) => name === options.mutation);
  const used: Simulator = mutation === undefined ? simulator : await mutant(mutation);
  if (options.exhaustive || options.world !== undefined) return exploreAll(used, options.world);
  if (options.replay !== undefined) return replay(used, options.replay, options);
  const began = performance.now();
  let shown = began;
  const { sums, found } = await used.simulate(options, (so) => {
    if (performance.now() - shown < PROGRESS_MS) return;
    shown = performance.now();
    print(`${so.schedules} of ${options.schedules} schedules, ${rate(so, shown - began)}`);
    // Worlds wait for nothing but each other: without a turn of the event loop nobody would learn that the reader is gone.
    return setImmediate();
  });
  print(`${sums.schedules} schedules, ${rate(sums, performance.now() - began)}, seed ${options.seed}`);
  print(`${sums.calls} calls, ${sums.faults} faults, ${sums.lost} acknowledged writes lost with regions that were lost for good`);
  print(`${sums.lostAfterCut} more acknowledged by regions that were given up, out of the operator's reach, after they were cut off`);
  print(`${sums.shippedAfterCancelled} orders shipped after they were cancelled, each counted`);
  if (found === undefined) {
    print('no violation');
    return true;
  }
  const { number, schedule, violation } = found;
  const short = await used.shrink(schedule, violation, async (each) => (await used.runSchedule(each)).violation);
  print(
    `schedule ${number} of seed ${options.seed} violates a rule; shrunk from ${schedule.entries.length} entries to ${short.schedule.entries.length}`,
  );
  return replay(used, short.schedule, options, replayOf({ seed: options.seed, number, kept: short.schedule }));
};

const replay = async (used: Simulator, schedule: Schedule, options: Options, name?: string): Promise<boolean> => {
  const entries: TimelineEntry[] = [];
  const { violation } = await used.runSchedule(schedule, (entry) => entries.push(entry));
  for (const line of timelineOf(schedule, entries, options.heartbeats)) print(line);
  printText(violation === undefined ? 'no violation' : asText(['', `violated: ${violation.rule}`, `  ${violation.detail}`]));
  if (name !== undefined)
    print(`replay: npm run simulate -- --replay ${name}${options.mutation === undefined ? '' : ` --mutation ${options.mutation}`}`);
  return violation === undefined;
};

/** @param name of the one world that is walked; undefined: all are */
const exploreAll = async (used: Simulator, name: string | undefined): Promise<boolean> => {
  let good = true;
  for (const world of used.EXHAUSTIVE_WORLDS.filter((each) => name === undefined || each.name === name)) {
    let shown = performance.now();
    const { states, ends, violation } = await used.explore(world, {
      onState: (so) => {
        if (performance.now() - shown < PROGRESS_MS) return;
        shown = performance.now();
        print(`${world.name}: ${so} states so far`);
        return setImmediate();
      },
    });
    print(`${world.name}: ${states} states, ${ends} ways to end${violation === undefined ? ', no violation' : ''}`);
    if (violation === undefined) continue;
    good = false;
    printText(asText([`violated: ${violation.rule}`, `  ${violation.detail}`, ...violation.path.map((step) => `  ${step}`)]));
  }
  return good;
};

const rate = ({ schedules }: simulator.Sums, ms: number): string => `${Math.round((schedules / ms) * 60_000)} a minute`;

try {
  await program.parseAsync();
  process.exitCode = (await run(program.opts<Options>())) ? 0 : 1;
} catch (error: unknown) {
  // Commander has printed what it refused.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
