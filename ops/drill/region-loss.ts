/**
 * The drill `region-loss`: callers at work, a region lost, the time until they all succeed again, the region brought
 * back, and every acknowledged write looked for in every region. The fault is repaired whatever happens.
 */
import { UserError } from '../errors.ts';
import { statusOf } from '../region-status.ts';
import type { RegionLossReport } from '../reports/report.ts';
import { writeReport } from '../reports/write.ts';
import type { Fault, LossKind, Target } from '../targets/target.ts';
import { addressesBefore, assembleReport, type Course } from './assemble-region-loss.ts';
import { type DrillPlan, type DrillProps, planDrill, reckon, runDrill, type Stage, scoped, WATCH_EVERY_MS } from './frame.ts';
import { CALM_SECONDS, calm, dnsChangedSeconds } from './measure.ts';
import { type Rebuild, repairFault } from './repair.ts';
import type { Scene } from './scene.ts';
import { until } from './wait.ts';

export interface RegionLossProps extends DrillProps {
  readonly how: LossKind;
  /** @default the first configured region */
  readonly region?: string;
  readonly rebuild: Rebuild;
}

type Plan = DrillPlan & Required<RegionLossProps>;

const REPAIR_SECONDS_ALLOWED = 600;

/**
 * Runs the drill and writes its report.
 *
 * @throws {UserError} when it cannot begin, or a region cannot be repaired; the signal's reason when it was aborted
 */
export const runRegionLoss = async (props: RegionLossProps): Promise<RegionLossReport> => {
  const plan = planOf(props);
  const { region, how } = plan;
  return runDrill(plan, {
    marker: { drill: 'region-loss', region, how },
    near: region,
    actSecondsMax: plan.watchSecondsMax + REPAIR_SECONDS_ALLOWED,
    act: async (stage) => ({ replicationAgeMs: await heartbeatAgeMs(plan.target, region), ...(await loseAndRepair(plan, stage)) }),
    conclude: (stage, lost, endMs) => conclude(plan, stage, { ...lost, endMs }),
  });
};

const planOf = (props: RegionLossProps): Plan => {
  const names = props.target.regions.map((each) => each.name);
  const region = props.region ?? props.config.regions[0]?.name ?? '';
  if (!names.includes(region)) throw new UserError(`given region "${region}"; allowed: ${names.join(', ')}`);
  const { how, rebuild } = props;
  return { ...planDrill(props), how, rebuild, region };
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

const loseAndRepair = async (plan: Plan, stage: Stage): Promise<Lost> => {
  const { target, region, how, progress } = plan;
  let fault: Fault | undefined;
  const { repaired, repairMs } = await scoped(plan, stage, {
    name: region,
    breaks: async () => {
      fault = await target.lose(region, how);
      progress(`${region} is lost (${how})`);
      await watch(plan, stage.scene, fault.atMs);
    },
    repair: () => {
      progress(`repairing ${region}`);
      return repairFault(plan, fault);
    },
  });
  if (repaired !== undefined) progress(`${region} serves again after ${((repaired - repairMs) / 1_000).toFixed(1)} s`);
  return { faultMs: fault?.atMs ?? repairMs, repairMs, servingMs: repaired ?? null, statelost: fault?.statelost ?? false };
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
  const inTime = await until(recovered, { what: 'callers to recover', everyMs: WATCH_EVERY_MS, withinMs: watchSecondsMax * 1_000, signal });
  if (!signal.aborted) progress(inTime ? 'callers have recovered' : `callers have not recovered within ${watchSecondsMax} s`);
};

const conclude = async (
  plan: Plan,
  stage: Stage,
  course: Omit<Course, 'startedAt' | 'loadMs' | 'baselineMs'>,
): Promise<RegionLossReport> => {
  const { scene, startedAt, loadMs, baselineMs } = stage;
  const reckoning = await reckon(plan, stage);
  const report = assembleReport(
    plan,
    scene,
    { startedAt, loadMs, baselineMs, ...course },
    { ...reckoning, events: await plan.target.events() },
  );
  await writeReport(plan, report, scene.records, reckoning.readings);
  return report;
};
