/**
 * The drill `partition`: callers at work, replication stopped between all regions, the same things done in several of them
 * on purpose, replication resumed; then every conflict's end, every acknowledged write and every invariant on the tables.
 */
import { randomUUID } from 'node:crypto';
import { SCOPES } from '../../functions/contract/routes.ts';
import { foldHeld, stockKey } from '../../functions/core/stock-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import { compareWriters } from '../../functions/core/writer.ts';
import { readFacts } from '../../sim/facts.ts';
import { UserError } from '../errors.ts';
import type { PartitionReport } from '../reports/report.ts';
import { writeReport } from '../reports/write.ts';
import { tandem } from '../tandem.ts';
import { assemblePartition, type PartitionCourse } from './assemble-partition.ts';
import { atRest, brokenBefore } from './at-rest.ts';
import type { Healed } from './conflict-judges.ts';
import { type Conflict, type Ground, makeRound, type Pair, type Prepared, prepareRound, receiveLast, sellLast } from './conflicts.ts';
import { type DrillPlan, type DrillProps, planDrill, reckon, runDrill, type Stage, scoped, WATCH_EVERY_MS } from './frame.ts';
import { type Broken, disagreements, type Replica } from './invariants.ts';
import { acknowledged, partitionOf, SUBJECT } from './ledger.ts';
import type { OperationRecord } from './operations.ts';
import { type Hand, regionCaller } from './region-caller.ts';
import { rejoin } from './repair.ts';
import { spend, until } from './wait.ts';

export interface PartitionProps extends DrillProps {
  /** Seconds for which the regions do not hear of each other. @default 20 */
  readonly seconds?: number;
}

type Plan = DrillPlan & Required<PartitionProps>;

/** A round of conflicts begins so often. */
const ROUND_SECONDS = 2;
const ROUNDS_MAX = 30;
/** How long what a round needs may take to arrive everywhere: no objective, but the end of a wait for what never comes. */
const ARRIVES_WITHIN_MS = 120_000;

/**
 * Runs the drill and writes its report.
 *
 * @throws {UserError} when it cannot begin, or replication cannot be resumed; the signal's reason when it was aborted
 */
export const runPartition = async (props: PartitionProps): Promise<PartitionReport> => {
  const plan: Plan = { ...planDrill(props), seconds: props.seconds ?? 20 };
  const { target, seconds, watchSecondsMax } = plan;
  let before: readonly Broken[] = [];
  let hands: readonly Hand[] = [];
  try {
    return await runDrill(plan, {
      marker: { drill: 'partition' },
      before: async () => {
        const token = await plan.token(SUBJECT, SCOPES);
        hands = target.regions.map((region) => regionCaller(region, token)).sort((a, b) => compareWriters(a.region, b.region));
        before = await brokenBefore(plan);
      },
      near: target.regions[0]?.name ?? '',
      actSecondsMax: seconds + watchSecondsMax + (2 * ARRIVES_WITHIN_MS) / 1_000,
      act: (stage) => partAndHeal(plan, stage, hands),
      conclude: (stage, acted, endMs) => conclude(plan, stage, hands, { ...acted, before }, endMs),
    });
  } finally {
    await Promise.all(hands.map((hand) => hand.close()));
  }
};

interface Acted extends Pick<PartitionCourse, 'partitionMs' | 'healMs' | 'agreedSeconds'> {
  readonly conflicts: readonly Conflict[];
  /** Requests of the drill's hands. */
  readonly own: readonly OperationRecord[];
}

const partAndHeal = async (plan: Plan, stage: Stage, hands: readonly Hand[]): Promise<Acted> => {
  const { target, seconds, progress, signal } = plan;
  const [first = '', second = ''] = stage.scene.stock.plenty;
  const ground: Ground = { skus: [first, second], name: `conflict-${randomUUID().slice(0, 8)}` };
  const { rounds, records } = await prepare(plan, ground, hands);
  let partitionMs = 0;
  const conflicts: Conflict[] = [];
  const { repaired } = await scoped(plan, stage, {
    name: 'replication',
    breaks: async () => {
      await target.partition();
      partitionMs = Date.now();
      progress(`replication is paused between all regions for ${seconds} s; both write the same things`);
      conflicts.push(await sellLast(hands, ground));
      for (const [index, { pair, prepared }] of rounds.entries()) {
        await spend(partitionMs + index * ROUND_SECONDS * 1_000 - Date.now(), 'replication is paused', signal);
        signal.throwIfAborted();
        conflicts.push(...(await makeRound(pair, ground, prepared)));
      }
      await spend(partitionMs + seconds * 1_000 - Date.now(), 'replication is paused', signal);
    },
    repair: () => rejoin(target, progress),
  });
  const own = [...records, ...conflicts.flatMap((conflict) => conflict.records)];
  const healMs = repaired ?? Date.now();
  const agreedSeconds = repaired === undefined ? null : await agreement(plan, own, ground, healMs);
  progress(
    `${conflicts.length} conflicts; ${agreedSeconds === null ? 'the regions do not agree on them' : `the regions agree on them after ${agreedSeconds.toFixed(1)} s`}`,
  );
  return { partitionMs, healMs, agreedSeconds, conflicts, own };
};

