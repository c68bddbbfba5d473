/**
 * What every drill does around the thing that it breaks: it takes its turn, begins with a whole and steady system under
 * load, repairs whatever happens, and looks for every acknowledged write in every region.
 */
import type { Config } from '../../infra/config.ts';
import { mendable, messageOf, UserError } from '../errors.ts';
import { type RegionStatus, statusOf } from '../region-status.ts';
import type { Report } from '../reports/report.ts';
import { verdictText } from '../reports/text.ts';
import { tandem } from '../tandem.ts';
import type { DeliveryTarget, Target } from '../targets/target.ts';
import { waitingFor } from '../waiting.ts';
import { acknowledged, type ReadPartition } from './ledger.ts';
import { RATE_MAX } from './load.ts';
import { type Marker, type MarkerContent, type MarkerHold, takeMarker } from './marker.ts';
import { steady } from './measure.ts';
import { allSkus } from './mix.ts';
import type { OperationRecord } from './operations.ts';
import { standsIn } from './repair.ts';
import { replicaReader, replicaScanner, type ScanReplica } from './replica.ts';
import { type ReplicaReading, readReplicas } from './replicas.ts';
import { openScene, type Scene, type TokenMaker } from './scene.ts';
import { type Settled, settle } from './settle.ts';
import { spend, until } from './wait.ts';

export interface DrillProps<T extends Target = Target> {
  readonly target: T;
  readonly config: Config;
  /** Requests a second of all callers together, 1 to 60. @default 24 */
  readonly ratePerSecond?: number;
  /** Seconds of load before anything is broken in which nothing may be wrong: what is normal. @default 12 */
  readonly baselineSeconds?: number;
  /** Seconds after which a system that is not steady is taken as it is. @default 60 */
  readonly steadySecondsMax?: number;
  /** Seconds until which callers must have recovered for good. @default 110 */
  readonly watchSecondsMax?: number;
  /** Seconds of load after all is repaired. @default 10 */
  readonly afterSeconds?: number;
  /** Seconds after the load until which the regions must agree: on a machine that is busy with other things they take long. @default 180 */
  readonly settleSecondsMax?: number;
  /** Seconds after that until every rule must hold on the tables. @default 90 */
  readonly restSecondsMax?: number;
  /** Callers of each kind near each region. @default 6 */
  readonly callersPerRegion?: number;
  /** Gets a folder for each drill: `.tandem/reports`. */
  readonly reportFolder: string;
  /** Keeps the marker of a fault in force: `.tandem`. */
  readonly stateFolder: string;
  readonly token: TokenMaker;
  /** @default strongly consistent reads through `target.dynamo` */
  readonly read?: ReadPartition;
  /** All items of a region's data table. @default strongly consistent reads through `target.dynamo` */
  readonly scan?: ScanReplica;
  /** Ends the drill early; what is broken is repaired first. */
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  /** @default Math.random */
  readonly random?: () => number;
}

export type DrillPlan<T extends Target = Target> = Required<DrillProps<T>>;

/** @throws {UserError} when the system or the rate is not one for drills */
export const planDrill = <T extends Target>(props: DrillProps<T>): DrillPlan<T> => {
  const { target, ratePerSecond = 24 } = props;
  if (target.regions.length < 2) throw new UserError('the system has one region; a drill needs a survivor');
  if (!(ratePerSecond >= 1 && ratePerSecond <= RATE_MAX))
    throw new UserError(`given ${ratePerSecond} requests a second; allowed: 1 to ${RATE_MAX}`);
  return {
    ...props,
    ratePerSecond,
    baselineSeconds: props.baselineSeconds ?? 12,
    steadySecondsMax: props.steadySecondsMax ?? 60,
    watchSecondsMax: props.watchSecondsMax ?? 110,
    afterSeconds: props.afterSeconds ?? 10,
    settleSecondsMax: props.settleSecondsMax ?? 180,
    restSecondsMax: props.restSecondsMax ?? 90,
    callersPerRegion: props.callersPerRegion ?? 6,
    read: props.read ?? replicaReader(target),
    scan: props.scan ?? replicaScanner(target),
    random: props.random ?? Math.random,
  };
};

export const WATCH_EVERY_MS = 500;
/** How long a region may take to be seen healthy before a drill begins. */
const SERVES_WITHIN_MS = 20_000;
const READS_AT_ONCE = 8;

/** A drill under way: its load runs, its baseline is over. */
export interface Stage {
  readonly scene: Scene;
  readonly hold: MarkerHold;
  readonly startedAt: string;
  readonly loadMs: number;
  readonly baselineMs: number;
  /** What could not be repaired, and why. The drill goes on to its report: what was measured is not lost with it. */
  readonly unrepaired: UserError[];
}

