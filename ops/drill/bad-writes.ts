/**
 * The drill `bad-writes`: callers at work, a faulty client that writes to the real tables and asks nobody, its harm
 * replicated like any other write; then the tables restored from the point before, while callers go on, and everything
 * looked for: what was acknowledged before the point, and after.
 */
import { isDeepStrictEqual } from 'node:util';
import { orderKey } from '../../functions/core/order-items.ts';
import { recordKey } from '../../functions/core/records.ts';
import { stockKey } from '../../functions/core/stock-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import { UserError } from '../errors.ts';
import type { BadWritesReport } from '../reports/report.ts';
import { writeReport } from '../reports/write.ts';
import type { RestoreReport } from '../restore/report.ts';
import { assembleBadWrites } from './assemble-bad-writes.ts';
import { atRest, brokenBefore } from './at-rest.ts';
import { type BadWrite, chooseBadWrites, stillUnseen, type Unseen, type WriteItem, writeThrough } from './faulty-client.ts';
import { type DrillPlan, type DrillProps, planDrill, reckon, runDrill, type Stage, scoped, WATCH_EVERY_MS } from './frame.ts';
import type { Broken } from './invariants.ts';
import { acknowledged, compareLedger, partitionOf, SUBJECT, type Write } from './ledger.ts';
import { allSkus } from './mix.ts';
import { putBack, type Restore } from './repair.ts';
import type { ScanReplica } from './replica.ts';
import type { Scene } from './scene.ts';
import { spend, until } from './wait.ts';

export interface BadWritesProps extends DrillProps {
  /** Bad writes. @default 40 */
  readonly writes?: number;
  /** Seconds for which callers live with the harm before anybody repairs it. @default 5 */
  readonly harmSeconds?: number;
  readonly restore: Restore;
  /** Writes to a region's replica as a faulty client does. @default plain requests through `target.dynamo` */
  readonly write?: WriteItem;
}

type Plan = DrillPlan & Required<BadWritesProps>;

/**
 * Between what may be harmed and the point, and between the point and the first bad write: a point is a second.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
 */
const POINT_MS = 1_500;
/** How long harm may take to be in every region: no objective, but the end of a wait for what never comes. */
const SPREADS_WITHIN_MS = 120_000;
const READS_AT_ONCE = 8;
const REPAIR_SECONDS_ALLOWED = 600;

/**
 * Runs the drill and writes its report.
 *
 * @throws {UserError} when it cannot begin, or the tables cannot be repaired; the signal's reason when it was aborted
 */
export const runBadWrites = async (props: BadWritesProps): Promise<BadWritesReport> => {
  const { restore, writes = 40, harmSeconds = 5, write = writeThrough(props.target) } = props;
  const plan: Plan = { ...planDrill(props), restore, writes, harmSeconds, write };
  let before: readonly Broken[] = [];
  return runDrill(plan, {
    marker: { drill: 'bad-writes', atMs: null, witness: '' },
    before: async () => {
      before = await brokenBefore(plan);
    },
    near: plan.target.regions[0]?.name ?? '',
    actSecondsMax: SPREADS_WITHIN_MS / 1_000 + harmSeconds + REPAIR_SECONDS_ALLOWED,
    act: (stage) => harmAndRepair(plan, stage),
    conclude: (stage, acted, endMs) => conclude(plan, stage, { ...acted, before }, endMs),
  });
};

interface Acted {
  readonly pointMs: number;
  readonly corruptedMs: number;
  readonly repairMs: number;
  readonly repairedMs: number;
  readonly damage: readonly BadWrite[];
  readonly spreadSeconds: number | null;
  /** Acknowledged writes that no region had any more. */
  readonly harmed: readonly Write[];
  readonly restored: RestoreReport | undefined;
}

const harmAndRepair = async (plan: Plan, stage: Stage): Promise<Acted> => {
  const { target, writes, random, progress, signal } = plan;
  const { scene } = stage;
  const known = await inEveryRegion(plan, scene);
  const damage = chooseBadWrites({ items: known, regions: target.regions.map((each) => each.name), writes, random });
  if (damage.length === 0) throw new UserError('the drill has written nothing yet that could be corrupted; use a higher --rate');
  await spend(POINT_MS, 'the point that is restored is a second of its own', signal);
  const pointMs = Date.now();
  await spend(POINT_MS, 'the point that is restored is a second of its own', signal);
  signal.throwIfAborted();
  const witness = stockKey(scene.stock.plenty[0] ?? '');
  let [corruptedMs, repairedMs] = [0, 0];
  const { broke, repaired, repairMs } = await scoped(plan, stage, {
    name: 'the tables',
    marker: { drill: 'bad-writes', atMs: pointMs, witness },
    breaks: async () => {
      corruptedMs = Date.now();
      for (const { region, pk, sk, item } of damage) await plan.write(region, { pk, sk }, item);
      progress(`a faulty client has made ${damage.length} bad writes`);
      return watchHarm(plan, scene, damage);
    },
    repair: async () => {
      const report = await putBack(plan, pointMs);
      repairedMs = Date.now();
      return report;
    },
  });
  if (repaired === undefined) repairedMs = Date.now();
  else progress(`all is repaired ${((repairedMs - corruptedMs) / 1_000).toFixed(1)} s after the first bad write`);
  return { pointMs, corruptedMs, repairMs, repairedMs, damage, ...broke, restored: repaired };
};