interface Round {
  readonly pair: Pair;
  readonly prepared: Prepared;
}

/** What the conflicts are about, known in every region before these lose sight of each other. */
const prepare = async (
  { seconds, read, signal, progress }: Plan,
  ground: Ground,
  hands: readonly Hand[],
): Promise<{ readonly rounds: readonly Round[]; readonly records: readonly OperationRecord[] }> => {
  // A caller that was answered late may have handed a region's receipt to another one: it is booked when it has arrived.
  const stocked = async () =>
    (
      await Promise.all(hands.flatMap(({ region }) => ground.skus.map(async (sku) => holds(await read(region, stockKey(sku)), region))))
    ).every(Boolean);
  await arrives(stocked, signal);
  const count = Math.min(ROUNDS_MAX, Math.max(1, Math.floor(seconds / ROUND_SECONDS)));
  const rounds: Round[] = [];
  const records = [...(await receiveLast(hands, ground))];
  for (let index = 0; index < count && !signal.aborted; index += 1) {
    const pair = pairOf(hands, index);
    const prepared = await prepareRound(pair, ground, index);
    rounds.push({ pair, prepared });
    records.push(...prepared.records);
  }
  const places = new Set(acknowledged(records).map(partitionOf));
  const arrived = async () =>
    (await Promise.all([...places].flatMap((pk) => hands.map(async ({ region }) => (await read(region, pk)).length > 0)))).every(Boolean);
  await arrives(arrived, signal);
  progress(`${count} rounds of conflicts are prepared`);
  return { rounds, records };
};

const holds = (items: readonly Item[], region: string): boolean =>
  foldHeld(items).some((held) => held.region === region && held.available > 0);

const arrives = async (yes: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
  const inTime = await until(yes, {
    what: 'the regions to hear of each other',
    everyMs: WATCH_EVERY_MS,
    withinMs: ARRIVES_WITHIN_MS,
    signal,
  });
  signal.throwIfAborted();
  if (!inTime) throw new UserError(`the regions do not hear of each other before anything is broken; see \`${tandem('status')}\``);
};

/** Two regions in turn, the smaller name first. */
const pairOf = (hands: readonly Hand[], round: number): Pair => {
  const pairs = hands.flatMap((first, index) => hands.slice(index + 1).map((second): Pair => [first, second]));
  const pair = pairs[round % pairs.length];
  if (pair === undefined) throw new UserError('the system has one region; a drill needs a survivor');
  return pair;
};

/** Seconds from the heal until every region holds the same of all conflicts, and their reconcilers are done; null: not in time. */
const agreement = async (plan: Plan, own: readonly OperationRecord[], ground: Ground, healMs: number): Promise<number | null> => {
  const { target, read, settleSecondsMax, signal } = plan;
  // The skus that callers buy meanwhile never rest.
  const places = [...new Set(acknowledged(own).map(partitionOf))].filter((pk) => !ground.skus.some((sku) => pk.endsWith(`#${sku}`)));
  const yes = async () => {
    const replicas = await Promise.all(
      target.regions.map(async ({ name }): Promise<Replica> => {
        const items: Replica['items'][] = [];
        for (const pk of places) items.push(await read(name, pk));
        return { region: name, items: items.flat() };
      }),
    );
    return disagreements(replicas).length === 0;
  };
  const inTime = await until(yes, {
    what: 'the regions to agree on all conflicts',
    everyMs: WATCH_EVERY_MS,
    withinMs: settleSecondsMax * 1_000,
    signal,
  });
  return inTime ? (Date.now() - healMs) / 1_000 : null;
};

interface Concluded extends Acted {
  /** Rules that did not hold before the drill. */
  readonly before: readonly Broken[];
}

const conclude = async (plan: Plan, stage: Stage, hands: readonly Hand[], acted: Concluded, endMs: number): Promise<PartitionReport> => {
  const { target, progress } = plan;
  const { scene, startedAt, loadMs, baselineMs } = stage;
  const { conflicts, own, before, ...course } = acted;
  const reckoning = await reckon(plan, stage, own);
  progress('checking the invariants on the tables of every region');
  const { replicas, broken } = await atRest(plan, before);
  const healed: Healed = {
    facts: readFacts(replicas[0]?.items ?? []),
    look: (region, action, headers) => handOf(hands, region).ask(action, headers),
  };
  const judged = [];
  for (const conflict of conflicts) judged.push({ ...conflict, ...(await conflict.judge(healed)) });
  const findings = {
    ...reckoning,
    broken,
    brokenBefore: before,
    judged,
    own,
    items: replicas[0]?.items.length ?? 0,
    events: await target.events(),
  };
  const report = assemblePartition(plan, scene, { startedAt, loadMs, baselineMs, endMs, ...course }, findings);
  await writeReport(plan, report, [...scene.records, ...own], reckoning.readings);
  return report;
};

const handOf = (hands: readonly Hand[], region: string): Hand => {
  const hand = hands.find((each) => each.region === region);
  if (hand === undefined) throw new Error(`no hand in ${region}`);
  return hand;
};
