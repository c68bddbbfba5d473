/**
 * `npm run test:long`: searches, where `npm test` replays. Half of the time random schedules that break a rule; then, of each
 * deliberate defect, by how many schedules each of several seeds catches it. Exit codes: 0 all is well, 1 a rule is broken, or
 * a defect is caught by too few seeds, 2 a mistake in the command, 3 the time was over before all defects were searched.
 */
import { Command, CommanderError } from 'commander';
import { oneOf, whole } from '../../ops/options.ts';
import { mutant } from '../../ops/simulation/mutant.ts';
import { MUTATIONS } from '../../sim/mutations/registry.ts';
import { Random } from '../../sim/random.ts';
import { replayOf } from '../../sim/replay.ts';
import { type Found, simulate } from '../../sim/simulate.ts';

const SEED_MAX = 2 ** 31 - 1;
/** Seeds that must catch a defect, of those that are tried: what one alone finds rests on luck. */
const SEEDS = 3;
const SEEDS_ENOUGH = 2;

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly schedules: number;
  readonly mutation?: string;
}

const program = new Command('test:long')
  .description('Searches for schedules that break a rule, and for those that catch each deliberate defect.')
  .option('--minutes <n>', 'when to end at the latest', whole(1, 10_000), 60)
  .option(
    '--seed <n>',
    'of the random schedules, and the first of those for defects',
    whole(0, SEED_MAX - SEEDS),
    Math.floor(Date.now() / 1_000) % (SEED_MAX - SEEDS),
  )
  .option('--schedules <n>', 'of each seed, for each defect', whole(1, 1_000_000), 20_000)
  .option('--mutation <name>', 'this defect alone, and no random schedules', oneOf(MUTATIONS.map(({ name }) => name)))
  .showHelpAfterError('(--help lists what is allowed)')
  .exitOverride();

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Thrown to end a search whose time is over. */
class TimeOver extends Error {}

const until = (endMs: number) => (): undefined => {
  if (performance.now() >= endMs) throw new TimeOver('the time is over');
};

/** The first violation; undefined: none before the end. */
const searchRules = async (seed: number, endMs: number): Promise<Found | undefined> => {
  let tried = 0;
  try {
    const onSchedule = until(endMs);
    const { found } = await simulate({ seed, first: 0, schedules: SEED_MAX }, (sums) => {
      tried = sums.schedules;
      return onSchedule();
    });
    return found;
  } catch (error) {
    if (!(error instanceof TimeOver)) throw error;
    say(`no violation in ${tried} schedules of seed ${seed}`);
    return undefined;
  }
};

/** Where each seed catches it; null: not within the schedules. */
const searchMutation = async (
  mutation: (typeof MUTATIONS)[number],
  { seed, schedules }: Options,
  endMs: number,
): Promise<readonly (number | null)[]> => {
  const simulator = await mutant(mutation);
  const caught: (number | null)[] = [];
  for (let index = 0; index < SEEDS; index += 1) {
    const { found } = await simulator.simulate({ seed: seed + index, first: 0, schedules }, until(endMs));
    caught.push(found?.number ?? null);
  }
  const places = caught.map((number, index) => (number === null ? `${seed + index}: not in ${schedules}` : `${seed + index}:${number}`));
  say(`${caught.filter((number) => number !== null).length} of ${SEEDS} seeds catch ${mutation.name}: ${places.join(', ')}`);
  return caught;
};

/** @returns the exit code */
const run = async (options: Options): Promise<number> => {
  const [beganMs, ms] = [performance.now(), options.minutes * 60_000];
  say(`seed ${options.seed}, ${options.minutes} minutes at most`);
  if (options.mutation === undefined) {
    const found = await searchRules(options.seed, beganMs + ms / 2);
    if (found) {
      say(
        `${found.violation.rule}: ${found.violation.detail}\n  npm run simulate -- --replay ${replayOf({ seed: options.seed, number: found.number })}`,
      );
      return 1;
    }
  }
  // Whatever the time allows, in another order each time: none is always left out.
  const random = new Random(options.seed);
  const chosen = MUTATIONS.filter(({ name }) => options.mutation === undefined || name === options.mutation);
  const inTurn = chosen
    .map((mutation) => ({ mutation, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ mutation }) => mutation);
  const lucky: string[] = [];
  let searched = 0;
  try {
    for (const mutation of inTurn) {
      const caught = await searchMutation(mutation, options, beganMs + ms);
      searched += 1;
      if (caught.filter((number) => number !== null).length < SEEDS_ENOUGH) lucky.push(mutation.name);
    }
  } catch (error) {
    if (!(error instanceof TimeOver)) throw error;
  }
  if (lucky.length > 0) say(`caught by fewer than ${SEEDS_ENOUGH} seeds in ${options.schedules} schedules: ${lucky.join(', ')}`);
  if (searched < inTurn.length)
    say(
      `not searched: ${inTurn
        .slice(searched)
        .map(({ name }) => name)
        .join(', ')}`,
    );
  if (lucky.length > 0) return 1;
  return searched < inTurn.length ? 3 : 0;
};

try {
  await program.parseAsync();
  process.exitCode = await run(program.opts<Options>());
} catch (error: unknown) {
  // Commander has printed what it refused.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