export interface FramedDrill<T, R extends Report> {
  readonly marker: MarkerContent;
  /** Looks at a system that is known to be whole, before there is any load. */
  before?(): Promise<void>;
  /** The region near which the shared name is watched. */
  readonly near: string;
  /** Longest time from the end of the baseline to the end of the load. */
  readonly actSecondsMax: number;
  /** Breaks something in `scoped`, and repairs it. */
  act(stage: Stage): Promise<T>;
  /** Makes the report once the load has ended. */
  conclude(stage: Stage, acted: T, endMs: number): Promise<R>;
}

/**
 * Runs a drill inside its frame.
 *
 * @throws {UserError} when it cannot begin, gets no answer half-way, or cannot be repaired; the signal's reason when it was aborted
 */
export const runDrill = async <T, R extends Report>(plan: DrillPlan, drill: FramedDrill<T, R>): Promise<R> => {
  const { target, progress, signal } = plan;
  const startedAt = new Date().toISOString();
  const hold = await takeMarker(plan.stateFolder, { ...drill.marker, startedAt }, (before) => isWhole(plan, before));
  try {
    await allServe(plan);
    await drill.before?.();
    signal.throwIfAborted();
    progress(`callers near ${target.regions.map((each) => each.name).join(', ')} begin: ${plan.ratePerSecond} requests a second`);
    const loadSecondsMax = plan.baselineSeconds + plan.steadySecondsMax + drill.actSecondsMax + plan.afterSeconds;
    const scene = await waitingFor('functions start, and stock is received', () =>
      openScene({ ...plan, region: drill.near, loadSecondsMax }),
    );
    try {
      const loadMs = Date.now();
      scene.start();
      const baselineMs = await steadyFrom(plan, scene);
      const stage = { scene, hold, startedAt, loadMs, baselineMs, unrepaired: [] };
      const acted = await drill.act(stage);
      await spend(plan.afterSeconds * 1_000, 'load after the repair', signal);
      await scene.stop();
      signal.throwIfAborted();
      return await concluded(plan, drill, stage, acted);
    } finally {
      await scene.stop();
    }
  } catch (error) {
    // What cannot be repaired says so itself.
    if (signal.aborted && !(error instanceof UserError)) progress('nothing is left broken');
    throw mendable(error, 'the drill has ended without a verdict, and nothing is left broken; ');
  } finally {
    await hold.close();
  }
};

/** @throws {UserError} after the report, when something could not be repaired */
const concluded = async <T, R extends Report>({ progress }: DrillPlan, drill: FramedDrill<T, R>, stage: Stage, acted: T): Promise<R> => {
  const [unrepaired] = stage.unrepaired;
  try {
    const report = await drill.conclude(stage, acted, Date.now());
    if (unrepaired === undefined) return report;
    for (const line of verdictText(report).split('\n')) progress(line);
  } catch (error) {
    if (unrepaired === undefined) throw error;
    progress(`what was measured could not be put together: ${messageOf(error)}`);
  }
  throw unrepaired;
};

export interface Scoped<B, M> {
  /** What is named when it cannot be repaired. */
  readonly name: string;
  /** What the marker is to say from now on, where that was not known before. */
  readonly marker?: MarkerContent;
  /** Breaks it, and watches. */
  breaks(): Promise<B>;
  /** Repairs it, however far `breaks` came. Not to be cut short: its waits have bounds of their own. */
  repair(): Promise<M>;
}

export interface Repaired<B, M> {
  readonly broke: B;
  /** Undefined: it could not be repaired, which the stage knows, and `runDrill` throws in the end. */
  readonly repaired: M | undefined;
  /** When the repair began. */
  readonly repairMs: number;
}

/** The fault as a scope: whatever happens inside, the repair follows. */
export const scoped = async <B, M>(
  { signal, progress }: Pick<DrillPlan, 'signal' | 'progress'>,
  { scene, hold, unrepaired }: Pick<Stage, 'scene' | 'hold' | 'unrepaired'>,
  { name, marker, breaks, repair }: Scoped<B, M>,
): Promise<Repaired<B, M>> => {
  await hold.fault(marker);
  const outcome = await breaks().then(
    (broke) => ({ broke }),
    (error: unknown) => ({ error }),
  );
  const repairMs = Date.now();
  if ('error' in outcome || signal.aborted) await scene.stop();
  let repaired: M;
  try {
    repaired = await repair();
  } catch (cause) {
    // What cannot be written down must not hide what cannot be repaired; the marker still tells of the fault.
    await hold.leave().catch(() => undefined);
    const before = 'error' in outcome && !signal.aborted ? `; before that: ${messageOf(outcome.error)}` : '';
    const failed = new UserError(
      `${name} could not be repaired: ${messageOf(cause)}${before}; repair it with \`${tandem('drill', '--abort')}\``,
      { cause },
    );
    if ('error' in outcome || signal.aborted) throw failed;
    unrepaired.push(failed);
    progress(failed.message);
    return { broke: outcome.broke, repaired: undefined, repairMs };
  }
  await hold.release();
  if ('error' in outcome) throw outcome.error;
  signal.throwIfAborted();
  return { broke: outcome.broke, repaired, repairMs };
};

