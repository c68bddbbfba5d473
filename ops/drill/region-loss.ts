/**
 * The drill `region-loss`: callers at work, a region lost, the time until they all succeed again, the region brought
 * back, and every acknowledged write looked for in every region. The fault is repaired whatever happens.
 */
import type { Config } from '../../infra/config.ts';
import { messageOf, UserError } from '../errors.ts';
import { statusOf } from '../region-status.ts';
import type { Report } from '../reports/report.ts';
import { writeReport } from '../reports/write.ts';
import type { Fault, LossKind, Target } from '../targets/target.ts';
import { addressesBefore, assembleReport, type Course } from './assemble.ts';
import { acknowledged, type ReadPartition } from './ledger.ts';
import { RATE_MAX } from './load.ts';
import { type MarkerHold, takeMarker } from './marker.ts';
import { CALM_SECONDS, calm, dnsChangedSeconds, steady } from './measure.ts';
import { allSkus } from './mix.ts';
import { type Rebuild, repairFault } from './repair.ts';
import { replicaReader } from './replica.ts';
import { openScene, type Scene, type TokenMaker } from './scene.ts';
import { settle } from './settle.ts';
import { pause, until } from './wait.ts';

export interface RegionLossProps {
  readonly target: Target;
  readonly config: Config;
  readonly how: LossKind;
  /** @default the first configured region */
  readonly region?: string;
  /** Requests a second of all callers together, 1 to 60. @default 24 */
  readonly ratePerSecond?: number;
  /** Seconds of load before the fault in which nothing may be wrong: what is normal. @default 12 */
  readonly baselineSeconds?: number;
  /** Seconds after which a system that is not steady is taken as it is. @default 60 */
  readonly steadySecondsMax?: number;
  /** Seconds after the fault until which callers must have recovered for good. @default 110 */
  readonly watchSecondsMax?: number;
  /** Seconds of load after the region serves again. @default 10 */
  readonly afterSeconds?: number;
  /** Seconds after the load until which the regions must agree. @default 60 */
  readonly settleSecondsMax?: number;
  /** Callers of each kind near each region. @default 6 */
  readonly callersPerRegion?: number;
  /** Gets a folder for each drill: `.tandem/reports`. */
  readonly reportFolder: string;
  /** Keeps the marker of a fault in force: `.tandem`. */
  readonly stateFolder: string;
  readonly token: TokenMaker;
  readonly rebuild: Rebuild;
  /** @default strongly consistent reads through `target.dynamo` */
  readonly read?: ReadPartition;
  /** Ends the drill early; what is broken is repaired first. */
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  /** @default Math.random */
  readonly random?: () => number;
}

type Plan = Required<RegionLossProps>;

const WATCH_EVERY_MS = 500;
const REPAIR_SECONDS_ALLOWED = 600;
const READS_AT_ONCE = 8;

/**
 * Runs the drill and writes its report.
 *
 * @throws {UserError} when it cannot begin, or a region cannot be repaired; the signal's reason when it was aborted
 */
export const runRegionLoss = async (props: RegionLossProps): Promise<Report> => {
  const plan = planOf(props);
  const { target, region, how, progress, signal } = plan;
  const startedAt = new Date().toISOString();
  const hold = await takeMarker(plan.stateFolder, { drill: 'region-loss', region, how, startedAt }, () => isWhole(target));
  let broken = false;
  try {
    await allServe(target);
    progress(`callers near ${target.regions.map((each) => each.name).join(', ')} begin: ${plan.ratePerSecond} requests a second`);
    const scene = await openScene({ ...plan, loadSecondsMax: loadSeconds(plan) });
    try {
      const loadMs = Date.now();
      scene.start();
      const baselineMs = await steadyFrom(plan, scene);
      const replicationAgeMs = await heartbeatAgeMs(target, region);
      broken = true;
      const lost = await loseAndRepair(plan, scene, hold);
      broken = false;
      await pause(plan.afterSeconds * 1_000, signal);
      await scene.stop();
      signal.throwIfAborted();
      return await conclude(plan, scene, { startedAt, loadMs, baselineMs, replicationAgeMs, ...lost });
    } finally {
      await scene.stop();
    }
  } finally {
    // With the fault still in force the marker stays, for `tandem drill --abort`.
    if (!broken) await hold.release();
  }
};

const planOf = (props: RegionLossProps): Plan => {
  const { target, config } = props;
  const plan = {
    ...props,
    region: props.region ?? config.regions[0]?.name ?? '',
    ratePerSecond: props.ratePerSecond ?? 24,
    baselineSeconds: props.baselineSeconds ?? 12,
    steadySecondsMax: props.steadySecondsMax ?? 60,
    watchSecondsMax: props.watchSecondsMax ?? 110,
    afterSeconds: props.afterSeconds ?? 10,
    settleSecondsMax: props.settleSecondsMax ?? 60,
    callersPerRegion: props.callersPerRegion ?? 6,
    read: props.read ?? replicaReader(target),
    random: props.random ?? Math.random,
  };
  const names = target.regions.map((each) => each.name);
  if (!names.includes(plan.region)) throw new UserError(`given region "${plan.region}"; allowed: ${names.join(', ')}`);
  if (names.length < 2) throw new UserError('the system has one region; a drill needs a survivor');
  if (!(plan.ratePerSecond >= 1 && plan.ratePerSecond <= RATE_MAX))
    throw new UserError(`given ${plan.ratePerSecond} requests a second; allowed: 1 to ${RATE_MAX}`);
  return plan;
};

