/** The tables of all regions, held against the rules until nothing is under way any more. */
import { type DrillPlan, WATCH_EVERY_MS } from './frame.ts';
import { type Broken, brokenRules, type Replica } from './invariants.ts';
import { until } from './wait.ts';

/** How long what is under way before a drill may take to come to rest. */
const BEFORE_SECONDS_MAX = 15;

/** What is broken before the drill begins is not the drill's doing: the report tells it apart, and `atRest` leaves it out. */
export const brokenBefore = async (plan: DrillPlan): Promise<readonly Broken[]> => {
  // What is only under way, of callers who are at work before the drill, is not broken.
  const { broken } = await atRest({ ...plan, restSecondsMax: BEFORE_SECONDS_MAX }, []);
  for (const { rule, detail } of broken) plan.progress(`broken before the drill begins: ${rule}: ${detail}`);
  return broken;
};

const replicasOf = (target: DrillPlan['target'], scan: DrillPlan['scan']): Promise<readonly Replica[]> =>
  Promise.all(target.regions.map(async ({ name }) => ({ region: name, items: await scan(name) })));

/** The tables once no rule is broken any more but those that were before, or the time is over. */
export const atRest = async (
  { target, scan, restSecondsMax, signal }: DrillPlan,
  before: readonly Broken[],
): Promise<{ readonly replicas: readonly Replica[]; readonly broken: readonly Broken[] }> => {
  const known = new Set(before.map(({ rule, detail }) => `${rule}: ${detail}`));
  let replicas: readonly Replica[] = [];
  let broken: readonly Broken[] = [];
  const yes = async () => {
    replicas = await replicasOf(target, scan);
    broken = brokenRules(replicas).filter(({ rule, detail }) => !known.has(`${rule}: ${detail}`));
    return broken.length === 0;
  };
  await until(yes, { what: 'every rule to hold on the tables', everyMs: WATCH_EVERY_MS * 2, withinMs: restSecondsMax * 1_000, signal });
  signal.throwIfAborted();
  return { replicas, broken };
};
