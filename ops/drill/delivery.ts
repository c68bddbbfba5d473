/**
 * The drills `bad-deploy` and `good-deploy`: callers at work, a version delivered by the normal path, what it did to them,
 * and every acknowledged write looked for in every region. A delivery that is still running when the drill ends is stopped.
 */

import type { Delivery, DeliveryRequest } from '../../functions/contract/delivery.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { auditKey, deploymentsKey, foldAudit, foldDeployments } from '../../functions/core/deployments.ts';
import { readVersions, type Versions } from '../delivery/versions.ts';
import { UserError } from '../errors.ts';
import type { DeliveryReport } from '../reports/report.ts';
import { writeReport } from '../reports/write.ts';
import type { DeliveryTarget, Listener } from '../targets/target.ts';
import { assembleDelivery, type DeliveryCourse, type DeliveryFindings } from './assemble-delivery.ts';
import type { DeliveryFault } from './faults.ts';
import { type DrillPlan, type DrillProps, planDrill, reckon, runDrill, type Stage, scoped, WATCH_EVERY_MS } from './frame.ts';
import type { ReadPartition } from './ledger.ts';
import { CALM_SECONDS, calm } from './measure.ts';
import { takeBack } from './repair.ts';
import { replicaReader } from './replica.ts';
import type { Scene } from './scene.ts';
import { until } from './wait.ts';

export interface DeliveryDrillProps extends DrillProps<DeliveryTarget> {
  /** What is wrong with the version; undefined: nothing (`good-deploy`). */
  readonly fault?: DeliveryFault;
  /** Minutes of exposure. @default the configuration's */
  readonly exposeMinutes?: number;
  /** Minutes of baking. @default the configuration's */
  readonly bakeMinutes?: number;
  /** @default asks Lambda through the target */
  readonly versions?: (region: string) => Promise<Versions>;
  /** Reads the control table of a region. @default strongly consistent reads through `target.dynamo` */
  readonly control?: ReadPartition;
}

interface Plan extends DrillPlan<DeliveryTarget> {
  readonly fault: DeliveryFault | undefined;
  readonly exposeMinutes: number;
  readonly bakeMinutes: number;
  readonly versions: (region: string) => Promise<Versions>;
  readonly control: ReadPartition;
}

/** Building, synthesizing, CloudFormation and the hooks of one region. */
const WORK_MINUTES_ALLOWED = 10;
/** How long the end of a delivery may take to be written down, and told. */
const TOLD_WITHIN_MS = 120_000;

/**
 * Runs the drill and writes its report.
 *
 * @throws {UserError} when it cannot begin, or the delivery cannot be stopped; the signal's reason when it was aborted
 */
export const runDeliveryDrill = async (props: DeliveryDrillProps): Promise<DeliveryReport> => {
  const plan = planOf(props);
  const near = plan.target.regions[0]?.name ?? '';
  const drill = plan.fault === undefined ? ('good-deploy' as const) : ('bad-deploy' as const);
  return runDrill(plan, {
    marker: { drill, fault: plan.fault ?? null },
    near,
    actSecondsMax: deliverySecondsMax(plan) + plan.watchSecondsMax,
    act: (stage) => deliver(plan, stage),
    conclude: (stage, delivered, endMs) => conclude(plan, stage, { ...delivered, endMs }),
  });
};

const planOf = (props: DeliveryDrillProps): Plan => {
  const { target, config } = props;
  return {
    ...planDrill(props),
    fault: props.fault,
    exposeMinutes: props.exposeMinutes ?? config.delivery.exposeMinutes,
    bakeMinutes: props.bakeMinutes ?? config.delivery.bakeMinutes,
    versions: props.versions ?? (async (region) => readVersions(await target.lambda(region))),
    control: props.control ?? replicaReader(target, TABLES.control),
  };
};

const deliverySecondsMax = ({ target, exposeMinutes, bakeMinutes }: Plan): number =>
  target.regions.length * (exposeMinutes + bakeMinutes + WORK_MINUTES_ALLOWED) * 60;

interface Delivered extends Pick<DeliveryCourse, 'deliveredMs' | 'endedMs' | 'delivery' | 'before'> {
  readonly listeners: ReadonlyMap<string, Listener>;
}

const deliver = async (plan: Plan, stage: Stage): Promise<Delivered> => {
  const { target, progress } = plan;
  // Before anything is in force: what is running is somebody else's, and must not be taken back.
  if ((await target.delivery())?.state === 'running')
    throw new UserError('a delivery runs already; wait for it, or stop it with Ctrl-C there');
  const before = await snapshot(plan);
  const listeners = await listenAll(target);
  try {
    const { broke } = await scoped(plan, stage, {
      name: 'the delivery',
      breaks: async () => {
        const deliveredMs = Date.now();
        await target.deliver(requestOf(plan));
        progress(plan.fault === undefined ? 'a healthy version is delivered' : `a version with the fault "${plan.fault}" is delivered`);
        const delivery = await watch(plan);
        return { deliveredMs, delivery, endedMs: await calmDown(plan, stage.scene, delivery) };
      },
      repair: () => takeBack(target, progress),
    });
    return { ...broke, before, listeners };
  } catch (error) {
    await close(listeners);
    throw error;
  }
};