/**
 * Resolves when the system has been steady for as long as the baseline, to the moment since when it was; or when it was
 * not in time. By default that is more than an interval of the health checks: each checker has then seen it well.
 */
const steadyFrom = async ({ target, baselineSeconds, steadySecondsMax, progress, signal }: DrillPlan, scene: Scene): Promise<number> => {
  await spend(baselineSeconds * 1_000, 'baseline, in which nothing may be wrong', signal);
  const fromMs = (): number => Date.now() - baselineSeconds * 1_000;
  const yes = async () => steady(scene.records, await target.events(), fromMs());
  const inTime = await until(yes, {
    what: `${baselineSeconds} s in which nothing is wrong`,
    everyMs: WATCH_EVERY_MS,
    withinMs: steadySecondsMax * 1_000,
    signal,
  });
  signal.throwIfAborted();
  if (!inTime)
    progress(`the system was never steady for ${baselineSeconds} s: this machine is too busy, and what follows is measured in its noise`);
  return fromMs();
};

/**
 * Whether nothing is left of what an earlier drill broke. Healthy regions are no proof: a delivery that goes on may expose a
 * bad version, and bad writes stand in tables that serve. Paused links are simply resumed: nobody can want them.
 */
const isWhole = async ({ target, read }: DrillPlan, before: Marker): Promise<boolean> => {
  if (before.drill === 'partition') await target.heal();
  if (before.drill === 'bad-writes' && (await standsIn(target, read, before.witness))) return false;
  if (isDeliveryTarget(target) && (await target.delivery())?.state === 'running') return false;
  if (((await target.strickenRegions?.()) ?? []).length > 0) return false;
  return (await target.lostRegions()).length === 0 && (await statusOf(target.regions)).every((status) => status.state === 'healthy');
};

const isDeliveryTarget = (target: Target | DeliveryTarget): target is DeliveryTarget => 'delivery' in target;

const allServe = async ({ target, signal }: DrillPlan): Promise<void> => {
  let ill: readonly RegionStatus[] = [];
  // One late answer, of a machine that is busy, is no region that does not serve.
  const yes = async () => {
    ill = (await statusOf(target.regions)).filter((status) => status.state !== 'healthy');
    return ill.length === 0;
  };
  const inTime = await until(yes, { what: 'every region to serve', everyMs: WATCH_EVERY_MS, withinMs: SERVES_WITHIN_MS, signal });
  signal.throwIfAborted();
  if (!inTime)
    throw new UserError(
      `not every region serves: ${ill.map((status) => `${status.region} is ${status.state}`).join(', ')}; a drill begins with a whole system`,
    );
};

export interface Reckoning {
  readonly settled: Settled;
  /** Number of acknowledged writes. */
  readonly acknowledged: number;
  /** What every region then holds of what was written. */
  readonly readings: readonly ReplicaReading[];
  /** What the drill could not do, and why: it has not passed then. */
  readonly failures?: readonly string[];
}

/** Nothing is known of any write. */
const UNSETTLED: Settled = { comparison: { missing: new Map(), lost: [], duplicates: [], oversold: new Map() }, seconds: null };

/**
 * Looks for every acknowledged write in every region, until they agree; and writes down what each holds then. Where that
 * cannot be done, what was measured before is not lost.
 * @param own requests of the drill itself
 */
export const reckon = async (
  plan: DrillPlan,
  { scene, unrepaired }: Pick<Stage, 'scene' | 'unrepaired'>,
  own: readonly OperationRecord[] = [],
): Promise<Reckoning> => {
  const { target, progress, signal } = plan;
  const writes = acknowledged([...scene.records, ...own]);
  const failures = unrepaired.map(({ message }) => message);
  try {
    // What is broken still has nobody to ask, and is named as such.
    const broken = unrepaired.length === 0 ? [] : [...(await target.lostRegions()), ...((await target.strickenRegions?.()) ?? [])];
    const regions = target.regions.flatMap(({ name }) => (broken.includes(name) ? [] : [name]));
    progress(`comparing ${writes.length} acknowledged writes with ${broken.length === 0 ? 'every region' : regions.join(', ')}`);
    const settled = await waitingFor(
      'waiting for the regions to agree',
      () =>
        settle({
          writes,
          regions,
          skus: allSkus(scene.stock),
          read: plan.read,
          readsAtOnce: READS_AT_ONCE,
          withinMs: plan.settleSecondsMax * 1_000,
          signal,
        }),
      { withinMs: plan.settleSecondsMax * 1_000 },
    );
    signal.throwIfAborted();
    const readings = await readReplicas({ writes, regions, read: plan.read });
    return { settled, acknowledged: writes.length, readings, failures };
  } catch (error) {
    signal.throwIfAborted();
    const failure = `the acknowledged writes could not be compared with every region: ${messageOf(error)}`;
    progress(failure);
    return { settled: UNSETTLED, acknowledged: writes.length, readings: [], failures: [...failures, failure] };
  }
};