const loadSeconds = (plan: Plan): number =>
  plan.baselineSeconds + plan.steadySecondsMax + plan.watchSecondsMax + plan.afterSeconds + REPAIR_SECONDS_ALLOWED;

/**
 * Resolves when the system has been steady for as long as the baseline, to the moment since when it was; or when it was
 * not in time. By default that is more than an interval of the health checks: each checker has then seen it well.
 */
const steadyFrom = async ({ target, baselineSeconds, steadySecondsMax, progress, signal }: Plan, scene: Scene): Promise<number> => {
  await pause(baselineSeconds * 1_000, signal);
  const fromMs = (): number => Date.now() - baselineSeconds * 1_000;
  const yes = async () => steady(scene.records, await target.events(), fromMs());
  const inTime = await until(yes, { everyMs: WATCH_EVERY_MS, withinMs: steadySecondsMax * 1_000, signal });
  signal.throwIfAborted();
  if (!inTime)
    progress(`the system was never steady for ${baselineSeconds} s: this machine is too busy, and what follows is measured in its noise`);
  return fromMs();
};

const isWhole = async (target: Target): Promise<boolean> =>
  (await target.lostRegions()).length === 0 && (await statusOf(target.regions)).every((status) => status.state === 'healthy');

const allServe = async (target: Target): Promise<void> => {
  const ill = (await statusOf(target.regions)).filter((status) => status.state !== 'healthy');
  if (ill.length > 0)
    throw new UserError(
      `not every region serves: ${ill.map((status) => `${status.region} is ${status.state}`).join(', ')}; a drill begins with a whole system`,
    );
};

/** Age of a region's last heartbeat as its peers have it, the largest; null when no peer knows one. */
const heartbeatAgeMs = async (target: Target, region: string): Promise<number | null> => {
  const peers = await statusOf(target.regions.filter((each) => each.name !== region));
  const ages = peers.flatMap((status) =>
    status.peers.flatMap((peer) => (peer.region === region && peer.heartbeatAgeMs !== null ? [peer.heartbeatAgeMs] : [])),
  );
  return ages.length === 0 ? null : Math.max(...ages);
};

type Lost = Pick<Course, 'faultMs' | 'repairMs' | 'servingMs' | 'statelost'>;

/** The fault as a scope: whatever happens inside, the repair follows. */
const loseAndRepair = async (plan: Plan, scene: Scene, hold: MarkerHold): Promise<Lost> => {
  const { target, region, how, progress, signal } = plan;
  let fault: Fault | undefined;
  let failure: { readonly error: unknown } | undefined;
  await hold.fault();
  try {
    fault = await target.lose(region, how);
    progress(`${region} is lost (${how})`);
    await watch(plan, scene, fault.atMs);
  } catch (error) {
    failure = { error };
  }
  const repairMs = Date.now();
  if (failure || signal.aborted) await scene.stop();
  progress(`repairing ${region}`);
  let servingMs: number;
  try {
    servingMs = await repairFault(plan, fault);
  } catch (cause) {
    await hold.leave();
    throw new UserError(`${region} could not be repaired: ${messageOf(cause)}; repair it with \`tandem drill --abort\``, { cause });
  }
  await hold.release();
  progress(`${region} serves again after ${((servingMs - repairMs) / 1_000).toFixed(1)} s`);
  if (failure) throw failure.error;
  signal.throwIfAborted();
  return { faultMs: fault?.atMs ?? repairMs, repairMs, servingMs, statelost: fault?.statelost ?? false };
};

/** Until callers of every kind have recovered for good, or the time is over. */
const watch = async ({ target, region, watchSecondsMax, progress, signal }: Plan, scene: Scene, faultMs: number): Promise<void> => {
  const lostAddresses = addressesBefore(scene.answers, faultMs);
  let changed = target.dns === undefined;
  const recovered = () => {
    const seconds = target.dns && dnsChangedSeconds(scene.answers, lostAddresses, faultMs);
    if (!changed && typeof seconds === 'number') {
      changed = true;
      progress(`near ${region}, the shared name leads elsewhere after ${seconds.toFixed(1)} s`);
    }
    const nowMs = Date.now();
    return changed && nowMs - faultMs >= CALM_SECONDS * 1_000 && calm(scene.records, faultMs, nowMs);
  };
  const inTime = await until(recovered, { everyMs: WATCH_EVERY_MS, withinMs: watchSecondsMax * 1_000, signal });
  if (!signal.aborted) progress(inTime ? 'callers have recovered' : `callers have not recovered within ${watchSecondsMax} s`);
};

const conclude = async (plan: Plan, scene: Scene, course: Omit<Course, 'endMs'>): Promise<Report> => {
  const { target, progress, signal } = plan;
  const endMs = Date.now();
  const writes = acknowledged(scene.records);
  progress(`comparing ${writes.length} acknowledged writes with every region`);
  const settled = await settle({
    writes,
    regions: target.regions.map((each) => each.name),
    skus: allSkus(scene.stock),
    read: plan.read,
    readsAtOnce: READS_AT_ONCE,
    withinMs: plan.settleSecondsMax * 1_000,
    signal,
  });
  signal.throwIfAborted();
  const report = assembleReport(plan, scene, { ...course, endMs }, { settled, acknowledged: writes.length, events: await target.events() });
  progress(`report: ${await writeReport(plan.reportFolder, report, scene.records)}`);
  return report;
};