/** Items of the drill's own that every region holds alike: what is harmed afterwards, a restore of any of them knows. */
const inEveryRegion = async ({ target, scan }: Plan, { stock, records }: Scene): Promise<readonly Item[]> => {
  const own = ownPartitions(stock, acknowledged(records));
  const [first = [], ...others] = await Promise.all(target.regions.map(({ name }) => ownItems(scan, name, own)));
  const views = others.map((items) => new Map(items.map((item) => [`${item.pk} ${item.sk}`, item])));
  return first.filter((item) => views.every((view) => isDeepStrictEqual(view.get(`${item.pk} ${item.sk}`), item)));
};

const ownPartitions = (stock: Scene['stock'], writes: readonly Write[]): ReadonlySet<string> =>
  new Set([...stock.plenty.map(stockKey), ...stock.records.map((each) => recordKey(SUBJECT, each)), ...writes.map(partitionOf)]);

const ownItems = async (scan: ScanReplica, region: string, own: ReadonlySet<string>): Promise<readonly Item[]> =>
  (await scan(region)).filter(({ pk }) => own.has(pk));

/** Until it is everywhere, and callers have lived with it for a while. */
const watchHarm = async (
  plan: Plan,
  { records, stock }: Scene,
  damage: readonly BadWrite[],
): Promise<Pick<Acted, 'spreadSeconds' | 'harmed'>> => {
  const { target, read, progress, signal } = plan;
  const doneMs = Date.now();
  const regions = target.regions.map(({ name }) => name);
  let unseen: readonly Unseen[] = damage.flatMap((bad) => regions.map((region) => ({ bad, region })));
  const spread = async () => {
    unseen = await stillUnseen(unseen, read);
    return unseen.length === 0;
  };
  const inTime = await until(spread, {
    what: 'the harm to be in every region',
    everyMs: WATCH_EVERY_MS,
    withinMs: SPREADS_WITHIN_MS,
    signal,
  });
  const spreadSeconds = inTime ? (Date.now() - doneMs) / 1_000 : null;
  progress(inTime ? 'the harm is in every region' : 'the harm is not in every region');
  for (const { bad, region } of unseen) progress(`${region} does not have: ${bad.kind}, ${bad.pk} ${bad.sk}, written in ${bad.region}`);
  await spend(plan.harmSeconds * 1_000, 'callers live with the harm', signal);
  signal.throwIfAborted();
  const harmedPlaces = new Set(damage.map(({ pk }) => pk));
  const writes = acknowledged(records).filter((write) => harmedPlaces.has(partitionOf(write)) && write.ackMs < doneMs);
  const { lost } = await compareLedger({ writes, regions, skus: [], read, readsAtOnce: READS_AT_ONCE });
  progress(`${lost.length} acknowledged writes are gone from every region; ${allSkus(stock).length} skus are sold on`);
  return { spreadSeconds, harmed: lost };
};

interface Concluded extends Acted {
  /** Rules that did not hold before the drill. */
  readonly before: readonly Broken[];
}

const conclude = async (plan: Plan, stage: Stage, acted: Concluded, endMs: number): Promise<BadWritesReport> => {
  const { target, progress } = plan;
  const { scene, startedAt, loadMs, baselineMs } = stage;
  const reckoning = await reckon(plan, stage);
  progress('checking the invariants on the tables of every region');
  const { replicas, broken } = await atRest(plan, acted.before);
  const now = new Map((replicas[0]?.items ?? []).map((item) => [`${item.pk} ${item.sk}`, item]));
  const notAsBefore = acted.damage.filter(({ before }) => !isRow(before) && !sameBut(now.get(`${before.pk} ${before.sk}`), before));
  const { damage, spreadSeconds, harmed, restored, before: _, ...moments } = acted;
  const report = assembleBadWrites(
    plan,
    scene,
    { startedAt, loadMs, baselineMs, endMs, ...moments },
    {
      ...reckoning,
      damage,
      spreadSeconds,
      harmed: harmed.length,
      restored,
      notAsBefore: notAsBefore.length,
      broken,
      brokenBefore: acted.before,
      items: replicas[0]?.items.length ?? 0,
      events: await target.events(),
    },
  );
  await writeReport(plan, report, scene.records, reckoning.readings);
  return report;
};

/** Sold on meanwhile: the rules say what it must be, not its past. */
const isRow = ({ pk, sk }: Item): boolean => !pk.startsWith(orderKey('')) && /^(HELD|HEAD|WISH)#/.test(sk);

/** But for the mark of a fact that was put again. */
const sameBut = (now: Item | undefined, before: Item): boolean => {
  if (now === undefined) return false;
  const { reput: _, ...rest } = now;
  const { reput: __, ...past } = before;
  return isDeepStrictEqual(rest, past);
};