const requestOf = ({ fault, exposeMinutes, bakeMinutes }: Plan): DeliveryRequest => ({
  ...(fault === undefined ? { marker: `good-deploy ${new Date().toISOString()}` } : { fault }),
  settings: { exposeMinutes, bakeMinutes },
});

/** Until the delivery has ended. A bad version that comes to a second region is stopped there: the drill has failed, and must not go on failing. */
const watch = async (plan: Plan): Promise<Delivery> => {
  const { target, fault, progress, signal } = plan;
  let found: Delivery | undefined;
  let shown = '';
  const ended = async (): Promise<boolean> => {
    found = await target.delivery();
    const now = (found?.regions ?? [])
      .map(({ region, state, percent }) => `${region} ${state}${percent > 0 ? ` ${percent} %` : ''}`)
      .join(', ');
    if (now !== shown) progress(now);
    shown = now;
    const spreads = found?.regions.slice(1).some(({ state }) => state === 'exposed' || state === 'after-traffic') ?? false;
    return found?.state !== 'running' || (fault !== undefined && spreads);
  };
  const inTime = await until(ended, {
    what: 'the delivery to end',
    everyMs: WATCH_EVERY_MS,
    withinMs: deliverySecondsMax(plan) * 1_000,
    signal,
  });
  signal.throwIfAborted();
  if (!inTime || found?.state === 'running') {
    progress(inTime ? 'the bad version has come to a second region: stopping it' : 'the delivery does not end: stopping it');
    await target.stopDelivery();
    found = await target.delivery();
  }
  if (found === undefined) throw new Error('the target knows of no delivery, though one was begun');
  progress(`the delivery has ${found.state}: ${found.detail}`);
  return found;
};

/** Until callers have been calm since the delivery's end, or the time is over. @returns when it ended */
const calmDown = async ({ watchSecondsMax, progress, signal }: Plan, scene: Scene, delivery: Delivery): Promise<number> => {
  const endedMs = delivery.endedAtMs ?? Date.now();
  const yes = () => Date.now() - endedMs >= CALM_SECONDS * 1_000 && calm(scene.records, endedMs, Date.now());
  const inTime = await until(yes, { what: 'callers to be calm', everyMs: WATCH_EVERY_MS, withinMs: watchSecondsMax * 1_000, signal });
  if (!inTime && !signal.aborted) progress(`callers have not been calm within ${watchSecondsMax} s of its end`);
  return endedMs;
};

const snapshot = async ({ target, versions }: Plan): Promise<ReadonlyMap<string, Versions>> =>
  new Map(await Promise.all(target.regions.map(async ({ name }) => [name, await versions(name)] as const)));

const listenAll = async (target: DeliveryTarget): Promise<ReadonlyMap<string, Listener>> => {
  const found = new Map<string, Listener>();
  for (const { name } of target.regions) {
    const listener = await target.listen?.(name);
    if (listener !== undefined) found.set(name, listener);
  }
  return found;
};

const close = async (listeners: ReadonlyMap<string, Listener>): Promise<void> => {
  for (const listener of listeners.values()) await listener.close();
};

const conclude = async (plan: Plan, stage: Stage, given: Delivered & { readonly endMs: number }): Promise<DeliveryReport> => {
  const { target } = plan;
  const { listeners, ...course } = given;
  try {
    const region = course.delivery.regions[0]?.region ?? '';
    const told = await writtenDown(plan, region, course, listeners.get(region));
    const findings: DeliveryFindings = {
      ...told,
      ...(await reckon(plan, stage)),
      events: await target.events(),
      after: await snapshot(plan),
    };
    const { startedAt, loadMs, baselineMs } = stage;
    const report = assembleDelivery(plan, stage.scene, { startedAt, loadMs, baselineMs, ...course, region }, findings);
    await writeReport(plan, report, stage.scene.records, findings.readings);
    return report;
  } finally {
    await close(listeners);
  }
};

/** What the region's facts, its audit trail and its topic say of the delivery. A rollback is waited for in all three. */
const writtenDown = async (
  { control, signal }: Plan,
  region: string,
  { delivery, deliveredMs }: Pick<DeliveryCourse, 'delivery' | 'deliveredMs'>,
  listener: Listener | undefined,
): Promise<Pick<DeliveryFindings, 'facts' | 'audit' | 'notifications'>> => {
  const deployment = delivery.regions.find((each) => each.region === region)?.deploymentId ?? null;
  // Alarms that turn for other reasons tell the same topic.
  const isAbout = (message: string): boolean => deployment !== null && message.includes(deployment);
  const read = async () => {
    const facts = foldDeployments(await control(region, deploymentsKey(region)));
    const audit = foldAudit(await control(region, auditKey(region))).filter((entry) => entry.atMs >= deliveredMs);
    return { facts, audit, notifications: listener === undefined ? null : listener.heard.filter(isAbout) };
  };
  let found = await read();
  const complete = async (): Promise<boolean> => {
    found = await read();
    return delivery.state === 'succeeded' || (found.audit.length > 0 && found.notifications?.length !== 0);
  };
  await until(complete, { what: 'its end to be written down, and told', everyMs: WATCH_EVERY_MS, withinMs: TOLD_WITHIN_MS, signal });
  return found;
};
